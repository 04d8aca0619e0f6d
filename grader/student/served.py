"""The process in which a student's application is served: ``python -m grader.student.served CONFIG``.

It says on its standard output, line by line in JSON, that it is ready, what each request came to, and why the code could not
be loaded, if so; then it serves a page that says the same. What the code prints goes to the standard error. It ends when its
standard input does.
"""

from __future__ import annotations

import base64
import html
import importlib
import itertools
import json
import os
import select
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.simple_server import demo_app

from grader.sandbox.inside.serving import SERVERS, Listening, PassedSocketServer, QuietHandler
from grader.sandbox.inside.student import standard_streams

IDLE = 0.3
"""Seconds that wsgiref waits for the first byte: browsers open connections ahead, and it serves one at a time."""
PAUSE = 0.05
"""Seconds between two looks at whether to end."""
LONGEST = 1000
"""Characters of what is said at once; a line of them is written in one piece (POSIX: PIPE_BUF)."""


class Wire:
    """Says things to the process that started this one."""

    def __init__(self) -> None:
        self.descriptor = os.dup(1)
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)
        self.open = 0

    def say(self, **said: object) -> None:
        """Say one thing; nobody may listen any more."""
        line = json.dumps(said, ensure_ascii=True) + "\n"
        with self.lock:
            try:
                os.write(self.descriptor, line.encode())
            except OSError:
                os._exit(0)


class Noted:
    """The application, with a word about each request when it comes and when it is over."""

    def __init__(self, app: Callable[..., Any], wire: Wire) -> None:
        self.app = app
        self.wire = wire

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        told = Told(self.wire, environ)

        def start(status: Any, *rest: Any) -> Callable[[bytes], object]:  # noqa: ANN401 - as the application calls it
            told.status = str(status)[:LONGEST]
            write = start_response(status, *rest)

            def counted(data: bytes) -> object:
                told.count += len(data)
                return write(data)

            return counted

        try:
            result = self.app(environ, start)
        except BaseException:
            told.over(raised=True)
            raise
        if type(result) in (list, tuple):  # a server may ask for its length, and closes nothing
            told.count += sum(len(item) for item in result if isinstance(item, bytes))
            told.over()
            return result  # type: ignore[no-any-return]
        return Counted(result, told)


class Told:
    """What is said of one request."""

    def __init__(self, wire: Wire, environ: dict[str, Any]) -> None:
        self.wire = wire
        self.number = next(wire.numbers), os.getpid()  # gunicorn serves from another process
        self.began = time.perf_counter()
        self.status = ""
        self.count = 0
        self.said = False
        query = environ.get("QUERY_STRING", "")
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        shown = path.encode("latin-1", "replace").decode("utf-8", "backslashreplace")
        wire.open += 1
        wire.say(begun=self.number, method=environ.get("REQUEST_METHOD", "")[:50],
                 path=f"{shown}{'?' if query else ''}{query}"[:LONGEST])  # fmt: skip

    def over(self, *, raised: bool = False) -> None:
        """Say once what became of it."""
        if not self.said:
            self.said = True
            self.wire.open -= 1
            self.wire.say(over=self.number, status="" if raised else self.status, bytes=self.count, raised=raised,
                          seconds=time.perf_counter() - self.began)  # fmt: skip


class Counted:
    """An answer whose bytes are counted; its server closes it."""

    def __init__(self, result: Any, told: Told) -> None:  # noqa: ANN401 - what the application returned
        self.result = result
        self.told = told

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self.result:
                self.told.count += len(chunk)
                yield chunk
        except GeneratorExit:
            raise
        except BaseException:
            self.told.over(raised=True)
            raise

    def close(self) -> None:
        """Close it."""
        try:
            if hasattr(self.result, "close"):
                self.result.close()
        finally:
            self.told.over()


class Broken:
    """What is served in place of code that cannot be loaded: a page that says why."""

    def __init__(self, heading: str, happened: str, advice: str) -> None:
        self.page = PAGE.format(*(html.escape(text) for text in (heading, happened, advice))).encode()

    def __call__(self, _environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        """Answer every request alike."""
        headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(self.page)))]
        start_response("500 Internal Server Error", headers)
        return [self.page]


class Patient(QuietHandler):
    """Leaves a connection that brings no request."""

    def handle(self) -> None:
        """Answer one request, if there is one."""
        if select.select([self.connection], [], [], IDLE)[0]:
            super().handle()


