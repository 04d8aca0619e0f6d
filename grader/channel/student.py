"""The student's end: runs beside the submission, in its process. The judge believes nothing that it says."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import inspect
import os
import traceback
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from grader.channel.frames import FrameError, decode
from grader.channel.peer import Blobs, Peer, Transport, WrongThread
from grader.channel.values import BUILTIN_EXCEPTIONS, MAX_TEXT

Control = Mapping[str, Callable[..., Any]]
"""Operations on the process itself (import, describe, …) by name."""


class StudentPeer(Peer):
    """Performs what the judge asks on the submission's objects, and lets the submission call the judge's stubs."""

    def __init__(self, transport: Transport, folder: str, control: Control) -> None:
        super().__init__(transport)
        self.folder = folder
        self.control = {**control, "forget": self.forget}
        self.pid = os.getpid()
        self.alone = False
        self._last = 0
        self.forget()

    def forget(self) -> None:
        """Drop every reference of the test that ended; numbers go on and are never used again.

        The stubs go first: what runs when the submission's objects are dropped reaches nobody any more.
        """
        self.stubs: dict[int, object] = {}
        self.homes: dict[int, int] = {}
        self.classes: dict[frozenset[str], type] = {}
        self.foreign: dict[int, BaseException] = {}
        self.objects: dict[int, object] = {}
        self.numbers: dict[int, int] = {}
        self.errors: dict[int, BaseException] = {}
        self.contexts: dict[int, contextvars.Context] = {}
        self.context: contextvars.Context | None = None

    def leave(self) -> None:
        """Serve requests of real clients from now on, in a fork: nobody listens at the other end any more."""
        self.alone = True

    def check_thread(self) -> None:
        """Refuse other threads and processes that were forked from this one: the judge would not answer them."""
        if self.alone:
            raise WrongThread("no object of the test can be used while a real server runs the app")
        super().check_thread()
        if os.getpid() != self.pid:
            raise WrongThread("the other side can be reached only from the process that was called by it")

    def request(self, op: str, target: int, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401
        """Ask the judge, whose frames are right: one that cannot be read here is a stack without room."""
        try:
            return super().request(op, target, args, kwargs)
        except FrameError:
            raise RecursionError("maximum recursion depth exceeded") from None

    def go_on_alone(self) -> None:
        """Go on in a fork that takes the place of this process, without the objects of any test."""
        self.pid = os.getpid()
        self.forget()

    def run(self, until: Callable[[], bool] = lambda: False) -> None:
        """Serve the judge until it hangs up, or until it is told that this was all."""
        while not until():
            self.serve(*decode(self.transport.receive()))

    # -- what travels how

    def pack_object(self, value: object) -> Any:  # noqa: ANN401 - JSON
        """Give a stub home, or a reference to an object of the submission out."""
        home = self.homes.get(id(value))
        if home is not None and self.stubs[home] is value:
            return {"o": home}
        number = self.numbers.get(id(value))
        if number is None:
            self._last += 1
            number = self.numbers[id(value)] = self._last
            self.objects[number] = value
        if self.context is not None:
            self.contexts[number] = self.context
        return {"r": [number, kinds(value), type(value).__name__[:100]]}

    def pack_exception(self, error: BaseException, blobs: Blobs) -> Any:  # noqa: ANN401, ARG002 - JSON
        """Send the judge's exception home by its token, or describe one of the submission."""
        token = error.__dict__.get("_channel_token") if hasattr(error, "__dict__") else None
        if token in self.foreign:
            return {"k": token}
        self._last += 1
        self.errors[self._last] = error
        return {"e": {"type": type(error).__name__[:100], "module": str(type(error).__module__)[:100],
                      "text": text_of(error), "lines": lines_of(error, self.folder), "token": self._last}}  # fmt: skip

    def unpack_other(self, tag: str, content: Any, blobs: Blobs) -> Any:  # noqa: ANN401 - any value
        """Make stubs of references and exceptions of the judge's."""
        if tag == "r":
            number, operations, _ = content
            if number not in self.stubs:
                kind = frozenset(operations)
                if kind not in self.classes:
                    self.classes[kind] = stub_class(self, kind)
                stub = self.stubs[number] = self.classes[kind]()
                self.homes[id(stub)] = number
            return self.stubs[number]
        if tag == "o":
            return self.objects[content]
        if tag == "k":
            return self.errors.get(content) or RuntimeError("an exception of an earlier test")
        return self.their_error(content, blobs)

    def their_error(self, content: Any, blobs: Blobs) -> BaseException:  # noqa: ANN401 - JSON
        """Make the builtin exception that the judge describes, marked with its token."""
        if content["token"] in self.foreign:
            return self.foreign[content["token"]]
        error = nearest(BUILTIN_EXCEPTIONS[content["type"]], [self.unpack(node, blobs) for node in content["args"]])
        if content["token"]:
            error.__dict__["_channel_token"] = content["token"]
            self.foreign[content["token"]] = error
        return error

    # -- serving

    def perform(self, op: Any, target: Any, args: list[Any], kwargs: dict[str, Any], blobs: Blobs) -> Any:  # noqa: ANN401
        """Do what the judge asks, each WSGI request in a context of its own as on a real server."""
        if op in self.control:
            return self.pack(self.control[op](*args, **kwargs), blobs)
        thing = self.objects[target]
        outer = self.context
        if op == "call" and args and type(args[0]) is dict and "wsgi.version" in args[0]:
            self.context = contextvars.Context()
        else:
            self.context = self.contexts.get(target, outer)
        try:
            return self.pack(run_in(self.context, outer, OPERATIONS[op], thing, *args, **kwargs), blobs)
        finally:
            self.context = outer

    def pack_failure(self, error: BaseException, blobs: Blobs) -> Any:  # noqa: ANN401 - JSON
        """Describe whatever the submission raised."""
        return self.pack_exception(error, blobs)

    def raise_failure(self, node: object, blobs: Blobs) -> NoReturn:
        """Raise in the submission what its call to the judge came to."""
        raise self.unpack(node, blobs)

    def violated(self, reason: str) -> NoReturn:
        """Tell the submission that it went too far."""
        raise RecursionError(reason)


