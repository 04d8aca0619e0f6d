"""Packages are graded like files: feedback names their lines, what stands in them reaches nobody, and students test them too."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grader.course import Course, load_course
from grader.directories import MOST_FILES
from grader.grading.grade import Grader
from grader.models import Attempt, Isolation, Outcome, Submission, Verdict
from grader.proving import structure
from grader.proving.mutants import prove_mutants
from grader.proving.proven import proof_hash
from grader.proving.verify import Wishes, verify
from tests.grader import two_exercises
from tests.grader.conftest import skip
from tests.grader.package_course import NAME, RIGHT, of_count, put, tarred, write, zipped
from tests.grader.test_cli import attempts, run
from tests.grader.test_plain_run import run_pytest
from tests.grader.two_exercises import W1
from tests.grader.unprotected import boxes


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return write(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def grader(course: Course, full: None) -> Iterator[Grader]:
    made = Grader(course, course.folder, Isolation.FULL, seed=1, brief=False)
    yield made
    made.close()


def grade(grader: Grader, changes: dict[str, bytes | None]) -> Attempt:
    """Grade the reference with other files in it, None for one that is not there."""
    files = {name: content for name, content in {**RIGHT, **changes}.items() if content is not None}
    return grader.grade(Submission(NAME, "ada", "work", files))


def happened(attempt: Attempt, name: str = "test_page") -> str:
    """Return what happened in a test."""
    (result,) = [result for result in attempt.results if result.info.id == name]
    assert result.feedback
    return result.feedback.happened["en"] + " / " + result.feedback.look_at["en"]


@pytest.mark.parametrize("archive", [zipped(RIGHT), tarred({f"hw/{n}": c for n, c in RIGHT.items()})])
def test_an_archive_with_a_package_earns_what_the_package_is_worth(grader: Grader, archive: bytes) -> None:
    attempt = grader.grade(Submission(NAME, "ada", "work.zip", archive=archive))
    assert attempt.outcome is Outcome.GRADED
    assert attempt.score
    assert attempt.score.percent == 100, [(r.info.id, r.staff) for r in attempt.results]


def test_feedback_names_the_line_of_the_file_in_the_package_that_raised(grader: Grader) -> None:
    broken = RIGHT["watchlist/db.py"].replace(b"    app.cli.add_command", b"    1 / 0\n    app.cli.add_command")
    line = broken[: broken.index(b"1 / 0")].count(b"\n") + 1
    said = happened(grade(grader, {"watchlist/db.py": broken}))
    assert f'raised ZeroDivisionError: "division by zero" (line {line} of watchlist/db.py)' in said


@pytest.mark.parametrize(
    ("text", "said"),
    [(b"\n\n{{ 1 // 0 }}\n", "raised ZeroDivisionError"), (b"\n\n{% endblock %}\n", "unknown tag 'endblock'")],
)
def test_feedback_names_the_line_of_a_template(grader: Grader, text: bytes, said: str) -> None:
    attempt = grade(grader, {"watchlist/templates/films/list.html": text})
    assert said in happened(attempt)
    assert "line 3 of watchlist/templates/films/list.html" in happened(attempt)


def test_feedback_names_a_file_that_cannot_be_imported(grader: Grader) -> None:
    said = happened(grade(grader, {"watchlist/site.py": b"\n\ndef broken(:\n"}))
    assert "SyntaxError" in said
    assert "line 3 of watchlist/site.py" in said


HOSTILE: dict[str, dict[str, bytes]] = {
    name: {f"watchlist/{name}": b"raise SystemError\n"}
    for name in ("flask.py", "conftest.py", "sitecustomize.py", "test_public.py", "usercustomize.py", "sqlite3.py")
} | {
    "settings of pytest": {
        "watchlist/pytest.ini": b"[pytest]\naddopts = --collect-only\n", "watchlist/pyproject.toml": b"[tool.pytest]",
        "watchlist/exercise.toml": b'kind = "graded"\n',
    },
    "two hundred files": {f"watchlist/more/{number}.py": b"raise SystemError\n" for number in range(193)},
    "a deep tree": {f"watchlist/{'a/' * 8}x.py": b"raise SystemError\n"},
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_in_a_directory_reaches_the_judge_or_the_libraries(grader: Grader, name: str) -> None:
    attempt = grade(grader, dict(HOSTILE[name]))
    assert attempt.score
    assert attempt.score.percent == 100, [(r.info.id, r.staff) for r in attempt.results]


def test_a_database_that_grows_beyond_the_limit_is_an_error_of_the_submission(grader: Grader) -> None:
    """No file in the box grows beyond 8 MiB, so SQLite cannot write."""
    grown = RIGHT["watchlist/site.py"].replace(b"(?)", b"(zeroblob(length(?) + 20000000))")
    attempt = grade(grader, {"watchlist/site.py": grown})
    results = {result.info.id: result for result in attempt.results}
    assert results["test_page"].verdict is Verdict.PASSED
    assert results["test_rows_stay_in_the_file"].verdict is Verdict.STUDENT_EXCEPTION
    assert "OperationalError" in results["test_rows_stay_in_the_file"].staff


def test_a_package_that_forges_and_looks_around_earns_nothing_by_it(grader: Grader) -> None:
    code = (
        b"import os, sys\nfrom . import conftest\n\n\ndef create_app(config=None):\n"
        b"    assert not os.path.exists('../../tests'), 'the hidden tests'\n    os._exit(0)\n"
    )
    attempt = grade(grader, {"watchlist/__init__.py": code, "watchlist/conftest.py": b"import pytest\n"})
    assert attempt.score
    assert attempt.score.earned == 0
    assert Verdict.PASSED not in {result.verdict for result in attempt.results}


def test_a_directory_that_is_refused_has_a_reason_in_both_languages(course: Course, tmp_path: Path, full: None) -> None:
    put(tmp_path / "class" / "ada", {**RIGHT, **of_count(MOST_FILES)})
    put(tmp_path / "class" / "bo", {"README.txt": b"", "x.py": b""})
    words = ("grade", tmp_path / "class", "--course", course.folder, "--exercise", NAME)
    many, missing = attempts(run(*words, "--format", "json"))
    assert (many["verdict"], many["score"]["earned"]) == ("bad_submission", 0)
    assert (missing["verdict"], missing["detail"]["file"]) == ("missing_file", "watchlist/")
    assert "holds more than 200 files" in json.dumps(many)
    assert "watchlist/ 里的文件超过 200 个" in run(*words, "--lang", "zh-CN").output


# -- proven


REST = "from hello.rest import length\n\n"
CHANGES = """
[[changes]]
file = "hello/rest.py"
old = "str(len(body))"
new = '"5"'
"""


@pytest.fixture
def proving(tmp_path: Path) -> Path:
    """A course that keeps its promises, with a reference of two modules and a template."""
    folder = two_exercises.write_packages(tmp_path / "small")
    reference = folder / "solutions" / W1 / "hello"
    app = (reference / "__init__.py").read_text(encoding="utf-8").replace("str(len(body))", "length(body)")
    put(reference, {
        "__init__.py": REST + app, "rest.py": "def length(body):\n    return str(len(body))\n", "x.html": "<p>\n",
    })  # fmt: skip
    words = two_exercises.expected("misconception", "A constant.", "test_says_how_long", more=CHANGES)
    put(folder / "tests" / "submissions" / W1, {"constant/expected.toml": words})
    return folder


def complaints(folder: Path, **wishes: bool) -> list[str]:
    """Return what the proof of the first exercise finds."""
    course = load_course(folder)
    found = verify(course, folder, [course.find("w1")], Wishes(**wishes), lambda _done, _total: None)
    return [f"{one.path.relative_to(folder).as_posix()}: {one.text}" for part in found for one in part.complaints]


def test_a_course_of_packages_is_proven(proving: Path, walled: None) -> None:
    complaints(proving, record=True)
    assert complaints(proving) == []
    (proving / "exercises" / W1 / "hello" / "__init__.py").unlink()
    (proving / "solutions" / W1 / "stray.py").touch()
    put(proving / "tests" / "submissions" / W1, {"constant/hello/rest.py": ""})
    course = load_course(proving)
    found = [f"{one.path.name}: {one.text}" for one in structure.exercise_trees(course.find("w1"), proving)]
    assert [line.partition(";")[0] for line in found] == [
        "hello: missing", "stray.py: a stray file: 'files' in exercise.toml does not name it",
        "rest.py: 'changes' make this file",
    ]  # fmt: skip


def test_mutants_are_made_of_every_module_of_a_package(proving: Path, walled: None) -> None:
    course = load_course(proving)
    matrix = prove_mutants(course, course.find("w1"), brief=True)
    assert {mutant.file for mutant, _ in matrix.mutants} == {"hello/__init__.py", "hello/rest.py"}
    assert all(matrix.killed(graded) for mutant, graded in matrix.counted if mutant.file == "hello/rest.py")
    assert any(mutant.file == "hello/rest.py" for mutant, _ in matrix.counted)


def test_a_template_of_the_reference_is_a_part_of_the_proof(proving: Path) -> None:
    exercise = load_course(proving).find("w1")
    before = proof_hash(exercise)
    put(proving / "solutions" / W1, {"hello/x.html": "<p>other\n"})
    assert proof_hash(exercise) != before


# -- where nothing protects a grading


def test_the_attack_range_runs_packages_too(course: Course, tmp_path: Path) -> None:
    if remedy := boxes.obstacle():
        skip("there is no box for hostile code here", remedy)
    exercise = replace(course.exercises[NAME], files=("watchlist/",))
    passed = {}
    for name, init in (("right", RIGHT["watchlist/__init__.py"]), ("wrong", b"create_app = None\n")):
        facts = boxes.run(put(tmp_path / name, {**RIGHT, "watchlist/__init__.py": init}), exercise)
        passed[name] = json.loads(facts["results"])["passed"]
        assert init.decode() in facts.own
    assert passed == {"right": 1, "wrong": 0}, (
        "the test of the database; the others ask for more than that plain pytest has"
    )


# -- a student's own run


def test_a_student_tests_the_package_with_pytest(course: Course, tmp_path: Path) -> None:
    folder = tmp_path / "course"
    shutil.copytree(course.folder, folder, ignore=shutil.ignore_patterns("tests", "solutions"))
    work = folder / "exercises" / NAME
    starter = run_pytest(work)
    assert "public 0/40 points" in starter.stdout, starter.stdout + starter.stderr
    assert "line 5 of watchlist/__init__.py" in starter.stdout
    assert "SystemError" not in starter.stdout + starter.stderr
    put(work, RIGHT)
    assert "public 40/40 points" in run_pytest(work).stdout
    archive = put(tmp_path, {"work.zip": zipped(RIGHT)}) / "work.zip"
    for handed_in in (archive, work / "watchlist"):
        assert "public 40/40 points" in run_pytest(work, "--submission", handed_in).stdout