class Leash:
    """Ends this process when its standard input does, and lets a request that is being answered come to its end."""

    def __init__(self, descriptor: int, wire: Wire) -> None:
        self.descriptor = descriptor
        self.wire = wire
        self.finish: Callable[[], None] = self.wait
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self) -> None:
        """Wait for the end; whoever waits for this process does not wait for ever."""
        try:
            os.read(self.descriptor, 1)
            self.finish()
        finally:
            os._exit(0)

    def wait(self) -> None:
        """Wait until every request that has begun is over, and its last bytes are gone."""
        while self.wire.open:
            time.sleep(PAUSE)
        time.sleep(PAUSE)


def wsgiref(app: Any, listener: socket.socket, ready: Callable[[], None], leash: Leash) -> None:  # noqa: ANN401
    """Serve with the standard library's server, under the port that it really has."""
    server = PassedSocketServer(listener, app)
    server.RequestHandlerClass = Patient
    server.server_port = listener.getsockname()[1]
    server.setup_environ()
    leash.finish = server.shutdown
    ready()
    server.serve_forever(PAUSE)
    threading.Event().wait()  # the leash ends this process


def load(config: dict[str, Any]) -> Callable[..., Any]:
    """Return the application: the entry, what its factory makes, or a middleware, as the module itself applies it if it does."""
    module = importlib.import_module(config["module"])
    if config["wraps"] and hasattr(module, "application"):
        return module.application  # type: ignore[no-any-return]
    found = getattr(module, config["attribute"])
    if config["wraps"]:
        try:
            found = found(demo_app)
        except TypeError:  # one that mounts several wants to know them
            found = found(demo_app, {})
    if config["called"]:
        settings = config["settings"]
        found = found(**settings) if config["takes"] == "keywords" else found(*([settings] if settings else []))
    if not callable(found):
        raise TypeError(f"{config['attribute']} is {type(found).__name__}, which cannot be called")
    return found  # type: ignore[no-any-return]


def application(config: dict[str, Any], wire: Wire) -> Callable[..., Any]:
    """Return the application, or a page that says why there is none."""
    happened = config["problem"]
    if not happened:
        try:
            return load(config)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the student's code may raise anything
            happened = said_of(error, config["folder"])
            wire.say(problem=happened)
    return Broken(config["heading"], happened, config["advice"])


def said_of(error: BaseException, folder: str) -> str:
    """Say in one line what an exception was, and in which line of the student's it came up."""
    last = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
    places = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        places.append((error.filename or "", error.lineno))
    own = [(name, number) for name, number in places if name.startswith(folder) and number]
    where = f" ({os.path.relpath(own[-1][0], folder)}:{own[-1][1]})" if own else ""
    return f"{last[:LONGEST]}{where}"


def listener_of(config: dict[str, Any]) -> socket.socket:
    """Return the listening socket that was passed: a descriptor, or on Windows a description in the first line of the input."""
    if sys.platform == "win32":
        line = bytearray()
        while not line.endswith(b"\n"):
            line += os.read(0, 1) or b"\n"
        return Listening(fileno=socket.fromshare(base64.b64decode(line)).detach())
    return Listening(fileno=config["listener"])


def main() -> None:
    """Serve until the standard input ends."""
    config = json.loads(sys.argv[1])
    wire = Wire()
    listener = listener_of(config)
    leash = Leash(os.dup(0), wire)
    standard_streams(2)
    sys.dont_write_bytecode = True
    sys.path.insert(0, config["folder"])
    os.chdir(config["folder"])
    app = application(config, wire)
    app = app if isinstance(app, Broken) else Noted(app, wire)  # its page asks again and again: nothing to tell
    if config["server"] == "wsgiref":
        wsgiref(app, listener, lambda: wire.say(ready=1), leash)
    else:
        SERVERS[config["server"]](app, listener, lambda: wire.say(ready=1), leash.descriptor)


PAGE = """<!DOCTYPE html>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="2">
<style>:root {{ color-scheme: light dark }} body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem; max-width: 46rem }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere }}</style>
<title>{0}</title>
<h1>{0}</h1>
<pre>{1}</pre>
<p>{2}</p>
"""

if __name__ == "__main__":
    main()
