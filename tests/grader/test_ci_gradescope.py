"""The autograder for Gradescope: what is in the zip, and honest, wrong and hostile submissions in Gradescope's layout."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from grader.cli import main
from grader.course import PROVEN
from tests.grader import two_exercises
from tests.grader.conftest import EVERY, ROOT, level, skip
from tests.grader.gradescope_host import Layout, can_be_boxed
from tests.grader.ordinary import obstacle
from tests.grader.two_exercises import LENGTH, W1, W2

SCHEMA = json.loads((ROOT / "tests" / "grader" / "schemas" / "gradescope-results.json").read_text(encoding="utf-8"))
RIGHT, WRONG = two_exercises.app(LENGTH), two_exercises.app()
MARKERS = ("leak-marker-3f9a61c7-w1", "leak-marker-84be02d5-w2")
FORGED = '{"score": 100, "tests": []}'
STOLEN = [f"source/private/tests/hidden/{W1}/test_length.py", f"source/private/solutions/{W1}/app.py", "source/autograder.json",
          "submission_metadata.json", "run_autograder", "results/results.json"]  # fmt: skip
"""What a submission would like to read, or to change."""
HOSTILE = f"""import glob, os, signal
said = []
def attempt(action):
    try:
        said.append(repr(action()))
    except BaseException as error:
        said.append(type(error).__name__)
HOME = {{home!r}}
NAMES = {STOLEN!r}
def attack():
    for name in NAMES:
        attempt(lambda: open(os.path.join(HOME, name)).read())
    for name in NAMES[2:]:
        attempt(lambda: open(os.path.join(HOME, name), "w").write({FORGED!r}))
    attempt(lambda: os.rename(os.path.join(HOME, "results"), os.path.join(HOME, "stolen")))
    for path in glob.glob("/proc/[0-9]*/environ"):
        attempt(lambda: open(path, "rb").read())
    attempt(lambda: os.kill(os.getppid(), signal.SIGKILL))
attack()
print({FORGED!r}, said, flush=True)
def application(environ, start_response):
    attack()
    print({FORGED!r}, "\\x1b[2J::error::x<script>alert(1)</script>", said, flush=True)
    raise RuntimeError(str(said) + {FORGED!r})
