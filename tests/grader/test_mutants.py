"""Mutants of a reference: which ones are made, what kills them, and what is said of those that nothing kills."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from grader.cli import main, verify
from grader.course import EQUIVALENTS, PROVEN, load_course
from grader.errors import UsageError
from grader.grading import folders
from grader.hashing import exercise_hash
from grader.models import TestInfo as Info
from grader.models import Visibility
from grader.proving.equivalents import read_equivalents, stale
from grader.proving.mutants import changed_since, mutants_of, prove_mutants
from grader.proving.proven import is_proven, proof_hash, record_proof
from grader.proving.sameness import essence
from grader.reports.matrix import Graded, Matrix, Mutant, document, render

FILES = {
    "exercises/m1_tiny/exercise.toml": """
kind = "graded"
files = ["app.py"]
entry = "app:application"
title = {en = "Tiny", zh-CN = "小"}
limits = {call = 0.4, deaths = 1}
[[hidden]]
id = "test_status"
category = "protocol"
points = 30
title = {en = "the status", zh-CN = "状态"}
[[hidden]]
id = "test_nothing_new"
category = "protocol"
points = 30
title = {en = "the same again", zh-CN = "又是一样"}
""",
    "exercises/m1_tiny/README.md": '- <a id="all"></a>It says hello.\n',
    "exercises/m1_tiny/README.zh-CN.md": '- <a id="all"></a>它说你好。\n',
    "exercises/m1_tiny/app.py": "application = None\n",
    "exercises/m1_tiny/test_public.py": """
from pytest import mark

@mark.points(40, "correctness", statement="all")
def test_hello(app, trace):
    "it says hello"
    assert trace(app, "GET", "/").body == b"hello", "the body"
""",
    "tests/hidden/m1_tiny/test_contract.py": """
from pytest import mark

LEAK_MARKER = "leak-marker-77aa01c4-m1"

@mark.points(30, "protocol", statement="all")
def test_status(app, trace):
    "the status"
    assert trace(app, "GET", "/").status == "200 OK", "the status"

@mark.points(30, "protocol", statement="all")
def test_nothing_new(app, trace):
    "the same again"
    assert trace(app, "GET", "/").body == b"hello", "the body"
""",
    "solutions/m1_tiny/app.py": '''
def application(environ, start_response):
    """Say hello."""
    said = False
    while not said:
        start_response("200 OK", [("X-Mood", "fine")])
        said = True
    return [b"hello"]
''',
    "tests/submissions/m1_tiny/other_status/expected.toml": """
