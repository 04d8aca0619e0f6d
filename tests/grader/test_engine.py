"""The engine on a course of another subject, written in the test: prerequisites, findings, limits, deaths, faults of ours."""

from __future__ import annotations

import io
import os
import signal
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from grader.catalogues import Catalogue
from grader.course import Course, load_course
from grader.errors import UsageError
from grader.grading.grade import Grader
from grader.models import Attempt, Isolation, Outcome, Submission, TestResult, Verdict
from grader.reports.document import document
from grader.reports.terminal import TerminalReport

STATEMENT = '# {title}\n\n- <a id="promise"></a>{sentence}\n'
MANIFEST = """
kind = "graded"
files = ["square.py"]
entry = "square:square"
title = {en = "Square", zh-CN = "平方"}
[limits]
call = 0.5
load = 2.0
test = 1.5
"""
PUBLIC = '''
from pytest import mark

@mark.points(4, "correctness", statement="promise")
def test_three(submission):
    """three squared is nine"""
    assert submission.square(3) == 9, "multiply the number by itself"
'''
HIDDEN = '''
from pytest import mark
from grader.testing import Finding, public

SECRET = 12321

@mark.points(2, "correctness", statement="promise")
def test_large(submission):
    """large numbers are squared too"""
    result = submission.square(111)
    if result != SECRET:
        raise Finding("the square of a {kind} number was {result}", look="large numbers", kind=public("large"), result=result)

@mark.points(2, "robustness", statement="promise", after=test_large)
def test_negative(submission):
    """negative numbers are squared too"""
    assert submission.square(-7) == 49, "the sign"

@mark.points(3, "robustness", statement="promise")
@mark.parametrize("number", [0, 1, 2.5])
def test_any(submission, number):
    """every number is squared"""
    assert submission.square(number) == number * number, "odd numbers"

@mark.points(1, "design", statement="promise")
@mark.fresh
def test_counter(submission):
    """nothing is remembered between two processes"""
    assert submission.count() == 1, "what a module keeps"
'''
REFERENCE = """
calls = 0
def square(number):
    return number * number
def count():
    global calls
    calls += 1
    return calls
"""


def write_course(folder: Path) -> Path:
    """Write a course with one exercise that has nothing to do with the web."""
    files = {
        "exercises/s1_square/exercise.toml": MANIFEST,
        "exercises/s1_square/README.md": STATEMENT.format(title="Square", sentence="`square(n)` is n times n."),
        "exercises/s1_square/README.zh-CN.md": STATEMENT.format(title="平方", sentence="`square(n)` 是 n 乘 n。"),
        "exercises/s1_square/square.py": "def square(number): ...\n",
        "exercises/s1_square/test_public.py": PUBLIC,
        "tests/hidden/s1_square/test_hidden.py": HIDDEN,
        "solutions/s1_square/square.py": REFERENCE,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def square(tmp_path: Path) -> Path:
    return write_course(tmp_path)


SHOUT = """import os, contextlib
    for number in range(3, 64):
        with contextlib.suppress(OSError):
            os.write(number, b"\\xff" * 100)"""
Grade = Callable[[str], Attempt]


@pytest.fixture(scope="module")
def grade(tmp_path_factory: pytest.TempPathFactory, walled: None) -> Iterator[Grade]:
    """Grade source texts, one after another, with one grader behind the best walls there are."""
    square = write_course(tmp_path_factory.mktemp("course"))
    grader = Grader(load_course(square), square, Isolation.CONFINED, seed=1)

    def once(source: str) -> Attempt:
        content = textwrap.dedent(source).encode("utf-8", "surrogatepass")
        return grader.grade(Submission("s1_square", "ada", "square.py", {"square.py": content}))

    yield once
    grader.close()


def by_id(attempt: Attempt) -> dict[str, TestResult]:
    return {result.info.id: result for result in attempt.results}


def verdicts(attempt: Attempt) -> dict[str, str]:
    return {result.info.id: str(result.verdict) for result in attempt.results}


def score(attempt: Attempt) -> int:
    assert attempt.score is not None, dict(attempt.detail)
    return attempt.score.earned


def test_a_right_submission_gets_everything_and_every_part_is_recorded(grade: Grade) -> None:
    attempt = grade(REFERENCE)
    assert attempt.outcome is Outcome.GRADED
    assert attempt.isolation >= Isolation.CONFINED
    assert set(verdicts(attempt).values()) == {"passed"}
    assert (score(attempt), attempt.score and attempt.score.possible) == (12, 12)
    possible = {name: value.possible for name, value in attempt.categories.items()}
    assert possible == {"correctness": 6, "robustness": 5, "design": 1}
    assert attempt.seed == 1
    assert len({attempt.hashes.submission, attempt.hashes.tests, attempt.hashes.engine}) == 3


def test_a_dependant_is_skipped_kindly_and_cases_share_their_points(grade: Grade) -> None:
    attempt = grade(REFERENCE.replace("number * number", "9 if number == 3 else 0"))
    found = by_id(attempt)
    assert verdicts(attempt) == {
        "test_three": "passed", "test_large": "wrong", "test_negative": "skipped", "test_any": "wrong", "test_counter": "passed",
    }  # fmt: skip
    feedback = found["test_negative"].feedback
    assert feedback is not None
    assert "skipped" in feedback.happened["en"]
    assert score(attempt) == 5


def test_a_finding_shows_public_values_only_where_the_test_is_hidden(grade: Grade) -> None:
    feedback = by_id(grade(REFERENCE.replace("number * number", "31337")))["test_large"].feedback
    assert feedback is not None
    assert feedback.happened["en"] == "the square of a large number was …"
    assert feedback.look_at["en"] == "large numbers"
    assert "square(n) is n times n." in feedback.why["en"]
    assert "square(n) 是 n 乘 n。" in feedback.why["zh-CN"]


def test_an_assert_says_what_it_saw_only_if_the_test_is_public(grade: Grade) -> None:
    attempt = grade(REFERENCE.replace("number * number", "31337"))
    public, hidden = (by_id(attempt)[name] for name in ("test_three", "test_any"))
    assert public.feedback is not None
    assert public.feedback.happened == {
        "en": "the result was not the promised one: 31337 instead of 9", "zh-CN": "结果不符合约定：应为 9，实际是 31337",
    }  # fmt: skip
    assert "assert 31337 == (0" in hidden.staff, "pytest explains the asserts of hidden modules too"
    assert hidden.feedback is not None
    assert hidden.feedback.happened == {"en": "the result was not the promised one", "zh-CN": "结果不符合约定"}
    for language in ("en", "zh-CN"):
        report = TerminalReport(Catalogue(), language)
        seen = [str(document(attempt, language)["tests"]), printed(report.one(attempt))]
        for text in seen:
            assert text.count("31337") == 1, "of four tests that saw this number one is public"


def printed(report: RenderableType) -> str:
    console = Console(width=500, file=io.StringIO(), no_color=True)
    console.print(report)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("None", "None instead of 9"),
        ("'a == b'", "'a == b' == 9 is not true"),
        (r"'\x1b[31m\n\u202e{seen}'", r"'\x1b[31m\n\u202e{seen}' instead of 9"),
        ("'x' * 1000", "instead of 9"),
        ("'assert 1\\nassert 3'", "instead of 9"),
    ],
)
def test_what_an_assert_saw_is_short_and_harmless(grade: Grade, answer: str, said: str) -> None:
    feedback = by_id(grade(f"def square(number): return {answer}\ndef count(): return 1"))["test_three"].feedback
    assert feedback is not None
    for text in feedback.happened.values():
        assert text.isprintable()
        assert len(text) < 400
    assert said in feedback.happened["en"]


