"""The formgrader and a student's notebook in a real browser: what instructors and students press, read and see.

With GRADER_SCREENSHOTS=FOLDER the pictures stay there.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.store.store import open_store
from tests.grader import jupyter
from tests.grader.conftest import ROOT, skip

A1 = "a1_hello_wsgi"
WAIT = 60_000
"""Milliseconds: a loaded machine takes its time."""
MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/"
"""What the formgrader's own template asks for; nothing of ours can change it, and the browser does not get it."""


@dataclass(frozen=True)
class Site:
    """A running Jupyter server, a browser, and the folders of an instructor and of a student."""

    lab: jupyter.Lab
    context: Any
    seen: jupyter.Seen
    course: Path
    store: Path
    pictures: Path

    def opened(self, path: str) -> Any:  # noqa: ANN401 - a page
        """Open a page of the server."""
        page = self.context.new_page()
        page.set_default_timeout(WAIT)
        page.goto(self.lab.address(path))
        return page

    def picture(self, page: Any, name: str) -> None:  # noqa: ANN401 - a page
        """Keep what is seen."""
        page.screenshot(path=self.pictures / f"{name}.png")


def command(*words: str, at: Path, home: Path) -> subprocess.Popen[bytes]:
    """Start a command; `done` waits for it."""
    return subprocess.Popen(words, cwd=at, env=jupyter.surroundings(home), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip


def done(process: subprocess.Popen[bytes]) -> None:
    said, _ = process.communicate(timeout=180)
    assert process.returncode == 0, said.decode("utf-8", "replace")[-3000:]


def init(folder: Path, language: str, home: Path) -> subprocess.Popen[bytes]:
    return command(
        sys.executable, "-m", "grader", "nbgrader", "init", str(folder), "--exercise", "a1", "--lang", language,
        "--course", str(ROOT), at=home, home=home,
    )  # fmt: skip


@pytest.fixture(scope="module")
def site(full: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server and one browser for all tests here: a course in English, a student's assignment in each language."""
    for name in ("jupyterlab", "nbgrader", "playwright"):
        if importlib.util.find_spec(name) is None:
            skip(f"{name} is not installed here", jupyter.REMEDY)
    if not jupyter.chromium():
        skip("there is no Chromium here", jupyter.REMEDY)
    root, home = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("home")
    pictures = Path(os.environ.get("GRADER_SCREENSHOTS") or tmp_path_factory.mktemp("pictures"))
    pictures.mkdir(parents=True, exist_ok=True)
    course, chinese, store = root / "course", root / "chinese", home / "grades.db"
    done(init(course, "en", home))
    settle(course, root / "exchange", store)
    making = command("nbgrader", "generate_assignment", A1, at=course, home=home)
    translating = init(chinese, "zh-CN", home)
    with jupyter.lab(root, home, course, {}) as lab, jupyter.browsing() as (context, seen):
        done(making)
        done(translating)
        shutil.copytree(course / "release" / A1, root / "en" / A1)
        shutil.copytree(chinese / "source" / A1, root / "zh-CN" / A1)
        hand_in(course, "ann", ROOT / "solutions" / A1 / "app.py")
        hand_in(course, "bo", ROOT / "tests" / "submissions" / A1 / "bare_bytes" / "app.py")
        yield Site(lab, context, seen, course, store, pictures)


def settle(course: Path, exchange: Path, store: Path) -> None:
    """Say what an instructor would say in the two files of settings that are the instructor's own."""
    exchange.mkdir()
    exchange.chmod(0o777)
    with (course / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write(f"\nc.Exchange.root = {str(exchange)!r}\n")
    text = (course / "grader.toml").read_text(encoding="utf-8")
    (course / "grader.toml").write_text(f"store = '{store}'\n{text}", encoding="utf-8")


def hand_in(course: Path, student: str, work: Path) -> None:
    """Put a submission where nbgrader collects them."""
    folder = course / "submitted" / student / A1
    shutil.copytree(course / "release" / A1, folder)
    shutil.copyfile(work, folder / "app.py")


@contextlib.contextmanager
def staying_here(site: Site, *known: str) -> Iterator[None]:
    """Make sure that the browser asks nobody but this machine, and that no page complains."""
    asked, complained = len(site.seen.asked), len(site.seen.complaints)
    yield
    assert len(site.seen.asked) > asked
    unknown = [url for url in site.seen.elsewhere(asked) if not any(map(url.startswith, known))]
    assert unknown == []
    without = "MathJax is not defined" if MATHJAX in known else ""
    assert [text for text in site.seen.complaints[complained:] if text != without] == []


# -- a student in JupyterLab


@pytest.mark.parametrize(
    ("language", "theme", "said"),
    [
        ("en", "JupyterLab Light", {"a1: public 4/40 points", "WHAT HAPPENED", "8 hidden tests worth 60 points run at grading",
                                    "Hidden tests that run at grading: 5, worth 40 points together."}),
        ("zh-CN", "JupyterLab Dark", {"a1：公开测试得分 4/40", "发生了什么", "评分时还会运行 8 个隐藏测试，共 60 分",
                                      "评分时运行的隐藏测试：5 个，共 40 分。"}),
    ],
)  # fmt: skip
def test_a_student_checks_in_a_cell_and_reads_the_same_as_in_the_terminal(
    site: Site, language: str, theme: str, said: set[str]
) -> None:
    site.lab.choose_theme(theme)
    with staying_here(site):
        page = site.opened(f"/doc/tree/{language}/{A1}/{A1}.ipynb")
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        cells = page.locator(".jp-CodeCell")
        cells.first.locator(".cm-content").click()
        for _ in range(cells.count()):
            page.keyboard.press("Shift+Enter")
        feedback = page.locator(".grader-feedback")
        feedback.nth(cells.count() - 1).wait_for()
        shown = " ".join(feedback.all_inner_texts())
        (failed,) = page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').all_inner_texts()
        assert bare(failed) in bare(feedback.nth(1).inner_text())
        assert {text for text in said if text not in shown} == set()
        terminal = subprocess.run(
            [sys.executable, "-m", "grader", "check", "a1", "--lang", language, "--course", str(ROOT)],
            capture_output=True, encoding="utf-8", timeout=60, check=False, env=os.environ | {"COLUMNS": "1000"},
        ).stdout  # fmt: skip
        first = bare(feedback.first.inner_text())
        assert [line for line in terminal.splitlines() if bare(line) not in first] == []
        assert unreadable(page) == []
        feedback.first.evaluate("found => found.scrollIntoView()")
        site.picture(page, f"student-{language}-{theme.split()[1].lower()}")
        feedback.last.evaluate("found => found.scrollIntoView({block: 'end'})")
        site.picture(page, f"student-{language}-{theme.split()[1].lower()}-groups")
        page.close()


def bare(text: str) -> str:
    """Return a text without blanks and dots between words, which differ from page to page."""
    return "".join(text.split()).replace("·", "")


def unreadable(page: Any) -> list[str]:  # noqa: ANN401 - a page
    """Return what axe-core finds wrong with the colours and the structure of our feedback."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=".grader-feedback")
    return [f"{one['id']}: {node['html'][:200]}" for one in found.response["violations"] for node in one["nodes"]]


# -- an instructor in the formgrader


def test_an_instructor_presses_autograde_and_reads_score_and_feedback(site: Site) -> None:
    with staying_here(site):
        page = site.opened("/formgrader")
        page.get_by_role("link", name=A1).wait_for()
        site.picture(page, "formgrader-assignments")
        page.locator("td.num-submissions a").click()
        scores = {"ann": autograded(site, page, "ann", "en"), "bo": autograded(site, page, "bo", "zh-CN")}
        site.picture(page, "formgrader-submissions")
        assert scores == {student: stored(site.store, student) for student in ("ann", "bo")}
        assert scores["ann"] == "100 / 100"
        assert scores["bo"] not in ("0 / 100", "100 / 100")
        row(page, "bo").locator("td.student-name a").click()
        page.locator("td.name a", has_text=A1).wait_for()
    with staying_here(site, MATHJAX):
        page.locator("td.name a", has_text=A1).click()
        page.get_by_text("你的应用直接返回了 bytes").first.wait_for()
        page.get_by_text("points-correctness").first.evaluate("found => found.scrollIntoView()")
        site.picture(page, "formgrader-submission-zh-CN")
        page.close()
    for student, said in (("ann", "36/36"), ("bo", "结果不对")):
        with_feedback(site, student, said)


def row(page: Any, student: str) -> Any:  # noqa: ANN401 - a page and a row of it
    """Return the row of a student."""
    return page.locator("tr", has=page.locator("td.student-id", has_text=student))


def autograded(site: Site, page: Any, student: str, language: str) -> str:  # noqa: ANN401 - a page
    """Press Autograde and Generate Feedback for a student, in a course of a language; return the score that is shown."""
    settings = site.course / "grader.toml"
    text = settings.read_text(encoding="utf-8").replace('language = "en"', f'language = "{language}"')
    settings.write_text(text, encoding="utf-8")
    for column, message in (
        ("autograde", "Successfully autograded"),
        ("generate-feedback", "Successfully generated feedback"),
    ):
        row(page, student).locator(f"td.{column} a").click()
        dialog = page.locator(".modal.in .modal-body")
        dialog.wait_for()
        assert message in dialog.inner_text()
        page.locator(".modal.in .modal-footer button").click()
        dialog.wait_for(state="hidden")
    score: str = row(page, student).locator("td.score").inner_text()
    return score


def stored(store: Path, student: str) -> str:
    """Return a score as the engine keeps it, written as the formgrader writes it."""
    with open_store(str(store), writing=False) as opened:
        (handed_in,) = opened.history(student, A1)
    assert handed_in.attempt
    assert handed_in.attempt.score
    return f"{handed_in.attempt.score.earned} / {handed_in.attempt.score.possible}"


def with_feedback(site: Site, student: str, said: str) -> None:
    """Open the page that a student gets: it says what the report says, and asks nobody for anything."""
    asked = len(site.seen.asked)
    page = site.context.new_page()
    page.goto((site.course / "feedback" / student / A1 / f"{A1}.html").as_uri())
    assert said in page.locator("body").inner_text()
    page.get_by_text("points-protocol").last.scroll_into_view_if_needed()
    site.picture(page, f"feedback-{student}")
    page.close()
    assert [url for url in site.seen.elsewhere(asked) if not url.startswith("file:")] == []
