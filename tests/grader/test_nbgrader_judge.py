"""`nbgrader autograde` with the configuration that we generate: judged by the engine alone, whatever a student hands in."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from grader.course import load_course
from grader.errors import EngineFault, UsageError
from grader.leaks.guard import Guard
from grader.leaks.secrets import secrets_of
from grader.nbgrader.handed import SET_ASIDE, HandedIn, is_harmless, set_aside
from grader.nbgrader.names import notebook_file
from grader.nbgrader.showing import wrapped
from grader.nbgrader.waiting import Waiting
from grader.samples import load_samples
from tests.bench import nbgrader as bench
from tests.bench.meter import Cost
from tests.grader.conftest import ROOT, skip
from tests.grader.nbgrader_class import Class, Stored, cell_of, changed
from tests.grader.nbgrader_commands import Commands
from tests.grader.nbgrader_identity import differences, engine, hand_in

COURSE = load_course(ROOT)
A1, B1 = COURSE.find("a1"), COURSE.find("b1")
assert A1.reference_folder
REFERENCE = (A1.reference_folder / "app.py").read_bytes()
SAMPLES = (
    "text_body", "head_sends_body", "many_chunks", "wrong_file_name", "attack_exits_at_import", "attack_prints_passed",
    "attack_writes_markup", "attack_is_a_pipe", "attack_links_to_a_device", "attack_links_to_the_reference", "attack_is_huge",
    "attack_zip_climbs", "attack_ships_a_conftest",
)  # fmt: skip
SCRIPT = "<script>alert('inject-3b1f')</script><img src=x onerror=alert(1)>"
NOON = datetime(2026, 1, 2, 12)
FULL = {"points-correctness": 36.0, "points-protocol": 44.0, "points-robustness": 12.0, "points-design": 8.0}


@pytest.fixture(scope="module", autouse=True)
def installed(full: None) -> None:
    """Ask for nbgrader, and for walls: hostile work is handed in."""
    if importlib.util.find_spec("nbgrader") is None:
        skip("nbgrader is not installed", "uv sync --group ci")


# -- style files


def tampered(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    """Return what hands in the reference with a notebook that was changed."""

    def make(place: Path) -> None:
        (place / "app.py").write_bytes(REFERENCE)
        content = json.loads((place.parents[2] / "release" / A1.name / notebook_file(A1.name)).read_bytes())
        change(content)
        (place / notebook_file(A1.name)).write_text(json.dumps(content), encoding="utf-8")

    return make


def every(key: str, value: object) -> Callable[[dict[str, Any]], None]:
    """Return what changes nbgrader's metadata of all cells."""

    def change(notebook: dict[str, Any]) -> None:
        for cell in notebook["cells"]:
            cell["metadata"].setdefault("nbgrader", {})[key] = value

    return change


def forge(notebook: dict[str, Any]) -> None:
    """Write right results, tags and an own cell into every place where nbgrader could look for them."""
    for cell in notebook["cells"]:
        cell["metadata"]["tags"] = ["skip-execution", "raises-exception"]
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "execute_result", "data": {"text/plain": "1000.0", "text/html": SCRIPT},
                                "metadata": {}, "execution_count": 1}]  # fmt: skip
    notebook["cells"].append({"cell_type": "markdown", "id": "own", "metadata": {}, "source": SCRIPT})
    notebook["metadata"]["title"] = SCRIPT


def other_notebook(make: Callable[[Path], object]) -> Callable[[Path], None]:
    """Return what hands in the reference with something else in place of the notebook."""

    def hand(place: Path) -> None:
        (place / "app.py").write_bytes(REFERENCE)
        make(place / notebook_file(A1.name))

    return hand


def huge(notebook: dict[str, Any]) -> None:
    """Add 60 megabytes of output."""
    lines = ["x" * 1000 + "\n"] * 1000
    notebook["cells"].append({"cell_type": "code", "id": "own", "metadata": {}, "source": "", "execution_count": 1,
                              "outputs": [{"output_type": "stream", "name": "stdout", "text": lines}] * 60})  # fmt: skip