def test_nothing_of_a_hidden_test_reaches_the_student_document(grade: Grade) -> None:
    attempt = grade("def square(number): raise ValueError(f'seen {number}')\ndef count(): return print('told') or 0")
    said = str([document(attempt, language)["tests"] for language in ("en", "zh-CN")])
    for secret in ("12321", "111", "-7", "49", "told"):
        assert secret not in said
    assert "seen 3" in said  # the public test may show what the student's own code said
    staff = str(document(attempt, "en", "staff"))
    assert "seen 111" in staff
    assert "told" in staff


@pytest.mark.parametrize(
    ("body", "verdict", "detail"),
    [
        ("while True: pass", Verdict.TIMEOUT, {"phase": "call"}),
        ("import os; os._exit(7)", Verdict.EXITED, {"code": "7"}),
        ("import ctypes; ctypes.string_at(0)", Verdict.CRASHED, {"signal": "SIGSEGV"}),
        ("return bytearray(1 << 30)", Verdict.MEMORY_LIMIT, {}),
        ("raise KeyError('x')", Verdict.STUDENT_EXCEPTION, {"type": "KeyError", "phase": "call"}),
        ("raise SystemExit(0)", Verdict.STUDENT_EXCEPTION, {"type": "SystemExit"}),
        ("raise KeyboardInterrupt", Verdict.STUDENT_EXCEPTION, {"type": "KeyboardInterrupt"}),
        ("raise type('Own', (Exception,), {})", Verdict.STUDENT_EXCEPTION, {"type": ""}),
        ("import os; os.closerange(3, 60)", Verdict.EXITED, {}),
        (SHOUT, Verdict.PROTOCOL_VIOLATION, {}),
        ("return b'x' * (5 << 20)", Verdict.OUTPUT_LIMIT, {}),
        ("return 'nine'", Verdict.WRONG, {}),
        ("return None", Verdict.WRONG, {}),
        ("return type('Lying', (int,), {'__eq__': lambda a, b: True})(0)", Verdict.WRONG, {}),
    ],
)  # fmt: skip
def test_every_way_to_fail_has_its_verdict(grade: Grade, body: str, verdict: Verdict, detail: dict[str, str]) -> None:
    began = time.monotonic()
    attempt = grade(f"def square(number):\n    {body}\ndef count(): return 1\n")
    first = by_id(attempt)["test_three"]
    assert first.verdict is verdict, (first.detail, first.staff)
    assert detail.items() <= first.detail.items()
    assert score(attempt) <= 1
    assert time.monotonic() - began < 12
    assert score(grade(REFERENCE)) == 12


