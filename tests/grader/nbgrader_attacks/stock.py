"""The positive control: the same attacks against nbgrader's own autograder, in a throw-away box.

The course is one as an instructor writes it: the solution in the source between marks, hidden tests in the cells with points. The
box has namespaces of its own, nothing of this machine that can be written to but the course, and bounded time.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from grader.models import CATEGORIES
from grader.nbgrader.names import CONFIG, notebook_file, points_cell
from tests.grader.nbgrader_attacks.attacks import ATTACKS, EXERCISE, LAST, NAP, SOLUTION, Attack, hand_in_all
from tests.grader.nbgrader_attacks.look import Course, result

ROOT = Path(__file__).parents[3]
SCRIPTS = Path(sys.executable).parent
WALL = 900.0
"""Seconds after which a box is taken down."""
FULL = 100.0
"""The points of the right app."""
SECRET = "hidden-test-of-the-stock-course"
TEST = f"""
def ask(method):
    said = []
    body = b"".join(application({{"REQUEST_METHOD": method}}, lambda status, headers: said.append((status, dict(headers)))))
    return *said[0], body

assert ask("GET")[0] == "200 OK"
### BEGIN HIDDEN TESTS
status, headers, body = ask("GET")  # {SECRET}
assert body.decode() == "影单 watch-list\\n"
assert headers["Content-Length"] == "18"
### END HIDDEN TESTS
"""


class NoBox(Exception):
    """There can be no box here; the message says why."""


def make(folder: Path, made: Path, right: str) -> None:
    """Make a stock course in a folder, of the source notebook of a course of ours, and generate its assignment."""
    source = folder / "source" / EXERCISE
    source.mkdir(parents=True)
    name = notebook_file(EXERCISE)
    notebook = json.loads((made / "source" / EXERCISE / name).read_text(encoding="utf-8"))
    points = {points_cell(category) for category in CATEGORIES}
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if grade_id == SOLUTION:
            cell["source"] = f"### BEGIN SOLUTION\n{right}\n### END SOLUTION\n"
        elif grade_id in points:
            cell["source"] = TEST
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["metadata"] or cell["cell_type"] == "markdown"]
    (source / name).write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
    (folder / CONFIG).write_text('c = get_config()\nc.CourseDirectory.course_id = "stock"\n', encoding="utf-8")
    assert set(os.listdir(folder)) == {"source", CONFIG}, "nothing of ours is in it"
    run(["nbgrader", "generate_assignment", EXERCISE], folder)


def run(words: list[str], folder: Path) -> None:
    """Run a command of nbgrader on what the instructor wrote."""
    path = f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        words, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=WALL, check=False
    )
    if done.returncode:
        raise NoBox(f"{' '.join(words)} failed: {done.stderr[-2000:]}")


def attack(template: Path, folder: Path, attacks: tuple[Attack, ...], right: str) -> Course:
    """Autograde some attacks in a copy of a course, and look."""
    shutil.copytree(template, folder)
    hand_in_all(folder, attacks, right)
    configuration = (folder / CONFIG).read_text(encoding="utf-8")
    try:
        done = subprocess.run(
            box(folder), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WALL, check=False
        )
    except subprocess.TimeoutExpired:
        raise NoBox("the box did not come to an end") from None
    try:
        seen = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        raise NoBox(f"the box said nothing: {done.stderr[-2000:]}") from None
    return Course(folder, lambda text: SECRET in text, configuration, seen["survivors"])


def box(folder: Path) -> list[str]:
    """Return the command that runs `tests.grader.nbgrader_attacks.inside` in a box."""
    return [
        "bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv",
        "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--tmpfs", "/var/tmp",
        "--tmpfs", "/dev/shm",
        "--bind", str(folder), "/tmp/course", "--setenv", "HOME", "/tmp/home", "--setenv", "LANG", "C.UTF-8",
        "--setenv", "PATH", f"{SCRIPTS}:/usr/bin:/bin", "--setenv", "PYTHONPATH", str(ROOT), "--chdir", "/tmp/course",
        "prlimit", "--fsize=67108864", "--core=0", "--nofile=1024", "--",
        sys.executable, "-m", "tests.grader.nbgrader_attacks.inside", EXERCISE, NAP,
    ]  # fmt: skip


def controls(template: Path, place: Path, right: str) -> dict[str, str]:
    """Return what each attack gets where nothing stands in its way; nothing for one that is a dud."""
    mine = tuple(one for one in ATTACKS if one.stock)
    together = tuple(one for one in mine if not one.alone)
    found: dict[str, str] = {}
    course = attack(template, place / "together", together, right)
    if course.automatic()[LAST] != FULL:
        raise NoBox(f"the right app has {course.automatic()[LAST]} points: this is no control")
    found |= {one.name: result(course, one) for one in together}
    for one in mine:
        if one.alone:
            found[one.name] = result(attack(template, place / one.name, (one,), right), one)
    return found