TAMPERED: dict[str, Callable[[Path], None]] = {
    "all cells deleted": tampered(lambda notebook: notebook["cells"].clear()),
    "cells copied": tampered(lambda notebook: notebook["cells"].extend(notebook["cells"])),
    "locked cells edited": tampered(lambda notebook: [cell.update(source=SCRIPT) for cell in notebook["cells"]]),
    "old schema": tampered(every("schema_version", 1)),
    "new schema": tampered(every("schema_version", 99)),
    "more points": tampered(every("points", 1000)),
    "no grade cells": tampered(every("grade", False)),
    "one grade id": tampered(every("grade_id", "points-design")),
    "metadata of another kind": tampered(lambda notebook: [cell.update(metadata=[1]) for cell in notebook["cells"]]),
    "forged": tampered(forge),
    "sixty megabytes": tampered(huge),
    "old format": tampered(lambda notebook: notebook.update(nbformat=3, worksheets=[{"cells": []}])),
    "no JSON": other_notebook(lambda path: path.write_text("<html>")),
    "deep JSON": other_notebook(lambda path: path.write_text('{"cells":' + "[" * 100_000)),
    "no text": other_notebook(lambda path: path.write_bytes(b"\xff\xfe\x00")),
    "a pipe": other_notebook(os.mkfifo),
    "a link": other_notebook(lambda path: path.symlink_to("/etc/hostname")),
    "a device": other_notebook(lambda path: path.symlink_to("/dev/zero")),
    "a page of feedback": other_notebook(lambda path: path.with_suffix(".html").write_text(SCRIPT)),
    "李雷 的": tampered(lambda _: None),
}
"""How a notebook may be handed in beside a right app.py, by the name of the student."""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A kernel that leaves a file when it is started, instead of the one that notebooks name."""
    folder = tmp_path_factory.mktemp("jupyter")
    (folder / "kernels" / "python3").mkdir(parents=True)
    started = folder / "kernel-was-started"
    content = {"argv": ["/usr/bin/touch", str(started)], "display_name": "Python 3", "language": "python"}
    (folder / "kernels" / "python3" / "kernel.json").write_text(json.dumps(content))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder))
        yield started


@pytest.fixture(scope="module")
def commands(kernel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    """What runs nbgrader's commands."""
    with Commands(tmp_path_factory.mktemp("home")) as made:
        yield made


class Files:
    """A class in style files after ``nbgrader autograde``."""

    def __init__(self, folder: Path, commands: Commands) -> None:
        self.course = Class.made(folder / "course", ROOT, "files", (A1,), folder / "store.db", commands=commands)
        samples = [sample for sample in load_samples(ROOT, A1) if sample.name in SAMPLES]
        assert len(samples) == len(SAMPLES)
        self.handed, _ = hand_in(self.course, A1, "files", samples)
        for student, make in TAMPERED.items():
            self.course.hand_in(student, A1, make)
        for number, place in enumerate(sorted((self.course.folder / "submitted").glob(f"*/{A1.name}"))):
            (place / "timestamp.txt").write_text("2026-01-02 10:00:00 UTC\n")
            (place / "submission_secret.txt").write_text(f"secret {number}")
        self.done = self.course.nbgrader("autograde", A1.name)
        self.stored = self.course.stored(A1)