kind = "misconception"
about = "Another status."
failed = ["test_status"]
""",
}
HEADER = 'start_response("200 OK", [("X-Mood", "fine")])'
ROW = """
[[equivalent]]
operator = "{}"
diff = '''
- {}
+ {}
'''
reason = "headers are free"
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with one small exercise, of whose headers no test asks anything."""
    folder = tmp_path_factory.mktemp("course")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.lstrip("\n"), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def proven(tiny: Path, walled: None) -> tuple[Result, Matrix]:
    """What the command says of the mutants of that exercise, and its matrix; one row of its list is out of date."""
    path = tiny / "tests" / "hidden" / "m1_tiny" / EQUIVALENTS
    rows = [("string", HEADER, HEADER.replace("fine", "FINE")), ("string", HEADER, HEADER.replace("fine", "gone"))]
    path.write_text("".join(ROW.format(*row) for row in rows), encoding="utf-8")
    found = []

    def kept(*arguments: Any, **options: Any) -> Matrix:  # noqa: ANN401 - whatever prove_mutants takes
        found.append(prove_mutants(*arguments, **options))
        return found[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "prove_mutants", kept)
        done = CliRunner().invoke(main, ["verify", "--mutants", "m1", "--record", "--course", str(tiny), "--json"])
    path.unlink()
    assert found, done.output
    return done, found[0]


@pytest.fixture(scope="module")
def matrix(proven: tuple[Result, Matrix]) -> Matrix:
    """The mutants of that exercise, graded."""
    return proven[1]


# -- making


def made(source: str, starter: str = "") -> list[str]:
    """Return what the mutants of a source change."""
    return [mutant.diff for mutant in mutants_of(source, "app.py", starter)[0]]


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("x = f(1)", {"x = None", "x = f(2)", "x = f(None)"}),
        ("if a < 1: b()", {"if a <= 1: b()", "if a < 2: b()"}),
        ("x = a and b", {"x = a or b", "x = None"}),
        ("print('Ab')", {"print('XXAbXX')", "print('ab')", "print(None)"}),
        ("print('ab')", {"print('XXabXX')", "print('AB')", "print(None)"}),
    ],
)
def test_mutants_change_texts_arguments_and_operators(source: str, wanted: set[str]) -> None:
    assert set(made(source)) == {f"- {source}\n+ {changed}" for changed in wanted}


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    'Say 1.'\n",
        "def f(a: list['A'] = []) -> 'int | None':\n    pass\n",
        "Names = dict[str, int]\nHandler = Callable[[Names], 'Answer']\ndef f(handler: Handler): pass\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    x = 1 + 2\n",
        "if __name__ == '__main__':\n    print(1 + 2)\n",
    ],
)
def test_what_nobody_runs_has_no_mutants(source: str) -> None:
    found, unchanged, _ = mutants_of(source, "app.py")
    assert found == []
    assert unchanged + source.count("def f():") > 0


def test_what_the_starter_has_too_has_no_mutants() -> None:
    found, _, given = mutants_of(
        "FILMS = [(1, 'a'), (2, 'b')]\nx = 3\n", "app.py", "FILMS = [(1, 'a'), (2, 'b')]\nx = 0\n"
    )
    assert {mutant.diff.splitlines()[0] for mutant in found} == {"- x = 3"}
    assert given == 7


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 2"),
        ("x = 1", "x = True"),
        ("x = 1", "x = 1.0"),
        ("class A:\n    x: int = 1", "class A:\n    x: int = 2"),
        ("class A:\n    x: int", "class A:\n    y: int"),
        ("def f(a=1): pass", "def f(a=2): pass"),
        ("def f(a): pass", "def f(*, a): pass"),
        ("x = [1 for a in b]", "x = [1 for a in c]"),
        ("try:\n    f()\nexcept A:\n    g()", "try:\n    f()\nexcept B:\n    g()"),
        ("A = 1\nB = A", "A = 2\nB = A"),
    ],
)
def test_what_runs_differently_is_not_taken_for_the_same(one: str, other: str) -> None:
    assert essence(one) != essence(other)
    assert essence(one) == essence(f"# a comment\n\n{one}\n")


def test_without_mutmut_one_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mutmut.mutation.mutators", None)
    with pytest.raises(
        UsageError, match=r"mutmut, which is not installed here: run 'uv sync', or 'pip install mutmut'"
    ):
        made("x = 1")


# -- grading


def test_mutants_that_a_test_notices_are_killed_and_the_others_are_shown(matrix: Matrix) -> None:
    assert {mutant.diff.splitlines()[-1] for mutant in matrix.survivors} == {
        '+ start_response("200 OK", None)',
        '+ start_response("200 OK", )',
        f"+ {HEADER.replace('X-Mood', 'XXX-MoodXX')}",
        f"+ {HEADER.replace('X-Mood', 'x-mood')}",
        f"+ {HEADER.replace('fine', 'XXfineXX')}",
        "+ said = None",
    }
    assert [mutant.diff.splitlines()[-1] for mutant in matrix.equivalent] == [f"+ {HEADER.replace('fine', 'FINE')}"]
    assert matrix.faults == ()
    assert len(matrix.counted) - len(matrix.survivors) == sum(matrix.killed(graded) for _, graded in matrix.counted) > 8
    assert "95 % have to be" in next(matrix.complaints())
    text = render(matrix)
    assert f"survivor: string, app.py line 5\n  - {HEADER}\n  + {HEADER.replace('fine', 'XXfineXX')}" in text


def test_a_mutant_that_loops_is_ended_and_killed(matrix: Matrix) -> None:
    (graded,) = (graded for mutant, graded in matrix.mutants if mutant.diff == "- said = True\n+ said = False")
    assert matrix.killed(graded)
    assert graded.seconds < 20


def test_a_test_is_told_what_it_finds_and_what_it_alone_finds(matrix: Matrix) -> None:
    rows = {row.test.id: row for row in matrix.rows()}
    assert rows["test_status"].kills_alone == 6, "four other statuses, and two ways to say none"
    assert (rows["test_status"].fails, rows["test_status"].fails_alone) == (1, 1)
    assert rows["test_nothing_new"].kills > 0
    assert rows["test_nothing_new"].kills_alone == rows["test_nothing_new"].fails == 0
    assert [question.split()[0] for question in matrix.questions()] == ["test_nothing_new"]


def test_a_brief_matrix_kills_the_same_mutants_each_by_one_test_and_asks_nothing_of_tests(
    tiny: Path, matrix: Matrix
) -> None:
    course = load_course(tiny)
    brief = prove_mutants(course, course.find("m1"), brief=True)
    for whole in (brief, matrix):
        assert whole.counted
    assert [m.key for m, g in brief.counted if brief.killed(g)] == [
        m.key for m, g in matrix.counted if matrix.killed(g)
    ]
    assert {len(graded.failed) for _, graded in brief.mutants} == {0, 1}
    assert not list(brief.questions())
    assert "alone" not in render(brief)


def test_the_same_is_said_to_programs(matrix: Matrix) -> None:
    said = json.loads(json.dumps(document(matrix)))
    assert said["exercise"] == "m1_tiny"
    assert [test["id"] for test in said["tests"]] == [test.id for test in matrix.tests]
    assert len(said["mutants"]) == len(matrix.mutants)
    assert said["samples"][0]["failed"] == ["test_status"]


def test_a_list_of_equivalents_settles_the_rest_if_it_is_short(matrix: Matrix) -> None:
    reasons = {mutant.key: "headers are free" for mutant in (*matrix.survivors, *matrix.equivalent)}
    (complaint,) = replace(matrix, reasons=reasons, stale=()).complaints()
    assert f"{len(reasons)} of" in complaint
    assert "10 % may be" in complaint


def test_the_command_proves_exercises_by_name(proven: tuple[Result, Matrix]) -> None:
    done, matrix = proven
    assert done.exit_code == 1, done.output
    assert json.loads(done.stdout) == [json.loads(json.dumps(document(matrix)))]
    assert "m1: " in done.stderr
    complaints = list(matrix.complaints())
    assert len(complaints) == 2
    assert "is about no mutant that there is" in complaints[1]


@pytest.mark.parametrize("words", [["m9"], ["m1", "--since", "no-such-commit"], ["m1", "--since", "--output=x"]])
def test_the_command_says_what_it_cannot_do(tiny: Path, words: list[str]) -> None:
    done = CliRunner().invoke(main, ["verify", "--mutants", *words, "--course", str(tiny)])
    assert done.exit_code == 2
    assert "Error: " in done.output


def test_an_exercise_without_a_readable_reference_is_refused(tiny: Path, tmp_path: Path) -> None:
    course = load_course(tiny)
    exercise = course.find("m1")
    with pytest.raises(
        UsageError, match=r"m1_tiny: without a reference in solutions/ and hidden tests there is nothing"
    ):
        prove_mutants(course, replace(exercise, reference_folder=None))
    (tmp_path / "app.py").write_text("def application(:\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"app\.py, or .*app\.py: not a Python file"):
        prove_mutants(course, replace(exercise, reference_folder=tmp_path))


# -- a matrix made by hand


def by_hand(earned: Mapping[str, int | None], *, starts: bool = True) -> Matrix:
    """Return a matrix with mutants of these names."""
    test = Info("test_a", Visibility.HIDDEN, "design", 60, {"en": "a", "zh-CN": "a"})
    pairs = tuple(
        (
            Mutant("name", "app.py", 1, f"+ {name}", ""),
            Graded(name, frozenset(), points, starts, fault="broken" * (points is None)),
        )
        for name, points in earned.items()
    )
    return Matrix("a1_x", (test,), pairs, (), {}, (), 0, 0, 0.0)


def test_a_fault_of_ours_is_no_kill() -> None:
    matrix = by_hand({**{f"dead {n}": 0 for n in range(39)}, "unknown": None})
    assert matrix.percent == 97.5
    assert matrix.survivors == ()
    assert list(matrix.complaints()) == ["1 mutants could not be graded, the first one because of: broken"]


def test_mutants_that_cannot_be_imported_do_not_count() -> None:
    assert by_hand({"broken": 0}, starts=False).counted == ()


def test_nineteen_of_twenty_are_enough() -> None:
    dead = {f"dead {n}": 0 for n in range(19)}
    assert list(by_hand({**dead, "alive": 60}).complaints()) == []
    assert list(by_hand({**dead, "alive": 60, "well": 60}).complaints()) != []


# -- the list of equivalents


def listed(folder: Path, text: str) -> list[str]:
    """Read a list for the tiny exercise, and return what is wrong with its rows."""
    exercise = load_course(folder).find("m1")
    assert exercise.hidden_folder
    (exercise.hidden_folder / EQUIVALENTS).write_text(text, encoding="utf-8")
    try:
        rows = read_equivalents(exercise)
    finally:
        (exercise.hidden_folder / EQUIVALENTS).unlink()
    survives = Mutant("string", "app.py", 1, "- a\n+ A", "")
    dies = Mutant("number", "app.py", 1, "- 1\n+ 2", "")
    fates = ((survives, Graded("", frozenset(), 100)), (dies, Graded("", frozenset({"test_a"}), 0)))
    return list(stale(rows, fates))


def test_a_row_for_a_survivor_is_right(tiny: Path) -> None:
    assert listed(tiny, ROW.format("string", "a", "A")) == []


def test_a_list_of_equivalents_makes_no_grading_another_one(tiny: Path) -> None:
    exercise = load_course(tiny).find("m1")
    assert exercise.hidden_folder
    before = exercise_hash(exercise)
    (exercise.hidden_folder / EQUIVALENTS).write_text(ROW.format("string", "a", "A"), encoding="utf-8")
    try:
        assert exercise_hash(exercise) == before
    finally:
        (exercise.hidden_folder / EQUIVALENTS).unlink()


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("number", "1", "2"), "is about a mutant that is killed: remove it"),
        (("string", "1", "2"), "is about no mutant that there is: remove it, or write operator and diff as the matrix"),
        (("string", "a", "B"), "is about no mutant that there is"),
    ],
)
def test_a_row_that_is_out_of_date_is_refused(tiny: Path, row: tuple[str, str, str], words: str) -> None:
    (complaint,) = listed(tiny, ROW.format(*row))
    assert words in complaint
    assert EQUIVALENTS in complaint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[equivalent", "not a TOML file"),
        ("[[equal]]\n", r"holds \[\[equivalent\]\] tables and nothing else"),
        ("equivalent = 1\n", r"holds \[\[equivalent\]\] tables and nothing else"),
        ('[[equivalent]]\noperater = "string"\n', "'operater' is unknown or not a text; did you mean 'operator'"),
        ('[[equivalent]]\noperator = "string"\ndiff = "x"\n', "the key 'reason' is missing"),
        ('[[equivalent]]\noperator = "string"\ndiff = "x"\nreason = " "\n', "'reason' is unknown or not a text"),
        (2 * ROW.format("string", "a", "A"), "two rows are about the same mutant"),
    ],
)
def test_a_list_that_cannot_be_meant_is_refused_by_file_and_key(tiny: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as refused:
        listed(tiny, text)
    assert f"m1_tiny/{EQUIVALENTS}" in str(refused.value)


# -- the record of a proof

STRICTER = """

