"""Every sample submission is graded at level full and comes to what its expected.toml says.

Hostile ones gain nothing, find nothing out, hold nothing up and leave nothing behind: after each of them an honest
submission is graded by the same grader.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import functools
import json
import re
import socket
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from grader.course import load_course
from grader.grading.grade import Grader
from grader.models import LANGUAGES, Attempt, Exercise, Isolation, Outcome, Verdict, Visibility
from grader.reports import document as documents
from grader.samples import Sample, differences, load_samples
from grader.submissions import read_submission
from grader.testing.texts import module_texts
from tests.grader.conftest import ROOT, skip

PATIENCE = 20.0
"""Seconds that any sample may take. Three calls that do not return take six, an import that does not end five."""
SERVICE = ("127.0.0.1", 47811)
"""Where samples look for a service of this machine's."""
UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
TELLING = 5
"""The shortest text of a hidden test that could tell something."""
SCHEMA = jsonschema.Draft202012Validator(
    json.loads(Path(documents.__file__).with_name("attempts.schema.json").read_text(encoding="utf-8"))
)

COURSE = load_course(ROOT)
EXERCISES = [exercise for exercise in COURSE.exercises.values() if exercise.kind == "graded"]
SAMPLES = [sample for exercise in EXERCISES for sample in load_samples(ROOT, exercise)]
NAMED = {
    "attack_closes_everything": Verdict.PROTOCOL_VIOLATION,
    "attack_dies_of_a_rare_signal": Verdict.CRASHED,
    "attack_endless_chunks": Verdict.OUTPUT_LIMIT,
    "attack_endless_start_response": Verdict.OUTPUT_LIMIT,
    "attack_execs_a_program": Verdict.EXITED,
    "attack_exits_at_import": Verdict.EXITED,
    "attack_fills_the_disk": Verdict.DISK_LIMIT,
    "attack_forges_answers": Verdict.PROTOCOL_VIOLATION,
    "attack_fork_bomb": Verdict.TIMEOUT,
    "attack_hundred_megabytes": Verdict.OUTPUT_LIMIT,
    "attack_loops_at_import": Verdict.TIMEOUT,
    "attack_loops_in_an_exception": Verdict.TIMEOUT,
    "attack_loops_in_every_shape": Verdict.TIMEOUT,
    "attack_memory_bomb": Verdict.MEMORY_LIMIT,
    "attack_memory_in_many_processes": Verdict.MEMORY_LIMIT,
    "attack_segmentation_fault": Verdict.CRASHED,
    "attack_sends_frames_ahead": Verdict.PROTOCOL_VIOLATION,
    "attack_stops_itself": Verdict.TIMEOUT,
}
"""What every failed test of an attack is called, but for those that were not run any more."""


def chosen(*kinds: str) -> pytest.MarkDecorator:
    """Run a test for each sample of some kinds, or of all."""
    found = [sample for sample in SAMPLES if not kinds or sample.kind in kinds]
    return pytest.mark.parametrize("sample", found, ids=[f"{sample.exercise}/{sample.name}" for sample in found])


each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=[exercise.name for exercise in EXERCISES])


@dataclass(frozen=True)
class Graded:
    """What became of a sample, and of the honest submission that was graded right after it if it is hostile."""

    attempt: Attempt
    seconds: float
    following: Attempt | None = None
    files: tuple[str, ...] = ()
    processes: int = 0
    visitors: int = 0


class Zoo:
    """One grader per exercise, and what it made of each sample so far. ``temporary`` is where it keeps its files."""

    def __init__(self, temporary: Path, service: socket.socket) -> None:
        self.temporary = temporary
        self.service = service
        self.graders: dict[str, Grader] = {}
        self.at_rest: set[str] = set()
        self.idle: dict[str, int] = {}
        self.graded: dict[Path, Graded] = {}

    def start(self, exercise: Exercise) -> Grader:
        """Return the grader of an exercise, warm: no sample is charged with its start."""
        if exercise.name not in self.graders:
            self.graders[exercise.name] = Grader(COURSE, ROOT, Isolation.FULL, seed=1)
            self.grade(reference_of(exercise), exercise)
            self.idle[exercise.name] = self.processes(exercise)
            self.at_rest |= self.files_left()
        return self.graders[exercise.name]

    def grade(self, folder: Path, exercise: Exercise) -> Attempt:
        """Grade a folder."""
        return self.start(exercise).grade(read_submission(folder, exercise))

    def files_left(self) -> set[str]:
        """Return the names of all temporary files and folders."""
        return {path.relative_to(self.temporary).as_posix() for path in self.temporary.rglob("*")}

    def processes(self, exercise: Exercise) -> int:
        """Count the processes below the worker of an exercise."""
        return processes_below(self.graders[exercise.name].workers[exercise.name].process.pid)

    def result(self, sample: Sample) -> Graded:
        """Return what became of a sample; it is graded once."""
        if sample.folder not in self.graded:
            exercise = COURSE.exercises[sample.exercise]
            self.start(exercise)
            began = time.monotonic()
            graded = Graded(self.grade(sample.folder, exercise), time.monotonic() - began)
            self.graded[sample.folder] = self.aftermath(graded, exercise) if sample.kind == "attack" else graded
        return self.graded[sample.folder]

    def aftermath(self, graded: Graded, exercise: Exercise) -> Graded:
        """Look at what an attack left behind, and grade an honest submission in the same place."""
        files = tuple(sorted(self.files_left() - self.at_rest))
        following = self.grade(reference_of(exercise), exercise)
        processes = self.processes(exercise) - self.idle[exercise.name]
        return Graded(graded.attempt, graded.seconds, following, files, processes, visitors(self.service))


