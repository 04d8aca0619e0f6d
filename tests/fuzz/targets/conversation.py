"""A whole test against a student process that says what it likes: bytes in pieces, lies, requests, other answers.

Whatever it says, the test comes to a verdict that is not a fault of ours, and the feedback of a hidden test holds no word of
it. All its words hold a canary.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from werkzeug.test import Client

from grader.channel.frames import LENGTH, decode, encode
from grader.channel.remote import StudentGone
from grader.grading.job import observed_from
from grader.models import LANGUAGES, Limits, TestInfo, TestResult, Verdict, Visibility
from grader.models import Submission as Files
from grader.sandbox.process import Ending, Student, StudentProcess
from grader.statement import sentences
from grader.testing.app import App
from grader.testing.events import Recorder
from grader.testing.feedback import Writer
from grader.testing.outcome import observe
from grader.testing.submission import Submission
from grader.testing.tracer import Tracer
from tests.fuzz.shown import CATALOGUE, FOLDER, attempt_of, document_texts, is_inert
from tests.fuzz.source import Source

CANARY = "☠"
SEEDS = (bytes(200), *(bytes([first]) + bytes(range(7, 250, step)) for first in range(5) for step in (1, 3, 7)))
LIMITS = Limits(call=1e6, load=1e6, test=1e6)
OPERATIONS = (
    "call",
    "iter",
    "next",
    "close",
    "read",
    "readline",
    "readlines",
    "write",
    "writelines",
    "flush",
    "attr",
    "",
)
STATUSES = ("200 OK", "404 Not Found", "204 No Content", "200", "99 x")
HEADERS = ("Content-Type", "Content-Length", "Content-Length", "Connection", "Set-Cookie")
HEADER_VALUES = ("text/plain; charset=utf-8", "3", "0", "-1", "x\ny", "影")
KINDS: tuple[tuple[str, ...], ...] = ((), ("close",), ("len",), ("close", "len", "item"))
NAMES = ("exc_info", "status", "x")
FILES = Files("a1_hello_wsgi", "ada", "", {"app.py": b"\n" * 5})
WRITER = Writer(CATALOGUE, sentences(FOLDER))
TITLE = dict.fromkeys(LANGUAGES, "it is so")
INFOS = [TestInfo("test_x", visibility, "protocol", 8, TITLE, "RFC 1: x", "body-text") for visibility in Visibility]


def check(data: bytes) -> None:
    """Run a test, and look at what it says."""
    source = Source(data)
    process = Liar(source)
    student = Student(process)
    recorder = Recorder()
    submission = Submission(student, "app", lambda: submission)
    error: BaseException | None = None
    try:
        source.pick(TESTS)(submission, recorder, source)
    except (Exception, StudentGone) as raised:  # noqa: BLE001 - a test of ours may fail as it likes
        error = raised
    assert student.peer.depth == 0
    if error is not None:
        look_at(error, recorder)
    try:
        process.begin_test()
        student.peer.forget()
    except StudentGone:
        assert student.peer.gone


def look_at(error: BaseException, recorder: Recorder) -> None:
    """See that what a test raised becomes feedback that may be shown."""
    observed = observe(error, error.__traceback__, recorder, Path("/nowhere"))
    assert observed.verdict is not Verdict.PASSED
    assert not observed.fault, observed.fault
    found = observed_from(json.loads(json.dumps(asdict(observed))))
    for info in INFOS:
        feedback = WRITER.write(info, found, FILES)
        attempt = attempt_of(TestResult(info, found.verdict, found.detail, feedback, found.staff))
        said = document_texts(attempt)
        assert is_inert(*said), said
        assert is_inert(*document_texts(attempt, "staff"), lines=True)
        assert info.visibility is Visibility.PUBLIC or not any(CANARY in text for text in said), said


# -- what a test may do


def traced(submission: Submission, recorder: Recorder, source: Source) -> None:
    """Drive two conversations, one after another or overlapping."""
    trace = Tracer(recorder)
    app = submission.application
    body = source.some(5)
    method = source.pick(("GET", "HEAD", "POST"))
    if source.maybe():
        one = trace.start(app, method, "/a", body=body)
        two = trace.start(app, "GET", "/b", before_read=lambda: one.step())
        for seen in (one, two, one):
            seen.step()
        seen = two.finish().close()
    else:
        seen = trace(app, method, "/影", body=body, stop_after=source.pick((None, 0, 1, 3)), close=source.maybe())
    assert type(seen.body) is bytes
    assert seen.code is None or 100 <= seen.code <= 999
    assert all(type(name) is str and type(value) is str for name, value in seen.headers)
    seen.check()


def by_client(submission: Submission, recorder: Recorder, source: Source) -> None:
    """Ask with Werkzeug's client."""
    with Client(App(submission.application, recorder)).post("/x", data=source.some(5)) as answer:
        assert answer.status_code
        assert type(answer.data) is bytes
        assert answer.headers
        assert answer.get_data(as_text=True)


