"""Grades small changes of a reference solution: tests that let too many of them pass would let wrong submissions pass too.

The operators are those of mutmut, which changes texts, arguments, assignments and conditions as well as operators; of its
machinery nothing else is used. ``grader verify --mutants a1`` shows the matrix.
"""

from __future__ import annotations

import difflib
import queue
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.course import Course
from grader.errors import UsageError
from grader.grading.grade import Grader
from grader.grading.workers import Ready, Worker
from grader.models import Attempt, Exercise, Isolation, Submission, TestInfo, Verdict
from grader.proving.equivalents import read_equivalents, stale
from grader.proving.sameness import essence, given, idle
from grader.proving.schedule import processors, side_by_side
from grader.reports.matrix import Graded, Matrix, Mutant
from grader.samples import load_samples
from grader.submissions import read_submission

REMEDY = "mutants are made with mutmut, which is not installed here: run 'uv sync', or 'pip install mutmut'"
NOT_TRIED = frozenset({Verdict.SKIPPED, Verdict.NOT_RUN})
Progress = Callable[[int, int], None]
"""Called with how many mutants are graded, and how many there are."""


# -- making


def mutants_of(source: str, file: str, starter: str = "") -> tuple[list[Mutant], int, int]:
    """Return the mutants of a source that are worth grading, and how many are not.

    Of those, some run as the source does, the others change only statements that the starter has too.

    Raises:
        UsageError: mutmut is not installed; says how to get it.
    """
    asleep = idle(source)
    known = asleep | given(source, starter)
    same, same_work = essence(source, asleep), essence(source, known)
    found: dict[str, Mutant] = {}
    unchanged = from_starter = 0
    for operator, changed in variants(source):
        try:
            if essence(changed, asleep) == same:
                unchanged += 1
                continue
        except SyntaxError:
            continue
        if essence(changed, known) == same_work:
            from_starter += 1
        elif changed not in found:
            line, diff = difference(source, changed)
            found[changed] = Mutant(operator, file, line, diff, changed)
    return list(found.values()), unchanged, from_starter


def mutants_in(reference: Path, starter: Path, name: str) -> tuple[list[Mutant], int, int]:
    """Return what `mutants_of` returns for a file of the reference and the same file of the starter, if that has it."""
    try:
        given = starter.read_text(encoding="utf-8") if starter.is_file() else ""
        return mutants_of(reference.read_text(encoding="utf-8"), name, given)
    except (SyntaxError, ValueError) as error:
        raise UsageError(f"{reference}, or {starter}: not a Python file ({error})") from None


def variants(source: str) -> Iterator[tuple[str, str]]:
    """Yield every change that an operator of mutmut makes to a source, with the operator's name.

    Of several changes of the case of one text the first is taken: in HTTP they are equivalent, or break the same.
    """
    try:
        import libcst
        from mutmut.mutation.mutators import mutation_operators
    except ImportError:
        raise UsageError(REMEDY) from None
    module = libcst.parse_module(source)
    waiting: list[libcst.CSTNode] = [module]
    while waiting:
        node = waiting.pop()
        waiting += reversed(node.children)
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                name = operator.__name__.removeprefix("operator_")
                taken = False
                for other in operator(node):
                    whole = module.deep_replace(node, other)
                    assert isinstance(whole, libcst.Module)
                    changed = whole.code
                    recased = name == "string" and changed.casefold() == source.casefold()
                    if not (recased and taken):
                        yield name, changed
                    taken = taken or recased


def difference(source: str, changed: str) -> tuple[int, str]:
    """Return the number of the first changed line, and the changed lines without their indentation."""
    before, after = source.splitlines(), changed.splitlines()
    first, shown = 0, []
    for tag, start, end, other_start, other_end in difflib.SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if tag != "equal":
            first = first or start + 1
            shown += [f"- {line.strip()}" for line in before[start:end]]
            shown += [f"+ {line.strip()}" for line in after[other_start:other_end]]
    return first, "\n".join(shown)


# -- grading


