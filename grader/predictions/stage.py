"""Runs small programs as submissions are run, in a process of their own, and drives them with the driver of the tests.

The programs are the course's own, so they need no walls; what matters is that they are called over the same channel.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, NoReturn
from urllib.parse import urlsplit

from grader.channel.remote import StudentError, StudentGone, StudentObject, has_operation
from grader.errors import EngineFault, UsageError
from grader.models import Limits
from grader.predictions.questions import Program, Question, Request
from grader.printable import printable
from grader.sandbox.plain import Plain
from grader.sandbox.process import Student
from grader.testing.content import Page, read_page
from grader.testing.events import Event, Recorder
from grader.testing.finding import Finding, LimitReached
from grader.testing.serve import SERVED, serving
from grader.testing.submission import Submission
from grader.testing.trace import REFUSALS, Trace
from grader.testing.tracer import Tracer
from grader.testing.wsgi import Proxy, Stream

DETAIL = 60
"""Characters of an event's detail that are shown, as in a feedback."""


class Stage:
    """A process with some programs in it, each a module of its own. Use it in a ``with`` statement.

    ``what`` names in complaints where the programs come from.
    """

    def __init__(self, programs: Iterable[Program], what: object, limits: Limits | None = None) -> None:
        sources = dict.fromkeys(program.module for program in programs)
        self.what = what
        self.modules = {source: f"program{number}" for number, source in enumerate(sources)}
        files = {f"{module}.py": source.encode() for source, module in self.modules.items()}
        try:
            self.student = Student(Plain(limits or Limits()).spawn(files))
        except StudentGone as gone:
            raise EngineFault(f"a process for small programs could not be started: {gone.verdict}") from None

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self.student.process.discard()

    def answer(self, question: Question) -> str:
        """Return what really happens: the right choice of a question."""
        seen = self.perform(question.program, question.request)
        try:
            return trace_line(seen) if question.kind == "trace" else answer_line(seen, question.shown)
        except Finding as finding:
            raise self.wrong(f"answers with no page: {finding.happened}") from None

    def perform(self, program: Program, request: Request) -> Trace:
        """Make one request of a program; the conversation is returned to its end.

        An exception that the program raises belongs to what happens; one that keeps it from being loaded does not.

        Raises:
            UsageError: the program cannot be loaded, lacks a name, or does not come to an end.
        """
        with self.complaining():
            return conversation(wanted(self.submission(program), program), request)

    def submission(self, program: Program) -> Submission:
        """Begin with a program: it has the time of one test."""
        self.student.process.begin_test()
        self.student.import_error = self.student.outline = None  # they are about the program before
        return Submission(self.student, self.modules[program.module], refuse)

    @contextlib.contextmanager
    def complaining(self) -> Iterator[None]:
        """Turn what becomes of a program that cannot be run into a complaint about it."""
        try:
            yield
        except StudentError as error:
            line = f" (its line {error.frames[-1].line})" if error.frames else ""
            raise self.wrong(f"cannot be loaded: {error.type}: {printable(error.text)}{line}") from None
        except StudentGone as gone:
            raise self.wrong(f"did not come to an end: {gone.verdict}") from None
        except Finding as finding:
            said = finding.happened.format_map({name: value.text for name, value in finding.values.items()})
            raise self.wrong(f"is not what it is called ('app', 'inside'): {said}") from None
        except LimitReached as limit:
            raise self.wrong(f"is larger than any that can be shown: {limit}") from None

    def fetch(self, program: Program, sent: bytes, server: str = "wsgiref") -> bytes:
        """Send bytes to a real server, wsgiref or waitress, that runs a program, and return all that comes back.

        Raises:
            UsageError: as for `perform`.
        """
        with self.complaining():
            app = wanted(self.submission(program), program)
            with (
                serving(self.student, app, server, None, set(), lambda student: student.process.begin_test()) as url,
                socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), SERVED) as client,
            ):
                client.sendall(sent)
                return b"".join(iter(lambda: client.recv(1 << 16), b""))

    def wrong(self, text: str) -> UsageError:
        """Return a complaint about a program."""
        return UsageError(f"{self.what}: the program {text}")


def refuse() -> NoReturn:
    """Refuse a second process: no program needs one."""
    raise EngineFault("a program of a page has one process, and no test to ask for another")