def described(submission: Submission, recorder: Recorder, source: Source) -> None:
    """Ask what things are."""
    recorder.new_log()
    for name in ("AppClass", "app_instance"):
        if submission.defines(name):
            assert all(type(value) is bool for value in submission.describe(name).values())
    assert submission.missing, source


def handled(submission: Submission, recorder: Recorder, source: Source) -> None:
    """Use a thing in every way that a reference can be used, and pass things on."""
    thing = submission.thing
    given: list[object] = [[1], {"a": b"x"}]
    for _ in range(4):
        kind = source.number(7)
        if kind == 0:
            assert len(thing) >= 0
        elif kind == 1:
            thing = thing[0]
        elif kind == 2:
            thing = thing.attribute
        elif kind == 3:
            thing = next(iter(thing))
        elif kind == 4:
            thing.close()
        elif kind == 5:
            thing(thing, *given, more=given[0], call=lambda *_: given)
        elif kind == 6:
            thing(ValueError("ours"), iter([b"a"]), exc=(ValueError, ValueError("x"), None))
        else:
            thing = thing(deep=thing)
    assert type(given[0]) is list
    assert type(given[1]) is dict


TESTS: tuple[Callable[[Submission, Recorder, Source], None], ...] = (traced, traced, by_client, described, handled)


# -- the other end


