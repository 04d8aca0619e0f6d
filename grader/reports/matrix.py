"""The kill matrix of an exercise: which test finds which mutant of the reference and which sample, and what nobody finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from grader.models import TestInfo, Visibility
from grader.printable import printable

ENOUGH = 95.0
"""Percent of the mutants that have to be killed, of those that start and are not listed as equivalent."""
EQUIVALENT = 10.0
"""Percent of the mutants that may be listed as equivalent."""


@dataclass(frozen=True)
class Mutant:
    """The reference with one small change. ``diff`` holds the changed lines only, each behind ``- `` or ``+ ``."""

    operator: str
    file: str
    line: int
    diff: str
    source: str = field(repr=False)

    @property
    def key(self) -> tuple[str, str, str]:
        """What a list of equivalent mutants knows of it."""
        return self.operator, self.file, self.diff


@dataclass(frozen=True)
class Graded:
    """What became of a mutant or a sample. ``failed`` are the tests that were run and not passed.

    ``earned`` is None where the fault was ours, which is no kill. ``starts`` is false where no test could import it;
    ``complete`` is false where some tests were not run, so that nobody knows whether they would have failed.
    """

    name: str
    failed: frozenset[str]
    earned: int | None
    starts: bool = True
    complete: bool = True
    seconds: float = 0.0
    fault: str = ""


@dataclass(frozen=True)
class Matrix:
    """Tests by mutants by samples. ``reasons`` says of each equivalent mutant, by its key, why it is one.

    ``unchanged`` counts mutants that compile to the same code but for annotations and docstrings, ``given`` those of what the
    starter has too; neither were graded. ``stale`` says which rows of the list of equivalents name no mutant that survived.
    In a ``brief`` one a mutant was left when the first test had found it.
    """

    exercise: str
    tests: tuple[TestInfo, ...]
    mutants: tuple[tuple[Mutant, Graded], ...]
    samples: tuple[Graded, ...]
    reasons: Mapping[tuple[str, str, str], str]
    stale: tuple[str, ...]
    unchanged: int
    given: int
    seconds: float
    brief: bool = False

    @property
    def possible(self) -> int:
        """The points of all tests."""
        return sum(test.points for test in self.tests)

    def killed(self, graded: Graded) -> bool:
        """Tell whether a mutant gets less than everything."""
        return graded.earned is not None and graded.earned < self.possible

    @property
    def faults(self) -> tuple[tuple[Mutant, Graded], ...]:
        """The mutants that could not be graded."""
        return tuple(pair for pair in self.mutants if pair[1].earned is None)

    @property
    def counted(self) -> tuple[tuple[Mutant, Graded], ...]:
        """The mutants of which the share is told: those that start and are not equivalent."""
        return tuple(pair for pair in self.mutants if pair[1].starts and pair[0].key not in self.reasons)

    @property
    def survivors(self) -> tuple[Mutant, ...]:
        """The mutants that get everything and should not."""
        return tuple(mutant for mutant, graded in self.counted if graded.earned == self.possible)

    @property
    def equivalent(self) -> tuple[Mutant, ...]:
        """The mutants that are listed as equivalent."""
        return tuple(mutant for mutant, _ in self.mutants if mutant.key in self.reasons)

    @property
    def percent(self) -> float:
        """The share that is killed, 0 to 100."""
        killed = sum(self.killed(graded) for _, graded in self.counted)
        return 100 * killed / len(self.counted) if self.counted else 100.0

    def complaints(self) -> Iterator[str]:
        """Say what stands against the tests of this exercise."""
        if self.percent < ENOUGH:
            yield (
                f"{self.percent:.1f} % of the mutants are killed, {ENOUGH:.0f} % have to be: make a test notice the survivors "
                "if the statement promises what they break, simplify the reference, or list them as equivalent"
            )
        if 100 * len(self.equivalent) > EQUIVALENT * len(self.mutants):
            yield (
                f"{len(self.equivalent)} of {len(self.mutants)} mutants are listed as equivalent; "
                f"{EQUIVALENT:.0f} % may be: simplify the reference"
            )
        if self.faults:
            yield f"{len(self.faults)} mutants could not be graded, the first one because of: {self.faults[0][1].fault}"
        yield from self.stale

    def questions(self) -> Iterator[str]:
        """Name the hidden tests that find nothing which no other test finds; those of another exercise are not asked."""
        for row in () if self.brief else self.rows():
            own = row.test.visibility is Visibility.HIDDEN and "." not in row.test.id
            if own and not row.kills_alone and not row.fails_alone:
                yield f"{row.test.id} finds no mutant and no sample that no other test finds: what is it for?"

    def rows(self) -> Iterator[Row]:
        """Return what each test finds."""
        mutants = [graded for _, graded in self.mutants if graded.starts]
        for test in self.tests:
            yield Row(test, *found(test.id, mutants), *found(test.id, self.samples))


@dataclass(frozen=True)
class Row:
    """How many mutants a test kills and alone kills, and how many samples it fails and alone fails."""

    test: TestInfo
    kills: int
    kills_alone: int
    fails: int
    fails_alone: int


def found(test: str, graded: list[Graded] | tuple[Graded, ...]) -> tuple[int, int]:
    """Count what fails a test, and what fails no other one."""
    failing = [one.failed for one in graded if test in one.failed]
    alone = [one for one in graded if one.failed == {test} and one.complete]
    return len(failing), len(alone)


def render(matrix: Matrix) -> str:
    """Return the matrix as a summary that a person can read."""
    return "\n".join(lines(matrix))


def lines(matrix: Matrix) -> Iterator[str]:
    """Yield the lines of the summary."""
    started = sum(graded.starts for _, graded in matrix.mutants)
    killed = sum(matrix.killed(graded) for _, graded in matrix.counted)
    yield (
        f"{matrix.exercise}: {killed} of {len(matrix.counted)} mutants killed ({matrix.percent:.1f} %), "
        f"{len(matrix.survivors)} survive, {len(matrix.equivalent)} equivalent; {matrix.seconds:.0f} s"
    )
    yield (
        f"  made: {len(matrix.mutants) + matrix.unchanged + matrix.given}, of which {matrix.unchanged} change nothing that runs, "
        f"{matrix.given} are in what the starter gives, {len(matrix.mutants) - started} cannot be imported"
    )
    if not matrix.brief:
        yield from table(matrix)
    for mutant in matrix.survivors:
        yield ""
        yield f"survivor: {mutant.operator}, {mutant.file} line {mutant.line}"
        yield from (f"  {printable(line)}" for line in mutant.diff.splitlines())
    yield ""
    yield from (f"note: {question}" for question in matrix.questions())
    yield from (f"failed: {complaint}" for complaint in matrix.complaints())


def table(matrix: Matrix) -> Iterator[str]:
    """Yield what each test finds."""
    yield ""
    yield "   mutants   alone   samples   alone  points  test"
    for row in matrix.rows():
        kind = "" if row.test.visibility is Visibility.HIDDEN else "  (public)"
        yield (
            f"{row.kills:>10}{row.kills_alone:>8}{row.fails:>10}{row.fails_alone:>8}{row.test.points:>8}"
            f"  {row.test.id}{kind}"
        )


def document(matrix: Matrix) -> dict[str, Any]:
    """Return the matrix as JSON-able data."""
    return {
        "exercise": matrix.exercise,
        "percent": round(matrix.percent, 2),
        "complaints": list(matrix.complaints()),
        "questions": list(matrix.questions()),
        "unchanged": matrix.unchanged,
        "given": matrix.given,
        "seconds": round(matrix.seconds, 1),
        "tests": [
            {"id": row.test.id, "visibility": str(row.test.visibility), "points": row.test.points, "kills": row.kills,
             "kills_alone": row.kills_alone, "fails": row.fails, "fails_alone": row.fails_alone}
            for row in matrix.rows()
        ],
        "mutants": [
            {"operator": mutant.operator, "file": mutant.file, "line": mutant.line, "diff": mutant.diff,
             "equivalent": matrix.reasons.get(mutant.key), **cells(graded)}
            for mutant, graded in matrix.mutants
        ],
        "samples": [{"name": graded.name, **cells(graded)} for graded in matrix.samples],
    }  # fmt: skip


def cells(graded: Graded) -> dict[str, Any]:
    """Return the column of a mutant or a sample."""
    return {
        "failed": sorted(graded.failed),
        "earned": graded.earned,
        "starts": graded.starts,
        "complete": graded.complete,
        "seconds": round(graded.seconds, 3),
        "fault": graded.fault,
    }
