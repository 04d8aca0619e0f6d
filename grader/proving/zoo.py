"""The zoo: starter and samples of each exercise are graded with warm workers, and compared with what is expected of them."""

from __future__ import annotations

import importlib.util
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grader.course import MANIFEST, Course
from grader.errors import EngineFault, UsageError
from grader.grading.grade import Grader
from grader.leaks.guard import Guard
from grader.models import Attempt, Complaint, Exercise, Isolation, Outcome, TestInfo, TestResult, Verdict, Visibility
from grader.proving import golden
from grader.proving.complaints import complaints_of
from grader.proving.schedule import Schedule, side_by_side
from grader.reports.inspection import Inspection
from grader.samples import EXPECTED, Sample, differences, materialize
from grader.submissions import read_submission

STARTER = ""
"""What stands for the starter among samples."""
SEED = 1
"""Of every grading here, so that feedback is the same each time."""
NOTHING = 10
"""Percent that a submission which does nothing may earn."""
LACKING = "Unavailable: "
"""How a fault begins that says what this machine lacks."""
REMEDY = "mend the sample or the tests; if it is right so, run grader verify --record and review the diff"


@dataclass
class Zoo:
    """What gradings of one exercise came to: the rubric, attempts by sample, and why some have none; `STARTER` is one too."""

    exercise: Exercise
    samples: list[Sample]
    rows: tuple[TestInfo, ...] = ()
    attempts: dict[str, Attempt] = field(default_factory=dict)
    complaints: list[Complaint] = field(default_factory=list)
    skipped: list[Complaint] = field(default_factory=list)
    began: float = 0.0
    ended: float = 0.0


class Keepers:
    """Grades zoos, several graders side by side; ``graded`` hears of each grading that is done."""

    def __init__(self, course: Course, private: Path, guard: Guard, graded: Callable[[str], None]) -> None:
        self.course, self.private, self.guard, self.graded = course, private, guard, graded
        self.zoos: dict[str, Zoo] = {}
        self.schedule: Schedule[Sample | None] = Schedule()
        self.lock = threading.Lock()

    def wanted(self, zoo: Zoo) -> None:
        """Have a zoo graded; samples come after the starter."""
        self.zoos[zoo.exercise.name] = zoo
        self.schedule.add(zoo.exercise.name, [None, *zoo.samples])

    def grade(self, hands: int) -> None:
        """Grade everything that is wanted."""
        side_by_side(hands, self.shift, self.schedule.drop)

    def shift(self) -> None:
        """Grade with one grader until nothing is left."""
        told: list[str] = []
        inspection = Inspection(self.guard, told.append)
        grader = Grader(self.course, self.private, Isolation.CONFINED, SEED, inspection)
        own: set[str] = set()
        try:
            while taken := self.schedule.take(own):
                name, sample = taken
                self.one(grader, self.zoos[name], sample)
                self.tell(self.zoos[name], sample, told)
        finally:
            grader.close()

    def one(self, grader: Grader, zoo: Zoo, sample: Sample | None) -> None:
        """Grade one sample, or the starter."""
        zoo.began = zoo.began or time.monotonic()
        try:
            ready = grader.worker(zoo.exercise).ready
        except (UsageError, EngineFault) as error:
            self.schedule.drop(zoo.exercise.name)
            self.closed(zoo, error)
            return
        zoo.rows = ready.rows
        lacking = lack(sample, ready.proof.level) if sample else ""
        if lacking and sample:
            zoo.skipped.append(Complaint(sample.folder, lacking))
        else:
            attempt = self.attempt(grader, zoo.exercise, sample)
            if lacking := lacked(attempt):
                zoo.skipped.append(Complaint(place_of(zoo, sample), lacking))
            else:
                zoo.attempts[sample.name if sample else STARTER] = attempt
        zoo.ended = time.monotonic()
        self.graded(zoo.exercise.name)

    def attempt(self, grader: Grader, exercise: Exercise, sample: Sample | None) -> Attempt:
        """Grade what a sample hands in, or the starter."""
        if sample is None:
            return grader.grade(read_submission(exercise.folder, exercise))
        with tempfile.TemporaryDirectory(prefix="sample-", ignore_cleanup_errors=True) as folder:
            return grader.grade(read_submission(materialize(sample, Path(folder)), exercise))

    def closed(self, zoo: Zoo, error: Exception) -> None:
        """Note why nothing of an exercise can be graded, once."""
        with self.lock:
            if LACKING in str(error):
                found, place = zoo.skipped, zoo.exercise.folder
            else:
                found, place = zoo.complaints, zoo.exercise.folder / MANIFEST
            found += [one for one in complaints_of(error, place) if one not in found]

    def tell(self, zoo: Zoo, sample: Sample | None, told: list[str]) -> None:
        """Note what the inspection has said of an attempt."""
        place = sample.folder if sample else zoo.exercise.folder
        zoo.complaints += [Complaint(place, f"{line}; take it out of what students read") for line in told]
        told.clear()