@mark.points(10, "protocol", statement="all")
def test_headers(app, trace):
    "the headers"
    assert trace(app, "GET", "/").headers == [("X-Mood", "fine")], "the headers"
"""


@pytest.fixture
def settled(tiny: Path, tmp_path: Path) -> Path:
    """A course with that exercise, but of its headers a test asks everything."""
    folder = Path(shutil.copytree(tiny, tmp_path / "course", ignore=shutil.ignore_patterns(".git")))
    tests = folder / "tests" / "hidden" / "m1_tiny" / "test_contract.py"
    tests.write_text(tests.read_text(encoding="utf-8").replace("points(30", "points(25") + STRICTER, encoding="utf-8")
    (folder / "solutions" / "m1_tiny" / "app.py").write_text(
        f"def application(environ, start_response):\n    {HEADER}\n    return [b'hello']\n", encoding="utf-8"
    )
    return folder


def prove(folder: Path, *words: str) -> Result:
    """Call the command for a course."""
    return CliRunner().invoke(main, ["verify", "--mutants", "--course", str(folder), *words])


def change(path: Path) -> None:
    """Add a comment to a file, which may not be there yet."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(f"{before}# changed\n", encoding="utf-8")


def test_what_was_proven_and_recorded_is_proven_again_only_when_it_changed(settled: Path, walled: None) -> None:
    record = settled / "tests" / "hidden" / "m1_tiny" / PROVEN
    done = prove(settled)
    assert done.exit_code == 0, done.output
    assert "mutants killed (100.0 %)" in done.stdout
    assert not record.exists(), "without --record nothing is written"
    assert prove(settled, "--record").exit_code == 0
    assert re.search('^sha256 = "[0-9a-f]{64}"$', record.read_text(encoding="utf-8"), re.MULTILINE)
    done = prove(settled)
    assert (done.exit_code, done.stdout) == (0, "")
    assert "m1_tiny: nothing changed since its mutants were proven" in done.stderr
    for words in (["--all"], ["m1"]):
        assert "mutants killed" in prove(settled, *words).stdout
    change(settled / "solutions" / "m1_tiny" / "app.py")
    assert "mutants killed" in prove(settled).stdout


