"""Feedback about a submission's own source: what its traceback says of files and lines is shown only where it is true."""

from __future__ import annotations

import re
from pathlib import Path

from grader.channel.remote import Frame, StudentError, StudentGone
from grader.models import LANGUAGES, Submission, TestInfo, TestResult, Verdict, Visibility
from grader.sandbox.process import Ending, judge_ending
from grader.statement import sentences
from grader.testing.events import Event, Recorder
from grader.testing.feedback import Writer
from grader.testing.finding import Finding, LimitReached, public
from grader.testing.outcome import NotRun, Prerequisite, observe
from tests.fuzz.shown import CATALOGUE, FOLDER, attempt_of, document_texts, is_inert
from tests.fuzz.source import Source
from tests.fuzz.targets.conversation import LIMITS

SEEDS = tuple(bytes([kind]) + bytes(range(1, 200, 3)) for kind in range(7))
WRITER = Writer(CATALOGUE, sentences(FOLDER))
TITLE = dict.fromkeys(LANGUAGES, "it is so")
INFOS = [TestInfo("test_x", visibility, "protocol", 8, TITLE, "RFC 1: x", "body-text") for visibility in Visibility]
CANARY = "☠"


def check(data: bytes) -> None:
    """Write the feedback of a failure, and see what it says."""
    source = Source(data)
    kind = source.number(6)
    files = {
        CANARY + source.text(4) if source.maybe() else f"{n}.py": lines(source) for n in range(1 + source.number(2))
    }
    recorder = Recorder()
    log = recorder.new_log()
    for _ in range(source.number(20)):
        log.append(Event(source.pick(("called", "yield", "returned")), CANARY + source.text(9)))
    observed = observe(failure(source, kind, list(files)), None, recorder, Path("/nowhere"))
    assert observed.verdict is not Verdict.PASSED
    submission = Submission("a1_hello_wsgi", CANARY, "", files)
    names = {name for name in files if CANARY in name}
    for info in INFOS:
        feedback = WRITER.write(info, observed, submission)
        said = document_texts(attempt_of(TestResult(info, observed.verdict, observed.detail, feedback, observed.staff)))
        assert is_inert(*said), said
        hidden = info.visibility is Visibility.HIDDEN
        assert not hidden or names or not any(CANARY in text for text in said), said
        for number, name in re.findall(
            r"line (\d+) of (\d\.py)", feedback.happened["en"] if kind == 0 and hidden else ""
        ):
            assert 1 <= int(number) <= len(files[name].split(b"\n"))


def lines(source: Source) -> bytes:
    """Return a file of a few lines."""
    return b"\n".join(source.some(5) for _ in range(source.number(6)))


def failure(source: Source, kind: int, names: list[str]) -> BaseException:
    """Return what a test may raise."""
    if kind == 0:
        frames = [
            Frame(
                source.pick([*names, source.text(5)]),
                source.number(9) - 1 if source.maybe() else source.number(2**60),
                "f",
            )
            for _ in range(source.number(3))
        ]
        word = source.pick(("ValueError", "SyntaxError", "Error", CANARY + source.text(3)))
        error = StudentError(
            word, CANARY + source.text(9), source.pick(("builtins", "json", "os", CANARY)), tuple(frames)
        )
        error.phase = source.pick(("import", "call", "iterate", "read"))
        return error
    if kind == 1:
        status = source.pick((None, source.number(2**31)))
        verdict, detail = judge_ending(
            Ending(status, source.pick(("exit", "killed", "disk_limit")), source.number(20)), LIMITS
        )
        return StudentGone(verdict, {**detail, "phase": source.pick(("start", "serve", "len"))})
    if kind == 2:
        return Finding("it said {text} to {who}", text=CANARY + source.text(30), who=public("you"))
    if kind == 3:
        return LimitReached("chunks")
    if kind == 4:
        return NotRun("the time for this submission was used up")
    if kind == 5:
        return Prerequisite("test_y")
    return AssertionError(CANARY + source.text(9))