def wanted(submission: Submission, program: Program) -> Callable[..., Any]:
    """Return what is called: an application, or a middleware around the observed application inside."""
    found: Callable[..., Any] = getattr(submission, program.app)
    if not program.inside:
        return found
    app: Callable[..., Any] = found(Inside(getattr(submission, program.inside)))
    return app


def conversation(app: Callable[..., Any], request: Request) -> Trace:
    """Make a request; what the program raises in the middle of it ends it, and is in the trace."""
    recorder = Recorder()
    try:
        Tracer(recorder)(
            app, request.method, request.path, query=request.query, body=request.body.encode(), headers=request.headers,
            environ=request.environ, stop_after=request.stop_after,
        )  # fmt: skip
    except (StudentError, Finding, *REFUSALS) as error:
        if not any(event.kind == "raised" for event in recorder.last()):
            cause = error.__cause__ or error  # a Finding says what rule was broken; its cause is what the program met
            recorder.last().append(
                Event("raised", f" {cause.type if isinstance(cause, StudentError) else type(cause).__name__}")
            )
    (seen,) = recorder.kept
    assert isinstance(seen, Trace)
    with contextlib.suppress(StudentError):
        seen.close()  # what cannot even be iterated over was returned all the same; a second time it does nothing
    return seen


def trace_line(seen: Trace) -> str:
    """Return all events in order, in one line. Unlike a feedback it leaves nothing out: who predicts counts."""
    return " > ".join(event.kind + printable(event.detail, DETAIL) for event in seen.events)


def answer_line(seen: Trace, shown: tuple[str, ...]) -> str:
    """Return parts of an answer in one line; an exception comes in its place, but what was read was read."""
    raised = [f"raised{printable(event.detail)}" for event in seen.events if event.kind == "raised"]
    return " · ".join([*raised, *(part_of(seen, part) for part in shown if not raised or part == "reads")])


def part_of(seen: Trace, part: str) -> str:
    """Return one part of an answer, a header if it is nothing else.

    ``page`` is the text that a browser shows in its window, so without the title, ``links`` where the page's links lead,
    ``reads`` what was read of the request.
    """
    if part == "status":
        return printable(seen.status)
    if part == "page":
        return printable(in_window(read_page(seen.body)))
    if part == "links":
        return (
            ", ".join(printable(link.attributes.get("href", "")) for link in read_page(seen.body).all("a")) or "no link"
        )
    if part == "body":
        return printable(repr(seen.body))
    if part == "reads":
        calls = (f"{method}({', '.join(map(repr, arguments))})" for method, arguments in seen.input.calls)
        return printable(", ".join(calls)) or "nothing read"
    name = part.removeprefix("header ")
    values = seen.all_headers(name)
    return "; ".join(f"{name}: {printable(value)}" for value in values) or f"no {name}"


def in_window(page: Page) -> str:
    """Return the text that a browser shows in its window: the title stands in the tab."""
    titles = {place for title in page.all("title") for place in title.said}
    return " ".join("".join(part for place, part in enumerate(page.parts) if place not in titles).split())


class Inside:
    """An application of the program's own, seen by its middleware through the judge: what passes is noted, not changed."""

    __exposed__: ClassVar[tuple[str, ...]] = ("call",)

    def __init__(self, app: Callable[..., Any]) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:  # noqa: ANN401
        """Call it."""
        given = environ.get("wsgi.input")
        log = given.events if isinstance(given, Stream) else []
        log.append(Event("app called"))
        result = self.app(environ, start_response)
        if not isinstance(result, StudentObject):
            return result
        return (InsideClosable if has_operation(result, "close") else InsideResult)(result, log)


class InsideResult(Proxy):
    """What the application inside returned, if it is no plain data: each step is noted."""

    __exposed__: ClassVar[tuple[str, ...]] = ("iter", "next")

    def __init__(self, result: StudentObject, log: list[Event]) -> None:
        super().__init__(result)
        self.result = result
        self.log = log
        self.steps: Iterator[Any] = iter(())

    def __iter__(self) -> InsideResult:
        self.steps = iter(self.result)
        return self

    def __next__(self) -> Any:  # noqa: ANN401 - a chunk, if the program is right
        self.log.append(Event("app next"))
        return next(self.steps)


class InsideClosable(InsideResult):
    """One that can be closed: that is noted too."""

    __exposed__: ClassVar[tuple[str, ...]] = ("iter", "next", "close")

    def close(self) -> None:
        """Close it."""
        self.log.append(Event("app closed"))
        self.result.close()