def test_what_is_not_proven_is_not_recorded(tiny: Path, proven: tuple[Result, Matrix]) -> None:
    assert proven[0].exit_code == 1
    assert not (tiny / "tests" / "hidden" / "m1_tiny" / PROVEN).exists()


@pytest.mark.parametrize(
    "name",
    [
        "solutions/m1_tiny/app.py",
        "exercises/m1_tiny/app.py",
        "exercises/m1_tiny/exercise.toml",
        "exercises/m1_tiny/test_public.py",
        "tests/hidden/m1_tiny/test_contract.py",
        f"tests/hidden/m1_tiny/{EQUIVALENTS}",
    ],
)
def test_a_change_of_what_decides_on_mutants_is_a_reason_to_prove_again(settled: Path, name: str) -> None:
    exercise = load_course(settled).find("m1")
    record_proof(exercise, proof_hash(exercise))
    assert is_proven(exercise)
    change(settled / name)
    assert not is_proven(exercise)


def test_a_record_makes_no_grading_another_one_and_statements_no_proof_another_one(settled: Path) -> None:
    exercise = load_course(settled).find("m1")
    before = exercise_hash(exercise)
    record_proof(exercise, proof_hash(exercise))
    assert exercise_hash(exercise) == before
    (exercise.folder / "README.md").write_text("# Another statement\n", encoding="utf-8")
    assert is_proven(exercise)