def lack(sample: Sample, level: Isolation) -> str:
    """Return what this machine lacks for a sample, and the remedy; nothing if it has all."""
    if level is Isolation.NONE:
        return "isolation level confined is not to be had here; grader doctor says what to do"
    lacking = [name for name in sample.needs if importlib.util.find_spec(name) is None]
    return f"needs {', '.join(lacking)}; uv sync adds the developers' libraries" if lacking else ""


def lacked(attempt: Attempt) -> str:
    """Return what this machine lacked for an attempt, and the remedy; nothing if it had all."""
    message = attempt.detail.get("message", "")
    if attempt.outcome is Outcome.SANDBOX_UNAVAILABLE:
        return f"needs better walls than there are here ({message}); grader doctor says what to do"
    return message.partition(LACKING)[2]


# -- what must become of samples


def judged(zoo: Zoo) -> Iterator[Complaint]:
    """Yield what did not become of starter and samples what must."""
    if STARTER in zoo.attempts:
        yield from doing_nothing(zoo.exercise.folder, "the starter", zoo.attempts[STARTER])
    for sample in zoo.samples:
        if sample.name in zoo.attempts:
            yield from of_sample(sample, zoo.attempts[sample.name], zoo.exercise)
    if zoo.rows:
        yield from never_failed(zoo)


def of_sample(sample: Sample, attempt: Attempt, exercise: Exercise) -> Iterator[Complaint]:
    """Yield what an attempt of a sample is not."""
    path = sample.folder / EXPECTED
    if attempt.score is None and attempt.outcome is not sample.at(attempt.isolation).verdict:
        yield Complaint(
            path, f"has no score, and the fault is ours: {attempt.detail.get('message') or attempt.outcome}"
        )
        return
    wrong = differences(sample, attempt)
    for said in wrong:
        key = said.partition(":")[0].split()[0]
        yield Complaint(path, f"{said}; {remedy(sample)}", key)
    if sample.kind == "do-nothing":
        yield from doing_nothing(path, "doing nothing", attempt)
    if sample.kind == "alternative" and not wrong and attempt.score and percent(attempt) < 100:
        yield Complaint(
            path, "an alternative has full marks, and this one expects less; call it by what is wrong with it", "kind"
        )
    if not wrong:
        yield from golden.compared(sample, attempt, exercise)


def remedy(sample: Sample) -> str:
    """Say what to do about a sample that comes to something else."""
    if sample.kind == "alternative":
        return "a test that fails a right solution is wrong: mend the test, or call the sample by what is wrong with it"
    return "look at it in the attack range" if sample.kind == "attack" else REMEDY


