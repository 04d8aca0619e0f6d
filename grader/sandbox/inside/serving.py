"""Serves a WSGI application with a real server from a child of the student process; the judge is not called back.

The listening socket was opened by the judge and passed in (a Unix one: a box may have no network at all, so no server may
open, bind or connect a socket of its own), or, at level none, is opened here on the loopback.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import traceback
from collections.abc import Callable
from socketserver import BaseServer
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

Ready = Callable[[], None]
"""What a server calls as soon as it takes requests."""
THREADS = 4
"""Threads with which waitress serves; its own default, said here because tests of concurrency rely on more than one."""
LEASHES: dict[int, int] = {}
"""For each server's process the pipe with which it ends."""


class DidNotStart(RuntimeError):
    """The server ended before it took a request; what it said stands in the output."""


class Listening(socket.socket):
    """A socket that listens already: where listen(2) is refused, a server that asks again would fail."""

    def listen(self, backlog: int = 0, /) -> None:
        """Leave it as it is."""


# -- the servers


class QuietHandler(WSGIRequestHandler):
    """Logs nothing and asks no resolver for the client's name."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Keep quiet: the judge reads the output."""

    def address_string(self) -> str:
        """Return the client's address without looking up its name."""
        return "127.0.0.1"


class PassedSocketServer(WSGIServer):
    """wsgiref's server on a socket that is listening already."""

    def __init__(self, listener: socket.socket, app: Any) -> None:  # noqa: ANN401 - any WSGI callable
        BaseServer.__init__(self, ("127.0.0.1", 0), QuietHandler)  # TCPServer's would open a socket of its own
        self.socket = listener
        self.server_name, self.server_port = "localhost", 80
        self.setup_environ()
        self.set_app(app)

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Accept a connection; a Unix socket has no address, and handlers want one."""
        return self.socket.accept()[0], ("127.0.0.1", 0)


def wsgiref(app: Any, listener: socket.socket, ready: Ready, _leash: int) -> None:  # noqa: ANN401
    """Serve with the standard library's server: one request after another."""
    server = PassedSocketServer(listener, app)
    ready()
    server.serve_forever()


def waitress(app: Any, listener: socket.socket, ready: Ready, _leash: int) -> None:  # noqa: ANN401
    """Serve with waitress: one process with several threads."""
    from waitress.server import create_server

    server = create_server(app, sockets=[listener], threads=THREADS)
    ready()
    server.run()


def gunicorn(app: Any, listener: socket.socket, ready: Ready, leash: int) -> None:  # noqa: ANN401
    """Serve with gunicorn: an arbiter and one worker process."""
    from gunicorn.app.base import BaseApplication
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.sync import SyncWorker

    class Worker(SyncWorker):
        def notify(self) -> None:
            """Send no sign of life: nobody waits for one, and a box may refuse to change a file's times."""

    class Application(BaseApplication):
        def load_config(self) -> None:
            """Choose what the defaults do not."""
            chosen = {
                "worker_class": Worker, "timeout": 0, "loglevel": "error", "control_socket_disable": True,
                "post_fork": lambda _arbiter, _worker: hold(leash), "post_worker_init": lambda _worker: ready(),
            }  # fmt: skip
            for name, value in chosen.items():
                if name in self.cfg.settings:  # not every version knows all of them
                    self.cfg.set(name, value)

        def load(self) -> Any:  # noqa: ANN401
            """Return the application."""
            return app

    arbiter = Arbiter(Application())
    arbiter.LISTENERS = [listener]  # type: ignore[misc, list-item] # what it asks of one, every socket has
    arbiter.run()


SERVERS: dict[str, Callable[[Any, socket.socket, Ready, int], None]] = {
    "wsgiref": wsgiref, "waitress": waitress, "gunicorn": gunicorn,
}  # fmt: skip


# -- their processes


def serve(app: Any, server: str, sockets: list[int], alone: Callable[[], None]) -> tuple[int, int]:  # noqa: ANN401
    """Start serving in the background; return the loopback port (0: the passed socket) and the server's process.

    ``alone`` is called in that process: from there nobody reaches the judge.

    Raises:
        DidNotStart: the server ended at once.
    """
    listener: socket.socket = Listening(fileno=os.dup(sockets[0])) if sockets else loopback()
    port = 0 if sockets else int(listener.getsockname()[1])
    if not hasattr(os, "fork"):
        arguments = (app, listener, lambda: None, -1)
        threading.Thread(target=SERVERS[server], args=arguments, daemon=True).start()
        return port, 0
    leash, pulled = os.pipe()
    started, starting = os.pipe()
    pid = os.fork()
    if pid == 0:
        for other in (pulled, started, *LEASHES.values()):
            os.close(other)
        become_server(app, SERVERS[server], listener, lambda: announce(starting), leash, alone)
    os.close(leash)
    os.close(starting)
    listener.close()
    LEASHES[pid] = pulled
    try:
        if not os.read(started, 1):
            stop(pid)
            raise DidNotStart(f"{server} did not start")
    finally:
        os.close(started)
    return port, pid


def loopback() -> socket.socket:
    """Open a listening socket on the loopback."""
    return Listening(fileno=socket.create_server(("127.0.0.1", 0)).detach())


def become_server(
    app: Any,  # noqa: ANN401
    server: Callable[[Any, socket.socket, Ready, int], None],
    listener: socket.socket,
    ready: Ready,
    leash: int,
    alone: Callable[[], None],
) -> None:
    """Serve in the fork, in a group of processes of its own, and never return."""
    try:
        os.setsid()
        alone()
        hold(leash)
        server(app, listener, ready, leash)
    except BaseException:  # noqa: BLE001 - nothing may return from here
        traceback.print_exc()
    finally:
        os._exit(1)


def announce(starting: int) -> None:
    """Say once that requests are taken."""
    with contextlib.suppress(OSError):  # a worker that takes the place of another one says it again
        os.write(starting, b"1")
        os.close(starting)


def hold(leash: int) -> None:
    """Have this process end when the other end of a pipe is closed."""
    threading.Thread(target=leave_with, args=(leash,), daemon=True).start()


def leave_with(leash: int) -> None:
    """End this process when the other end of a pipe is closed."""
    with contextlib.suppress(OSError):
        os.read(leash, 1)
    os._exit(0)


def stop(pid: int) -> None:
    """End a server that `serve` started: by a signal, or where none may be sent, by its pipe."""
    if pid in LEASHES:
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        os.close(LEASHES.pop(pid))
        os.waitpid(pid, 0)