@pytest.fixture(scope="module")
def service() -> Iterator[socket.socket]:
    """A service of this machine's, which nobody may visit."""
    try:
        listener = socket.create_server(SERVICE)
    except OSError as error:
        skip(f"port {SERVICE[1]} is taken ({error})", "end the program that listens there")
    with listener:
        listener.setblocking(False)
        yield listener


@pytest.fixture(scope="module")
def zoo(full: None, service: socket.socket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zoo]:
    """The graders of this module, with a folder for temporary files that is theirs alone."""
    with pytest.MonkeyPatch.context() as patch:
        temporary = tmp_path_factory.mktemp("zoo")
        patch.setenv("TMPDIR", str(temporary))
        patch.setattr(tempfile, "tempdir", str(temporary))
        made = Zoo(temporary, service)
        yield made
        for grader in made.graders.values():
            grader.close()


def reference_of(exercise: Exercise) -> Path:
    """Return the folder of an exercise's reference solution."""
    assert exercise.reference_folder is not None
    return exercise.reference_folder


def processes_below(top: int) -> int:
    """Count the descendants of a process."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
            children.setdefault(int(parent), []).append(int(path.parent.name))
    count, known = 0, [top]
    while known:
        found = children.get(known.pop(), [])
        count += len(found)
        known += found
    return count


def visitors(service: socket.socket) -> int:
    """Count those who came to a service, and send them away."""
    count = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            service.accept()[0].close()
            count += 1
    return count


# -- what samples come to


@chosen()
def test_a_sample_comes_to_what_is_expected_of_it(zoo: Zoo, sample: Sample) -> None:
    assert differences(sample, zoo.result(sample).attempt) == []


@each_exercise
def test_a_reference_has_full_marks(zoo: Zoo, exercise: Exercise) -> None:
    assert percent(zoo.grade(reference_of(exercise), exercise)) == 100


@each_exercise
def test_a_starter_has_next_to_no_marks(zoo: Zoo, exercise: Exercise) -> None:
    assert percent(zoo.grade(exercise.folder, exercise)) <= 10


@chosen("do-nothing")
def test_doing_nothing_has_next_to_no_marks(zoo: Zoo, sample: Sample) -> None:
    assert percent(zoo.result(sample).attempt) <= 10


@chosen("alternative")
def test_another_right_way_has_full_marks(zoo: Zoo, sample: Sample) -> None:
    assert percent(zoo.result(sample).attempt) == 100


@chosen("misconception")
def test_a_misconception_fails_one_test_and_says_why_any_other_one(sample: Sample) -> None:
    unexplained = set(sample.failed) - set(sample.reasons)
    assert sample.failed
    assert len(unexplained) <= 1
    assert set(sample.reasons) <= set(sample.failed)


@each_exercise
def test_every_hidden_test_is_failed_by_a_misconception(zoo: Zoo, exercise: Exercise) -> None:
    results = zoo.grade(reference_of(exercise), exercise).results
    hidden = {result.info.id for result in results if result.info.visibility is Visibility.HIDDEN}
    wrong = [sample for sample in SAMPLES if sample.exercise == exercise.name and sample.kind == "misconception"]
    assert hidden <= {test for sample in wrong for test in sample.failed}


def percent(attempt: Attempt) -> float:
    """Return the share of the points that an attempt earned."""
    assert attempt.score is not None, dict(attempt.detail)
    return attempt.score.percent


# -- what attacks must not do


@chosen()
def test_a_sample_is_graded_in_bounded_time(zoo: Zoo, sample: Sample) -> None:
    assert zoo.result(sample).seconds < PATIENCE


@chosen("attack")
def test_an_honest_submission_after_an_attack_has_full_marks(zoo: Zoo, sample: Sample) -> None:
    following = zoo.result(sample).following
    assert following is not None
    assert following.outcome is Outcome.GRADED
    assert {result.info.id: result.verdict for result in following.results if result.verdict != Verdict.PASSED} == {}


@chosen("attack")
def test_an_attack_leaves_no_process_behind(zoo: Zoo, sample: Sample) -> None:
    assert zoo.result(sample).processes == 0


@chosen("attack")
def test_an_attack_leaves_no_file_behind(zoo: Zoo, sample: Sample) -> None:
    assert zoo.result(sample).files == ()


@chosen("attack")
def test_an_attack_reaches_no_service_of_the_machine(zoo: Zoo, sample: Sample) -> None:
    assert zoo.result(sample).visitors == 0


@pytest.mark.parametrize("name", sorted(NAMED))
def test_an_attack_is_called_by_its_name(zoo: Zoo, name: str) -> None:
    (sample,) = [sample for sample in SAMPLES if sample.name == name]
    failed = {result.verdict for result in zoo.result(sample).attempt.results} - {Verdict.PASSED, Verdict.NOT_RUN}
    assert failed == {NAMED[name]}


def test_what_an_attack_leaves_is_gone_when_it_comes_again(zoo: Zoo) -> None:
    (sample,) = [sample for sample in SAMPLES if sample.name == "attack_leaves_traces"]
    zoo.result(sample)
    assert differences(sample, zoo.grade(sample.folder, COURSE.exercises[sample.exercise])) == []


# -- what students get to see


@pytest.mark.parametrize("language", LANGUAGES)
@chosen()
def test_a_student_document_is_of_the_published_form(zoo: Zoo, sample: Sample, language: str) -> None:
    found = [documents.document(zoo.result(sample).attempt, language)]
    assert [error.message for error in SCHEMA.iter_errors(found)] == []


@pytest.mark.parametrize("language", LANGUAGES)
@chosen()
def test_a_student_document_has_only_printable_characters(zoo: Zoo, sample: Sample, language: str) -> None:
    found = documents.document(zoo.result(sample).attempt, language)
    assert [text for text in texts(found) if any(unicodedata.category(one) in UNSAFE for one in text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
@chosen()
def test_a_student_document_has_no_leak_marker(zoo: Zoo, sample: Sample, language: str) -> None:
    found = json.dumps(documents.document(zoo.result(sample).attempt, language), ensure_ascii=False)
    assert [marker for marker in leak_markers() for form in disguises(marker) if form in found] == []


@pytest.mark.parametrize("language", LANGUAGES)
@chosen()
def test_a_student_document_tells_nothing_of_hidden_tests(zoo: Zoo, sample: Sample, language: str) -> None:
    found = "\n".join(texts(documents.document(zoo.result(sample).attempt, language)))
    assert [text for text in hidden_texts(sample.exercise) if text in found] == []


@each_exercise
def test_every_hidden_module_has_a_leak_marker(exercise: Exercise) -> None:
    assert [path.name for path in hidden_modules(exercise) if not markers_in(path)] == []


@each_exercise
def test_hidden_tests_have_texts_that_would_be_missed(exercise: Exercise) -> None:
    assert not hidden_modules(exercise) or hidden_texts(exercise.name)


def texts(node: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield every text in JSON-able data, names of members included."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for name, value in node.items():
            yield name
            yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)


def hidden_modules(exercise: Exercise) -> list[Path]:
    """Return the hidden test modules of an exercise."""
    return sorted(exercise.hidden_folder.glob("**/test_*.py")) if exercise.hidden_folder else []


def markers_in(path: Path) -> list[str]:
    """Return the leak markers of a file."""
    return re.findall(r'"(leak-marker-[^"]+)"', path.read_text(encoding="utf-8"))


@functools.cache
def leak_markers() -> frozenset[str]:
    """Return every leak marker of the private half."""
    return frozenset(mark for path in (ROOT / "tests" / "hidden").glob("**/*.py") for mark in markers_in(path))


def disguises(text: str) -> list[str]:
    """Return a text as it may be smuggled out: plain, reversed, in hex, in base64 at any offset."""
    encoded = [base64.b64encode(b" " * shift + text.encode()).decode()[4:-4] for shift in range(3)]
    return [text, text[::-1], text.encode().hex(), *encoded]


@functools.cache
def hidden_texts(name: str) -> frozenset[str]:
    """Return the texts in an exercise's hidden tests that are neither meant for students nor in any file of theirs."""
    exercise = COURSE.exercises[name]
    open_files = (path for path in exercise.folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    known = "\n".join(path.read_text(encoding="utf-8") for path in open_files)
    found: set[str] = set()
    for path in hidden_modules(exercise):
        known += "\n".join(module_texts(path).keys)
        found |= {text for text in constants(path) if len(text) >= TELLING}
    return frozenset(text for text in found if text not in known)


def constants(path: Path) -> Iterator[str]:
    """Yield the texts of a module, but not those of decorators: rules and anchors are for everybody."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    decorators = {id(part) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
                  for decorator in node.decorator_list for part in ast.walk(decorator)}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) is str and id(node) not in decorators:
            yield node.value
