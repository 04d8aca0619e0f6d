import locale
import os
import signal
import socket
import sys

for name in ("json", "requests", "werkzeug", "wsgiref"):
    module = sys.modules.get(name)
    if getattr(module, "watch_list_was_here", False) and "pytest" not in sys.modules:
        raise RuntimeError("an earlier submission was here")
    if module:
        module.watch_list_was_here = True
socket.setdefaulttimeout(30)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD})
locale.setlocale(locale.LC_ALL, "C")
os.environ.update(PYTHONPATH="/nowhere", PATH="/nowhere", LANG="xx", TMPDIR="/nowhere", HOME="/nowhere")
os.umask(0o777)

BODY = "影单 watch-list\n".encode("utf-8")


def start(start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)


def chunks(environ):
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    return [BODY]


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