def test_a_submission_that_dies_three_times_is_not_run_any_more(grade: Grade) -> None:
    attempt = grade("import os\ndef square(number): os._exit(1)\ndef count(): return 1\n")
    assert verdicts(attempt) == {
        "test_three": "exited", "test_large": "exited", "test_negative": "skipped", "test_any": "exited",
        "test_counter": "not_run",
    }  # fmt: skip


def test_an_import_that_fails_is_said_once_per_process_with_its_line(grade: Grade) -> None:
    attempt = grade("x = 1\nraise RuntimeError('broken')\n")
    assert set(verdicts(attempt).values()) == {"import_error", "skipped"}
    feedback = by_id(attempt)["test_three"].feedback
    assert feedback is not None
    assert "line 2 of square.py" in feedback.happened["en"]


def test_modules_share_a_process_and_fresh_tests_do_not(grade: Grade) -> None:
    attempt = grade(REFERENCE.replace("return number * number", "count(); return number * number"))
    assert verdicts(attempt)["test_counter"] == "passed"


def test_the_zygote_killed_between_two_gradings_costs_nobody_anything(square: Path, walled: None) -> None:
    grader = Grader(load_course(square), square, Isolation.CONFINED)
    submission = Submission("s1_square", "ada", "", {"square.py": REFERENCE.encode()})
    try:
        assert score(grader.grade(submission)) == 12
        worker = grader.workers["s1_square"].process.pid
        for task in Path(f"/proc/{worker}/task").iterdir():
            for child in (task / "children").read_text().split():
                os.kill(int(child), signal.SIGKILL)
        attempt = grader.grade(submission)
        assert attempt.outcome is Outcome.GRADED, dict(attempt.detail)
        assert score(attempt) == 12
        os.kill(grader.workers["s1_square"].process.pid, signal.SIGKILL)
        assert score(grader.grade(submission)) == 12
    finally:
        grader.close()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"multiply the number by itself"', 'f"not {3}"', "no constant message"),
        (', "multiply the number by itself"', "", "no constant message"),
        ('    """three squared is nine"""\n', "", "docstring"),
        ('@mark.points(4, "correctness", statement="promise")\n', "", "has no points"),
        ('"correctness"', '"corectness"', "category one of"),
        ('statement="promise"', 'statement="promised"', "no anchor 'promised'"),
        ('statement="promise"', 'statment="promise"', "does not know statment"),
        ('statement="promise"', 'rule="the standard"', "PEP 3333 (must)"),
        ("def test_three", "def test_large", "names are unique"),
        ("from pytest import mark", "from pytest import mar", "cannot be collected"),
    ],
)
def test_a_mistake_of_the_author_is_refused_with_its_place(square: Path, old: str, new: str, said: str) -> None:
    path = square / "exercises" / "s1_square" / "test_public.py"
    assert old in PUBLIC
    path.write_text(PUBLIC.replace(old, new))
    grader = Grader(load_course(square), square, Isolation.NONE)
    try:
        with pytest.raises(UsageError) as raised:
            grader.grade(Submission("s1_square", None, "", {"square.py": b""}))
    finally:
        grader.close()
    assert said in str(raised.value)
    assert "test_public.py" in str(raised.value)


def test_a_course_is_found_from_anywhere_below_it(square: Path) -> None:
    course: Course = load_course(square)
    assert [exercise.short for exercise in course.exercises.values()] == ["s1"]


DEADLY = """
import os
calls = 0
def square(number):
    global calls
    calls += 1
    return number * number if calls != 2 else os._exit(1)
def count():
    return 1
"""
MADE = """

import pytest

@pytest.fixture
def nine(submission):
    return submission.square(3)

@mark.points(1, "correctness", statement="promise")
def test_made(nine):
    \"\"\"a fixture squares\"\"\"
    assert nine == 9, "nine"

@mark.points(1, "correctness", statement="promise")
def test_made_again(nine):
    \"\"\"a fixture squares again\"\"\"
    assert nine == 9, "nine"
"""


def test_a_death_while_a_fixture_is_made_costs_no_other_test(square: Path, walled: None) -> None:
    (square / "exercises" / "s1_square" / "test_public.py").write_text(PUBLIC + MADE, encoding="utf-8")
    reference = square / "solutions" / "s1_square" / "square.py"
    grader = Grader(load_course(square), square, Isolation.CONFINED)
    try:
        assert reference.read_text() == REFERENCE
        found = verdicts(grader.grade(Submission("s1_square", None, "", {"square.py": DEADLY.encode()})))
    finally:
        grader.close()
    assert (found["test_three"], found["test_made"], found["test_made_again"]) == ("passed", "exited", "passed")
