"""CONTRIBUTING.md is all that an author needs: a course of another subject, taken from that page alone, is graded."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.course import FACTORY_KEYS, HIDDEN_KEYS, KEYS, PARITY_KEYS, load_course
from grader.grading.grade import Grader
from grader.models import Isolation, Limits, Verdict, Visibility
from grader.predictions import questions
from grader.samples import differences, load_samples
from grader.submissions import read_submission
from grader.testing import inner, plugin, probes
from tests.grader.test_documents import FILE_BLOCK, read, spans
from tests.grader.test_plain_run import run_pytest

PAGE = "CONTRIBUTING.md"
FILES = dict(FILE_BLOCK.findall(read(PAGE)))
LONGEST = 15


@pytest.fixture(scope="module")
def guest_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course of the page, in a folder that has nothing to do with this repository."""
    folder = tmp_path_factory.mktemp("guest-book")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def grade(folder: Path, path: str, *words: str) -> dict[str, object]:
    """Grade with the command line, as the page says."""
    arguments = ["grade", str(folder / path), "--course", str(folder), "--format", "json", *words]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    (attempt,) = json.loads(done.stdout)
    return dict(attempt)


@pytest.mark.parametrize("name", ["g1_guest_book", "g2_guest_book_on_flask"])
def test_the_references_of_the_page_earn_everything(guest_book: Path, walled: None, name: str) -> None:
    attempt = grade(guest_book, f"solutions/{name}", "--lang", "zh-CN")
    assert attempt["score"] == {"earned": 100, "possible": 100}, attempt
    assert attempt["isolation"] != "none"


def test_what_students_may_know_is_what_the_tests_say(guest_book: Path, walled: None) -> None:
    course = load_course(guest_book)
    grader = Grader(course, guest_book, Isolation.CONFINED)
    try:
        for exercise in course.exercises.values():
            rows = grader.worker(exercise).ready.rows
            hidden = [row for row in rows if row.visibility is Visibility.HIDDEN]
            listed = [(row.id, row.category, row.points, row.title["en"]) for row in exercise.hidden]
            assert listed == [(row.id, row.category, row.points, row.title["en"]) for row in hidden]
            assert sum(row.points for row in hidden) == 60
            assert sum(row.points for row in rows) == 100
    finally:
        grader.close()


def test_starters_earn_nothing_and_samples_what_is_expected(guest_book: Path, walled: None) -> None:
    course = load_course(guest_book)
    grader = Grader(course, guest_book, Isolation.CONFINED)
    try:
        for exercise in course.exercises.values():
            attempt = grader.grade(read_submission(exercise.folder, exercise))
            assert attempt.score is not None
            assert attempt.score.earned == 0
            for sample in load_samples(guest_book, exercise):
                assert differences(sample, grader.grade(read_submission(sample.folder, exercise))) == []
    finally:
        grader.close()


def test_the_test_of_a_middleware_says_what_is_wrong_in_both_languages(guest_book: Path, walled: None) -> None:
    for language, title in (("en", "Polite adds its header"), ("zh-CN", "Polite 只加一个响应头")):
        attempt = grade(
            guest_book, "tests/submissions/g1_guest_book/polite_collects", "--exercise", "g1", "--lang", language
        )
        tests = {test["id"]: test for test in attempt["tests"]}  # type: ignore[attr-defined]
        assert tests["test_polite_is_transparent"]["verdict"] == Verdict.WRONG
        assert tests["test_polite_is_transparent"]["feedback"]["expected"].startswith(title)


@pytest.mark.parametrize(
    ("old", "new", "failed"),
    [
        ('"sorry, something went wrong"', "f'sorry: {_error.original_exception!r}'", "test_failure_is_answered"),
        ("    @app.errorhandler(500)\n", "", "test_failure_is_answered"),
        ('app.config["ENTRIES"])', 'BOOK)', "g1.test_books_are_separate"),
    ],
)  # fmt: skip
def test_the_test_of_a_flask_app_notices_what_is_wrong(
    guest_book: Path, walled: None, old: str, new: str, failed: str, tmp_path: Path
) -> None:
    right = FILES["solutions/g2_guest_book_on_flask/book.py"]
    assert old in right
    (tmp_path / "book.py").write_text("BOOK = ['Grace']\n" + right.replace(old, new), encoding="utf-8")
    attempt = grade(guest_book, str(tmp_path), "--exercise", "g2")
    lost = [test["id"] for test in attempt["tests"] if not test["points"]["earned"]]  # type: ignore[attr-defined]
    assert failed in lost


def test_students_predict_what_the_page_asks(guest_book: Path) -> None:
    done = CliRunner().invoke(main, ["predict", "g1", "--course", str(guest_book), "--questions"])
    assert done.exit_code == 0, done.output
    assert "200 OK · b'Ada\\nGrace\\n'" in done.output


def test_students_run_the_public_tests_of_the_page(guest_book: Path) -> None:
    words = ("exercises", "--rootdir", guest_book, "-k", "book", "-v")
    done = run_pytest(*words, cwd=guest_book)
    assert done.returncode == 1
    assert "g1: public 0/40 points" in done.stdout, done.stdout
    assert "g2: public 0/40 points" in done.stdout


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("tests/hidden/g1_guest_book/test_contract.py", "test_polite_is_transparent"),
        ("tests/hidden/g2_guest_book_on_flask/test_failure.py", "test_failure_is_answered"),
    ],
)
def test_a_test_of_a_middleware_or_of_flask_is_short(file: str, name: str) -> None:
    (node,) = [n for n in ast.walk(ast.parse(FILES[file])) if isinstance(n, ast.FunctionDef) and n.name == name]
    first = min(decorator.lineno for decorator in node.decorator_list)
    assert node.end_lineno
    assert node.end_lineno - first + 1 <= LONGEST


def test_the_page_names_everything_that_an_author_can_use() -> None:
    said = set(re.findall(r"[\w.]+", " ".join(spans(PAGE))))
    predictions = {*questions.KEYS, *questions.REQUEST_KEYS, *questions.QUESTION_KEYS, *questions.CHANGE_KEYS}
    assert predictions | {"is", "why", *questions.KINDS} <= said
    manifest = (*KEYS, *FACTORY_KEYS, *PARITY_KEYS, *HIDDEN_KEYS, *(field.name for field in fields(Limits)))
    fixtures = [name for name, value in vars(plugin).items() if type(value).__name__ == "FixtureFunctionDefinition"]
    marks = [marker.partition(":")[0].partition("(")[0] for marker in plugin.MARKERS]
    applications = [
        name for name, value in vars(inner).items() if isinstance(value, type) and issubclass(value, inner.Plain)
    ]
    helpers = [name for name in vars(probes.Probes) if name.startswith("flask_") or name in ("sqlite", "slow_app")]
    assert len(fixtures) == 8
    words = [
        *manifest,
        *fixtures,
        *marks,
        *applications,
        *helpers,
        "submission.run",
        "submission.connect",
        "submission.fresh",
    ]
    assert [word for word in words if word not in said] == []