class Liar(StudentProcess):
    """A process that does not exist: its bytes are made when they are waited for."""

    def __init__(self, source: Source) -> None:
        super().__init__(LIMITS)
        self.source = source
        self.open: list[tuple[int, str]] = []
        self.asks_for_start = False
        self.stubs: list[int] = []
        self.asked = 0
        self.rest = b""

    def connect(self, port: int) -> socket.socket | None:  # noqa: ARG002
        """Find nothing: no port is ever open."""
        return None

    def send(self, frame: bytes) -> None:
        """Note what is asked, and which objects may be used from now on."""
        header, _ = decode(frame[LENGTH.size :])
        if "q" in header:
            self.open.append((header["q"], header["op"]))
            self.asks_for_start = header["op"] == "call" and "REQUEST_METHOD" in json.dumps(header["a"])
        note(header, self.stubs)

    def wait(self) -> None:
        """Say something, or a part of it, or die."""
        if not self.rest:
            if not self.source:
                raise self.gone()
            self.rest = self.speech()
        size = 1 + self.source.number(40) if self.source.maybe(5) else len(self.rest)
        self.buffer += self.rest[:size]
        self.rest = self.rest[size:]

    def look(self) -> None:
        """Seldom say something that nobody asked for."""
        if self.source.maybe(200):
            self.buffer += self.source.some(6)

    def kill(self) -> None:
        """Nothing is to be ended."""
        self.source.rest()

    def discard(self) -> None:
        """Nothing is to be freed."""

    def end(self) -> Ending:
        """Return how it ended."""
        why = self.source.pick(("exit", "killed", "memory_limit"))
        return Ending(self.source.pick((0, 9, 11, 256, 0x7F00, 64, None)), why, self.source.number(20))

    def speech(self) -> bytes:
        """Return a frame: mostly a good answer, else a question, a lie or no frame at all."""
        kind = self.source.number(31)
        blobs = [self.source.some(6), CANARY.encode()]
        if kind == 31:
            return self.source.some(30)
        if self.stubs and (kind > 26 or (self.asks_for_start and self.source.maybe(4))):
            return encode(self.question(), blobs)
        if self.asks_for_start and kind < 24 and self.stubs:
            self.asks_for_start = False
            return encode(self.question("call", max(self.stubs), [self.word_of(STATUSES), self.headers()]), blobs)
        header = self.answer(lies=kind > 20)
        if kind == 26:
            header[self.source.pick(("s", "ok", "err", "end", "q", "w", "bl"))] = self.value()
        return encode(header, blobs)

    def question(self, op: str = "", target: int = 0, args: list[Any] | None = None) -> dict[str, Any]:
        """Return a request for something of ours."""
        self.asked += 1
        some = [self.value() for _ in range(self.source.number(3))] if args is None else args
        return {
            "q": self.asked, "op": op or self.source.pick(OPERATIONS), "o": target or self.source.pick(self.stubs or [1]),
            "a": some,
            "k": {self.source.pick(NAMES): self.value()} if self.source.maybe(9) else {},
        }  # fmt: skip

    def answer(self, *, lies: bool) -> dict[str, Any]:
        """Return an answer to what was asked last."""
        number, op = self.open.pop() if self.open else (1, "")
        header: dict[str, Any] = {"s": number}
        kind = self.source.number(7)
        if lies and kind > 3:
            header["err"] = self.failure()
        elif lies:
            header["ok"] = self.value()
        elif op == "next" and kind > 4:
            header["end"] = 1
        elif op in ("next", "item"):
            header["ok"] = {"b": self.source.number(1)}
        elif op in ("len", "close", "forget"):
            header["ok"] = self.source.number(3) if op == "len" else None
        elif op == "describe":
            header["ok"] = {"d": [["class", True], ["generator_function", False]]}
        elif op == "call" and kind > 3:
            header["ok"] = [{"b": number} for number in range(self.source.number(2))]
        else:
            header["ok"] = self.thing()
        if self.source.maybe(25):
            header["w"] = [[self.source.number(2), self.value()]]
        return header

    def thing(self) -> Any:  # noqa: ANN401 - JSON
        """Return a reference to something that can do a lot."""
        return {"r": [1 + self.source.number(5), ["call", "iter", "next", *self.source.pick(KINDS)], self.word()]}

    def headers(self) -> list[Any]:
        """Return a list of headers."""
        return [{"t": [self.word_of(HEADERS), self.word_of(HEADER_VALUES)]} for _ in range(self.source.number(3))]

    def word_of(self, words: tuple[str, ...]) -> str:
        """Return one of some words, or seldom another one."""
        return self.word() if self.source.maybe(5) else self.source.pick(words)

    def failure(self) -> Any:  # noqa: ANN401 - JSON
        """Return an exception."""
        kind = self.source.pick(("ValueError", "MemoryError", "FrameTooLarge", "SystemExit", self.word()))
        module = self.source.pick(("builtins", "werkzeug.exceptions", "flask.app", "json", self.word()))
        lines = [[self.source.pick(("app.py", "app\\.py", self.word())), self.source.number(9), self.word()]]
        return {"e": {"type": kind, "module": module, "text": self.word(), "lines": lines, "token": 1}}

    def value(self, depth: int = 0) -> Any:  # noqa: ANN401 - JSON
        """Return a value, often one that means something in WSGI."""
        kind = self.source.number(17)
        if kind == 0:
            return self.word_of(STATUSES)
        if kind == 1:
            return self.headers()
        if kind == 2:
            return {"b": self.source.number(2)}
        if kind == 3:
            return {"o": self.source.pick(self.stubs or [1])}
        if kind == 4:
            return self.source.pick((None, True, 0, 5, -1, 1.5, 2**63, [], {"d": []}, {"t": []}))
        if kind == 5:
            return {"t": [{"c": "ValueError"}, self.failure(), None]}
        if kind == 6:
            return {"k": self.source.pick(self.stubs or [1])}
        if kind == 7:
            return self.thing()
        if kind == 8:
            return {"d": [[self.word(), self.source.maybe()]]}
        if kind in (9, 10) and depth < 3:
            return [self.value(depth + 1) for _ in range(self.source.number(3))]
        if kind == 11 and depth < 3:
            return {"t": [self.value(depth + 1) for _ in range(self.source.number(3))]}
        return self.word()

    def word(self) -> str:
        """Return a text with a canary in it."""
        return CANARY + self.source.text(3)


def note(node: object, stubs: list[int]) -> None:
    """Collect the numbers of our objects and exceptions in a frame."""
    if isinstance(node, dict):
        if isinstance(node.get("r"), list):
            stubs.append(node["r"][0])
        if isinstance(node.get("token"), int):
            stubs.append(node["token"])
        for item in node.values():
            note(item, stubs)
    elif isinstance(node, list):
        for item in node:
            note(item, stubs)
