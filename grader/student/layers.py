"""Says in one language what happened to a request: the five layers as sections with rows, for a terminal or for a page.

Whatever a student's code has a say in is made printable here, and cut where it is long.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from grader.catalogues import Catalogue
from grader.channel.remote import StudentObject
from grader.printable import printable
from grader.student.facts import follows, rows_of
from grader.student.timeline import SERVER, Step
from grader.student.tracing import Traced
from grader.testing.events import Recorder
from grader.testing.feedback import Writer
from grader.testing.finding import Finding
from grader.testing.outcome import observe
from grader.testing.rules import Problem

LINES, LINE = 8, 160
"""Lines of a body that are shown, and characters of a line."""
LONG = 24
"""Lines of a report to wsgi.errors that are shown."""
SHOWN = 40
"""Steps of a conversation that are shown: the first ones, and the last few."""
LAST = 6
PLAIN = (str, int, bool, float, tuple)
LAYERS = {"called": 2, "start_response": 3, "sent": 5}
"""To which of the five layers a step belongs; all others are of the fourth."""


@dataclass(frozen=True)
class Row:
    """One moment: seconds since the request came in (None: no moment), its layer, how deep in the onion, what happened.

    ``lines`` say more of it, ``remarks`` are the rules that were broken there, ``trouble`` says that it is one; ``name``
    is that of the application inside that it is about.
    """

    label: str
    at: float | None = None
    number: int = 0
    depth: int = 0
    lines: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    trouble: bool = False
    kind: str = ""
    name: str = ""


@dataclass(frozen=True)
class Section:
    """One or two of the five layers."""

    numbers: tuple[int, ...]
    title: str
    rows: tuple[Row, ...]


class Telling:
    """Tells one trace in one language."""

    def __init__(self, traced: Traced, catalogue: Catalogue, language: str, *, everything: bool = False) -> None:
        self.traced = traced
        self.catalogue = catalogue
        self.language = language
        self.everything = everything
        self.writer = Writer(catalogue, {})

    def word(self, key: str, **values: object) -> str:
        """Return a text in the reader's language."""
        return self.catalogue.word(key, self.language, **values)

    def title(self) -> str:
        """Return the heading: the exercise and the request."""
        exercise = self.traced.exercise
        return f"{exercise.short.upper()} · {exercise.title[self.language]}    {self.traced.request}"

    def sections(self) -> Iterator[Section]:
        """Yield the five layers."""
        wire = self.traced.request.wire()
        title = self.word("socket bytes in: the client sends {count} bytes", count=len(wire))
        yield Section((1,), title, (Row("", lines=wire_lines(wire)),))
        environ = {**self.traced.environ, "wsgi.input": None, "wsgi.errors": None}
        title = self.word("environ: the server makes a dict of them, with {count} keys", count=len(environ))
        yield Section((2,), title, tuple(self.environ_rows(environ)))
        steps = list(self.conversation())
        if steps:
            title = self.word("start_response (3), chunks and close (4), as they happened")
            yield Section((3, 4), title, tuple(steps))
        out = b"".join(step.data for step in self.traced.steps if step.kind == "sent")
        title = self.word("socket bytes out: the server, wsgiref, sends {count} bytes", count=len(out))
        nothing = self.word("nothing: the conversation did not come so far")
        yield Section((5,), title, (Row("" if out else nothing, lines=wire_lines(out)),))

    # -- environ

    def environ_rows(self, environ: Mapping[str, object]) -> Iterator[Row]:
        """Yield the keys that follow from the request, each with a fact; all others only on request."""
        for key, fact in rows_of(self.traced.request, environ, self):
            yield Row(self.pair(key, environ[key]), lines=(fact,) if fact else ())
        others = [key for key in environ if not follows(key)]
        if self.everything:
            yield from (Row(self.pair(key, environ[key])) for key in sorted(others))
        else:
            yield Row(self.word("and {count} more keys, which say things about the server: --all shows them",
                                count=len(others)), kind="more")  # fmt: skip

    def pair(self, key: str, value: object) -> str:
        """Return a key of the environ with its value."""
        return f"{printable(key, 60)} = {self.value(value)}"

    def value(self, value: object) -> str:
        """Return a value of an environ, in short if it is no plain data."""
        if type(value) in PLAIN:
            return printable(repr(value), LINE)
        return self.word("(an object of your code)") if isinstance(value, StudentObject) else self.word("(an object)")

    # -- the conversation

    def conversation(self) -> Iterator[Row]:
        """Yield the steps as they came, and how it ended if it did not come to its end; of very many some are left out."""
        steps = self.traced.steps
        told = {step.name: step for step in steps if step.kind == "start_response" and step.layer}
        counts = {0: 0, 1: 0}
        for place, step in enumerate(steps):
            counts[step.layer] += step.kind == "chunk"
            if SHOWN - LAST <= place < len(steps) - LAST:
                if place == SHOWN - LAST:
                    yield Row(self.word("… {count} more steps …", count=len(steps) - SHOWN))
                if not step.remarks:
                    continue
            yield Row(
                self.label(step, counts[step.layer]), step.at, LAYERS.get(step.kind, 4), step.layer,
                tuple(self.lines(step, told)), tuple(self.remark(found) for found in step.remarks[:LINES]),
                trouble=step.kind == "raised", kind=step.kind, name=step.name,
            )  # fmt: skip
        if self.traced.ending is not None:
            yield self.ended(self.traced.ending)

    def label(self, step: Step, number: int) -> str:
        """Say in one line what happened; ``number`` counts the chunks."""
        around = self.traced.around
        who = around if step.layer == 0 else step.name
        count = len(step.data)
        if step.kind == "start_response":
            excuse = ", exc_info" if step.text else ""
            return f"start_response({printable(repr(step.status), 60)}, {len(step.headers)} headers{excuse})"
        if step.kind in ("chunk", "write") and step.text != "bytes":
            return self.word("{who}: {type} in place of bytes", who=f"{who} {step.kind}", type=step.text)
        if step.kind == "read":
            return printable(f"wsgi.input.{step.text}", 60)
        if step.kind == "log":
            return self.word("{who} writes to wsgi.errors", who=around)
        if step.kind == "raised":
            return self.raised(step, who)
        said = {
            "called": self.called(step, who),
            "returned": self.word("{who} returns {type}", who=who, type=step.text),
            "chunk": self.word("chunk {number} of {who}: {count} bytes", number=number, who=who, count=count),
            "write": self.word("{who} calls write() with {count} bytes", who=who, count=count),
            "end": self.word("the body of {who} has ended; chunks: {number}", who=who, number=number),
            "close": self.closed(step),
            "unclosable": self.word("what was returned has no close(), so nobody calls it"),
            "sent": self.word("the server sends {count} bytes to the client", count=count),
        }
        return said[step.kind]

    def called(self, step: Step, who: str) -> str:
        """Say who was called, and by whom."""
        if step.layer:
            return self.word("{caller} calls {who}(environ, start_response)", caller=self.traced.around, who=who)
        return self.word("the server calls {who}(environ, start_response)", who=who)

    def closed(self, step: Step) -> str:
        """Say that something was closed; the server may close what an application inside returned."""
        if step.layer:
            return self.word("what {who} returned is closed", who=step.name)
        return self.word("the server calls close()")

    def raised(self, step: Step, who: str) -> str:
        """Say what was raised."""
        if step.error is None:
            return self.word("{who} raises {type}", who=who, type=printable(step.text, 60))
        return self.observed(step.error)[0]

    def lines(self, step: Step, told: Mapping[str, Step]) -> Iterator[str]:
        """Yield what there is to see of a step."""
        if step.kind == "start_response":
            inside = list(told.values())[-1].headers if told and not step.layer else None
            yield from self.compared(step.headers, inside)
        elif step.kind == "called" and step.layer:
            yield from self.changed(step.environ)
        elif step.kind in ("chunk", "write") and step.data:
            yield from body_lines(step.data)
        elif step.kind == "log":
            yield from body_lines(step.text.encode("utf-8", "backslashreplace"), LONG)
        elif step.kind == "raised" and step.error is not None:
            yield from self.observed(step.error)[1:]

    def compared(
        self, headers: tuple[tuple[str, str], ...], inside: tuple[tuple[str, str], ...] | None
    ) -> Iterator[str]:
        """Yield headers; those that a middleware has added or taken away are marked."""
        for name, value in headers[:SHOWN]:
            mark = "" if inside is None else "  " if (name, value) in inside else "+ "
            yield f"{mark}{printable(f'{name}: {value}', LINE)}"
        for name, value in inside or ():
            if (name, value) not in headers:
                yield f"- {printable(f'{name}: {value}', LINE)}"

    def changed(self, environ: Mapping[str, object]) -> Iterator[str]:
        """Yield in what an environ differs from that of the server."""
        before = self.traced.environ
        for key, value in list(environ.items())[:200]:
            if key not in before and key not in ("wsgi.input", "wsgi.errors"):
                yield f"+ {self.pair(str(key), value)}"
            elif type(value) in PLAIN and key in before and type(before[key]) in PLAIN and before[key] != value:
                yield f"~ {self.pair(key, before[key])} -> {self.value(value)}"
        yield from (f"- {self.pair(key, before[key])}" for key in before if key not in environ)

    # -- what went wrong

    def ended(self, ending: BaseException) -> Row:
        """Say why the conversation ended early."""
        if isinstance(ending, Finding):
            return Row(self.found(ending), kind="ended", trouble=True, lines=self.look(ending.look))
        happened, *lines = self.observed(ending)
        return Row(happened, kind="ended", trouble=True, lines=tuple(lines))

    def observed(self, error: BaseException) -> list[str]:
        """Say what became of the student's code, where, and what to look at."""
        submission = self.traced.submission
        seen = observe(error, None, Recorder(), self.traced.exercise.folder)
        if "type" in seen.detail:
            seen = replace(seen, detail={**seen.detail, "type": printable(getattr(error, "type", ""), 60)})
        place = self.writer.place(seen, submission)
        said = [self.writer.happened(seen, place, hidden=False)[self.language]]
        said += [f"{number}: {line}" for number, line in source_line(seen.frames, submission.files)]
        return [*said, *self.look(self.writer.look_at(seen, place)[self.language])]

    def remark(self, found: Problem) -> str:
        """Say which rule was broken, and how."""
        return self.word("{happened} [{source}]; look at: {look}", happened=self.found(found.finding), source=found.rule.source,
                         look=self.word(found.rule.look))  # fmt: skip

    def found(self, finding: Finding) -> str:
        """Say what a check found."""
        values = {name: printable(value.text, 120) for name, value in finding.values.items()}
        return self.word(finding.happened, **values)

    def look(self, key: str) -> tuple[str, ...]:
        """Say where to go on."""
        return (self.word("Look at: {look}", look=self.word(key)),) if key else ()

    # -- the rest

    def times(self) -> list[tuple[str, str]]:
        """Return for each layer of the onion, from outside, the milliseconds that it worked itself."""
        names = {SERVER: self.word("the server")}
        return [
            (names.get(name, printable(name, 60)), milliseconds(spent)) for name, spent in self.traced.spent.items()
        ]

    def printed(self) -> tuple[str, ...]:
        """Return the beginning of what the student's code printed."""
        return tuple(body_lines(self.traced.printed, LONG)) if self.traced.printed else ()