"""


def build(course: Path, out: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["gradescope", "build", "w1", "--out", str(out), "--course", str(course), *words])


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return two_exercises.write(tmp_path / "course")


# -- the zip


def test_the_zip_holds_one_exercise_and_nothing_else_of_the_private_half(small: Path, tmp_path: Path) -> None:
    (small / "tests" / "hidden" / W1 / PROVEN).write_text("{}")
    result = build(small, tmp_path / "autograder.zip")
    assert result.exit_code == 0, result.output
    with zipfile.ZipFile(tmp_path / "autograder.zip") as archive:
        names = {name for name in archive.namelist() if not name.startswith("grader/")}
        everything = b"".join(map(archive.read, archive.namelist()))
        rights = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
    assert {name for name in names if not name.startswith(f"exercises/{W1}/")} == {
        "setup.sh", "run_autograder", "pyproject.toml", "LICENSE", "autograder.json", f"private/solutions/{W1}/app.py",
        f"private/tests/hidden/{W1}/test_length.py", f"private/tests/hidden/{W1}/messages.zh-CN.po",
    }  # fmt: skip
    assert (MARKERS[0].encode() in everything, MARKERS[1].encode() in everything) == (True, False)
    assert rights["setup.sh"] == rights["run_autograder"] == 0o100755
    assert rights["pyproject.toml"] == 0o100644


def test_an_exercise_brings_those_whose_tests_it_has_again(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "autograder.zip"
    result = CliRunner().invoke(main, ["gradescope", "build", "w2", "--out", str(out), "--course", str(small)])
    assert result.exit_code == 0, result.output
    with zipfile.ZipFile(out) as archive:
        assert {name.split("/")[3] for name in archive.namelist() if name.startswith("private/tests/hidden/")} == {
            W1,
            W2,
        }


def test_the_same_course_gives_the_same_bytes(small: Path, tmp_path: Path) -> None:
    assert build(small, tmp_path / "one.zip").exit_code == 0
    other = shutil.copytree(small, tmp_path / "elsewhere")
    for path in other.rglob("*.py"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
        path.chmod(0o600)
    (other / "exercises" / W1 / "__pycache__").mkdir()
    (other / "exercises" / W1 / "__pycache__" / "app.cpython-311.pyc").write_bytes(b"x")
    assert build(other, tmp_path / "two.zip").exit_code == 0
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_without_hidden_tests_or_with_others_there_is_no_zip(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "autograder.zip"
    (small / "tests" / "hidden" / W1 / "test_length.py").write_text("def test_else(): ...\n")
    result = build(small, out)
    assert (result.exit_code, out.exists()) == (2, False)
    assert "the private half has other hidden tests of w1_greeting than the course" in result.output
    shutil.rmtree(small / "tests" / "hidden" / W1)
    result = build(small, out)
    assert (result.exit_code, out.exists()) == (2, False)
    assert "there are no hidden tests of w1_greeting here" in result.output


def test_the_zip_goes_nowhere_from_where_it_would_be_handed_out(small: Path) -> None:
    result = build(small, small / "exercises" / W1 / "autograder.zip")
    assert result.exit_code == 2
    assert "name a folder elsewhere" in result.output


# -- the layout


def made(folder: Path, boxed: bool) -> Layout:
    course = two_exercises.write(folder / "course")
    result = build(course, folder / "autograder.zip", "--max-attempts", "2", "--lang", "en")
    assert result.exit_code == 0, result.output
    layout = Layout(folder, boxed)
    layout.unpack((folder / "autograder.zip").read_bytes())
    folder.chmod(0o755)
    return layout


def ready(folder: Path, boxed: bool) -> Layout:
    layout = made(folder, boxed)
    done = layout.set_up()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "isolation level" in done.stdout
    assert "libseccomp2 util-linux" in (layout.folder / "standins" / "apt.log").read_text()
    assert (layout.home / "source").stat().st_mode & 0o077 == 0
    return layout


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layout]:
    """An image that is set up, which the tests of this module share."""
    if sys.platform != "linux" or not level()[0]:
        skip("there is nothing here to wall submissions in with", "run this on Linux; grader doctor says more")
    if obstacle():
        skip("no environment can be made that every user may read", obstacle())
    import tempfile

    with tempfile.TemporaryDirectory(prefix="grader-gradescope-", dir="/tmp") as folder:
        yield ready(Path(folder), boxed=can_be_boxed())


def results(layout: Layout) -> Any:  # noqa: ANN401 - JSON
    """Return the results, after they kept to the schema."""
    content = json.loads(layout.results.read_text(encoding="utf-8"))
    Draft202012Validator(SCHEMA).validate(content)
    return content


def test_an_honest_submission_gets_its_points_in_the_folder_of_its_archive_too(layout: Layout) -> None:
    done = layout.grade({"w1/app.py": RIGHT, "__MACOSX/w1/._app.py": "x"})
    assert done.returncode == 0, done.stdout + done.stderr
    content = results(layout)
    assert (content["score"], content["extra_data"]["isolation"]) == (100, "confined")
    assert {test["name"].split(" ")[0]: test["score"] for test in content["tests"]} == {
        "test_greets": 40, "test_says_how_long": 60,
    }  # fmt: skip


def test_a_wrong_submission_is_told_why_and_nothing_of_hidden_tests(layout: Layout) -> None:
    done = layout.grade({"app.py": WRONG})
    assert done.returncode == 0, done.stdout + done.stderr
    content = results(layout)
    assert content["score"] == 40
    [failed] = [test for test in content["tests"] if test["status"] == "failed"]
    assert failed["name"].startswith("test_says_how_long")
    assert "how many bytes are in the body?" in failed["output"]
    assert MARKERS[0] not in done.stdout + done.stderr + layout.results.read_text()


def test_what_is_not_asked_for_is_missing_though_it_looks_like_a_class(layout: Layout) -> None:
    download = {"submission_metadata.yml": "x: 1\n", "submission_1/app.py": RIGHT, "submission_2/app.py": RIGHT}
    done = layout.grade(download)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (results(layout)["score"], results(layout)["extra_data"]["verdict"]) == (0, "missing_file")


def test_a_hostile_submission_reads_nothing_changes_nothing_and_says_nothing(layout: Layout) -> None:
    home = "/autograder" if layout.boxed else str(layout.home)
    before = {path: path.read_bytes() for path in (layout.home / "source").rglob("*") if path.is_file()}
    layout.results.write_text(FORGED)
    assert all((layout.home / name).exists() for name in STOLEN)
    done = layout.grade({"app.py": HOSTILE.replace("{home!r}", repr(home)), "conftest.py": "raise SystemExit(0)\n"})
    assert done.returncode == 0, done.stdout + done.stderr
    content = results(layout)
    assert (content["score"], content["extra_data"]["verdict"]) == (0, "graded")
    told = json.dumps(content, ensure_ascii=False) + done.stdout + done.stderr
    for word in (*MARKERS, "ada@school.example", "secret-of-the-host", FORGED, "<script>", "\x1b", "max_attempts"):
        assert word not in told
    assert {path: path.read_bytes() for path in (layout.home / "source").rglob("*") if path.is_file()} == before
    assert (layout.home / "run_autograder").read_bytes() == (layout.home / "source" / "run_autograder").read_bytes()
    assert "ada@school.example" in (layout.home / "submission_metadata.json").read_text()
    layout.grade({"app.py": RIGHT})
    assert results(layout)["score"] == 100


# -- attempts


def attempt(score: float, verdict: str = "graded", exercise: str = W1) -> dict[str, Any]:
    extra = {"exercise": exercise, "verdict": verdict}
    return {"score": score, "autograder_error": False, "results": {"score": score, "extra_data": extra, "tests": []}}


FAILED = {
    "score": None,
    "autograder_error": True,
    "results": {"output": "x", "extra_data": {"exercise": W1, "verdict": "x"}},
}


def test_attempts_that_are_used_up_keep_the_last_score(layout: Layout) -> None:
    before = [attempt(10), FAILED, attempt(55), attempt(0, "missing_file"), attempt(55, "attempts_used_up")]
    done = layout.grade({"app.py": RIGHT}, {"previous_submissions": before})
    assert done.returncode == 0, done.stdout + done.stderr
    content = results(layout)
    assert (content["score"], content["tests"], content["extra_data"]["verdict"]) == (55, [], "attempts_used_up")
    assert content["output"] == "nothing was graded: all 2 attempts are used up, and the score is that of the last one"


def test_only_what_hidden_tests_judged_is_an_attempt(layout: Layout) -> None:
    before = [attempt(10), FAILED, FAILED, attempt(10, "attempts_used_up"), attempt(9, exercise=W2), {"results": None},
              attempt(0, "missing_file"), attempt(0, "bad_submission")]  # fmt: skip
    done = layout.grade({"app.py": RIGHT}, {"previous_submissions": before})
    assert (done.returncode, results(layout)["score"]) == (0, 100), done.stdout + done.stderr


# -- faults of ours


def without_score(layout: Layout) -> Any:  # noqa: ANN401 - JSON
    """Return results that have no score, and of which nothing but that is wrong."""
    content = json.loads(layout.results.read_text(encoding="utf-8"))
    assert "score" not in content
    assert content["tests"] == []
    assert [error.validator for error in Draft202012Validator(SCHEMA).iter_errors(content)] == ["anyOf"]
    return content


def test_without_what_gradescope_knows_nobody_knows_the_attempts(layout: Layout) -> None:
    layout.results.write_text('{"score": 0, "tests": []}')
    done = layout.grade({"app.py": RIGHT}, {"id": 7})
    assert done.returncode == 2
    assert without_score(layout)["output"] == "no score: the fault is the grader's, not the submission's"


@pytest.mark.parametrize("broken", ["reference", "settings", "hidden"])
def test_a_fault_of_ours_is_no_zero(broken: str, layout: Layout) -> None:
    source = layout.home / "source"
    names = {
        "reference": f"private/solutions/{W1}/app.py", "settings": "autograder.json",
        "hidden": f"private/tests/hidden/{W1}/test_length.py",
    }  # fmt: skip
    path = source / names[broken]
    kept = path.read_bytes()
    path.write_bytes({"reference": WRONG.encode(), "settings": b"{}", "hidden": b"def test_else(): ...\n"}[broken])
    try:
        done = layout.grade({"app.py": RIGHT})
    finally:
        path.write_bytes(kept)
    assert done.returncode in (2, 3), done.stdout + done.stderr
    assert "fault is the grader's" in without_score(layout)["output"]
    assert MARKERS[0] not in done.stdout + done.stderr


@pytest.mark.usefixtures("no_walls")
def test_without_walls_nothing_of_a_submission_is_run(small: Path, tmp_path: Path) -> None:
    home = tmp_path / "autograder"
    (home / "submission").mkdir(parents=True)
    (home / "submission" / "app.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n{RIGHT}")
    assert build(small, tmp_path / "autograder.zip").exit_code == 0
    with zipfile.ZipFile(io.BytesIO((tmp_path / "autograder.zip").read_bytes())) as archive:
        archive.extractall(home / "source")
    result = CliRunner().invoke(main, ["gradescope", "run", str(home)])
    assert result.exit_code == 3, result.output
    without_score(Layout(tmp_path, boxed=False))
    assert not (tmp_path / "ran").exists()


# -- other ways to get there


def test_a_layout_elsewhere_is_named_by_a_variable(layout: Layout, tmp_path: Path) -> None:
    if not layout.boxed:
        pytest.skip("every test here has a layout elsewhere")
    moved = Layout(layout.folder, boxed=False)
    script = moved.home / "grader" / "bin" / "grader"
    kept = script.read_text()
    script.write_text(kept.replace("#!/autograder/", f"#!{moved.home}/"))
    try:
        done = moved.grade({"app.py": WRONG})
    finally:
        script.write_text(kept)
    assert (done.returncode, results(moved)["score"]) == (0, 40), done.stdout + done.stderr


if EVERY:  # it takes the network

    def test_pip_installs_what_the_zip_asks_for(tmp_path: Path) -> None:
        real = made(tmp_path, boxed=can_be_boxed())
        done = real.set_up(network=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert real.grade({"app.py": RIGHT}).returncode == 0
        assert results(real)["score"] == 100
