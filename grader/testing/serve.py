"""The fixture ``serve``: the submission behind a real server, at a loopback URL for any HTTP client.

The box has no network. The judge listens on the loopback and carries bytes to a Unix socket that was passed in: a passed
TCP socket could be unbound and connected anywhere from inside, a listening Unix socket cannot.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from grader.channel.remote import StudentError, StudentGone, StudentObject
from grader.errors import Unavailable
from grader.sandbox.process import Student
from grader.testing.wsgi import Proxy

SERVED = 5.0
"""Seconds that one served app has, over all its connections."""
MOST = 8 << 20
"""Bytes that one connection may carry each way."""
SERVERS = {"wsgiref": "wsgiref", "waitress": "waitress", "gunicorn": "gunicorn"}
"""The servers, each with the package that has to be installed for it."""


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
    """Carries connections from a loopback port to the served app, until the test's time is up.

    A client's own timeout counts from byte to byte, so an app that drips could hold it for ever; this one does not.
    """

    def __init__(self, dial: Callable[[], socket.socket], deadline: float) -> None:
        self.dial = dial
        self.deadline = deadline
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
        with contextlib.suppress(OSError), client, self.dial() as server:
            back = threading.Thread(target=self.pump, args=(server, client), daemon=True)
            back.start()
            self.pump(client, server)
            back.join()

    def pump(self, source: socket.socket, target: socket.socket) -> None:
        """Carry bytes one way until either side is done, or too many or too late."""
        carried = 0
        with contextlib.suppress(OSError):
            while carried <= MOST and (left := self.deadline - time.monotonic()) > 0:
                source.settimeout(left)
                data = source.recv(1 << 16)
                if not data:
                    target.shutdown(socket.SHUT_WR)
                    return
                carried += len(data)
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Stop taking connections."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def dial_unix(path: str) -> socket.socket:
    """Connect to a Unix socket."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        client.connect(path)
    except OSError:
        client.close()
        raise
    return client


def check_server(app: object, server: str) -> None:
    """See before anything is started that this can be served, and by this server.

    Raises:
        TypeError: the author of the test asked for what cannot be.
        Unavailable: the machine lacks the server.
    """
    if not isinstance(app, StudentObject):
        raise TypeError(
            f"serve() takes an object of the submission's, not {type(app).__name__}: the judge runs no server"
        )
    if server not in SERVERS:
        raise TypeError(f"serve() knows no server {server!r}; it knows {', '.join(SERVERS)}")
    if not importlib.util.find_spec(SERVERS[server]):
        raise Unavailable("this machine lacks the server {server}; pip install {server} adds it", server=server)


class Serve:
    """The fixture ``serve``: ``serve(app, "waitress")`` gives the URL at which a real server runs the app.

    There is one server at a time: serving again ends the one before. While it runs, the app is in a process of its own, in
    which no object of the test can be used; the submission itself can be called as always.
    """

    def __init__(self, student: Student, listener: Listener | None, ports: set[int]) -> None:
        self.student = student
        self.listener = listener
        self.ports = ports
        self.running: contextlib.ExitStack | None = None

    def __call__(self, app: Any, server: str = "wsgiref") -> str:  # noqa: ANN401 - any app of the submission's
        """Serve an app and return its URL, without a slash at the end.

        Raises:
            TypeError: the author of the test asked for what cannot be.
            Unavailable: the machine lacks the server.
        """
        self.close()
        stack = contextlib.ExitStack()
        url = stack.enter_context(serving(self.student, app, server, self.listener, self.ports))
        self.running = stack
        return url

    def close(self) -> None:
        """End the server."""
        if self.running:
            running, self.running = self.running, None
            running.close()


@contextlib.contextmanager
def serving(student: Student, app: Any, server: str, listener: Listener | None, ports: set[int]) -> Iterator[str]:  # noqa: ANN401
    """Serve ``app`` with a server and yield its URL, without a slash at the end. ``ports`` learns what may be reached."""
    target = app.target if isinstance(app, Proxy) else app
    check_server(target, server)
    port, pid = student.peer.ask("serve", "serve", 0, target, server)
    if type(port) is not int or type(pid) is not int:
        student.peer.violated("a server without a port")
    if listener:
        dial = functools.partial(dial_unix, listener.path)
    else:
        dial = functools.partial(socket.create_connection, ("127.0.0.1", port), 5.0)
        ports.add(port)
    relay = Relay(dial, min(student.process.test_deadline, time.monotonic() + SERVED))
    ports.add(relay.port)
    try:
        yield f"http://127.0.0.1:{relay.port}"
    finally:
        relay.close()
        with contextlib.suppress(StudentError, StudentGone):  # pytest's teardown bears no BaseException
            student.process.begin_test()
            student.peer.ask("serve", "stop", 0, pid)
