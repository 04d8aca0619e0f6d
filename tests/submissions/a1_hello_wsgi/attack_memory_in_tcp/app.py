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


QUOTA, ENOUGH = 160 << 20, 600 << 20
LISTENER = socket.create_server(("127.0.0.1", 0), backlog=4096)
KEPT = []
HELD = [0]


def connect():
    """What was sent stays when the sender is closed: nobody has accepted it yet."""
    try:
        return socket.create_connection(LISTENER.getsockname())
    except OSError:
        for one in KEPT:
            one.close()
        KEPT.clear()
        return socket.create_connection(LISTENER.getsockname())


def attack():
    until = HELD[0] + QUOTA
    while HELD[0] < until:
        client = connect()
        client.setblocking(False)
        try:
            while True:
                HELD[0] += client.send(bytes(1 << 20))
        except BlockingIOError:
            KEPT.append(client)
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
