"""Proves the exercises of a course, one after another and all at once: what is read first, then what has to be graded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.course import Course, load_course
from grader.errors import UsageError
from grader.leaks.guard import Guard
from grader.leaks.lines import Runs
from grader.leaks.secrets import secrets_of
from grader.models import Complaint, Exercise, Verification, Visibility
from grader.proving import agreement, languages, promises, secrecy, structure, update
from grader.proving.complaints import complaints_of
from grader.proving.zoo import Keepers, Zoo, described, judged
from grader.samples import Sample, load_samples

Progress = Callable[[int, int], None]
"""Hears how many gradings of how many are done."""


@dataclass(frozen=True)
class Wishes:
    """What is to be done beyond proving; ``hands`` are the graders that work side by side."""

    attacks: bool = False
    record: bool = False
    update: bool = False
    hands: int = 1


def verify(
    course: Course, private: Path, exercises: Sequence[Exercise], wishes: Wishes, progress: Progress
) -> list[Verification]:
    """Prove some exercises of a course; what belongs to no single one is proven too, and stands first.

    Further proofs of an exercise begin here, with what its `Zoo` came to: they get a complaint for each thing that does not
    hold, as `judged` yields them.
    """
    guard = Guard(secrets_of(course.folder, private))
    first = Verification("", complaints=tuple(of_course(course, private, guard)))
    zoos = [Zoo(exercise, samples_of(exercise, private, wishes)) for exercise in exercises]
    total = sum(len(zoo.samples) + 1 for zoo in zoos)
    done = 0

    def graded(_exercise: str) -> None:
        nonlocal done
        done += 1
        progress(done, total)

    keepers = Keepers(course, private, guard, graded)
    for zoo in zoos:
        keepers.wanted(zoo)
    keepers.grade(wishes.hands)
    public = secrecy.runs_of(secrecy.public_files(course))
    return [first, *(verification(zoo, private, public, wishes) for zoo in zoos)]


def of_course(course: Course, private: Path, guard: Guard) -> Iterator[Complaint]:
    """Yield what is wrong with a course and with no single exercise."""
    yield from structure.trees(course, private)
    yield from promises.markers(private)
    yield from secrecy.markers_and_texts(course, guard)


def of_exercise(exercise: Exercise, private: Path, public: Runs[Path]) -> Iterator[Complaint]:
    """Yield what is wrong with the files of an exercise, as far as reading tells."""
    yield from structure.exercise_trees(exercise, private)
    yield from languages.texts(exercise)
    yield from secrecy.equal_lines(exercise, private, public)
    try:
        yield from languages.catalogues(exercise)
    except UsageError as error:
        yield from complaints_of(error, exercise.folder)


def samples_of(exercise: Exercise, private: Path, wishes: Wishes) -> list[Sample]:
    """Return the samples of an exercise that are to be graded."""
    return [sample for sample in load_samples(private, exercise) if wishes.attacks or sample.kind != "attack"]


def verification(zoo: Zoo, private: Path, public: Runs[Path], wishes: Wishes) -> Verification:
    """Return the proof of one exercise that has been graded, and write what is to be written."""
    written: list[Path] = []
    complaints: list[Complaint] = []
    if wishes.record:
        for found in update.record(zoo):
            (written if isinstance(found, Path) else complaints).append(found)  # type: ignore[arg-type]
        zoo = replace(zoo, samples=samples_of(zoo.exercise, private, wishes))
    if wishes.update and zoo.rows and zoo.exercise.kind == "graded":
        written += update.update_manifest(zoo.exercise, zoo.rows)
        zoo = replace(zoo, exercise=load_course(zoo.exercise.folder.parents[1], private).exercises[zoo.exercise.name])
    complaints += of_exercise(zoo.exercise, private, public)
    complaints += promises.rubric(zoo.exercise, zoo.rows) if zoo.rows else []
    complaints += agreement.of_predictions(zoo.exercise)
    complaints += [*described(zoo), *zoo.complaints, *judged(zoo)]
    hidden = sum(row.visibility is Visibility.HIDDEN for row in zoo.rows)
    return Verification(
        zoo.exercise.name, hidden, len(zoo.samples), round(max(0.0, zoo.ended - zoo.began), 2), tuple(dict.fromkeys(complaints)),
        tuple(zoo.skipped), tuple(written),
    )  # fmt: skip
