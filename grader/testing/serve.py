"""The fixture ``serve``: the submission behind a real server, at a loopback URL for any HTTP client.

The box has no network. The judge listens on the loopback and carries bytes to a Unix socket that was passed in: a passed
TCP socket could be unbound and connected anywhere from inside, a listening Unix socket cannot.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from grader.channel.remote import StudentError, StudentGone, StudentObject
from grader.errors import EngineFault, Unavailable
from grader.sandbox.process import Student
from grader.testing.wsgi import Proxy

SERVED = 5.0
"""Seconds that one served app has, over all its connections."""
MOST = 8 << 20
"""Bytes that one connection may carry each way."""
SERVERS = {"wsgiref": "wsgiref", "waitress": "waitress", "gunicorn": "gunicorn"}
"""The servers, each with the package that has to be installed for it."""


class Listener:
    """A listening Unix socket for the box, and this process's name for it.

    The name goes through a descriptor of the folder, for no socket's may be longer than 107 bytes (unix(7)). Linux only.
    """

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="serve-")
        self.place = os.open(self.folder.name, os.O_PATH | os.O_DIRECTORY)
        self.path = f"/proc/self/fd/{self.place}/http"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.socket.bind(self.path)
            self.socket.listen(64)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Forget the socket."""
        self.socket.close()
        os.close(self.place)
        self.folder.cleanup()


class Relay:
    """Carries connections from a loopback port to the served app, until the test's time is up.

    A client's own timeout counts from byte to byte, so an app that drips could hold it for ever; this one does not.
    """

    def __init__(self, dial: Callable[[], socket.socket], deadline: float) -> None:
        self.dial = dial
        self.deadline = deadline
        self.fault = ""
        self.closing = False
        try:
            self.listener = socket.create_server(("127.0.0.1", 0))
            self.port: int = self.listener.getsockname()[1]
            threading.Thread(target=self.accept, daemon=True).start()
        except (OSError, RuntimeError) as error:
            raise EngineFault(f"a served app cannot be reached: {error}") from error

    def accept(self) -> None:
        """Take connections until the listener is closed."""
        try:
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.carry, args=(client,), daemon=True).start()
        except (OSError, RuntimeError) as error:
            if not self.closing:
                self.fault = f"connections to a served app cannot be taken: {error}"

    def carry(self, client: socket.socket) -> None:
        """Carry one connection, both ways; that nobody listens any more is the submission's doing, all else is not."""
        try:
            with client, self.dial() as server:
                back = threading.Thread(target=self.pump, args=(server, client), daemon=True)
                back.start()
                self.pump(client, server)
                back.join()
        except (ConnectionError, TimeoutError):
            pass
        except (OSError, RuntimeError) as error:
            self.fault = f"a connection to a served app cannot be carried: {error}"

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
        self.closing = True
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

    def __init__(
        self, student: Student, listener: Listener | None, ports: set[int], begin_test: Callable[[Student], None]
    ) -> None:
        self.student = student
        self.listener = listener
        self.ports = ports
        self.begin_test = begin_test
        self.running: contextlib.ExitStack | None = None

    def __call__(self, app: Any, server: str = "wsgiref") -> str:  # noqa: ANN401 - any app of the submission's
        """Serve an app and return its URL, without a slash at the end.

        Raises:
            TypeError: the author of the test asked for what cannot be.
            Unavailable: the machine lacks the server.
        """
        self.close()
        stack = contextlib.ExitStack()
        url = stack.enter_context(serving(self.student, app, server, self.listener, self.ports, self.begin_test))
        self.running = stack
        return url

    def close(self) -> None:
        """End the server."""
        if self.running:
            running, self.running = self.running, None
            running.close()


@contextlib.contextmanager
def serving(
    student: Student, app: Any, server: str, listener: Listener | None, ports: set[int],  # noqa: ANN401
    begin_test: Callable[[Student], None],
) -> Iterator[str]:  # fmt: skip
    """Serve ``app`` with a server and yield its URL, without a slash at the end.

    ``ports`` learns what may be reached; ``begin_test`` gives the process a new budget, with which the server is ended.
    """
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
            begin_test(student)
            student.peer.ask("serve", "stop", 0, pid)
        if relay.fault:
            raise EngineFault(relay.fault)