@pytest.fixture(scope="module")
def files(commands: Commands, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The class."""
    return Files(tmp_path_factory.mktemp("files"), commands)


def test_the_batch_comes_to_its_end(files: Files) -> None:
    assert files.done.failed() == set()
    assert files.done.code == 0
    assert files.stored.keys() == files.handed.keys() | TAMPERED.keys()


def test_stored_scores_are_the_engines_cell_by_cell(files: Files) -> None:
    attempts = engine(submission for _, submission in files.handed.values())
    found = {name: differences(attempt, files.stored[name]) for name, attempt in attempts.items()}
    assert {name: lines for name, lines in found.items() if lines} == {}
    scores = {sum(cell.auto or 0 for cell in files.stored[name].values()) for name in attempts}
    assert {0.0, 100.0} < scores, "all, nothing, and something between"


@pytest.mark.parametrize("student", TAMPERED)
def test_what_was_done_to_a_notebook_changes_nothing(files: Files, student: str) -> None:
    assert {name: cell.auto for name, cell in files.stored[student].items()} == FULL
    graded, honest = (
        files.course.place(name, A1, "autograded") / notebook_file(A1.name) for name in (student, "reference")
    )
    assert graded.read_bytes() == honest.read_bytes()


def test_no_kernel_is_started(files: Files, kernel: Path) -> None:
    ask = "from jupyter_client.kernelspec import KernelSpecManager as K; print(K().get_kernel_spec('python3').argv[1])"
    said = subprocess.run([sys.executable, "-W", "ignore", "-c", ask], capture_output=True, text=True, check=True)
    assert Path(said.stdout.strip()) == kernel, "a kernel would leave this file"
    assert not kernel.exists()


def test_submissions_are_graded_once_and_found_in_the_store(files: Files) -> None:
    with sqlite3.connect(files.course.folder.parent / "store.db") as store:
        runs, attempts = (
            store.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("grader_runs", "grader_attempts")
        )
    store.close()
    assert (runs, attempts) == (1, len(files.stored))


# -- feedback


@pytest.fixture(scope="module")
def pages(files: Files) -> dict[str, str]:
    """The page of feedback of each student."""
    done = files.course.nbgrader("generate_feedback", A1.name)
    assert (done.failed(), done.code) == (set(), 0), done.said[-2000:]
    name = notebook_file(A1.name).replace(".ipynb", ".html")
    return {
        student: (files.course.place(student, A1, "feedback") / name).read_text("utf-8") for student in files.stored
    }


def test_feedback_is_readable_and_about_each_category(pages: dict[str, str]) -> None:
    for said in ("WHAT HAPPENED", "WHAT WAS EXPECTED", "LOOK AT", "correctness: 5 of 6 tests passed, 32/36 points"):
        assert said in pages["text_body"]
    assert "Score: 32.0 / 36.0" in re.sub(r"\s+", " ", pages["text_body"])
    assert "missing file: app.py" in pages["wrong_file_name"]
    assert "is not a regular file" in pages["attack_links_to_a_device"]


def test_feedback_holds_nothing_of_the_hidden_tests(pages: dict[str, str]) -> None:
    guard = Guard(secrets_of(ROOT, ROOT))
    assert {student: guard.check(page, student) for student, page in pages.items() if guard.check(page, student)} == {}
    planted = pages["text_body"].replace("WHAT HAPPENED", next(one.text for one in guard.secrets if one.marker), 1)
    assert guard.check(planted, "planted")


def test_feedback_holds_no_markup_of_a_students(pages: dict[str, str]) -> None:
    tags = {
        student: sorted(re.findall(r"<(?:script|img|iframe|link|object|svg)\b[^>]*", page))
        for student, page in pages.items()
    }
    assert {student for student, found in tags.items() if found != tags["reference"]} == set()
    assert not [student for student, page in pages.items() if "inject-3b1f" in page]


def test_released_feedback_is_the_pages_and_nothing_else(files: Files, pages: dict[str, str], tmp_path: Path) -> None:
    exchange = tmp_path / "exchange"
    exchange.mkdir()
    done = files.course.nbgrader("release_feedback", A1.name, f"--Exchange.root={exchange}")
    assert done.code == 0, done.said[-2000:]
    given = [path for path in exchange.rglob("*") if path.is_file()]
    assert len(given) == len(pages)
    assert {path.read_text("utf-8") for path in given} == set(pages.values())


def test_pages_that_nobody_could_fetch_keep_nobody_else_s_back(
    files: Files, pages: dict[str, str], tmp_path: Path
) -> None:
    exchange, bad = tmp_path / "exchange", {"reference": None, "forged": b"\xff\n", "李雷 的": b""}
    exchange.mkdir()
    secrets = {student: files.course.place(student, A1, "feedback") / "submission_secret.txt" for student in bad}
    kept = {path: path.read_bytes() for path in secrets.values()}
    for student, path in secrets.items():
        path.unlink()
        if (data := bad[student]) is not None:
            path.write_bytes(data)
    done = files.course.nbgrader("release_feedback", A1.name, f"--Exchange.root={exchange}")
    for path, data in kept.items():
        path.write_bytes(data)
    assert done.code == 1
    assert f"feedback of 3 of {len(pages)} students was not released; that of the others is" in done.said
    assert "there is no submission_secret.txt" in done.said
    assert "Traceback" not in done.said
    assert len([path for path in exchange.rglob("*") if path.is_file()]) == len(pages) - 3


# -- grading again


def test_manual_scores_stay_and_lateness_costs_when_it_is_graded_again(files: Files) -> None:
    cell = "(SELECT id FROM base_cell WHERE name = 'points-design' AND type = 'GradeCell')"
    late = "(SELECT id FROM submitted_assignment WHERE student_id = ?)"
    files.course.change(
        f"UPDATE grade SET manual_score = 3 WHERE cell_id = {cell} AND notebook_id = "
        f"(SELECT id FROM submitted_notebook WHERE assignment_id = {late})", "text_body",
    )  # fmt: skip
    files.course.change("UPDATE assignment SET duedate = '2026-01-02 09:00:00'")
    done = files.course.nbgrader(
        "autograde", A1.name, "--force", "--student", "text_body", "--LateSubmissionPlugin.penalty_method=zero"
    )
    files.course.change("UPDATE assignment SET duedate = NULL")
    assert done.code == 0, done.said[-2000:]
    now = files.course.stored(A1)["text_body"]
    assert now["points-design"] == Stored(8.0, 3.0, 8.0, needs=True, penalty=32.0 + 32.0 + 12.0 + 3.0)
    assert now["points-correctness"] == Stored(32.0, None, 36.0, needs=False, penalty=79.0)
    assert files.course.stored(A1)["reference"] == files.stored["reference"]


def test_a_penalty_goes_when_the_deadline_does(files: Files) -> None:
    for duedate, penalty in (("2026-01-02 09:00:00", 100.0), ("2026-01-02 10:00:00", None)):
        files.course.change("UPDATE assignment SET duedate = ?", duedate)
        done = files.course.nbgrader(
            "autograde", A1.name, "--force", "--student", "reference", "--LateSubmissionPlugin.penalty_method=zero"
        )
        assert done.code == 0, done.said[-2000:]
        assert {cell.penalty for cell in files.course.stored(A1)["reference"].values()} == {penalty}
    files.course.change("UPDATE assignment SET duedate = NULL")
    assert files.course.stored(A1)["reference"] == files.stored["reference"]


@pytest.mark.parametrize("timestamp", [None, NOON, NOON + timedelta(seconds=1), NOON + timedelta(hours=2)])
@pytest.mark.parametrize("extension", [None, timedelta(0), timedelta(hours=1)])
@pytest.mark.parametrize("duedate", [None, NOON])
def test_a_submission_counts_as_in_time_only_where_nbgrader_says_so(
    timestamp: datetime | None, extension: timedelta | None, duedate: datetime | None
) -> None:
    from nbgrader import api

    from grader.nbgrader.saving import is_in_time

    submitted = api.SubmittedAssignment(timestamp=timestamp, extension=extension)
    submitted.assignment = api.Assignment(name="one", duedate=duedate)
    try:
        late = submitted.total_seconds_late > 0
    except TypeError:  # nbgrader adds an extension to no date
        late = True
    assert is_in_time(None, timestamp, extension, duedate) is not late
    assert not is_in_time(0.0, timestamp, extension, duedate), "a penalty is there, and may have to go"


def test_a_fault_of_ours_is_neither_right_nor_wrong_and_withdraws_what_was_known(files: Files, no_walls: None) -> None:
    before = files.course.stored(A1)
    (files.course.place("starter", A1) / "app.py").write_bytes(REFERENCE + b"# other work\n")
    done = files.course.alone("autograde", A1.name, "--force", "--student", "starter")
    assert done.failed() == {"starter"}
    assert done.code == 1
    assert "This is no fault of the submission" in done.said
    now = files.course.stored(A1)
    assert all((cell.auto, cell.needs) == (None, True) for cell in now.pop("starter").values())
    assert not files.course.place("starter", A1, "autograded").exists(), "the next command takes it again"
    del before["starter"]
    assert now == before


def test_what_was_graded_behind_walls_is_found_in_the_store_where_there_are_none(files: Files, no_walls: None) -> None:
    done = files.course.alone("autograde", A1.name, "--force", "--student", "reference")
    assert done.code == 0, done.said[-2000:]
    assert files.course.stored(A1)["reference"] == files.stored["reference"]


def test_an_exercise_that_was_changed_after_its_release_is_refused_with_the_remedy(files: Files) -> None:
    released = files.course.released(A1)
    content = released.read_bytes()
    changed(released, lambda notebook: cell_of(notebook, "points-design")["metadata"]["nbgrader"].update(points=80))
    done = files.course.nbgrader("autograde", A1.name, "--force", "--student", "many_chunks")
    released.write_bytes(content)
    assert done.failed() == {"many_chunks"}
    assert "was changed after its release" in done.said
    assert f"delete release/{A1.name}, run" in done.said, "an update refuses to change what is released"
    assert f"nbgrader generate_assignment {A1.name} --force" in done.said
    assert all((cell.auto, cell.needs) == (None, True) for cell in files.course.stored(A1)["many_chunks"].values())


def test_without_the_released_notebook_nothing_is_graded_and_the_remedy_is_said(files: Files) -> None:
    released = files.course.released(A1)
    content = released.read_bytes()
    released.unlink()
    done = files.course.nbgrader("autograde", A1.name, "--force", "--student", "head_sends_body")
    released.write_bytes(content)
    assert done.failed() == {"head_sends_body"}
    assert f"run: nbgrader generate_assignment {A1.name}" in done.said
    assert all((cell.auto, cell.needs) == (None, True) for cell in files.course.stored(A1)["head_sends_body"].values())


# -- style cells

ESSAY = {
    "grade": True,
    "solution": True,
    "locked": False,
    "points": 10,
    "grade_id": "essay",
    "schema_version": 3,
    "task": False,
}
OWN_TEST = {**ESSAY, "solution": False, "locked": True, "grade_id": "own-test"}


def instructors_own(notebook: dict[str, Any]) -> None:
    """Add an answer in words, and a test of the instructor's own."""
    answer = {"cell_type": "markdown", "id": "essay", "metadata": {"nbgrader": ESSAY}, "source": "Your answer"}
    test: dict[str, Any] = {"cell_type": "code", "id": "own", "metadata": {"nbgrader": OWN_TEST}, "source": "assert 0",
                            "outputs": [], "execution_count": None}  # fmt: skip
    notebook["cells"] += [answer, test]


CELLS: dict[str, Callable[[dict[str, Any]], object]] = {
    "answers in words": lambda notebook: cell_of(notebook, "essay").update(source=f"My **answer**\n\n{SCRIPT}"),
    "cell deleted": lambda notebook: notebook["cells"].remove(cell_of(notebook, "solution-app")),
    "cell twice": lambda notebook: notebook["cells"].append({**cell_of(notebook, "solution-app"), "source": "1 / 0"}),
    "lines": lambda notebook: cell_of(notebook, "solution-app").update(
        source=REFERENCE.decode().splitlines(keepends=True), cell_type="raw", outputs=[SCRIPT]
    ),
    "half of a pair": lambda notebook: cell_of(notebook, "solution-app").update(source="x = '\ud83d'\n"),
    "no text": lambda notebook: cell_of(notebook, "solution-app").update(source={"text": 1}),
    "too long": lambda notebook: cell_of(notebook, "solution-app").update(source="#" * (2 << 20)),
    "notebook of nothing": lambda notebook: notebook.update(cells=None),
}
"""What may become of the solution cell of a right notebook."""


class Cells:
    """A class in style cells after ``nbgrader autograde``, with cells of the instructor's own in the notebook."""

    def __init__(self, folder: Path, commands: Commands) -> None:
        self.course = Class.made(
            folder / "course", ROOT, "cells", (A1,), folder / "store.db", instructors_own, commands
        )
        samples = [sample for sample in load_samples(ROOT, A1) if sample.name in SAMPLES]
        self.handed, self.left_out = hand_in(self.course, A1, "cells", samples)
        for student, change in CELLS.items():
            place = self.course.write_in_cell(student, A1, REFERENCE.decode())
            changed(place / notebook_file(A1.name), change)
        self.done = self.course.nbgrader("autograde", A1.name)
        self.stored = self.course.stored(A1)

    def points(self, student: str) -> dict[str, float | None]:
        """Return the scores of our cells."""
        return {name: cell.auto for name, cell in self.stored[student].items() if name.startswith("points-")}

    def graded(self, student: str) -> dict[str, Any]:
        """Return the autograded notebook."""
        found: dict[str, Any] = json.loads(
            (self.course.place(student, A1, "autograded") / notebook_file(A1.name)).read_bytes()
        )
        return found


@pytest.fixture(scope="module")
def cells(commands: Commands, tmp_path_factory: pytest.TempPathFactory) -> Cells:
    """The class."""
    return Cells(tmp_path_factory.mktemp("cells"), commands)


def test_modules_in_cells_have_the_engines_scores_cell_by_cell(cells: Cells) -> None:
    assert (cells.done.failed(), cells.done.code) == (set(), 0), cells.done.said[-2000:]
    attempts = engine(submission for _, submission in cells.handed.values())
    ours = {name: {cell: held for cell, held in cells.stored[name].items() if cell in FULL} for name in attempts}
    found = {name: differences(attempt, ours[name]) for name, attempt in attempts.items()}
    assert {name: lines for name, lines in found.items() if lines} == {}
    assert cells.points("reference") == FULL
    assert 0 < sum(filter(None, cells.points("text_body").values())) < 100


@pytest.mark.parametrize("student", ["answers in words", "cell twice", "lines"])
def test_the_first_solution_cell_is_the_module_whatever_is_said_of_it(cells: Cells, student: str) -> None:
    assert cells.points(student) == FULL


@pytest.mark.parametrize(
    ("student", "reason"),
    [
        ("cell deleted", "has no cell solution-app"), ("too long", "app.py is larger than 1048576 bytes"),
        ("notebook of nothing", "is no notebook that can be read"), ("half of a pair", "could not be imported"),
        ("no text", "could not be imported"),
    ],
)  # fmt: skip
def test_a_solution_cell_that_is_none_is_reported_to_this_student(cells: Cells, student: str, reason: str) -> None:
    assert sum(filter(None, cells.points(student).values())) < 10
    said = "".join("".join(cell_of(cells.graded(student), name)["outputs"][0]["text"]) for name in FULL)
    assert reason in " ".join(re.sub(r"\x1b\[[0-9;]*m", "", said).split()) or student == "no text"


def test_cells_of_the_instructors_own_are_graded_by_hand(cells: Cells) -> None:
    for cell in ("essay", "own-test"):
        held = cells.stored["answers in words"][cell]
        assert (held.auto, held.needs, held.most) == (None, True, 10.0)


def test_an_answer_in_words_reaches_whoever_grades_without_markup(cells: Cells) -> None:
    text = "".join(cell_of(cells.graded("answers in words"), "essay")["source"])
    assert text == "My **answer**\n\n" + SCRIPT.replace("<", "&lt;")


# -- the parts alone


def test_a_grading_process_that_dies_costs_at_most_who_waits_for_it(cells: Cells) -> None:
    waits = {name: cells.course.place(name, A1) for name in ("reference", "text_body")}
    said: list[str] = []
    waiting = Waiting(cells.course.folder, A1.name, dict(waits), said.append)
    waiting.begin()
    assert waiting.process
    waiting.process.process.kill()
    with pytest.raises(EngineFault, match="reference has no result"):
        waiting.result("reference")
    assert waiting.result("text_body").cells["correctness"].earned == 32
    assert waiting.process is None, "the process was waited for"


def test_a_course_that_cannot_be_graded_is_said_for_everybody(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path, A1.name, {"one": tmp_path, "two": tmp_path}, lambda _: None)
    for student in ("one", "two"):
        with pytest.raises(UsageError, match=r"grader\.toml"):
            waiting.result(student)


def test_what_nbgrader_must_not_copy_is_set_aside_and_graded_from_there(tmp_path: Path) -> None:
    notebook = tmp_path / notebook_file(A1.name)
    notebook.write_text("{}")
    (tmp_path / "timestamp.txt").write_text("2026-01-02 10:00:00 UTC")
    (tmp_path / "app.py").write_bytes(REFERENCE)
    before = sorted(path.name for path in tmp_path.iterdir())
    set_aside(notebooks=[str(notebook)])
    assert sorted(path.name for path in tmp_path.iterdir()) == before, "there is nothing against it"
    (tmp_path / SET_ASIDE).symlink_to("/etc")
    set_aside(notebooks=[str(notebook)])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([notebook.name, SET_ASIDE, "timestamp.txt"])
    assert not (tmp_path / SET_ASIDE).is_symlink()
    assert HandedIn(tmp_path, "files").read(tmp_path, A1, "ada").files == {"app.py": REFERENCE}


@pytest.mark.parametrize("harm", ["link", "pipe", "many", "deep", "large"])
def test_a_submission_that_nbgrader_could_not_copy_is_seen(tmp_path: Path, harm: str) -> None:
    assert is_harmless(tmp_path)
    make: dict[str, Callable[[], object]] = {
        "link": lambda: (tmp_path / "x").symlink_to("/dev/zero"),
        "pipe": lambda: os.mkfifo(tmp_path / "x"),
        "many": lambda: [(tmp_path / str(number)).write_bytes(b"") for number in range(501)],
        "deep": lambda: (tmp_path / "/".join("a" * 40)).mkdir(parents=True),
        "large": lambda: sparse(tmp_path / "x", 65 << 20),
    }
    make[harm]()
    assert not is_harmless(tmp_path)


def sparse(path: Path, size: int) -> None:
    """Make a large file that takes no room."""
    with path.open("wb") as file:
        file.truncate(size)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three", ["one two", "three"]),
        ("响应体的字节数不对", ["响应体的", "字节数不", "对"]),
        ("a 响应体的字节数", ["a", "响应体的", "字节数"]),
        ("", [""]),
        ("x" * 17, ["x" * 8, "x" * 8, "x"]),
    ],
)
def test_a_report_is_wrapped_by_columns_and_loses_nothing(text: str, lines: list[str]) -> None:
    assert list(wrapped(text, 8)) == lines


def test_the_benchmark_says_what_is_measured_and_what_is_a_straight_line() -> None:
    found = bench.Found()
    for who, size, seconds in (("stock", 2, 4.0), ("stock", 4, 6.0), ("ours", 30, 5.0), ("again", 30, 4.0)):
        found.add(who, size, Cost(seconds, seconds / 2, 0.0, 0, 0, (0,), 0, late=False))
    text = "\n".join(bench.report(found, [30]))
    assert "| judged by our engine | 5.0 (2.5) |" in text
    assert "| nbgrader's own way, extrapolated | 32 (16) |" in text
    assert "4.0 (2.0) for 2, 6.0 (3.0) for 4" in text
