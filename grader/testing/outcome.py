"""What one run of one test came to, as plain data: from whatever it raised to a verdict and the words for it."""

from __future__ import annotations

import errno
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from grader.channel.remote import StudentError, StudentGone, StudentObject, builtin_type
from grader.errors import EngineFault, UsageError
from grader.models import Verdict
from grader.testing.events import Event, Recorder, shortened
from grader.testing.finding import Finding, LimitReached, Unsuited
from grader.testing.texts import module_texts

KNOWN_LIBRARIES = frozenset(
    ("flask", "werkzeug", "jinja2", "click", "markupsafe", "itsdangerous", "blinker", "json", "sqlite3")
)
NO_ISOLATION = "isolation"
"""The reason why a test is not run where the walls do not suffice."""
STAFF_TEXT, VALUE_TEXT = 4000, 500
CLAIM = "assert "
"""How the line begins in which pytest shows both sides of an assert that failed."""
COMPARISONS, DENIALS = (" == ", " in ", " < ", " <= ", " > ", " >= "), (" != ", " is not ")
LACKING = frozenset(
    getattr(errno, name)
    for name in ("EADDRNOTAVAIL", "EDQUOT", "EIO", "EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "ENOSPC", "EROFS")
    if hasattr(errno, name)
)
"""What this machine may run out of while a test runs."""
OUR_FILES = frozenset({errno.EACCES, errno.ENOENT, errno.EPERM})
"""What may be wrong with a file of a test's own; no submission has a say in their names."""


class NotRun(Exception):
    """The test was not run, and the reason is the submission's own earlier deeds, or the machine."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NeedsIsolation(NotRun):
    """The test needs walls of another kind than this machine has: such an attempt has no score."""

    def __init__(self) -> None:
        super().__init__(NO_ISOLATION)


class GoneInFixture(pytest.fail.Exception):  # type: ignore[name-defined, misc]
    """A student process died while a fixture was made or taken down.

    There pytest's own books bear, of all that is no `Exception`, only what is an outcome to them.
    """

    def __init__(self, gone: StudentGone) -> None:
        super().__init__(str(gone), pytrace=False)
        self.gone = gone


class Prerequisite(Exception):
    """The test was skipped because one that it builds on did not pass."""

    def __init__(self, test: str) -> None:
        super().__init__(test)
        self.test = test


@dataclass(frozen=True)
class Observed:
    """What a test came to. ``happened`` is a key with ``values`` (text, public); ``look`` a key.

    ``frames`` are lines of the submission as [file, line]; ``fault`` names a fault of ours, and then nothing else counts.
    """

    verdict: Verdict
    detail: dict[str, str] = field(default_factory=dict)
    happened: str = ""
    values: dict[str, tuple[str, bool]] = field(default_factory=dict)
    look: str = ""
    events: tuple[Event, ...] = ()
    frames: tuple[tuple[str, int], ...] = ()
    staff: str = ""
    fault: str = ""


def observe(error: BaseException, trace: TracebackType | None, recorder: Recorder, folder: Path) -> Observed:
    """Turn what a test raised into data. Whatever is not the engine's own fault is the submission's answer.

    ``folder`` holds the test's own files: the message of the assert that failed is read from there.
    """
    error = error.gone if isinstance(error, GoneInFixture) else error
    events = shortened(recorder.last())
    staff = staff_text(error)
    if fault := fault_of_ours(error):
        return Observed(Verdict.NOT_RUN, fault=fault)
    if isinstance(error, StudentGone):
        return Observed(Verdict(error.verdict), error.detail, events=events, staff=staff)
    if isinstance(error, LimitReached):
        return Observed(Verdict.OUTPUT_LIMIT, {"what": error.what}, events=events, staff=staff)
    if isinstance(error, NotRun):
        return Observed(Verdict.NOT_RUN, {"reason": error.reason})
    if isinstance(error, Prerequisite):
        return Observed(Verdict.SKIPPED, {"test": error.test})
    if isinstance(error, pytest.skip.Exception):
        return Observed(Verdict.SKIPPED, staff=staff)
    if isinstance(error, StudentError):
        return observe_student_error(error, events, staff)
    if isinstance(error, Finding):
        values = {name: (value.text[:VALUE_TEXT], value.public) for name, value in error.values.items()}
        verdict = Verdict.SKIPPED if isinstance(error, Unsuited) else Verdict.WRONG
        return Observed(
            verdict, {}, error.happened, values, error.look or message_at(trace, folder), events, staff=staff
        )
    look = message_at(trace, folder)
    return Observed(Verdict.WRONG, values=compared(error), look=look, events=events, staff=staff)


def compared(error: BaseException) -> dict[str, tuple[str, bool]]:
    """Return what the assert that failed compared, none of it public.

    That is ``seen`` and ``expected``; of a comparison with what may not be, the ``value`` alone; else the ``claim``. It comes
    from pytest's own explanation. What stands alone there, like False, says nothing, nor does a reference.
    """
    lines = str(error)[:STAFF_TEXT].split("\n") if isinstance(error, AssertionError) else []
    claim = next((line.removeprefix(CLAIM) for line in lines if line.startswith(CLAIM)), "")
    if StudentObject.__name__ in claim:
        return {}
    for word, names in ((" == ", ("seen", "expected")), *((denial, ("value",)) for denial in DENIALS)):
        sides = claim.split(word)
        if len(sides) == 2:
            return {name: (side[:VALUE_TEXT], False) for name, side in zip(names, sides, strict=False)}
    return {"claim": (claim[:VALUE_TEXT], False)} if any(word in claim for word in COMPARISONS) else {}


def fault_of_ours(error: BaseException) -> str:
    """Name the fault of ours that an exception stands for, or that led to it; nothing if there is none.

    What a submission raises arrives as `StudentError`, never as an exception of these classes.
    """
    if isinstance(error, ImportError) or (
        isinstance(error, OSError) and error.errno in OUR_FILES and error.filename is not None
    ):
        return named(error)
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        if isinstance(link, (EngineFault, UsageError)) or (isinstance(link, OSError) and link.errno in LACKING):
            return named(link)
        if isinstance(link, BaseExceptionGroup):  # what pytest raises when several fixtures fail to be taken down
            return next(filter(None, map(fault_of_ours, link.exceptions)), "")
        seen.add(id(link))
        link = link.__cause__ or link.__context__
    return ""


def named(error: BaseException) -> str:
    """Return the name of an exception's class and what it says."""
    return f"{type(error).__name__}: {error}"[:STAFF_TEXT]


def staff_text(error: BaseException) -> str:
    """Return what staff may read of an exception, with the reasons of a finding."""
    said = "".join(traceback.format_exception_only(error))
    found = error.values if isinstance(error, Finding) else {}
    values = ", ".join(f"{name}={value.text[:VALUE_TEXT]}" for name, value in found.items())
    return f"{said.strip()} {values}".strip()[:STAFF_TEXT]


def observe_student_error(error: StudentError, events: tuple[Event, ...], staff: str) -> Observed:
    """Say of an exception of the student's what may be said: the type if it is a known one, lines, the phase."""
    detail = {"phase": error.phase, "type": known_type(error.module, error.type)}
    verdict = Verdict.STUDENT_EXCEPTION
    if error.type == "MemoryError" and error.module == "builtins":
        verdict = Verdict.MEMORY_LIMIT
    elif error.type == "FrameTooLarge":
        verdict = Verdict.OUTPUT_LIMIT
    elif error.phase == "import":
        verdict = Verdict.IMPORT_ERROR
    frames = tuple((frame.file, frame.line) for frame in error.frames)
    values = {"text": (error.text[:VALUE_TEXT], False)}
    return Observed(verdict, detail, values=values, events=events, frames=frames, staff=staff)


def known_type(module: str, name: str) -> str:
    """Return the name of an exception class that everybody knows, or nothing: an own name could say anything."""
    if module == "builtins":
        return name if builtin_type(name) else ""
    loaded = sys.modules.get(module) if module.split(".", 1)[0] in KNOWN_LIBRARIES else None
    found: Any = vars(loaded).get(name) if loaded else None
    return name if isinstance(found, type) and issubclass(found, BaseException) else ""


def message_at(trace: TracebackType | None, folder: Path) -> str:
    """Return the constant message of the assert that failed: the innermost one in the test's own files."""
    message = ""
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_relative_to(folder):
            message = module_texts(path).messages.get(trace.tb_lineno, message)
        trace = trace.tb_next
    return message
