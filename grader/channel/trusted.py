"""The judge's end: everything that comes from the student process is checked, and nothing of ours is reachable by name.

What we pass out is a stub with exactly the operations that its class or `exposed` names. What comes in is a
`StudentObject`: it can be called, iterated, closed, read from, and nothing else.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol

from grader.channel.exposure import Exposed, exposure, operate
from grader.channel.frames import FrameError, FrameTooLarge
from grader.channel.peer import Blobs, Peer
from grader.channel.remote import StudentError, StudentGone, StudentObject, their_frame
from grader.channel.values import MAX_TEXT, broken, builtin_name

STUDENT_KINDS = frozenset({"call", "iter", "next", "self", "close", "len", "item"})

MAX_REFERENCES, MAX_NUMBER = 20_000, 1 << 31
"""References to the student's objects that one test may see, and the largest number of one: large ones could be chosen
to collide in a dict."""


DEAF = 200
"""Calls that a submission may make after an exception of ours that ends the test, in order to tidy up."""


class Watchdog(Protocol):
    """What the judge's end wants of its transport beyond carrying frames."""

    def send(self, frame: bytes) -> None:
        """Send one encoded frame."""

    def receive(self) -> bytes:
        """Return the payload of the next frame."""

    def expect_quiet(self) -> None:
        """Raise `FrameError` if bytes came that nobody asked for."""

    phase: str
    """What the student's code is being asked to do: call, iterate, close, …"""

    def begin(self) -> None:
        """Start the deadline of one outermost request."""

    def kill(self) -> None:
        """End the student process."""


@dataclass
class Table:
    """What crossed during one test. Numbers are never used again; a number of an earlier test is a violation."""

    ours: dict[int, Exposed] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)
    theirs: dict[int, StudentObject] = field(default_factory=dict)
    errors: dict[int, BaseException] = field(default_factory=dict)

    def token(self, error: BaseException) -> int:
        """Return the token under which an exception of ours crossed before, 0 if it never did."""
        return next((token for token, known in self.errors.items() if known is error), 0)


