"""What tests of the store need: attempts that nobody graded, and what a store holds at the end, whatever happened on the way."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from datetime import UTC, datetime

from sqlalchemy import select

from grader.models import (
    Attempt,
    Feedback,
    Hashes,
    Isolation,
    Outcome,
    Score,
    Submission,
    TestInfo,
    TestResult,
    Verdict,
    Visibility,
)
from grader.scoring import by_category, score
from grader.store.records import attempt_from, work_hash
from grader.store.schema import attempts, submissions, works
from grader.store.store import Store, open_store

EXERCISE = "s1_square"
THEN = datetime(2026, 10, 1, 12, tzinfo=UTC)
INFOS = (
    TestInfo("test_one", Visibility.PUBLIC, "correctness", 4, {"en": "one", "zh-CN": "一"}),
    TestInfo("test_two", Visibility.HIDDEN, "robustness", 6, {"en": "two", "zh-CN": "二"}, "PEP 3333", "two"),
)
WORD = {"en": "word", "zh-CN": "影"}
SAID = Feedback(WORD, WORD, WORD, WORD, trace="called")


def handed(student: str | None, content: bytes = b"x", exercise: str = EXERCISE) -> Submission:
    """Return a submission of one file."""
    return Submission(exercise, student, "somewhere", {"square.py": content})


def judged(submission: Submission, *passed: str, tests: str = "t", outcome: Outcome = Outcome.GRADED) -> Attempt:
    """Return an attempt in which some tests passed; one that is our fault has no score."""
    results = tuple(
        TestResult(info, Verdict.PASSED, seconds=0.25)
        if info.id in passed
        else TestResult(info, Verdict.WRONG, {"type": "x"}, SAID, "seen by the judge")
        for info in INFOS
    )
    hashes = Hashes("a" * 64, tests, "e")
    if outcome.ours:
        return Attempt(submission.exercise, submission.student, "p", outcome, Isolation.NONE, (), None, {}, hashes, 1,
                       "2026-10-01T12:00:00.000+00:00", 0.5, {"message": "broken"})  # fmt: skip
    return Attempt(
        submission.exercise, submission.student, "p", outcome, Isolation.FULL, results, score(results), by_category(results),
        hashes, 2**32 - 1, "2026-10-01T12:00:00.000+00:00", 0.5, {}, ("notes.txt",), "printed",
    )  # fmt: skip


def keep(store: Store, run: int, submission: Submission, *passed: str, when: datetime = THEN, tests: str = "t") -> int:
    """Keep an attempt in which some tests passed."""
    return store.add(run, submission, work_hash(submission), when, judged(submission, *passed, tests=tests))


def contents(store: Store) -> dict[tuple[str, str, str], tuple[Score | None, dict[str, str]]]:
    """Return what a store knows of all work, having made sure that no record is half, none is double and none is alone."""
    with store.transaction() as connection:
        rows = list(connection.execute(select(attempts)))
        kept = set(connection.execute(select(works.c.hash)).scalars())
        seen = {(row.student, row.exercise, row.work) for row in connection.execute(select(submissions))}
    found: dict[tuple[str, str, str], tuple[Score | None, dict[str, str]]] = {}
    for row in rows:
        attempt = attempt_from(row.record)
        assert (attempt.score.earned if attempt.score else None) == row.earned
        assert row.work in kept
        assert (row.student, row.exercise, row.work) in seen
        if attempt.score:
            verdicts = {result.info.id: str(result.verdict) for result in attempt.results}
            found[(row.student, row.exercise, row.work)] = (attempt.score, verdicts)
    double = Counter((r.student, r.exercise, r.work, r.tests, r.engine) for r in rows if r.earned is not None)
    assert [key for key, count in double.items() if count > 1] == [], "graded twice"
    return found


def add_without_end(url: str, first: int, said: int) -> None:
    """Add attempts until somebody puts an end to it; say each to a pipe when it is kept."""
    with open_store(url, writing=True) as store:
        run, number = store.begin_run(), first
        while True:
            submission = handed(f"student {number}", b"x" * (number % 5000))
            keep(store, run, submission, "test_one")
            os.write(said, b"%d\n" % number)
            number += 1


def main() -> None:
    """Have attempts added by processes that are killed, one after another: ``python -m tests.grader.stores URL SEED ROUNDS``.

    Every other one is killed when it has kept something, the others at any moment from the start. What was kept is printed.
    """
    url, seed, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rng = random.Random(seed)
    for number in range(rounds):
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                add_without_end(url, number * 1_000_000, writer)
            except BaseException:  # noqa: BLE001 - nothing may return from the fork
                traceback.print_exc()
            finally:
                os._exit(1)
        os.close(writer)
        first = os.read(reader, 1) if number % 2 else b""
        time.sleep(rng.uniform(0, 0.1))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        with os.fdopen(reader, "rb") as rest:
            sys.stdout.buffer.write(first + rest.read())


if __name__ == "__main__":
    main()
