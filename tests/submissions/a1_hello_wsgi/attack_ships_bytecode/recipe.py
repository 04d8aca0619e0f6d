"""Writes the bytecode of a right solution, marked as never to be compared with its source (PEP 552)."""

import importlib.util
import marshal
import pathlib

UNCHECKED = 1
SOURCE = """
BODY = "影单 watch-list\\n".encode("utf-8")


def application(environ, start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [BODY]


def app_generator(environ, start_response):
    yield from application(environ, start_response)


class AppClass:
    def __init__(self, environ, start_response):
        self.chunks = application(environ, start_response)

    def __iter__(self):
        return iter(self.chunks)


class Greeting:
    def __call__(self, environ, start_response):
        return application(environ, start_response)


app_instance = Greeting()
"""


def make(folder: pathlib.Path) -> None:
    """Put it where Python looks for it."""
    code = marshal.dumps(compile(SOURCE, "app.py", "exec"))
    data = importlib.util.MAGIC_NUMBER + UNCHECKED.to_bytes(4, "little") + bytes(8) + code
    for path in (pathlib.Path(importlib.util.cache_from_source(str(folder / "app.py"))), folder / "app.pyc"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
