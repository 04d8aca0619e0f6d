"""A diagnostic: no points and no hidden tests; it says what to read next."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.course import load_course
from grader.errors import EngineFault, UsageError
from grader.grading.grade import Grader
from grader.grading.workers import Worker
from grader.models import Isolation
from grader.samples import Sample, differences, load_samples, materialize
from grader.submissions import read_submission
from tests.grader.conftest import ROOT
from tests.grader.test_cli import attempts, run
from tests.grader.test_plain_run import run_pytest

EXERCISE = load_course(ROOT).find("p0")
ZOO = ROOT / "tests" / "submissions" / EXERCISE.name
SAMPLES = load_samples(ROOT, EXERCISE)
NAME = "p0_html_and_python"


@pytest.fixture(scope="module")
def grader(walled: None) -> Iterator[Grader]:
    """One grader for all samples."""
    made = Grader(load_course(ROOT), ROOT, Isolation.CONFINED, seed=1)
    yield made
    made.close()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_sample_comes_to_what_is_expected_of_it(grader: Grader, sample: Sample, tmp_path: Path) -> None:
    attempt = grader.grade(read_submission(materialize(sample, tmp_path), EXERCISE))
    assert differences(sample, attempt) == []
    assert attempt.score is not None
    assert attempt.score.possible == 0


def test_every_question_is_failed_by_a_misconception_and_passed_by_every_alternative(grader: Grader) -> None:
    wrong = {test for sample in SAMPLES if sample.kind == "misconception" for test in sample.failed}
    assert wrong == {row.id for row in grader.worker(EXERCISE).ready.rows}
    assert not any(sample.failed for sample in SAMPLES if sample.kind == "alternative")
    for sample in SAMPLES:
        if sample.kind == "misconception":
            assert len(set(sample.failed) - set(sample.reasons)) == 1, sample.name


def test_what_fails_says_what_to_read_each_section_once() -> None:
    result = run("grade", ZOO / "table_in_latin_1", "--exercise", "p0", "--course", ROOT, "--lang", "en")
    assert "13 of 15 questions answered, no points" in result.output
    assert result.output.count("read next: Text and bytes") == 1
    assert result.output.count("READ") == 2
    assert "0/0" not in result.output
    done = run_pytest(f"exercises/{NAME}", "--submission", ZOO / "counter_from_zero", "--lang", "zh-CN")
    assert "接下来读：闭包：会记事的函数 · exercises/p0_html_and_python/hints.zh-CN.md#closures" in done.stdout


def test_a_module_that_cannot_be_imported_sends_nobody_to_read() -> None:
    result = run("grade", ZOO / "syntax_error", "--exercise", "p0", "--course", ROOT, "--lang", "en")
    assert "line 1 of warmup.py" in " ".join(result.output.split())
    assert "read next" not in result.output


def test_there_is_nothing_that_could_be_too_low() -> None:
    result = run("grade", ZOO / "none", "--exercise", "p0", "--course", ROOT, "--fail-under", "60", "--format", "json")
    assert result.exit_code == 0
    (attempt,) = attempts(result)
    assert attempt["score"] == {"earned": 0, "possible": 0}
    failed = {test["id"]: test["feedback"].get("read") for test in attempt["tests"]}
    assert failed["test_table_is_bytes"] == "Text and bytes · exercises/p0_html_and_python/hints.md#bytes"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A course with the diagnostic alone."""
    for tree in ("exercises", "solutions"):
        shutil.copytree(ROOT / tree / NAME, tmp_path / tree / NAME, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def start(course: Path) -> int:
    """Start a worker of the diagnostic, and end it; return how many questions it has."""
    worker = Worker(load_course(course).find("p0"), course)
    worker.stop()
    return len(worker.ready.rows)


def test_a_reference_that_does_not_pass_is_a_fault_of_the_course(copied: Path) -> None:
    start(copied)
    path = copied / "solutions" / NAME / "warmup.py"
    path.write_text(path.read_text(encoding="utf-8").replace("quote=True", "quote=False"), encoding="utf-8")
    with pytest.raises(EngineFault, match="test_esc_in_an_attribute"):
        start(copied)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'reading="escape"',
            'reading="scape"',
            "the hints have no section 'scape' in every language; they have: escape,",
        ),
        ("points(0,", "points(5,", "a test of a diagnostic has no points"),
    ],
)
def test_a_question_that_cannot_be_meant_is_refused(copied: Path, old: str, new: str, said: str) -> None:
    path = copied / "exercises" / NAME / "test_warmup.py"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        start(copied)
    assert said in str(caught.value)
    assert "test_warmup.py:" in str(caught.value)


def test_a_copy_for_students_needs_no_reference(copied: Path) -> None:
    with_reference = start(copied)
    shutil.rmtree(copied / "solutions")
    assert start(copied) == with_reference > 0
