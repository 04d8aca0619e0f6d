import os
import select
import socket
import tempfile

BODY = "影单 watch-list\n".encode("utf-8")


def start(start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)


def chunks(environ):
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    return [BODY]


MAKERS = (
    lambda: [open(__file__, "rb")], lambda: [tempfile.TemporaryFile()], lambda: list(os.pipe()), lambda: list(socket.socketpair()),
    lambda: [select.epoll()], lambda: [os.eventfd(0)], lambda: [socket.socket(socket.AF_INET, socket.SOCK_DGRAM)],
    lambda: [os.open("/", os.O_RDONLY)], lambda: [os.open("/proc/self/status", os.O_RDONLY)], lambda: [os.pidfd_open(os.getpid())],
)
KEPT = []


def attack():
    failures = 0
    while failures < len(MAKERS) and len(KEPT) < 900:
        for make in MAKERS:
            try:
                KEPT.extend(make())
                failures = 0
            except OSError:
                failures += 1


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
