import os
import time

BODY = "影单 watch-list\n".encode("utf-8")


def start(start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)


def chunks(environ):
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    return [BODY]


def attack():
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        while True:
            time.sleep(0.01)
            for descriptor in range(3, 32):
                try:
                    os.write(descriptor, b"\0\0\0\2{}")
                except OSError:
                    continue
    time.sleep(0.2)
    os._exit(0)


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
