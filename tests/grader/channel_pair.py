"""Both ends of a call channel for tests: ours, and a forked process that is a submission or a liar.

    pair = Pair(submission("def double(n): return 2 * n"))
    assert pair.module.double(4) == 8

A liar speaks the wire itself: it is a function that is given a `Wire`, and sends what it likes.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from grader.channel.exposure import declares
from grader.channel.frames import LENGTH, Header, decode, encode
from grader.channel.student import StudentPeer
from grader.channel.trusted import TrustedPeer
from grader.models import Limits
from grader.sandbox.process import Ending, StudentProcess

FOLDER = "/submission"
LIMITS = Limits(call=5.0, load=5.0, test=5.0)

Serve = Callable[[socket.socket], object]
"""What the forked process does with its end of the channel."""


class Forked(StudentProcess):
    """A fork of the test's own process, which serves the other end of a socket pair and never returns.

    ``payloads`` holds every frame that came.
    """

    def __init__(self, serve: Serve, limits: Limits = LIMITS) -> None:
        super().__init__(limits)
        self.payloads: list[bytes] = []
        self.channel, inside = socket.socketpair()
        with inside, warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12: other tests may have left threads
            self.pid = os.fork()
            if self.pid == 0:
                become(serve, inside, self.channel)
        self.channel.setblocking(False)

    def connect(self, port: int) -> socket.socket | None:  # noqa: ARG002
        """Find nothing: there is no loopback of its own."""
        return None

    def send(self, frame: bytes) -> None:
        """Send one frame."""
        view = memoryview(frame)
        try:
            while view:
                if select.select([], [self.channel], [], self.left())[1]:
                    view = view[self.channel.send(view) :]
        except OSError:
            raise self.gone() from None

    def receive(self) -> bytes:
        """Return the payload of the next frame, and keep it for the test."""
        self.payloads.append(super().receive())
        return self.payloads[-1]

    def wait(self) -> None:
        """Wait for bytes."""
        if select.select([self.channel], [], [], self.left())[0]:
            self.look()

    def look(self) -> None:
        """Take what is there."""
        try:
            data = self.channel.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            raise self.gone()
        self.buffer += data

    def kill(self) -> None:
        """Kill the process."""
        if self.ending is None:
            os.kill(self.pid, signal.SIGKILL)

    def end(self) -> Ending:
        """Reap the process: one whose channel has closed is ending, and a signal no longer changes how."""
        if self.ending is None:
            self.kill()
            self.ending = Ending(os.waitpid(self.pid, 0)[1])
        return self.ending

    def discard(self) -> None:
        """End the process."""
        self.end()
        self.channel.close()

    def leaves_survivors(self) -> bool:
        """Tell whether anything that the process started outlived it, and end that too."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True


def become(serve: Serve, inside: socket.socket, ours: socket.socket) -> None:
    """Live the life of the fork, in a process group of its own."""
    try:
        os.setsid()
        ours.close()
        serve(inside)
    except BaseException:  # noqa: BLE001 - nothing may return into the test
        traceback.print_exc()
    finally:
        os._exit(1)


class Pair:
    """A forked process and our end of the channel to it."""

    def __init__(self, serve: Serve, limits: Limits = LIMITS) -> None:
        self.process = Forked(serve, limits)
        self.peer = TrustedPeer(self.process)
        self.process.begin_test()

    @property
    def module(self) -> Any:  # noqa: ANN401 - a `StudentObject`, whose attributes are of any type
        """What the submission defines; asked for anew each time, for a test may begin in between."""
        return self.peer.ask("import", "import", 0)

    @property
    def answers(self) -> list[Header]:
        """The headers of the answers that came."""
        return [header for header in map(header_of, self.process.payloads) if "s" in header]

    @property
    def requests(self) -> int:
        """How many requests came from the other side."""
        return sum("q" in header for header in map(header_of, self.process.payloads))


@contextmanager
def pairs(limits: Limits = LIMITS) -> Iterator[Callable[[Serve], Pair]]:
    """Start pairs for one test, and see afterwards that no process is left."""
    started: list[Pair] = []

    def start(serve: Serve) -> Pair:
        started.append(Pair(serve, limits))
        return started[-1]

    try:
        yield start
    finally:
        for pair in started:
            pair.process.discard()
        left = [pair.process.pid for pair in started if pair.process.leaves_survivors()]
    assert not left, "the process under test left others behind"


def header_of(payload: bytes) -> Header:
    """Return a frame's header."""
    return decode(payload)[0]


def submission(source: str) -> Serve:
    """Serve a module with this source as a student process does."""
    from grader.sandbox.inside.student import Pipe  # before the fork, for the next test too

    def serve(inside: socket.socket) -> None:
        module = ModuleType("submission")
        exec(compile(source, f"{FOLDER}/app.py", "exec"), module.__dict__)
        pipe = Pipe(inside.fileno(), inside.fileno())
        StudentPeer(pipe, FOLDER, {"import": lambda: module}).run()

    return serve


def failing(error: BaseException) -> Callable[[], None]:
    """Return a function that raises, and may."""

    @declares(BaseException)
    def fail() -> None:
        raise error

    return fail


def ignore(*_: object) -> None:
    """Serve as start_response."""


class Wire:
    """The other end of the channel, in the hands of a liar."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel

    def send(self, header: Header, *blobs: bytes) -> None:
        """Send a frame."""
        self.raw(encode(header, blobs))

    def raw(self, data: bytes) -> None:
        """Send bytes."""
        self.channel.sendall(data)

    def receive(self) -> Header:
        """Return the header of the next frame; the end of the channel is the end of the liar."""
        return header_of(self.read(LENGTH.unpack(self.read(LENGTH.size))[0]))

    def read(self, size: int) -> bytes:
        """Read exactly this many bytes."""
        data = b""
        while len(data) < size:
            part = self.channel.recv(size - len(data))
            if not part:
                os._exit(0)
            data += part
        return data

    def request(self, header: Header, *blobs: bytes) -> Header:
        """Send a frame and return what came back."""
        self.send(header, *blobs)
        return self.receive()

    def tell(self, number: int, said: object) -> None:
        """Answer a request with JSON as text, so that the test learns what the liar saw."""
        self.send({"s": number, "ok": json.dumps(said)})


def liar(lie: Callable[[Wire], object]) -> Serve:
    """Serve the channel with lies; afterwards wait for the judge to hang up."""

    def serve(inside: socket.socket) -> None:
        wire = Wire(inside)
        lie(wire)
        while True:
            wire.receive()

    return serve


def frame(header: str, blobs: bytes = b"") -> bytes:
    """Return a frame with a header that was written by hand."""
    text = header.encode()
    return LENGTH.pack(LENGTH.size + len(text) + len(blobs)) + LENGTH.pack(len(text)) + text + blobs
