"""Brings nbgrader's gradebook and our store together: automatic scores in, and out what somebody gave, took off or wrote.

First it is said what would change; that alone is a dry run. Done twice, nothing changes the second time.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from grader.catalogues import Catalogue
from grader.grades import CENT, Grade, Override
from grader.models import CATEGORIES, Attempt
from grader.nbgrader.gradebook import LONGEST_ID, Contents, Mark, Place, Sheet, enter, writing
from grader.nbgrader.names import MARKUP, points_cell
from grader.policy import Policy
from grader.printable import printable
from grader.reports.gradebook import number
from grader.store.gradebook import gradebook
from grader.store.records import key_of, student_of
from grader.store.store import REASON, REMARK, Store

MARK = "nbgrader: "
"""What every reason begins with that comes from a gradebook: no other decision is ever replaced."""
MOST = 10_000
"""Points that an override may have."""
UNDONE = f"{MARK}nothing is given by hand any more"


@dataclass(frozen=True)
class Scores:
    """Automatic scores that go into the gradebook, each with what is there; None is a fault of ours, to be graded by hand."""

    student: str
    exercise: str
    cells: Mapping[str, tuple[float | None, float | None]]
    submitted: datetime
    new: bool

    def __str__(self) -> str:
        """Return what changes."""
        changes = ", ".join(f"{cell} {shown(old)} -> {shown(new)}" for cell, (old, new) in self.cells.items())
        return f"into the gradebook: {changes}" + (" (a new submission)" if self.new else "")


@dataclass(frozen=True)
class Decision:
    """Points that the gradebook gives instead of ours; None takes back what it gave before."""

    student: str
    exercise: str
    points: Decimal | None
    reason: str

    def __str__(self) -> str:
        """Return what changes."""
        if self.points is None:
            return "out of the gradebook: the attempts count again, for nothing is given by hand any more"
        return f"out of the gradebook: {number(self.points)} points ({printable(self.reason, 1000)})"


@dataclass(frozen=True)
class Remark:
    """What somebody wrote in the gradebook; nothing takes back what was written before."""

    student: str
    exercise: str
    text: str

    def __str__(self) -> str:
        """Return what changes."""
        return f"out of the gradebook: comment {printable(self.text)!r}" if self.text else "the comment was taken back"


@dataclass
class Plan:
    """What would be changed, and whose work is left out for which reason: by exercise, empty for all, and text."""

    changes: list[Scores | Decision | Remark] = field(default_factory=list)
    left_out: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def leave(self, exercise: str, text: str, student: str) -> None:
        """Take note that something is left out."""
        self.left_out.setdefault((exercise, text), []).append(student)

    def of(self, kind: type[Scores | Decision | Remark]) -> int:
        """Return how many changes of one kind there are."""
        return sum(isinstance(change, kind) for change in self.changes)


@dataclass(frozen=True)
class Planner:
    """Compares what the gradebook says with what the store does. ``known`` are the students of the class, None for anybody."""

    contents: Contents
    store: Store
    policy: Policy
    language: str
    known: Collection[str] | None = None

    def plan(self) -> Plan:
        """Return what would have to be changed."""
        plan = Plan()
        grades = {
            (one.student, one.exercise): one
            for one in gradebook(self.store, self.policy, list(self.contents.cells) or [""])
        }
        for student, exercise in sorted({*grades, *self.contents.sheets}):
            if self.known is not None and student not in self.known:
                plan.leave("", "not in the roster", student)
                continue
            try:
                for change in self.changes(student, exercise, grades.get((student, exercise))):
                    plan.changes.append(change)
            except LeftOut as reason:
                plan.leave(exercise, str(reason), student)
        return plan

    def changes(self, student: str, exercise: str, grade: Grade | None) -> Iterator[Scores | Decision | Remark]:
        """Yield the changes for one student and exercise; those before an error stand.

        Raises:
            LeftOut: a change would be wrong.
        """
        sheet = self.contents.sheets.get((student, exercise))
        if remark := self.remark(student, exercise, sheet):
            yield remark
        scores = self.scores(student, exercise, grade, sheet)
        if scores:
            yield scores
        if decision := self.decision(student, exercise, sheet, after(sheet or Sheet(), scores)):
            yield decision

    # -- in

    def scores(self, student: str, exercise: str, grade: Grade | None, sheet: Sheet | None) -> Scores | None:
        """Return the automatic scores that the gradebook lacks: those of the attempt that counts, lateness apart."""
        counts = grade.counts if grade else None
        if counts is None or counts.attempt is None:
            return None
        worth = self.contents.cells[exercise]
        if counts.attempt.score is None:
            wanted: dict[str, float | None] = {cell: None for cell in worth if cell in map(points_cell, CATEGORIES)}
        else:
            wanted = scores_of(self.store.attempt(counts.attempt.number), worth)
        if sheet is None:
            check_id(student)
        elif missing := sorted(set(wanted) - set(sheet.marks)):
            raise LeftOut(
                f"the submission in the gradebook lacks {', '.join(missing)}; nbgrader autograde {exercise} --force mends it"
            )
        there = sheet.marks if sheet else {}
        changed = {cell: (there.get(cell, Mark()).auto, score) for cell, score in wanted.items()
                   if sheet is None or not agrees(there[cell], score)}  # fmt: skip
        return Scores(student, exercise, changed, counts.submitted, sheet is None) if changed else None

    # -- out

    def decision(self, student: str, exercise: str, sheet: Sheet | None, marks: Mapping[str, Mark]) -> Decision | None:
        """Return what becomes of points that somebody gave, or that lateness cost, in the gradebook."""
        before = self.store.override(student, exercise)
        ours = before is not None and before.reason.startswith(MARK)
        parts = list(self.reasons(sheet, marks)) if sheet else []
        if not sheet or not parts:
            return Decision(student, exercise, None, UNDONE) if ours else None
        points, reason = total(marks, sheet.penalty), MARK + "; ".join(parts)
        if before and before.points == points and (not ours or before.reason == kept(reason)):
            return None
        if before and not ours:
            raise LeftOut(contradiction(points, before))
        return Decision(student, exercise, points, reason)

    def reasons(self, sheet: Sheet, marks: Mapping[str, Mark]) -> Iterator[str]:
        """Yield for what reasons the points are not the automatic ones, in the language of the course."""
        catalogue = Catalogue()
        for cell, mark in sorted(marks.items()):
            name = cell.removeprefix(points_cell(""))
            place = catalogue.word(name, self.language) if name in CATEGORIES else printable(name)
            if mark.manual is not None:
                yield catalogue.word(
                    "{place}: {points} points by hand", self.language, place=place, points=shown(mark.manual)
                )
            if mark.extra:
                yield catalogue.word(
                    "{place}: {points} points of extra credit", self.language, place=place, points=shown(mark.extra)
                )
        if sheet.penalty:
            yield catalogue.word("{points} points less for lateness", self.language, points=shown(sheet.penalty))

    def remark(self, student: str, exercise: str, sheet: Sheet | None) -> Remark | None:
        """Return what becomes of comments; the names of cells are said where there is more than one."""
        comments = sheet.comments if sheet else {}
        text = "\n".join(said if len(comments) == 1 else f"{cell}: {said}" for cell, said in sorted(comments.items()))
        return Remark(student, exercise, text) if text[:REMARK] != self.store.remark(student, exercise) else None


class LeftOut(Exception):
    """The work of one student is left as it is; the message says why and what to do."""


def scores_of(attempt: Attempt, worth: Mapping[str, float]) -> dict[str, float | None]:
    """Return what an attempt is worth by cell.

    Raises:
        LeftOut: it was made with other points than the gradebook has.
    """
    possible = {
        points_cell(name): float(score.possible) for name, score in attempt.categories.items() if score.possible
    }
    there = {cell: points for cell, points in worth.items() if cell in {*possible, *map(points_cell, CATEGORIES)}}
    if possible != there:
        differ = [f"{cell} {shown(there.get(cell))} there, {shown(possible.get(cell))} here"
                  for cell in sorted({*possible, *there}) if possible.get(cell) != there.get(cell)]  # fmt: skip
        raise LeftOut(
            f"points differ between the gradebook and the attempt ({'; '.join(differ)}). If the exercise was changed: "
            f"grader regrade --apply, or grader nbgrader init --update and nbgrader generate_assignment --force"
        )
    return {points_cell(name): float(score.earned) for name, score in attempt.categories.items() if score.possible}


def agrees(mark: Mark, score: float | None) -> bool:
    """Tell whether the gradebook has a score already; what somebody has looked at need not be looked at again."""
    return mark.auto == score and (mark.manual is not None or mark.needs_manual_grade == (score is None))


def after(sheet: Sheet, scores: Scores | None) -> dict[str, Mark]:
    """Return what the gradebook says of every cell when the scores are in it."""
    changed = scores.cells if scores else {}
    marks = {**{cell: Mark() for cell in changed}, **sheet.marks}
    return {
        cell: Mark(changed[cell][1], mark.manual, mark.extra) if cell in changed else mark
        for cell, mark in marks.items()
    }


def total(marks: Mapping[str, Mark], penalty: float) -> Decimal:
    """Return the points of a submission as nbgrader counts them (nbgrader.plugins.ExportPlugin), to the hundredth.

    Raises:
        LeftOut: nobody knows them yet, or they are none.
    """
    points = -penalty
    for cell, mark in marks.items():
        known = mark.auto if mark.manual is None else mark.manual
        if known is None:
            raise LeftOut(
                f"{printable(cell)} has to be graded by hand before anything is taken over; the formgrader does that"
            )
        points += known + (mark.extra or 0.0)
    if not math.isfinite(points) or points > MOST:
        raise LeftOut(f"{points} is no number of points, or more than {MOST}; correct it in the formgrader")
    return Decimal(repr(max(0.0, points))).quantize(CENT, ROUND_HALF_UP)


def contradiction(points: Decimal, before: Override) -> str:
    """Say that two people decided."""
    return (
        f"the gradebook gives {number(points)} points by hand, and grader override gave {number(before.points)} "
        f"({printable(before.reason)}); withdraw that, or clear what is in the formgrader"
    )


def kept(reason: str) -> str:
    """Return what a store gives back of a reason."""
    return student_of(key_of(reason)[:REASON])


def check_id(student: str) -> None:
    """Make sure that a gradebook takes a student.

    Raises:
        LeftOut: it does not.
    """
    if len(student) > LONGEST_ID or not student.isprintable():
        raise LeftOut(
            f"the gradebook takes no id like this: at most {LONGEST_ID} characters, and none that cannot be printed"
        )
    if MARKUP.search(student):
        raise LeftOut('the formgrader takes < > " \\ in the name of a student for markup of its pages')


def shown(points: float | None) -> str:
    """Return points as they are said, with a dash where there are none."""
    return "–" if points is None else f"{points:g}" if math.isfinite(points) else str(points)


def apply(changes: Iterable[Scores | Decision | Remark], place: Place, store: Store) -> None:
    """Do what was planned; each change is whole or not there, and what is left is planned again next time.

    Raises:
        EngineFault: the gradebook or the store cannot be written; what was done before is done.
    """
    planned = list(changes)
    if any(isinstance(change, Scores) for change in planned):
        with writing(place) as book:
            for change in planned:
                if isinstance(change, Scores):
                    scores = {cell: new for cell, (_, new) in change.cells.items()}
                    enter(book, change.student, change.exercise, scores, change.submitted)
    for change in planned:
        if isinstance(change, Decision):
            store.decide(change.student, change.exercise, change.points, change.reason)
        elif isinstance(change, Remark):
            store.note(change.student, change.exercise, change.text)
