"""The cells of a student's notebook check the files beside it, in processes of their own, and show what came of it."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NoReturn

import pytest

from grader import notebook
from grader.course import load_exercise
from grader.errors import EngineFault
from grader.models import LANGUAGES
from grader.nbgrader import cell, display
from grader.nbgrader.names import CHECKS
from grader.nbgrader.solutions import is_written, module_text, solution_cell
from tests.grader.conftest import ROOT, skip
from tests.grader.jupyter import REMEDY, surroundings

A1 = "a1_hello_wsgi"
STARTER = (ROOT / "exercises" / A1 / "app.py").read_text(encoding="utf-8")
REFERENCE = (ROOT / "solutions" / A1 / "app.py").read_text(encoding="utf-8")
WITHOUT_APP = "x = 1\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fetched assignment, as the working folder: the starter, and the public tests that were handed out with it."""
    found = tmp_path / A1
    tests = shutil.ignore_patterns("app.py", "__pycache__")
    shutil.copytree(ROOT / "exercises" / A1, found / CHECKS / "exercises" / A1, ignore=tests)
    (found / "app.py").write_text(STARTER, encoding="utf-8")
    monkeypatch.chdir(found)
    monkeypatch.setenv("GRADER_LANG", "en")
    monkeypatch.delenv(cell.COURSE, raising=False)
    notebook.answer.cache_clear()
    return found


def save_notebook(folder: Path, *, style: str = "files", language: str = "en", source: str = "") -> None:
    """Save a notebook as JupyterLab would, with the metadata of a course."""
    solution = {
        "cell_type": "code",
        "metadata": {"nbgrader": {"grade_id": "solution-app"}},
        "source": source.splitlines(True),
    }
    about = {"exercise": A1, "style": style, "language": language}
    content = {"cells": [{"cell_type": "markdown"}, solution], "metadata": {"grader": about}}
    (folder / f"{A1}.ipynb").write_text(json.dumps(content), encoding="utf-8")


# -- check


