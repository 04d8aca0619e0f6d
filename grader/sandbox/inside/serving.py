"""Serves a WSGI application with a real server from a child of the student process; the judge is not called back.

The listening socket was opened by the judge and passed in (a Unix one: the box has no network), or, at level none, is
opened here on the loopback.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable
from socketserver import BaseServer
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer


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


def wsgiref(app: Any, listener: socket.socket) -> None:  # noqa: ANN401
    """Serve with the standard library's server."""
    PassedSocketServer(listener, app).serve_forever()


SERVERS: dict[str, Callable[[Any, socket.socket], None]] = {"wsgiref": wsgiref}


def serve(app: Any, server: str, sockets: list[int]) -> tuple[int, int]:  # noqa: ANN401
    """Start serving in the background; return the loopback port (0: the passed socket) and the server's process."""
    listener = socket.socket(fileno=os.dup(sockets[0])) if sockets else socket.create_server(("127.0.0.1", 0))
    port = 0 if sockets else int(listener.getsockname()[1])
    if not hasattr(os, "fork"):
        threading.Thread(target=SERVERS[server], args=(app, listener), daemon=True).start()
        return port, 0
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            for other in (writer, *LEASHES.values()):
                os.close(other)
            threading.Thread(target=leave_with, args=(reader,), daemon=True).start()
            SERVERS[server](app, listener)
        finally:
            os._exit(0)
    os.close(reader)
    listener.close()
    LEASHES[pid] = writer
    return port, pid


LEASHES: dict[int, int] = {}
"""For each server's process the pipe with which it ends."""


def leave_with(reader: int) -> None:
    """End this process when the other end of a pipe is closed."""
    with contextlib.suppress(OSError):
        os.read(reader, 1)
    os._exit(0)


def stop(pid: int) -> None:
    """End a server that `serve` started: by a signal, or where none may be sent, by its pipe."""
    if pid in LEASHES:
        with contextlib.suppress(PermissionError):
            os.kill(pid, signal.SIGKILL)
        os.close(LEASHES.pop(pid))
        os.waitpid(pid, 0)