def source_line(frames: tuple[tuple[str, int], ...], files: Mapping[str, bytes]) -> Iterator[tuple[int, str]]:
    """Yield the last line of a handed-in file that an exception passed through, with its number."""
    for file, number in reversed(frames):
        lines = files.get(file.replace("\\", "/"), b"").split(b"\n")
        if 1 <= number <= len(lines):
            yield number, printable(lines[number - 1].decode("utf-8", "backslashreplace").strip(), LINE)
            return


def milliseconds(seconds: float) -> str:
    """Return a time as people compare it."""
    return f"{seconds * 1000:.2f} ms"


def wire_lines(data: bytes) -> tuple[str, ...]:
    """Return bytes of a socket as lines: all of the head, with the ends of its lines to see, and the beginning of the body."""
    head, blank, body = data.partition(b"\r\n\r\n")
    if not blank:
        return tuple(body_lines(data)) if data else ()
    lines = [printable(line.decode("latin-1"), LINE) + r"\r\n" for line in head.split(b"\r\n")[:SHOWN]]
    return (*lines, r"\r\n", *body_lines(body)) if body else (*lines, r"\r\n")


def body_lines(data: bytes, most: int = LINES) -> Iterator[str]:
    """Yield the first lines of a body as text; bytes that are none are shown as escapes."""
    text = data[: most * LINE * 4].decode("utf-8", "backslashreplace")
    lines = text.removesuffix("\n").split("\n")
    for line in lines[:most]:
        yield printable(line, LINE)
    if len(lines) > most:
        yield "…"