@pytest.mark.parametrize("text", ["<<<<<<< HEAD\n", "", "sha256 = 1\n", "\xff"])
def test_a_record_that_cannot_be_read_is_a_reason_to_prove_again(settled: Path, text: str) -> None:
    exercise = load_course(settled).find("m1")
    assert exercise.hidden_folder
    (exercise.hidden_folder / PROVEN).write_text(text, encoding="latin-1")
    assert not is_proven(exercise)


# -- what changed, and several crews


def test_only_exercises_that_changed_are_proven_again(tiny: Path) -> None:
    def git(*words: str) -> None:
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", tiny, *identity, *words], check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    course = load_course(tiny)
    assert changed_since(course, "HEAD") == []
    (tiny / "NOTES.md").write_text("a")
    git("add", ".")
    assert changed_since(course, "HEAD") == []
    reference = tiny / "solutions" / "m1_tiny" / "app.py"
    reference.write_text(reference.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert changed_since(course, "HEAD") == [course.find("m1")]
    git("commit", "-qam", "second")
    assert changed_since(course, "HEAD") == []
    (tiny / "grader").mkdir()
    (tiny / "grader" / "x.py").write_text("")
    git("add", ".")
    assert changed_since(course, "HEAD") == [course.find("m1")]


def test_a_folder_that_another_worker_sweeps_away_before_it_is_held_is_made_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, posix: None
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    swept: list[Path] = []
    chmod = Path.chmod

    def after_a_sweep(path: Path, mode: int) -> None:
        if not swept:
            swept.append(path)
            folders.sweep()
        chmod(path, mode)

    monkeypatch.setattr(Path, "chmod", after_a_sweep)
    folder = folders.Folder()
    assert not swept[0].exists()
    assert list(tmp_path.iterdir()) == [folder.path]
    folder.remove()
    assert list(tmp_path.iterdir()) == []
