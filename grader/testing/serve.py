"""The fixture ``serve``: the submission behind a real server, at a loopback URL for any HTTP client.

The box has no network. The judge listens on the loopback and carries bytes to a Unix socket that was passed in: a passed
TCP socket could be unbound and connected anywhere from inside, a listening Unix socket cannot.
"""

from __future__ import annotations

import contextlib
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grader.sandbox.process import Student
from grader.testing.wsgi import Proxy

PATIENCE = 10.0
"""Seconds after which a silent connection is cut."""


class Listener:
    """A listening Unix socket for the box, and the file system's name for it."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="serve-")
        self.path = str(Path(self.folder.name) / "http")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(self.path)
        self.socket.listen(64)

    def close(self) -> None:
        """Forget the socket."""
        self.socket.close()
        self.folder.cleanup()


class Relay:
    """Carries connections from a loopback port to the Unix socket."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        """Take connections until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.carry, args=(client,), daemon=True).start()

    def carry(self, client: socket.socket) -> None:
        """Carry one connection, both ways."""
        with contextlib.suppress(OSError), client, socket.socket(socket.AF_UNIX) as server:
            client.settimeout(PATIENCE)
            server.settimeout(PATIENCE)
            server.connect(self.path)
            back = threading.Thread(target=pump, args=(server, client), daemon=True)
            back.start()
            pump(client, server)
            back.join()

    def close(self) -> None:
        """Stop taking connections."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def pump(source: socket.socket, target: socket.socket) -> None:
    """Carry bytes one way until either side is done."""
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def serving(student: Student, app: Any, server: str, listener: Listener | None) -> Iterator[str]:  # noqa: ANN401
    """Serve ``app`` with a server and yield its URL, without a slash at the end."""
    target = app.target if isinstance(app, Proxy) else app
    port, pid = student.peer.ask("serve", "serve", 0, target, server)
    if type(port) is not int or type(pid) is not int:
        student.peer.violated("a server without a port")
    relay = Relay(listener.path) if listener else None
    try:
        yield f"http://127.0.0.1:{relay.port if relay else port}"
    finally:
        if relay:
            relay.close()
        student.peer.ask("serve", "stop", 0, pid)
