LINES = (
    "failed\rtest_says_hello PASSED                                        ",
    "0/100" + "\b" * 5 + "100/100",
    "\x1b[1A\x1b[2K\x1b[1A\x1b[2K15 passed in 0.01s",
    "\x1b[s\x1b[1;1H100/100\x1b[u",
    "\x1b[8mhidden\x1b[28m \x1b[30;40mblack\x1b[0m \x1b[?25l\x1b[?1049h",
    "\x7f" * 20 + "\x0c\x0b\x1bc",
)


def application(environ, start_response):
    for line in LINES:
        print(line, flush=True)
    raise ValueError("\r".join(LINES))


def app_generator(environ, start_response):
    start_response(LINES[1], [(line, line) for line in LINES])
    yield LINES[0].encode()


class AppClass:
    def __init__(self, environ, start_response):
        raise KeyError(*LINES)


class Greeting:
    def __call__(self, environ, start_response):
        start_response("200 OK\r\nX-Score: 100\r\n\r\n", [("X-Split", "1\r\nX-Score: 100")])
        return [line.encode() for line in LINES]


app_instance = Greeting()
