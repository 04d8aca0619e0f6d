"""Runs a student's application for one request, in a process of its own, and returns all that happened."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from grader.channel.remote import StudentError, StudentGone
from grader.errors import EngineFault, Misuse
from grader.models import Exercise, Submission
from grader.sandbox.plain import Plain
from grader.sandbox.process import Student
from grader.sandbox.unpack import unpack
from grader.student.conversation import converse
from grader.student.onion import MOUNTED, NAME, Inside
from grader.student.request import Request
from grader.student.timeline import Step, Timeline
from grader.submissions import opened, read_submission
from grader.testing.app import AppMaker
from grader.testing.events import Recorder
from grader.testing.finding import Finding, LimitReached
from grader.testing.submission import Submission as Running
from grader.testing.wsgi import Proxy


@dataclass(frozen=True)
class Traced:
    """One request and what became of it.

    ``spent`` are the seconds that each layer worked, ``around`` names what the server calls, ``ending`` is what kept the
    conversation from coming to its end.
    """

    exercise: Exercise
    submission: Submission
    request: Request
    environ: Mapping[str, object]
    steps: tuple[Step, ...]
    spent: Mapping[str, float]
    around: str
    wraps: bool
    ending: BaseException | None
    printed: bytes


def trace(exercise: Exercise, path: Path | None, request: Request, inside: str = "plain") -> Traced:
    """Make a request of the work at ``path``, by default what lies in the exercise's own folder.

    A middleware gets an application ``inside`` (see `onion.MADE`).

    Raises:
        Misuse: there is no such work, or nothing in it that answers requests.
    """
    submission = work(exercise, path or exercise.folder)
    timeline = Timeline(exercise.attribute if wraps(exercise) else "application")
    environ = request.environ()
    told = dict(environ)
    with running(exercise, submission) as student:
        ending = run(exercise, student, environ, request.body, inside, timeline)
        with contextlib.suppress(StudentGone, StudentError):
            student.peer.forget()  # what was printed until now has arrived with the answer
        printed = bytes(student.process.output)
    return Traced(exercise, submission, request, told, tuple(timeline.steps), timeline.spent, timeline.around,
                  wraps(exercise), ending, printed)  # fmt: skip


def work(exercise: Exercise, path: Path) -> Submission:
    """Read what is to be run.

    Raises:
        Misuse: it is not there, cannot be taken, or has nothing that answers requests.
    """
    if exercise.kind == "diagnostic":
        raise Misuse("{exercise} has no application that answers requests", exercise=exercise.short)
    submission = read_submission(path, exercise)
    if submission.archive is not None:
        contents = unpack(Plain(exercise.limits).spawn, submission.archive, exercise.files, exercise.limits)
        submission = opened(submission, exercise, contents)
    if submission.problem:
        raise Misuse(submission.problem["problem"], **{k: v for k, v in submission.problem.items() if k != "problem"})
    if submission.missing:
        raise Misuse("{path}: {files} is missing; the exercise asks for it", path=path,
                     files=", ".join(submission.missing))  # fmt: skip
    return submission


def wraps(exercise: Exercise) -> bool:
    """Tell whether an exercise's entry is put around an application: then it is named like a class (PEP 8, CapWords)."""
    return exercise.attribute[:1].isupper()


@contextlib.contextmanager
def running(exercise: Exercise, submission: Submission) -> Iterator[Student]:
    """Start a process with a student's files, and end it."""
    try:
        student = Student(Plain(exercise.limits).spawn(submission.files))
    except StudentGone as gone:
        raise EngineFault(f"a process for your code could not be started: {gone.verdict}") from None
    try:
        yield student
    finally:
        student.process.discard()


def run(
    exercise: Exercise, student: Student, environ: dict[str, object], body: bytes, inside: str, timeline: Timeline
) -> BaseException | None:
    """Load the application and make the request; return what kept it from coming to its end."""
    student.process.begin_test()
    submission = Running(student, exercise.module, refuse)
    try:
        app = application(exercise, submission, inside, timeline)
        converse(app, environ, body, timeline)
    except (StudentGone, LimitReached, StudentError, Finding) as ending:
        return ending
    return None


def refuse() -> NoReturn:
    """Refuse a second process: a trace has one."""
    raise EngineFault("a trace has one process, and no test to ask for another")


def application(exercise: Exercise, submission: Running, inside: str, timeline: Timeline) -> Callable[..., Any]:
    """Return what the server calls: the entry, what its factory makes, or the middleware around an application."""
    if exercise.called:
        made: Any = AppMaker(submission, exercise.factory, Recorder())()
        target: Callable[..., Any] = made.target if isinstance(made, Proxy) else made
        return target
    entry: Callable[..., Any] = getattr(submission, exercise.attribute)
    if not wraps(exercise):
        return entry
    app = Inside(inside, NAME, timeline)
    try:
        made = entry(app)
    except StudentError as error:
        if error.type != "TypeError" or error.frames:  # a line of the submission: its own error
            raise
        made = entry(app, {MOUNTED: Inside(inside, MOUNTED, timeline)})
    return made  # type: ignore[no-any-return]