def doing_nothing(path: Path, what: str, attempt: Attempt) -> Iterator[Complaint]:
    """Yield a complaint of work that earns more than doing nothing may."""
    if attempt.score is None:
        yield Complaint(path, f"{what} has no score: {attempt.detail.get('message') or attempt.outcome}")
    elif percent(attempt) > NOTHING:
        said = f"earns {attempt.score.earned} points" if attempt.score.possible else f"answers {percent(attempt):.0f} %"
        earned = ", ".join(f"{r.info.id} {r.earned}".removesuffix(" 0") for r in passed(attempt))
        yield Complaint(
            path, f"{what} {said}, at most {NOTHING} are right: {earned}; let these tests ask for something that must be there"
        )  # fmt: skip


def percent(attempt: Attempt) -> float:
    """Return the share of the points that were earned, or, where there are none to earn, of the tests that were passed."""
    if attempt.score and attempt.score.possible:
        return attempt.score.percent
    return 100 * len(passed(attempt)) / len(attempt.results) if attempt.results else 0.0


def passed(attempt: Attempt) -> list[TestResult]:
    """Return the tests that were passed."""
    return [result for result in attempt.results if result.verdict is Verdict.PASSED]


def never_failed(zoo: Zoo) -> Iterator[Complaint]:
    """Yield the tests of which no sample shows that they can fail for a mistake: the hidden ones, and those of a diagnostic."""
    wrong = [sample for sample in zoo.samples if sample.kind not in ("attack", "alternative")]
    by_mistake = failed_by((s for s in wrong if s.kind == "misconception"), zoo)
    by_any = failed_by(wrong, zoo)
    for row in zoo.rows:
        asked = row.visibility is Visibility.HIDDEN or zoo.exercise.kind == "diagnostic"
        if asked and row.id not in (by_any if "." in row.id else by_mistake):
            yield Complaint(
                zoo.exercise.hidden_folder or zoo.exercise.folder,
                "no sample of a misconception fails it, so nobody knows that it finds one; add such a sample", row.id,
            )  # fmt: skip


def failed_by(samples: Iterable[Sample], zoo: Zoo) -> set[str]:
    """Return the tests that some samples fail; of one that was not graded here, those that it should fail."""
    found: set[str] = set()
    for sample in samples:
        attempt = zoo.attempts.get(sample.name)
        if attempt is None or attempt.outcome is not Outcome.GRADED:
            found.update(sample.failed if sample.verdict is Outcome.GRADED else ())
        else:
            found.update(r.info.id for r in attempt.results if r.verdict not in (Verdict.PASSED, Verdict.SKIPPED))
    return found


def place_of(zoo: Zoo, sample: Sample | None) -> Path:
    """Return where a sample lies, or the starter."""
    return sample.folder if sample else zoo.exercise.folder


# -- what samples say of themselves


def described(zoo: Zoo) -> Iterator[Complaint]:
    """Yield what the samples of an exercise do not say, or say wrongly, whatever they come to."""
    kinds = {sample.kind for sample in zoo.samples}
    for kind, why in (
        ("alternative", "another right way to solve it"),
        ("do-nothing", "work that does nothing at all"),
    ):
        if kind not in kinds:
            yield Complaint(zoo.exercise.folder, f"no sample of the kind {kind}: add {why} to tests/submissions/")
    for sample in zoo.samples:
        path = sample.folder / EXPECTED
        if sample.kind == "misconception" and not sample.failed:
            yield Complaint(
                path, "a misconception fails at least one test; say which, or call it an alternative", "failed"
            )
        if sample.kind == "misconception" and len(unexplained := sorted(set(sample.failed) - set(sample.reasons))) > 1:
            yield Complaint(
                path,
                f"one mistake fails {', '.join(unexplained)}: say in [reasons] of all but one why it does",
                "[reasons]",
            )
        if sample.kind == "alternative" and (sample.failed or sample.skipped):
            yield Complaint(path, "an alternative has full marks; call it by what is wrong with it", "failed")
        for name in sorted(set(sample.reasons) - set(sample.failed)):
            yield Complaint(path, f"gives a reason for {name}, which is not in 'failed'; remove it", "[reasons]")