class TrustedPeer(Peer):
    """The judge's end of a channel to one student process."""

    def __init__(self, transport: Watchdog) -> None:
        super().__init__(_Quiet(transport, self))
        self.watchdog = transport
        self.gone: StudentGone | None = None
        self.table = Table()
        self._last = 0
        self._undeclared: BaseException | None = None
        self._ignored = 0
        self._counted = 0, 0

    # -- asking

    def ask(self, phase: str, op: str, target: int, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - any value
        """Make one request; the outermost one starts the deadline and raises what a call-back kept back.

        Raises:
            StudentError: the student's code raised.
            StudentGone: the process died, now or earlier, or broke the rules.
        """
        if self.gone:
            raise self.gone
        outer, self.watchdog.phase = self.watchdog.phase, phase
        if not self.depth:
            self.watchdog.begin()
        try:
            return self.request(op, target, args, kwargs)
        except StudentError as error:
            error.phase = error.phase or phase
            raise
        except FrameError as error:
            self.violated(str(error))
        except FrameTooLarge as error:
            raise TypeError(f"a test sends {error} bytes at once, more than a frame holds") from None
        finally:
            self.watchdog.phase = outer
            self.raise_undeclared()

    def raise_undeclared(self) -> None:
        """Raise, at the end of the outermost request, the first exception that a call-back did not declare."""
        if not self.depth and self._undeclared and not self.gone:
            error, self._undeclared, self._ignored = self._undeclared, None, 0
            raise error

    def forget(self, op: str = "forget") -> None:
        """End a test: both sides drop their references.

        Raises:
            StudentGone: the process died, or did not simply comply.
        """
        self.table = Table()
        self._undeclared, self._ignored = None, 0
        try:
            if not self.gone:
                self.ask("forget", op, 0)
        except StudentError:
            self.violated("an error at the end of a test")

    def copy(self) -> bool:
        """Have the process go on as a copy of itself until `end_copy`; tell whether it does.

        Every copy answers the same request of its original, which counts no other.

        Raises:
            StudentGone: the process died.
        """
        self.table = Table()
        self._counted = self._asked, self._served
        try:
            return self.ask("start", "copy", 0) is True
        except StudentError:
            return False

    def end_copy(self) -> None:
        """End a test that a copy served; the original is there again.

        Raises:
            StudentGone: the process died, or did not simply comply.
        """
        self.forget("done")
        self._asked, self._served = self._counted

    # -- what travels how

    def pack_object(self, value: object) -> Any:  # noqa: ANN401 - JSON
        """Give the student's own object back, or a stub of ours out; what crossed before crosses as it did."""
        if isinstance(value, StudentObject):
            if self.table.theirs.get(value._ref) is not value:
                raise TypeError("a reference of another test or another student process cannot cross")
            return {"o": value._ref}
        known = self.table.numbers.get(id(value))
        thing = self.table.ours[known] if known else exposure(value)
        number = self.table.numbers.get(id(thing.value))
        if number is None:
            self._last += 1
            number = self.table.numbers[id(thing.value)] = self._last
        self.table.ours[number] = thing
        return {"r": [number, in_order(thing.operations), ""]}

    def pack_exception(self, error: BaseException, blobs: Blobs) -> Any:  # noqa: ANN401 - JSON
        """Send the student's own exception home, or ours as a builtin with plain arguments."""
        if isinstance(error, StudentError):
            if error.peer is not self:
                raise TypeError("an exception of another student process cannot cross")
            return {"k": error.token}
        token = self.table.token(error)
        if not token:
            self._last += 1
            token = self._last
            self.table.errors[token] = error
        args = [arg if type(arg) in (str, int, bytes) else str(arg) for arg in error.args]
        return {"e": {"type": builtin_name(type(error)), "args": [self.pack(arg, blobs) for arg in args], "token": token}}  # fmt: skip  # noqa: E501

    def unpack_other(self, tag: str, content: object, blobs: Blobs) -> Any:  # noqa: ANN401, ARG002 - any value
        """Take references and exceptions; every number and every word of it is checked."""
        if tag == "r":
            return self.their_object(content)
        if tag == "o" and type(content) is int and content in self.table.ours:
            return self.table.ours[content].value
        if tag == "k" and type(content) is int and content in self.table.errors:
            return self.table.errors[content]
        if tag == "e":
            return self.their_error(content)
        return broken("a reference that we did not give" if tag in ("o", "k") else "a value of unknown kind")

    def their_object(self, content: object) -> StudentObject:
        """Return the one `StudentObject` for a reference."""
        if type(content) is not list or len(content) != 3:
            broken("a reference of unknown shape")
        number, kinds, name = content
        if type(number) is not int or type(kinds) is not list or type(name) is not str:
            broken("a reference of unknown shape")
        if not 0 < number <= MAX_NUMBER:
            broken("a reference with an impossible number")
        if not all(type(kind) is str and kind in STUDENT_KINDS for kind in kinds):
            broken("a reference of unknown kind")
        known = self.table.theirs.get(number)
        if known is None:
            if len(self.table.theirs) >= MAX_REFERENCES:
                broken("too many references")
            known = self.table.theirs[number] = StudentObject(self, number, frozenset(kinds), name[:100])
        return known

    def their_error(self, content: object) -> StudentError:
        """Return the student's exception as data."""
        if type(content) is not dict:
            broken("an exception of unknown shape")
        words = [content.get(key) for key in ("type", "module", "text")]
        token, lines = content.get("token"), content.get("lines")
        if type(token) is not int or type(lines) is not list or not all(type(word) is str for word in words):
            broken("an exception of unknown shape")
        kind, module, text = (str(word)[:MAX_TEXT] for word in words)
        error = StudentError(kind[:100], text, module[:100], tuple(their_frame(line) for line in lines[-20:]))
        error.token, error.peer = token, self
        return error

    # -- serving

    def perform(self, op: object, target: object, args: list[Any], kwargs: dict[str, Any], blobs: Blobs) -> Any:  # noqa: ANN401
        """Do an operation that was exposed; any other one is AttributeError, as for an object that lacks it."""
        if type(target) is not int or target not in self.table.ours:
            broken("a call of an object that we did not give")
        if type(op) is not str:
            broken("an operation without a name")
        if self._undeclared is not None:
            self._ignored += 1
            if self._ignored > DEAF:
                self.lose(StudentGone(getattr(self._undeclared, "verdict", "protocol_violation"), {
                    "reason": "your code went on after an error that ends the test"}))  # fmt: skip
        thing = self.table.ours[target]
        if op not in thing.operations:
            raise Declared(AttributeError(op[:100]))
        try:
            return self.pack(operate(thing.value, op, args, kwargs), blobs)
        except thing.raises as error:
            raise Declared(error) from None

    def pack_failure(self, error: BaseException, blobs: Blobs) -> Any:  # noqa: ANN401 - JSON
        """Let declared exceptions and the student's own ones cross; keep every other one back, without a word."""
        if isinstance(error, Declared):
            return self.pack_exception(error.error, blobs)
        if (isinstance(error, StudentError) and error.peer is self) or self.table.token(error):
            return self.pack_exception(error, blobs)
        if isinstance(error, (StudentGone, FrameError, KeyboardInterrupt)):
            raise error
        self._undeclared = self._undeclared or error
        return {"e": {"type": "Exception", "args": [], "token": 0}}

    def raise_failure(self, node: object, blobs: Blobs) -> NoReturn:
        """Raise the student's exception as `StudentError`, or our own one if it comes home."""
        error = self.unpack(node, blobs)
        if not isinstance(error, BaseException):
            broken("a failure that is no exception")
        raise error

    def violated(self, reason: str) -> NoReturn:
        """Kill a process that broke the rules; it is not believed again."""
        self.lose(StudentGone("protocol_violation", {"reason": reason}))

    def lose(self, gone: StudentGone) -> NoReturn:
        """Remember that the process is gone, make sure of it, and say so."""
        self.gone = self.gone or gone
        self.watchdog.kill()
        raise self.gone


@functools.cache
def in_order(operations: frozenset[str]) -> list[str]:
    """Return operations as they are sent: always in the same order."""
    return sorted(operations)


class Declared(Exception):
    """Carries an exception that may cross to the student."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


class _Quiet:
    """The transport as the peer sees it: silence before we speak, a sticky end when the process is gone."""

    def __init__(self, transport: Watchdog, peer: TrustedPeer) -> None:
        self.transport = transport
        self.peer = peer

    def send(self, frame: bytes) -> None:
        try:
            self.transport.expect_quiet()
            self.transport.send(frame)
        except StudentGone as gone:
            self.peer.lose(gone)

    def receive(self) -> bytes:
        try:
            return self.transport.receive()
        except StudentGone as gone:
            self.peer.lose(gone)