def test_a_check_says_what_the_terminal_says(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.check(A1)
    said = capsys.readouterr().out
    terminal = subprocess.run(
        [sys.executable, "-m", "grader", "check", "a1", "--course", str(ROOT)], capture_output=True, encoding="utf-8",
        timeout=60, check=False, env=os.environ | {"COLUMNS": str(display.WIDTH)},
    ).stdout  # fmt: skip
    assert said.split() == terminal.split()
    assert max(map(len, said.splitlines())) <= display.WIDTH


def test_the_student_s_code_runs_in_neither_the_kernel_nor_the_process_that_judges(folder: Path) -> None:
    log = folder.parent / "log"
    write_logging(folder, log)
    notebook.check(A1)
    pids = {line.split()[0] for line in log.read_text().splitlines()}
    parents = {line.split()[1] for line in log.read_text().splitlines()}
    assert str(os.getpid()) not in pids | parents
    assert not pids & parents
    assert "app" not in sys.modules


def write_logging(folder: Path, log: Path) -> None:
    """Write an app that says in which process it is imported."""
    line = f"import os; open({str(log)!r}, 'a').write(f'{{os.getpid()}} {{os.getppid()}}\\n')\n"
    (folder / "app.py").write_text(line + STARTER, encoding="utf-8")


def test_files_beside_the_notebook_do_not_take_the_place_of_ours(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("pytest", "rich", "json", "grader", "sitecustomize", "conftest"):
        (folder / f"{name}.py").write_text("raise SystemExit('taken in')\n", encoding="utf-8")
    notebook.check(A1)
    assert "a1: public 4/40 points" in capsys.readouterr().out


# -- group


def test_a_category_says_how_its_public_tests_stand_and_what_runs_at_grading(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook.group(A1, "protocol")
    notebook.group(A1, "robustness")
    said = capsys.readouterr().out
    assert "protocol: 1 of 1 public tests passed, 4 of 4 points" in said
    assert "Hidden tests that run at grading: 5, worth 40 points together." in said
    assert "robustness: there are no public tests" in said
    assert "Hidden tests that run at grading: 2, worth 12 points together." in said


def test_a_failed_public_test_is_an_exception_that_reads_as_one_line(folder: Path) -> None:
    with pytest.raises(notebook.PublicTestsFailed) as caught:
        notebook.group(A1, "correctness")
    assert caught.value._render_traceback_() == ["correctness: 0 of 6 public tests passed, 0 of 36 points"]


def test_a_missing_file_fails_public_tests_and_says_nothing_about_hidden_ones(folder: Path) -> None:
    (folder / "app.py").unlink()
    with pytest.raises(notebook.PublicTestsFailed, match=r"missing file: app\.py"):
        notebook.group(A1, "correctness")
    notebook.group(A1, "robustness")


def test_a_category_shows_the_last_check_until_the_work_changes(folder: Path) -> None:
    log = folder.parent / "log"
    write_logging(folder, log)
    notebook.check(A1)
    once = len(log.read_text().splitlines())
    notebook.group(A1, "protocol")
    notebook.group(A1, "design")
    assert len(log.read_text().splitlines()) == once
    write_logging(folder, folder.parent / "another")
    notebook.group(A1, "protocol")
    assert len((folder.parent / "another").read_text().splitlines()) == once


# -- what can be wrong


def refused(said: str = A1) -> str:
    """Return what a check that is refused says."""
    with pytest.raises(notebook.NotChecked) as caught:
        notebook.check(said)
    (text,) = caught.value._render_traceback_()
    return text


def test_without_the_public_tests_it_is_said_where_they_come_from(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(folder / CHECKS)
    package = folder.parent / "site-packages"
    shutil.copytree(ROOT / "grader", package / "grader", ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(package)!r})\n"
         f"from grader.notebook import check, NotChecked\ntry: check('{A1}')\nexcept NotChecked as e: print(e)"],
        capture_output=True, encoding="utf-8", timeout=60, check=True, cwd=folder,
    )  # fmt: skip
    assert "the folder checks, which was handed out with this notebook, is not beside it" in done.stdout
    assert "Fetch the assignment again" in done.stdout
    assert cell.COURSE in done.stdout


def test_a_variable_may_name_the_course(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(folder / CHECKS)
    monkeypatch.setenv(cell.COURSE, str(folder.parent))
    assert f"The variable {cell.COURSE} is to name the course's folder" in refused()
    monkeypatch.setenv(cell.COURSE, str(ROOT))
    notebook.check(A1)
    assert "a1: public 4/40 points" in capsys.readouterr().out


def test_another_name_is_refused_with_the_nearest_one(folder: Path) -> None:
    assert f"did you mean {A1}?" in refused("a1_helo_wsgi")
    assert "there is no exercise" in refused("../../etc/passwd")


def test_a_damaged_manifest_is_named(folder: Path) -> None:
    (folder / CHECKS / "exercises" / A1 / "exercise.toml").write_text("[", encoding="utf-8")
    assert "exercise.toml: not a TOML file" in refused()


def test_what_breaks_in_the_grader_is_no_fault_of_the_work(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    assert refused().startswith("a fault of the grader, not of your work: ")


@pytest.mark.parametrize(("lang", "said"), [("en", "a fault of the grader, "), ("zh-CN", "评分器出了问题，")])
def test_a_fault_of_ours_is_said_in_the_language_of_the_notebook(
    folder: Path, monkeypatch: pytest.MonkeyPatch, lang: str, said: str
) -> None:
    def broken(*_: object) -> NoReturn:
        raise EngineFault("no process starts")

    monkeypatch.setattr(cell, "pages", broken)
    monkeypatch.setenv("GRADER_LANG", lang)
    refusal = cell.answered(A1, folder)["refused"]
    assert refusal.startswith(said)
    assert refusal.endswith("no process starts")


def test_a_check_that_is_interrupted_leaves_no_process_behind(posix: None, folder: Path) -> None:
    begun, started = folder.parent / "begun", folder.parent / "started"
    says = f"import os, time\nopen({str(begun)!r}, 'w').write(str(os.getpid()))\nos.rename({str(begun)!r}, {str(started)!r})\n"
    (folder / "app.py").write_text(says + "time.sleep(1000)\n", encoding="utf-8")
    kernel = subprocess.Popen([sys.executable, "-c", f"from grader.notebook import check\ncheck({A1!r})"], cwd=folder,
                              start_new_session=True, stderr=subprocess.DEVNULL)  # fmt: skip
    until(started.exists)
    os.killpg(kernel.pid, signal.SIGINT)  # as Jupyter does (jupyter_client.provisioning.LocalProvisioner.send_signal)
    assert kernel.wait(30) != 0
    student = int(started.read_text())
    until(lambda: not is_running(student))


def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_running(number: int) -> bool:
    """Tell whether a process runs; one that nobody asked how it ended does not."""
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(number)], capture_output=True, text=True, check=False)
    return done.stdout.strip()[:1] not in ("", "Z")


# -- languages


def test_the_notebook_s_language_is_spoken_unless_somebody_chose_another(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save_notebook(folder, language="zh-CN")
    monkeypatch.delenv("GRADER_LANG")
    monkeypatch.setenv("LC_ALL", "C")
    notebook.check(A1)
    assert "发生了什么" in capsys.readouterr().out
    monkeypatch.setenv("GRADER_LANG", "en")
    notebook.check(A1)
    assert "WHAT HAPPENED" in capsys.readouterr().out


@pytest.mark.parametrize(
    "content",
    ["", "[" * 100_000, "[]", "1", '{"metadata": 3}', '{"metadata": {"grader": []}, "cells": 4}',
     '{"metadata": {"grader": {"style": "cells", "language": ["en"]}}, "cells": [1, {"metadata": {"nbgrader": 7}}]}'],
)  # fmt: skip
def test_a_notebook_of_any_content_is_no_obstacle(folder: Path, content: str) -> None:
    (folder / f"{A1}.ipynb").write_text(content, encoding="utf-8")
    found = cell.notebook_in(folder, A1)
    assert cell.language_of(found) == "en"
    assert cell.solution_source(load_exercise(folder / CHECKS / "exercises" / A1, folder), found) is None


# -- a module in a cell


def test_a_module_that_a_cell_writes_is_checked_where_it_was_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_notebook(folder, style="cells", source=solution_cell("app.py", STARTER))
    notebook.check(A1)
    said = capsys.readouterr().out
    assert "a1: public 4/40 points" in said
    assert not remarked(said)
    save_notebook(folder, style="cells", source=solution_cell("app.py", REFERENCE))
    notebook.check(A1)
    said = capsys.readouterr().out
    assert "a1: public 4/40 points" in said
    assert "The saved notebook and app.py differ." in remarked(said)
    (folder / "app.py").unlink()
    notebook.check(A1)
    assert "Run the cell with your solution first" in remarked(capsys.readouterr().out)


def test_a_cell_that_writes_nothing_is_checked_itself(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_notebook(folder, style="cells", source=REFERENCE)
    notebook.check(A1)
    said = capsys.readouterr().out
    assert "a1: public 40/40 points" in said
    assert "as it was saved" in remarked(said)


def remarked(said: str) -> str:
    """Return what stands below a report."""
    return " ".join(said.partition("\n! ")[2].split())


@pytest.mark.parametrize(
    "source",
    ["%%writefile app.py\nx = 1", "\n  \n%%writefile app.py\nx = 1\n", "%%writefile app.py\n\n# a\n\n", "%%writefile app.py",
     "%%writefile app.py\n%%writefile app.py\n", "%%writefile app.py\nx = '\x0c\u2028'\n"],
)  # fmt: skip
def test_the_text_of_a_cell_is_what_ipython_would_write(source: str) -> None:
    if importlib.util.find_spec("IPython") is None:
        skip("IPython is not installed here", REMEDY)
    from IPython.core.inputtransformer2 import TransformerManager

    (statement,) = ast.parse(TransformerManager().transform_cell(source)).body  # type: ignore[no-untyped-call]
    call: Any = statement
    assert module_text(source) == call.value.args[2].value
    assert is_written(source)


def test_a_module_survives_its_cell() -> None:
    assert module_text(solution_cell("app.py", REFERENCE)) == REFERENCE
    assert module_text("x = 1") == "x = 1\n"
    assert module_text("") == ""
    assert not is_written("# %%writefile app.py")


# -- HTML


class Tags(HTMLParser):
    """Collects the tags and the attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)


HOSTILE = """
MARK = "</dd></div><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;<!-- "
def application(environ, start_response):
    start_response(MARK, [("Content-Type", MARK)])
    return [MARK.encode()]
def app_generator(environ, start_response):
    raise type("<b onclick=x>", (Exception,), {})(MARK)
    yield b""
"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_that_an_app_answers_or_raises_is_markup(
    folder: Path, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "app.py").write_text(HOSTILE, encoding="utf-8")
    monkeypatch.setenv("GRADER_LANG", language)
    shown = notebook.asked(A1)
    for page in (shown["check"], *shown["parts"].values()):
        tags = Tags()
        tags.feed(page["html"])
        assert tags.tags <= {"div", "style", "p", "strong", "ul", "li", "span", "dl", "dt", "dd", "code"}
        assert tags.attributes <= {"class", "lang", "aria-hidden"}
    assert "&lt;script&gt;" in shown["check"]["html"]


# -- the real thing: nbgrader runs the notebook in a kernel


def test_nbgrader_s_own_validation_runs_the_cells(folder: Path, tmp_path: Path) -> None:
    for name in ("nbgrader", "ipykernel"):
        if importlib.util.find_spec(name) is None:
            skip(f"{name} is not installed here", REMEDY)
    course = tmp_path / "course"
    init = [sys.executable, "-m", "grader", "nbgrader", "init", str(course), "--exercise", "a1", "--style", "cells",
            "--course", str(ROOT)]  # fmt: skip
    subprocess.run(init, check=True, capture_output=True, timeout=120)
    made = course / "source" / A1
    (made / "app.py").unlink(missing_ok=True)
    path = made / f"{A1}.ipynb"
    content = json.loads(path.read_text(encoding="utf-8"))
    (solution,) = [one for one in content["cells"] if one["id"] == "solution-app"]
    assert module_text("".join(solution["source"])) == STARTER
    solution["source"] = solution_cell("app.py", REFERENCE).splitlines(True)
    path.write_text(json.dumps(content), encoding="utf-8")
    assert validated(path).strip() == "Success! Your notebook passes all the tests."
    assert (made / "app.py").read_text(encoding="utf-8") == REFERENCE


def validated(path: Path) -> str:
    """Return what ``nbgrader validate`` says."""
    home = path.parents[3] / "home"
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "validate", path.name], cwd=path.parent, env=surroundings(home),
        capture_output=True, encoding="utf-8", timeout=180, check=False,
    )  # fmt: skip
    return done.stdout or done.stderr
