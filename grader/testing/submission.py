"""The fixture ``submission``: what the student's module defines, by name, over the call channel."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from grader.channel.remote import StudentError, StudentGone, StudentObject
from grader.channel.trusted import TrustedPeer
from grader.sandbox.process import Student
from grader.testing.connection import Connection
from grader.testing.finding import Finding, LimitReached, public
from grader.testing.outcome import NeedsIsolation
from grader.testing.serve import Listener

PAUSE = 0.02
"""Seconds between two attempts to reach a server that does not listen yet."""
KINDS = {
    "class": {"class": True, "function": False, "generator_function": False, "defines_call": False},
    "function": {"class": False, "function": True, "generator_function": False},
    "generator": {"class": False, "function": True, "generator_function": True},
}
"""What the source says where it leaves no doubt (`grader.sandbox.inside.outline`)."""


@dataclass(frozen=True)
class Completed:
    """How a command ended: its exit code (negative: the signal that ended it), and what it printed."""

    returncode: int
    stdout: bytes
    stderr: bytes


class Submission:
    """The student's module in a student process: ``submission.name`` is what it defines under a name.

    ``fresh()`` gives the same submission in another process. ``defined`` is what the module said of its names in earlier
    tests: it must not deny in one test what it shows in another. ``outlines`` keeps what was read of a source, which is the
    same in every process and is read before any of its code runs.
    """

    def __init__(
        self,
        student: Student,
        module: str,
        another: Callable[[], Submission],
        listener: Listener | None = None,
        defined: dict[str, bool] | None = None,
        ports: set[int] | None = None,
        outlines: dict[str, dict[str, str]] | None = None,
        beside: Callable[[], Student | None] = lambda: None,
    ) -> None:
        self._student = student
        self._beside = beside
        self._module_name = module
        self._found: dict[str, tuple[bool, Any]] = {}
        self._another = another
        self._listener = listener
        self._defined = {} if defined is None else defined
        self._ports = set() if ports is None else ports
        self._outlines = {} if outlines is None else outlines

    def fresh(self) -> Submission:
        """Return the submission in a new student process (4-7 ms), beside this one."""
        return self._another()

    def defines(self, name: str) -> bool:
        """Tell whether the module defines a name."""
        return self._find(name)[0]

    def describe(self, name: str) -> dict[str, bool]:
        """Say what kind of thing a name is: class, generator_function, function, callable, defines_call.

        The submission's own process says it, which is testimony; where the source leaves no doubt, the source counts.
        """
        peer = self._student.peer
        said = checked_description(peer, peer.ask("read", "describe", 0, getattr(self, name)))
        kind = (self._student.outline or {}).get(name)
        return {**said, **KINDS[kind]} if kind in KINDS else said

    def part(self, name: str) -> Part:
        """Return a module of the package that was handed in: ``submission.part("db").get_db``.

        Raises:
            Finding: there is no such module.
        """
        self.load()
        peer, full = self._student.peer, f"{self._module_name}.{name}"
        try:
            module = peer.ask("import", "import", 0, full)
        except StudentError as error:
            if error.type != "ModuleNotFoundError" or f"'{full}'" not in error.text:
                raise
            raise Finding("your package has no module {name}", "the names in the task; is there such a file?",
                          name=public(full)) from None  # fmt: skip
        if not isinstance(module, StudentObject):
            peer.violated("a module that is none")
        return Part(module, full)

    def run(
        self, argv: Sequence[str], *, stdin: bytes = b"", env: Mapping[str, str] | None = None, timeout: float | None = None
    ) -> Completed:  # fmt: skip
        """Run a command in the submission's folder, as its user, within its walls and limits; return what came out.

        ``python`` as the first word is the interpreter that runs the submission. ``env`` is added to the few variables of
        the box. ``python -m flask`` is a fork of a process that has read Flask, where there is one. A command that does not end
        is a ``timeout`` of the test, after ``timeout`` seconds if it is given; one that prints more than 1 MiB is an
        ``output_limit``. What a command prints is what the submission has it print: testimony.
        """
        words, given, variables = list(argv), bytes(stdin), dict(env or {})
        if not words or not all(type(word) is str for word in (*words, *variables, *variables.values())):
            raise TypeError("run() takes a list of words, of type str like the names and values of env")
        other = self._beside() if is_flask(words, variables) else None
        student = other or self._student
        student.process.patience = timeout
        try:
            said = student.peer.ask("run", "flask" if other else "run", 0, words, given, variables)
        finally:
            student.process.patience = None
        if type(said) is not tuple or len(said) != 3 or not (type(said[1]) is type(said[2]) is bytes):
            student.peer.violated("a command's end of unknown shape")
        if said[0] is None:
            raise LimitReached("output of a command")
        if type(said[0]) is not int:
            student.peer.violated("an exit code that is none")
        return Completed(*said)

    def connect(self, port: object, *, timeout: float | None = None) -> Connection:
        """Connect to a server that the submission's own code opened on 127.0.0.1; wait for it until it listens.

        The submission needs a loopback of its own for it (isolation level full), or no walls at all. Mark such a test with
        ``loopback``, so that it is not run elsewhere: the submission could not even open its server.

        Raises:
            Finding: the port is none, or nothing answers there within ``timeout`` seconds (default: those for an import).
            NeedsIsolation: the submission has no loopback here; the test is not run.
        """
        if type(port) is not int or not 0 < port < 1 << 16:
            raise Finding("the port of your server was {port}, not a number from 1 to 65535", "what the server calls its port",
                          port=repr(port))  # fmt: skip
        process = self._student.process
        if not process.loopback:
            raise NeedsIsolation
        patience = process.limits.load if timeout is None else timeout
        deadline = min(process.test_deadline, time.monotonic() + patience)
        self._ports.add(port)
        while True:
            if client := process.connect(port):
                return self._student.keep(Connection(client, process.test_deadline, self._late))
            if time.monotonic() > deadline:
                raise Finding(
                    "nothing answered on the port of your server", "does the server still run, and listen there?"
                )
            time.sleep(PAUSE)

    def _late(self) -> NoReturn:
        """End the test: its time is up while it waits for the submission's server."""
        self._student.peer.lose(StudentGone("timeout", {"phase": "serve"}))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the student defined
        if name.startswith("_"):
            raise AttributeError(name)
        found, value = self._find(name)
        if not found:
            raise Finding("your module defines no {name}", "the names in the task; spelling and case count",
                          name=public(name))  # fmt: skip
        return value

    def _find(self, name: str) -> tuple[bool, Any]:
        """Return whether the module defines a name, and its value; asked once per test.

        Raises:
            Finding: in an earlier test the module said the contrary.
        """
        if name not in self._found:
            try:
                self._found[name] = True, self._ask_for(name)
            except StudentError as error:
                if error.type != "AttributeError" or error.phase != "read":
                    raise
                self._found[name] = False, None
        if self._defined.setdefault(name, self._found[name][0]) != self._found[name][0]:
            raise Finding("your module defines {name} in some tests and not in others",
                          "define every name once, at the top level of the file", name=public(name))  # fmt: skip
        return self._found[name]

    def _read_outline(self) -> dict[str, str]:
        """Have the source read in the process that will run it, before it does."""
        said = self._student.peer.ask("import", "outline", 0, self._module_name)
        if type(said) is not dict or not all(type(k) is str and type(v) is str for k, v in said.items()):
            self._student.peer.violated("an outline of unknown shape")
        return said

    def load(self) -> None:
        """Import the module, once per process; one that failed fails the same way again."""
        student = self._student
        if student.import_error is not None:
            raise student.import_error
        if student.outline is not None:
            return
        if self._module_name not in self._outlines:
            self._outlines[self._module_name] = self._read_outline()
        student.outline = self._outlines[self._module_name]
        try:
            module = student.peer.ask("import", "import", 0, self._module_name)
        except StudentError as error:
            student.import_error = error
            raise
        if not isinstance(module, StudentObject):
            student.peer.violated("a module that is none")

    def _ask_for(self, name: str) -> Any:  # noqa: ANN401 - whatever the student defined
        """Ask what stands under a name, in one request: every test makes at least this one."""
        self.load()
        return self._student.peer.ask("read", "find", 0, self._module_name, name)


class Part:
    """A module of a package: its names are attributes."""

    def __init__(self, module: StudentObject, name: str) -> None:
        self._module = module
        self._name = name

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the student defined
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._module._ask("read", "attr", name)
        except StudentError as error:
            if error.type != "AttributeError" or error.phase != "read":
                raise
            raise Finding("your module {module} defines no {name}", "the names in the task; spelling and case count",
                          module=public(self._name), name=public(name)) from None  # fmt: skip


def is_flask(words: Sequence[str], variables: Mapping[str, str]) -> bool:
    """Tell whether a command is ``python -m flask``, and nothing is said to Python itself, which a fork would be too late for."""
    return [*words[:3]] == ["python", "-m", "flask"] and not any(name.startswith("PYTHON") for name in variables)


def checked_description(peer: TrustedPeer, said: object) -> dict[str, bool]:
    """Return what a student process says about an object, if it has the right shape."""
    if type(said) is not dict or not all(type(k) is str and type(v) is bool for k, v in said.items()):
        peer.violated("a description of unknown shape")
    return said
