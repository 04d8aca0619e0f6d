"""A source of rows counts what the submission does to it, on the judge's side, and never costs more than was taken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grader.channel.remote import StudentError, StudentGone
from grader.testing.events import Recorder, line
from grader.testing.finding import Finding, LimitReached
from grader.testing.inner import failure_of
from grader.testing.runtime import Runtime
from grader.testing.source import OpenRows, Row
from grader.testing.submission import Submission
from grader.testing.tracer import Tracer
from tests.grader.scenarios import runtime_at

ROWS: list[Row] = [{"id": number, "title": f"影 {number}"} for number in range(1, 6)]
APPS = """
import contextlib

def streaming(open_rows):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
        def body():
            with contextlib.closing(open_rows()) as rows:
                for row in rows:
                    yield row["title"].encode()
        return body()
    return app

def delegating(open_rows):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
        def body(rows):
            yield b""
            yield from (str(row["id"]).encode() for row in rows)
            rows.close()
        return body(open_rows())
    return app

def closed_too_soon(open_rows):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
        with contextlib.closing(open_rows()) as rows:
            return (str(row).encode() for row in rows)
    return app

def changes_rows(open_rows):
    for row in open_rows():
        row.clear()

def looks_around(open_rows):
    rows = open_rows()
    found = []
    for thing in (open_rows, rows):
        for name in ("sources", "opener", "rows", "taken", "closed", "note", "__dict__", "_recorder", "failure"):
            if hasattr(thing, name):
                found.append(name)
            try:
                setattr(thing, name, 1)
            except AttributeError:
                continue
            found.append("set " + name)
    return found

def opens_for_ever(open_rows):
    while True:
        open_rows()

def takes_for_ever(open_rows):
    rows = open_rows()
    while True:
        next(rows, None)

def takes_whatever_happens(open_rows):
    rows = open_rows()
    while True:
        try:
            next(rows)
        except BaseException:
            continue
"""


@pytest.fixture(scope="module")
def runtime() -> Iterator[Runtime]:
    with runtime_at("none", APPS) as made:
        yield made


@pytest.fixture
def apps(runtime: Runtime) -> Iterator[Submission]:
    yield runtime.submission("tests")
    runtime.end_test()


@pytest.fixture
def trace() -> Tracer:
    return Tracer(Recorder())


def test_what_is_done_to_a_source_is_counted_and_stands_in_the_trace(apps: Submission, trace: Tracer) -> None:
    source = OpenRows(ROWS, trace.recorder)
    app = apps.streaming(source)
    assert (source.opened, trace.recorder.last()) == (0, [])
    seen = trace(app, stop_after=2)
    assert seen.body.decode() == "影 1影 2"
    assert (source.opened, source.taken, source.left_open) == (1, 2, 0)
    assert line(seen.events, hidden=True) == (
        "called > start_response > returned > source opened > row wanted > yield > row wanted > yield > close > source closed"
    )
    assert trace(app).body.decode() == "影 1影 2影 3影 4影 5"
    assert [(one.taken, one.closed) for one in source.sources] == [(2, 1), (5, 1)]


def test_a_source_that_nobody_closes_is_left_open(apps: Submission, trace: Tracer) -> None:
    source = OpenRows(ROWS, trace.recorder)
    trace(apps.delegating(source), stop_after=0)
    assert (source.opened, source.left_open) == (1, 1)
    assert trace(apps.delegating(source)).body == b"12345"
    assert (source.opened, source.left_open) == (2, 1)


def test_the_failure_of_a_source_comes_home_as_itself(apps: Submission, trace: Tracer) -> None:
    source = OpenRows(ROWS, trace.recorder, failing_after=3)
    seen = trace.start(apps.streaming(source))
    assert failure_of(seen.finish) is source.failure
    assert (seen.body.decode(), source.taken) == ("影 1影 2影 3", 3)
    assert source.left_open == 0


def test_rows_after_the_close_are_a_finding(apps: Submission, trace: Tracer) -> None:
    source = OpenRows(ROWS, trace.recorder)
    with pytest.raises(Finding, match="closed its source, and took a row"):
        trace(apps.closed_too_soon(source))


def test_rows_that_the_app_changes_stay_as_they_are(apps: Submission, trace: Tracer) -> None:
    source = OpenRows(ROWS, trace.recorder)
    apps.changes_rows(source)
    assert source.taken == 5
    assert all(ROWS)


def test_a_million_rows_cost_what_is_taken(apps: Submission, trace: Tracer) -> None:
    made = []

    def many() -> Iterator[Row]:
        for number in range(1_000_000):
            made.append(number)
            yield {"title": "x"}

    source = OpenRows(many(), trace.recorder)
    assert trace(apps.streaming(source), stop_after=3).body == b"xxx"
    assert (source.taken, len(made), source.left_open) == (3, 3, 0)


def test_nothing_else_of_a_source_can_be_reached(apps: Submission, trace: Tracer) -> None:
    source = OpenRows(ROWS, trace.recorder)
    assert apps.looks_around(source) == []
    assert (source.opened, source.taken, source.left_open) == (1, 0, 1)


@pytest.mark.parametrize("name", ["opens_for_ever", "takes_for_ever"])
def test_there_is_an_end_to_what_can_be_done_to_a_source(apps: Submission, trace: Tracer, name: str) -> None:
    with pytest.raises(LimitReached):
        getattr(apps, name)(OpenRows(ROWS, trace.recorder))


def test_who_goes_on_after_that_is_stopped(apps: Submission, trace: Tracer) -> None:
    with pytest.raises(StudentGone) as gone:
        apps.takes_whatever_happens(OpenRows(ROWS, trace.recorder))
    assert gone.value.verdict == "output_limit"


def test_a_source_ends_as_iterators_end(apps: Submission, trace: Tracer) -> None:
    source = OpenRows([], trace.recorder)
    assert trace(apps.streaming(source)).body == b""
    with pytest.raises(StudentError):
        apps.streaming(source)(None, None)