def run_in(
    context: contextvars.Context | None,
    outer: contextvars.Context | None,
    function: Callable[..., Any],
    /,
    *args: Any,  # noqa: ANN401 - any value
    **kwargs: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """Run a function in a context; one that is entered already further up the stack is entered as a copy."""
    if context is None or context is outer:
        return function(*args, **kwargs)
    try:
        return context.run(function, *args, **kwargs)
    except RuntimeError as error:
        if "is already entered" not in str(error) or error.__traceback__ is None or error.__traceback__.tb_next:
            raise
        return context.copy().run(function, *args, **kwargs)


def _call(thing: Any, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
    return thing(*args, **kwargs)


def _item(thing: Any, key: Any) -> Any:  # noqa: ANN401
    return thing[key]


def _close(thing: Any) -> Any:  # noqa: ANN401
    return thing.close()


OPERATIONS: dict[str, Callable[..., Any]] = {
    "call": _call, "iter": iter, "next": next, "close": _close, "len": len, "item": _item, "attr": getattr,
}  # fmt: skip


OWN_ITERATORS = frozenset(map(type, ((_ for _ in ()), iter([]), iter(()), map(len, ()), filter(None, ()), zip())))
"""Classes of which iter() of an object is the object itself, whatever happens: nobody needs to ask."""


def kinds(value: object) -> list[str]:
    """Say what can be done with an object, as the judge will ask for it."""
    cls = type(value)
    found = [kind for kind, name in (("iter", "__iter__"), ("next", "__next__"), ("len", "__len__"), ("item", "__getitem__"))
             if hasattr(cls, name)]  # fmt: skip
    if cls in OWN_ITERATORS:
        found.append("self")
    if callable(value):
        found.append("call")
    if getattr(value, "close", None) is not None:
        found.append("close")
    return found


def text_of(error: BaseException) -> str:
    """Return an exception's text; it is student code, so it may itself fail."""
    try:
        return str(error)[:MAX_TEXT]
    except BaseException:  # noqa: BLE001 - whatever it raises
        return ""


def lines_of(error: BaseException, folder: str) -> list[list[object]]:
    """Return [file, line, function] for each line of the submission that an exception passed through."""
    passed = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)][-200:]  # reads no source
    found: list[list[object]] = [
        [code.co_filename[len(folder) :].lstrip("/\\"), line, code.co_name]
        for code, line in passed
        if code.co_filename.startswith(folder) and line
    ]
    if isinstance(error, SyntaxError) and str(error.filename).startswith(folder) and isinstance(error.lineno, int):
        found.append([str(error.filename)[len(folder) :].lstrip("/\\"), error.lineno, ""])
    return found[-20:]


def describe(value: object) -> dict[str, bool]:
    """Say what kind of thing an object is: by its real type, whatever its ``__class__`` says."""
    plain = value
    while type(plain) is functools.partial:
        plain = plain.func
    kind = type(value)
    is_class = issubclass(kind, type)
    is_function = kind in (types.FunctionType, types.BuiltinFunctionType, types.MethodType)
    return {
        "class": is_class,
        "generator_function": type(plain) is types.FunctionType
        and bool(plain.__code__.co_flags & inspect.CO_GENERATOR),
        "function": is_function,
        "callable": callable(value),
        "defines_call": not is_class and any("__call__" in vars(base) for base in kind.__mro__),
    }


def nearest(kind: type[BaseException], args: list[object]) -> BaseException:
    """Return an exception of a class, or of its nearest base that takes these arguments."""
    for base in kind.__mro__:
        with contextlib.suppress(TypeError, ValueError):
            error: BaseException = base(*args)
            return error
    raise AssertionError("BaseException takes any arguments")


def stub_class(peer: StudentPeer, operations: frozenset[str]) -> type:
    """Return the class of objects with exactly the operations named; every other attribute is AttributeError at once."""
    members: dict[str, Any] = {"__slots__": ()}

    def ask(op: str) -> Callable[..., Any]:
        def operation(stub: object, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - any value
            number = peer.homes.get(id(stub))
            if number is None or peer.stubs.get(number) is not stub:
                raise RuntimeError("this object belongs to a test that has ended")
            return peer.request(op, number, args, kwargs)

        return operation

    for op in operations:
        members[{"call": "__call__", "iter": "__iter__", "next": "__next__"}.get(op, op)] = ask(op)
    return type("Stub", (), members)
