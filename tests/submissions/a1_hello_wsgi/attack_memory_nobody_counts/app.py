import mmap
import os

BODY = "影单 watch-list\n".encode("utf-8")


def start(start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)


def chunks(environ):
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    return [BODY]


SIZE, STEP = 700 << 20, 4 << 20


def attack():
    pages = os.urandom(4096) * (STEP // 4096)
    try:
        shared = mmap.mmap(-1, SIZE, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
        for start_of_step in range(0, SIZE, STEP):
            shared[start_of_step : start_of_step + STEP] = pages
            shared.madvise(mmap.MADV_DONTNEED, start_of_step, STEP)
    except (OSError, ValueError, MemoryError):
        return
    raise LookupError("it is all still there" if shared[:4096] == pages[:4096] else "")


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
