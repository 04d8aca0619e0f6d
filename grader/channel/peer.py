"""What both ends of the call channel share: requests, answers, and serving the other side while waiting.

A request is ``{"q": number, "op": …, "o": object, "a": [...], "k": {...}}``; its answer carries the same number as
``"s"`` and one of ``ok``, ``err`` and ``end`` (the end of iteration), plus ``w``: what the callee changed in exact list
and dict arguments. Strictly last in, first out.
"""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from operator import is_
from typing import Any, NoReturn, Protocol

from grader.channel.frames import FrameTooLarge, Header, decode, encode
from grader.channel.values import Codec, exact_list

MAX_DEPTH = 16
PLAIN = (str, int, float, bool, bytes, type(None))

Blobs = list[bytes]
Containers = list[tuple[Any, Any, Any]]
"""What may be changed in place: (position or keyword, the list or dict, its shallow copy from before)."""


class WrongThread(RuntimeError):
    """The channel belongs to one thread, and another one used it."""


class Transport(Protocol):
    """Carries whole frames; how it waits and when it gives up is its own business."""

    def send(self, frame: bytes) -> None:
        """Send one encoded frame."""

    def receive(self) -> bytes:
        """Return the payload of the next frame."""


class Peer(Codec):
    """One end of a channel."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.depth = 0
        self._asked = 0
        self._served = 0
        self._thread = threading.get_ident()

    def request(self, op: str, target: int, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - any value
        """Ask the other side to perform ``op`` on its object ``target`` and wait, serving it meanwhile."""
        self.check_thread()
        kwargs = kwargs or {}
        blobs: Blobs = []
        header = {
            "op": op,
            "o": target,
            "a": [self.pack(arg, blobs) for arg in args],
            "k": {name: self.pack(value, blobs) for name, value in kwargs.items()},
            "q": self._asked + 1,
        }
        frame = encode(header, blobs)
        self.enter()
        self._asked += 1
        mine = self._asked
        try:
            self.transport.send(frame)
            while True:
                header, blobs = decode(self.transport.receive())
                if "q" not in header:
                    self.check_answer(header, mine, op)
                    return self.take_answer(header, blobs, args, kwargs)
                self.serve(header, blobs)
        finally:
            self.depth -= 1

    def serve(self, header: Header, blobs: Blobs) -> None:
        """Perform one request of the other side and answer it."""
        number = header.get("q")
        if type(number) is not int or number != self._served + 1:
            self.violated("a request out of sequence")
        self._served = number
        self.enter()
        try:
            args = [self.unpack(node, blobs) for node in exact_list(header.get("a"))]
            kwargs = self.unpack_keywords(header.get("k"), blobs)
            answer, out = self.answer(header.get("op"), header.get("o"), args, kwargs)
        finally:
            self.depth -= 1
        answer["s"] = number
        self.transport.send(self.encode_answer(answer, out))

    def unpack_keywords(self, node: object, blobs: Blobs) -> dict[str, Any]:
        """Return keyword arguments."""
        if type(node) is not dict:
            self.violated("keyword arguments that are no object")
        return {name: self.unpack(value, blobs) for name, value in node.items()}

    def answer(self, op: object, target: object, args: list[Any], kwargs: dict[str, Any]) -> tuple[Header, Blobs]:
        """Perform a request; whatever it raises becomes part of the answer."""
        containers = watch(args, kwargs)
        blobs: Blobs = []
        try:
            answer: Header = {"ok": self.perform(op, target, args, kwargs, blobs)}
        except StopIteration as stop:
            answer = {"end": 1} if op == "next" else {"err": self.pack_failure(stop, blobs)}
        except BaseException as error:  # noqa: BLE001 - it belongs to the other side
            blobs.clear()
            answer = {"err": self.pack_failure(error, blobs)}
        try:
            changes = [[place, self.pack(now, blobs)] for place, now, before in containers if changed(before, now)]
        except BaseException as error:  # noqa: BLE001 - something was put in that cannot cross
            blobs.clear()
            return {"err": self.pack_failure(error, blobs)}, blobs
        if changes:
            answer["w"] = changes
        return answer, blobs

    def encode_answer(self, answer: Header, blobs: Blobs) -> bytes:
        """Encode an answer; one that is too large becomes an error of its own."""
        try:
            return encode(answer, blobs)
        except FrameTooLarge as error:
            blobs = []
            return encode({"err": self.pack_failure(error, blobs), "s": answer["s"]}, blobs)

    def check_answer(self, header: Header, mine: int, op: str) -> None:
        """See that an answer is to the youngest request, and that only iteration ends."""
        if type(header.get("s")) is not int or header["s"] != mine:
            self.violated("an answer out of sequence")
        if ("ok" in header) + ("err" in header) + ("end" in header) != 1:
            self.violated("an answer that says nothing, or two things")
        if "end" in header and op != "next":
            self.violated("the end of what is no iteration")

    def take_answer(self, header: Header, blobs: Blobs, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """Return what an answer says, or raise it, after its changes to our lists and dicts were made."""
        for change in exact_list(header.get("w", [])):
            self.copy_back(change, blobs, args, kwargs)
        if "end" in header:
            raise StopIteration
        if "err" in header:
            self.raise_failure(header["err"], blobs)
        return self.unpack(header["ok"], blobs)

    def copy_back(self, change: object, blobs: Blobs, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Put the callee's changes into the very list or dict that was passed."""
        place, node = exact_list(change) if type(change) is list and len(change) == 2 else (None, None)
        if type(place) is int and 0 <= place < len(args):
            mine = args[place]
        elif type(place) is str and place in kwargs:
            mine = kwargs[place]
        else:
            self.violated("a change to an argument that was not passed")
        new = self.unpack(node, blobs)
        if type(mine) is not type(new) or type(new) not in (list, dict):
            self.violated("a change that is no list or dict")
        if type(mine) is list:
            mine[:] = new
        else:
            mine.clear()
            mine.update(new)

    def enter(self) -> None:
        """Count one more call on the stack, before anything is done for it."""
        if self.depth >= MAX_DEPTH:
            self.violated("calls nested too deeply")
        self.depth += 1

    def check_thread(self) -> None:
        """Refuse every thread but the one that made the channel."""
        if threading.get_ident() != self._thread:
            raise WrongThread("the other side can be reached only from the thread that was called by it")

    @abstractmethod
    def perform(self, op: object, target: object, args: list[Any], kwargs: dict[str, Any], blobs: Blobs) -> Any:  # noqa: ANN401
        """Do what the other side asks and return the packed result."""

    @abstractmethod
    def pack_failure(self, error: BaseException, blobs: Blobs) -> Any:  # noqa: ANN401 - JSON
        """Pack an exception that ends a request of the other side."""

    @abstractmethod
    def raise_failure(self, node: object, blobs: Blobs) -> NoReturn:
        """Raise the exception that ended a request of ours."""

    @abstractmethod
    def violated(self, reason: str) -> NoReturn:
        """Give up on a channel whose rules were broken."""


def watch(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Containers:
    """Return the exact lists and dicts among the arguments, each with a shallow copy."""
    found = [(i, arg, arg.copy()) for i, arg in enumerate(args) if type(arg) in (list, dict)]
    return found + [(name, arg, arg.copy()) for name, arg in kwargs.items() if type(arg) in (list, dict)]


def changed(before: Any, now: Any) -> bool:  # noqa: ANN401 - list or dict
    """Tell whether a list or dict is another one now, without asking foreign objects for equality."""
    if len(before) != len(now):
        return True
    if all(map(is_, before, now)) and (type(now) is list or all(map(is_, before.values(), now.values()))):
        return False  # as nearly always, and this is the quickest way to find out
    if type(now) is list:
        return any(not same(a, b) for a, b in zip(before, now, strict=True))
    return any(key not in before or not same(before[key], value) for key, value in now.items())


def same(a: object, b: object) -> bool:
    """Tell whether two items are one object or equal plain data; nested containers count as changed."""
    return a is b or (type(a) is type(b) and type(a) in PLAIN and a == b)