def prove_mutants(
    course: Course,
    exercise: Exercise,
    private: Path | None = None,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    brief: bool = False,
) -> Matrix:
    """Grade every mutant of an exercise's reference, several at a time, and return the matrix with its samples.

    With ``brief`` a mutant is left as soon as a test finds it, so that the matrix tells how many are killed, and nothing of
    the tests behind the first one.

    Raises:
        UsageError: there is no reference or no isolation, mutmut is missing, or the course is wrong.
        EngineFault: a fault of ours that did not go away.
    """
    began = time.monotonic()
    if exercise.reference_folder is None or not exercise.hidden_folders:
        raise UsageError(
            f"{exercise.name}: without a reference in solutions/ and hidden tests there is nothing to prove"
        )
    files = read_submission(exercise.reference_folder, exercise).files
    mutants: list[Mutant] = []
    unchanged = from_starters = 0
    for name in files:
        if name.endswith(".py"):
            made, same, known = mutants_in(exercise.reference_folder / name, exercise.folder / name, name)
            mutants, unchanged, from_starters = mutants + made, unchanged + same, from_starters + known
    equivalents = read_equivalents(exercise)
    submissions = [
        Submission(exercise.name, None, f"{m.file}:{m.line}", {**files, m.file: m.source.encode("utf-8")})
        for m in mutants
    ]
    gradings = Round(course, exercise, private or course.folder, submissions, progress, brief)
    pairs = tuple(zip(mutants, gradings.run(workers or processors()), strict=True))
    return Matrix(
        exercise.name, gradings.rubric, pairs, samples(private or course.folder, exercise),
        {row.key: row.reason for row in equivalents}, tuple(stale(equivalents, pairs)), unchanged, from_starters,
        time.monotonic() - began, brief,
    )  # fmt: skip


@dataclass
class Round:
    """Gradings by several graders at a time. ``done`` holds what became of a submission by its place in ``todo``."""

    course: Course
    exercise: Exercise
    private: Path
    submissions: Sequence[Submission]
    progress: Progress | None
    brief: bool = False
    todo: queue.SimpleQueue[int] = field(default_factory=queue.SimpleQueue)
    done: dict[int, Graded] = field(default_factory=dict)
    rubric: tuple[TestInfo, ...] = ()
    stopped: bool = False

    def run(self, workers: int) -> list[Graded]:
        """Grade all; with the first trouble everybody stops, and it is raised here."""
        for number in range(len(self.submissions)):
            self.todo.put(number)
        side_by_side(max(1, min(workers, len(self.submissions))), self.work, self.stop)
        return [self.done[number] for number in range(len(self.submissions))]

    def stop(self) -> None:
        """Leave what has not been begun."""
        self.stopped = True

    def work(self) -> None:
        """Take the next one until there is none."""
        grader = Grader(self.course, self.private, Isolation.CONFINED, seed=0, brief=self.brief)
        try:
            self.rubric = walled(grader.worker(self.exercise)).rows
            while not self.stopped:
                number = self.todo.get_nowait()
                self.done[number] = graded(grader.grade(self.submissions[number]))
                if self.progress:
                    self.progress(len(self.done), len(self.submissions))
        except queue.Empty:
            pass
        except BaseException:
            self.stop()
            raise
        finally:
            grader.close()


def walled(worker: Worker) -> Ready:
    """Return what a worker has, if there are walls around submissions."""
    if worker.ready.proof.level < Isolation.CONFINED:
        raise UsageError(f"hidden tests need walls: {'; '.join(worker.ready.proof.against)}; see 'grader doctor'")
    return worker.ready


def graded(attempt: Attempt) -> Graded:
    """Return of an attempt what the matrix needs."""
    tried = [result for result in attempt.results if result.verdict not in NOT_TRIED]
    return Graded(
        attempt.path,
        frozenset(result.info.id for result in tried if result.verdict is not Verdict.PASSED),
        attempt.score.earned if attempt.score else None,
        starts=not tried or any(result.verdict is not Verdict.IMPORT_ERROR for result in tried),
        complete=all(result.verdict is not Verdict.NOT_RUN for result in attempt.results),
        seconds=attempt.seconds,
        fault="" if attempt.score else attempt.detail.get("message", str(attempt.outcome)),
    )


def samples(private: Path, exercise: Exercise) -> tuple[Graded, ...]:
    """Return the samples that are no attacks, with the tests that their ``expected.toml`` says they fail.

    Grading the samples proves these lists; here they are only read.
    """
    return tuple(
        Graded(sample.name, frozenset(sample.failed), None)
        for sample in load_samples(private, exercise)
        if sample.kind != "attack"
    )


def changed_since(course: Course, base: str) -> list[Exercise]:
    """Return the exercises of which anything changed since a commit, or all of them if the engine did.

    Raises:
        UsageError: git does not know the commit.
    """
    words = ["git", "-C", str(course.folder), "diff", "--name-only", base, "--"]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    if done.returncode:
        raise UsageError(f"git cannot say what changed since {base}: {done.stderr.strip()}")
    paths = [Path(line).parts for line in done.stdout.splitlines()]
    if any(parts[0] in ("grader", "pyproject.toml") for parts in paths):
        return list(course.exercises.values())
    touched = {part for parts in paths for part in parts[:-1]}
    return [one for one in course.exercises.values() if {one.name, *(o.name for o in one.origins)} & touched]
