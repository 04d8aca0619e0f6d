"""An nbgrader course is made of exercises, brought forward, handed out and collected by nbgrader's own commands."""

from __future__ import annotations

import importlib
import importlib.metadata
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from grader.catalogues import Catalogue
from grader.cli import main
from grader.course import load_course
from grader.errors import EngineFault, Misuse, UsageError
from grader.leaks.folders import Search
from grader.leaks.guard import Guard
from grader.leaks.secrets import secrets_of
from grader.models import Isolation, Visibility
from grader.models import TestInfo as Info
from grader.nbgrader import making, names, packed, released, rubrics
from grader.nbgrader.course import settings
from grader.nbgrader.making import Wishes
from grader.nbgrader.solutions import module_text
from grader.nbgrader.updating import name_of
from tests.grader import two_exercises
from tests.grader.conftest import ROOT, skip
from tests.grader.nbgrader_commands import Commands
from tests.grader.two_exercises import W1, W2

COURSE_ID = "web-frameworks"
POINTS = {W1: {"points-correctness": 40, "points-protocol": 60}}


@pytest.fixture(scope="module", autouse=True)
def nbgrader() -> None:
    """Ask for an nbgrader that this works with."""
    try:
        names.require()
    except Misuse as error:
        skip("there is no nbgrader here", str(error))


@pytest.fixture(scope="module")
def exercises(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small course, which nobody changes."""
    return two_exercises.write(tmp_path_factory.mktemp("exercises"))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A small course that a test may change."""
    return two_exercises.write(tmp_path / "exercises-of-mine")


@pytest.fixture(scope="module")
def made(exercises: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An nbgrader course of both exercises, which nobody changes."""
    folder = tmp_path_factory.mktemp("made") / "course"
    making.make(folder, Wishes(exercises))
    return folder


@pytest.fixture
def mine(made: Path, exercises: Path, tmp_path: Path, own: Path) -> Path:
    """The same course, to be changed; it is made of the exercises that may be changed too."""
    folder = shutil.copytree(made, tmp_path / "course")
    replace(folder / names.SETTINGS, json.dumps(str(exercises)), json.dumps(str(own)))
    return folder


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def notebook(folder: Path, exercise: str = W1, step: str = names.SOURCE) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / step / exercise / f"{exercise}.ipynb").read_bytes())
    return content


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def graded(content: dict[str, Any]) -> dict[str, int]:
    known = [cell["metadata"].get("nbgrader", {}) for cell in content["cells"]]
    return {one["grade_id"]: one["points"] for one in known if one.get("grade")}


def init(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["nbgrader", "init", *map(str, arguments)])


# -- what is made


def test_points_of_each_category_are_those_of_its_tests_public_and_hidden(made: Path) -> None:
    assert graded(notebook(made)) == POINTS[W1]
    again = graded(notebook(made, W2))
    assert again == {"points-correctness": 20, "points-protocol": 30, "points-design": 50}


def test_the_order_of_the_cells_and_what_they_are(made: Path) -> None:
    cells = notebook(made)["cells"]
    assert [cell["id"] for cell in cells] == [
        "statement-1", "statement-2", "check", "points-correctness", "points-protocol", "statement-3",
    ]  # fmt: skip
    known = {cell["id"]: cell["metadata"].get("nbgrader") for cell in cells}
    assert known.pop("check") is None
    assert all(one["locked"] and one["grade_id"] == name for name, one in known.items())
    assert source(cells[2]).endswith(f'check("{W1}")')
    assert source(cells[4]).endswith(f'group("{W1}", "protocol")')
    assert "1 hidden tests run besides, worth 60 of 100 points" in source(cells[5])


def test_notebooks_are_valid_and_laid_out_as_nbformat_does(made: Path) -> None:
    nbformat: Any = importlib.import_module("nbformat")
    path = made / "source" / W1 / f"{W1}.ipynb"
    content = nbformat.read(path, as_version=4)
    nbformat.validate(content)
    assert nbformat.writes(content) + "\n" == path.read_text(encoding="utf-8")


def test_the_starter_lies_beside_the_notebook_and_the_public_half_below_checks(made: Path, exercises: Path) -> None:
    folder = made / "source" / W1
    assert (folder / "app.py").read_bytes() == (exercises / "exercises" / W1 / "app.py").read_bytes()
    course = load_course(folder / names.CHECKS)
    assert list(course.exercises) == [W1]
    assert not (course.exercises[W1].folder / "app.py").exists(), "two files of one name, and one of them counts"
    assert list(load_course(made / "source" / W2 / names.CHECKS).exercises) == [W1, W2], "the tests of W1 come again"


def test_autograding_keeps_what_students_wrote(made: Path) -> None:
    kept = json.loads((made / names.GENERATED).read_bytes())["Autograde"]["exclude_overwriting"]
    assert "app.py" in kept[W1]
    released = {path for path in files_in(made / "source" / W1) if not path.endswith(".ipynb")}
    assert set(kept[W1]) == released


def test_the_same_exercises_give_the_same_bytes_wherever(made: Path, exercises: Path, tmp_path: Path) -> None:
    making.make(tmp_path / "elsewhere" / "deep", Wishes(exercises))
    there, here = files_in(tmp_path / "elsewhere" / "deep"), files_in(made)
    assert {path for path in there if there[path] != here.get(path)} <= {names.SETTINGS}
    assert there.keys() == here.keys()


def test_style_cells_and_chinese(exercises: Path, tmp_path: Path) -> None:
    making.make(tmp_path / "c", Wishes(exercises, None, ("w1",), "zh-CN", "cells"))
    content = notebook(tmp_path / "c")
    cells = {cell["id"]: cell for cell in content["cells"]}
    starter = (exercises / "exercises" / W1 / "app.py").read_text(encoding="utf-8")
    assert module_text(source(cells["solution-app"])) == starter
    known = cells["solution-app"]["metadata"]["nbgrader"]
    assert (known["solution"], known["locked"], known["grade"]) == (True, False, False)
    assert source(cells["statement-1"]).startswith("# 问候")
    assert "隐藏测试" in source(cells["statement-3"])
    assert content["metadata"]["grader"] == {"exercise": W1, "language": "zh-CN", "style": "cells"}
    assert not (tmp_path / "c" / "source" / W1 / "app.py").exists()


def test_nothing_of_the_private_half_is_in_it(made: Path, exercises: Path) -> None:
    search = Search(Guard(secrets_of(exercises, exercises)))
    search.paths([made])
    assert (search.leaks, search.unread) == ([], [])
    theirs = {data for path, data in files_in(exercises).items() if path.startswith(("tests/", "solutions/"))}
    assert not theirs & set(files_in(made).values())


def test_what_would_tell_something_is_not_written(own: Path, tmp_path: Path) -> None:
    replace(own / "exercises" / W1 / "README.md", "# A greeting\n", "# A greeting\n\nleak-marker-3f9a61c7-w1\n")
    result = init(tmp_path / "c", "--course", own, "--exercise", "w1")
    assert result.exit_code == 1
    assert "nothing was written" in result.stderr
    assert "leak marker" in result.stdout
    assert not (tmp_path / "c").exists()


def test_links_of_a_statement_lead_to_what_lies_beside_the_notebook() -> None:
    from grader.nbgrader.notebooks import Thin, relinked

    exercise = load_course(ROOT).exercises["a2_routes_and_methods"]
    place = "checks/exercises"
    beside = {f"{place}/a1_hello_wsgi/README.md", f"{place}/a2_routes_and_methods/hints.md"}
    text = (
        "[A](../a1_hello_wsgi/README.md#the-contract) [B](hints.md) [C](https://x.org/hints.md) [D](#here) [E](no.md)\n"
    )
    code = "```python\nx[0](hints.md)\n```\n"
    assert relinked(Thin(exercise, (), "en", text + code, beside)) == (
        f"[A]({place}/a1_hello_wsgi/README.md#the-contract) [B]({place}/a2_routes_and_methods/hints.md) "
        f"[C](https://x.org/hints.md) [D](#here) [E](no.md)\n{code}"
    )


def test_categories_without_points_have_no_cell() -> None:
    rows = [Info("test_a", Visibility.PUBLIC, "design", 3, {}), Info("test_b", Visibility.HIDDEN, "protocol", 0, {})]
    assert rubrics.groups(rows) == (rubrics.Group("design", 3, 0, 0),)


# -- where it can be made, and of what


def test_bad_wishes_are_refused_and_nothing_is_written(exercises: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").touch()
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / names.CONFIG).touch()
    (tmp_path / "file").touch()
    course = ("--course", exercises)
    for arguments, said in {
        ("other", *course): "exists and is not empty",
        ("theirs", *course): "an nbgrader course that was not made by this",
        ("file", *course): "no folder; name a new one",
        ("new", *course, "--exercise", "w9"): "there is no exercise 'w9'; did you mean",
        ("new", "--course", ROOT, "--exercise", "d3", "--style", "cells"): "d3_sqlite_forms_extension; leave them out",
        ("new", "--course", ROOT, "--exercise", "p0"): "p0_html_and_python is a diagnostic",
        ("new", *course, "--update"): f"has no {names.SETTINGS}; make the course with",
        ("other", *course, "--update"): f"has no {names.SETTINGS}; make the course with",
        (exercises / "exercises" / "here", *course): "lies in the exercises themselves",
        (exercises, *course): "holds the private half",
        (exercises.parent, *course): "holds the private half",
    }.items():
        before = files_in(tmp_path)
        result = init(tmp_path / arguments[0], *arguments[1:])
        assert (result.exit_code, said in result.stderr) == (2, True), result.stderr
        assert files_in(tmp_path) == before


def test_points_are_not_guessed_without_the_hidden_tests(own: Path, tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir()
    for tree in ("tests", "solutions"):
        (own / tree).rename(private / tree)
    with pytest.raises(UsageError, match=r"no hidden tests of w1_greeting here.*--private"):
        making.make(tmp_path / "c", Wishes(own, None, ("w1",)))
    making.make(tmp_path / "c", Wishes(own, private, ("w1",)))
    assert settings(tmp_path / "c").private == private
    assert graded(notebook(tmp_path / "c")) == POINTS[W1]


def test_tests_that_cannot_be_read_are_named(own: Path, tmp_path: Path) -> None:
    path = own / "tests" / "hidden" / W1 / "test_length.py"
    replace(path, '"protocol"', '"prtocol"')
    with pytest.raises(UsageError, match=r"test_length\.py:6: points\(n, category\)"):
        making.make(tmp_path / "c", Wishes(own, None, ("w1",)))
    path.write_text("import os\nos._exit(7)\n", encoding="utf-8")
    with pytest.raises(EngineFault, match="the tests could not be read: the process ended without a word"):
        making.make(tmp_path / "c", Wishes(own, None, ("w1",)))


@pytest.mark.parametrize("version", ["0.9.4", "0.10.0", "1.0", "0.8.5", "nonsense"])
def test_another_nbgrader_is_refused(version: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    info = tmp_path / f"nbgrader-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: nbgrader\nVersion: {version}\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    result = init(tmp_path / "c", "--course", ROOT)
    assert result.exit_code == 2
    assert version in result.stderr
    assert "pip install" in result.stderr
    assert not (tmp_path / "c").exists()


def test_no_nbgrader_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT)])
    result = init(tmp_path / "c", "--course", ROOT)
    assert result.exit_code == 2
    assert "nbgrader is not installed; install it with: pip install 'nbgrader>=0.9.5,<0.10'" in result.stderr


def test_versions_that_are_known_to_work() -> None:
    assert names.OLDEST <= names.numbers(importlib.metadata.version("nbgrader")) < names.BELOW
    assert names.numbers("0.9.6.dev0") == (0, 9, 6)


# -- settings


def test_settings_are_read(made: Path, exercises: Path) -> None:
    found = settings(made)
    assert (found.course, found.private, found.language, found.style) == (exercises, exercises, "en", "files")
    assert (found.workers, found.min_isolation) == (None, Isolation.CONFINED)
    assert found.store == str(exercises / ".grader" / "grades.db")
    assert list(found.load().exercises) == [W1, W2]


def test_settings_of_the_instructor_are_read(mine: Path, own: Path) -> None:
    path = mine / names.SETTINGS
    replace(path, "# [styles]\n# a1_hello_wsgi", f"workers = 3\nstore = 'kept.db'\n[styles]\n{W1}")
    replace(path, '# min_isolation = "full"', 'min_isolation = "full"')
    found = settings(mine)
    assert (found.workers, found.store, found.min_isolation) == (3, str(mine / "kept.db"), Isolation.FULL)
    assert (found.style_of(W1), found.style_of(W2)) == ("cells", "files")
    assert found.course == own


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('style = "cels"', "style = 'cels' must be one of files, cells"),
        ('language = "de"', "language = 'de' must be one of en, zh-CN"),
        ('course = "gone"', "there is no folder"),
        ("workers = 0", "workers = 0 must be from 1 to 256"),
        ("workers = '2'", "'workers' must be a int, not str"),
        ('min_isolation = "some"', "min_isolation = 'some' must be one of none, confined, full"),
        ('sytle = "files"', "unknown key 'sytle'; did you mean 'style'?"),
        ("styles = 3", "'styles' must be a dict"),
        ("style = [", "not a TOML file"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, line: str, said: str) -> None:
    content = {"course": f'course = "{ROOT.as_posix()}"', "language": 'language = "en"', "style": 'style = "files"'}
    content[line.split(" ")[0]] = line
    (tmp_path / names.SETTINGS).write_text("\n".join(content.values()), encoding="utf-8")
    with pytest.raises(UsageError, match=re.escape(said)) as error:
        settings(tmp_path)
    assert str(tmp_path / names.SETTINGS) in str(error.value)


# -- updates


def test_an_update_keeps_what_is_the_instructors(mine: Path, own: Path) -> None:
    for name in (names.SETTINGS, names.CONFIG):
        with (mine / name).open("a", encoding="utf-8") as file:
            file.write("# my own words\n")
    essay = {"cell_type": "markdown", "id": "my-essay", "metadata": {"nbgrader": {"grade_id": "essay", "grade": True}},
             "source": ["Why?"]}  # fmt: skip
    content = notebook(mine)
    content["cells"].insert(3, essay)
    (mine / "source" / W1 / f"{W1}.ipynb").write_text(json.dumps(content), encoding="utf-8")
    (mine / "source" / W1 / "data.csv").write_text("mine", encoding="utf-8")
    (mine / "source" / W1 / "app.py").write_text("mine", encoding="utf-8")
    (mine / "source" / "essay1").mkdir()
    replace(own / "exercises" / W1 / "README.md", "# A greeting\n", "# A warm greeting\n")
    replace(own / "exercises" / W2 / "app.py", "TODO", "TO DO")

    result = init(mine, "--update")

    assert result.exit_code == 0, result.stderr
    for name in (names.SETTINGS, names.CONFIG):
        assert (mine / name).read_text(encoding="utf-8").endswith("# my own words\n")
    after = notebook(mine)
    assert [name_of(cell) for cell in after["cells"]][2:5] == ["check", "essay", "points-correctness"]
    assert source(after["cells"][0]).startswith("# A warm greeting")
    assert (mine / "source" / W1 / "data.csv").read_text(encoding="utf-8") == "mine"
    assert (mine / "source" / W1 / "app.py").read_text(encoding="utf-8") == "mine"
    assert f"source/{W1}/app.py: somebody changed it, and it stays" in result.stdout
    assert "TO DO" in (mine / "source" / W2 / "app.py").read_text(encoding="utf-8")
    assert (mine / "source" / "essay1").is_dir()

    before = files_in(mine)
    assert "it was there already" in init(mine, "--update").stdout
    assert files_in(mine) == before


def test_an_update_finishes_what_was_begun_and_takes_away_what_is_gone(mine: Path, own: Path) -> None:
    for path in ("nbgrader_config.json", names.CONFIG, f"source/{W2}/app.py", f"source/{W2}/{W2}.ipynb"):
        (mine / path).unlink()
    (own / "exercises" / W1 / "hints.md").unlink()
    making.update(mine, Wishes(None))
    there = files_in(mine)
    assert {names.GENERATED, names.CONFIG, f"source/{W2}/app.py", f"source/{W2}/{W2}.ipynb"} <= there.keys()
    assert not [path for path in there if path.startswith(f"source/{W1}/") and path.endswith("hints.md")]


def test_exercises_come_and_go_until_they_are_released(mine: Path, own: Path) -> None:
    shutil.rmtree(mine / "source" / W2)
    assert making.update(mine, Wishes(None)).assignments == (W1,)
    assert making.update(mine, Wishes(None, None, ("w2",))).assignments == (W1, W2)
    shutil.rmtree(own / "exercises" / W2)
    assert making.update(mine, Wishes(None)).assignments == (W1,)
    assert not (mine / "source" / W2).exists()


def release(folder: Path, exercise: str) -> Path:
    """Do to a course what ``nbgrader generate_assignment`` does to its folders."""
    return shutil.copytree(folder / "source" / exercise, folder / "release" / exercise)


def test_what_students_have_is_not_changed(mine: Path, own: Path) -> None:
    given = release(mine, W1)
    before = files_in(mine)
    hidden = own / "tests" / "hidden" / W1 / "test_length.py"
    replace(hidden, "points(60", "points(50")
    result = init(mine, "--update")
    assert result.exit_code == 2
    assert "w1_greeting: released already, and now points-protocol is worth 50 instead of 60 points" in result.stderr
    assert f"delete {given} and repeat this" in result.stderr
    replace(hidden, '50, "protocol"', '60, "design"')
    with pytest.raises(UsageError, match="there is a new cell points-design; the cell points-protocol is gone"):
        making.update(mine, Wishes(None))
    assert files_in(mine) == before
    shutil.rmtree(given)
    making.update(mine, Wishes(None))
    assert graded(notebook(mine)) == {"points-correctness": 40, "points-design": 60}


def test_a_released_exercise_is_not_taken_away(mine: Path, own: Path) -> None:
    given = release(mine, W2)
    shutil.rmtree(own / "exercises" / W2)
    result = init(mine, "--update")
    assert result.exit_code == 2
    assert "w2_greeting_again: released already, and the course has no such exercise any more" in result.stderr
    assert str(given) in result.stderr
    assert (mine / "source" / W2).is_dir()


def test_what_is_said_otherwise_in_the_settings_is_refused(mine: Path, own: Path, tmp_path: Path) -> None:
    for options, key in {
        ("--style", "cells"): "style", ("--lang", "zh-CN"): "language", ("--course", str(ROOT)): "course",
        ("--private", str(tmp_path)): "private",
    }.items():  # fmt: skip
        result = init(mine, "--update", *options)
        assert (result.exit_code, f"{names.SETTINGS}: says {key} otherwise" in result.stderr) == (2, True), (
            result.stderr
        )
    assert init(mine, "--update", "--style", "files", "--course", own).exit_code == 0


def test_a_damaged_notebook_or_record_is_named(mine: Path) -> None:
    path = mine / "source" / W1 / f"{W1}.ipynb"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match=r"w1_greeting\.ipynb: not a notebook of format 4"):
        making.update(mine, Wishes(None))
    for record in ('{"../x": []}', "[]", "{", '{"source/../../x": []}'):
        (mine / ".grader-build.json").write_text(record, encoding="utf-8")
        with pytest.raises(UsageError, match=r"\.grader-build\.json: not the record of a course"):
            making.update(mine, Wishes(None))


def test_every_text_of_a_notebook_is_there_in_chinese() -> None:
    catalogue = Catalogue()
    for key in ("How to work in this notebook", "What runs at grading", "of these hidden"):
        assert catalogue.word(key, "zh-CN") != key


# -- nbgrader's own commands


class Students:
    """An nbgrader course with an exchange, and the students of it."""

    def __init__(self, folder: Path, course: Path, commands: Commands) -> None:
        self.folder, self.course, self.exchange, self.home = folder, course, folder / "exchange", folder / "home"
        self.commands = commands
        self.exchange.mkdir()
        self.inbound = self.exchange / COURSE_ID / "inbound"

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of nbgrader's as the instructor."""
        return self.commands.run(self.course, *words)

    def well(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def student(self, *words: str) -> str:
        """Run a command as a student, who has no configuration."""
        done = self.commands.run(self.home, *words, f"--course={COURSE_ID}", f"--Exchange.root={self.exchange}")
        assert done.returncode == 0, done.stdout
        return done.stdout

    def hand_in(self, student: str, files: dict[str, bytes], time: str = "2026-10-01 10:00:00.000000 UTC") -> Path:
        """Put a submission into the exchange as ``nbgrader submit`` does."""
        place = self.inbound / f"{student}+{W1}+{time}+random"
        for name, data in {**files, "timestamp.txt": time.encode(), "submission_secret.txt": b"x"}.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(data)
        return place

    def collected(self, student: str) -> dict[str, bytes]:
        return files_in(self.course / "submitted" / student / W1)

    def start_again(self) -> None:
        shutil.rmtree(self.course / "submitted", ignore_errors=True)
        shutil.rmtree(self.course / "downloaded", ignore_errors=True)
        for place in self.inbound.iterdir():
            place.unlink() if place.is_symlink() else shutil.rmtree(place)


@pytest.fixture(scope="module")
def students(made: Path, tmp_path_factory: pytest.TempPathFactory, posix: None) -> Iterator[Students]:
    """A course of which one assignment is released."""
    folder = tmp_path_factory.mktemp("nbgrader")
    (folder / "home").mkdir()
    with Commands(folder / "home") as commands:
        found = Students(folder, shutil.copytree(made, folder / "course"), commands)
        root = f'c.Exchange.root = "{found.exchange}"'
        replace(found.course / names.CONFIG, '# c.Exchange.root = "/srv/nbgrader/exchange"', root)
        found.well("generate_assignment", W1)
        found.well("release_assignment", W1)
        yield found


@pytest.fixture
def clean(students: Students) -> Iterator[Students]:
    yield students
    students.start_again()


def test_an_assignment_is_generated_with_everything_and_nothing_of_the_private_half(
    students: Students, exercises: Path
) -> None:
    given = notebook(students.course, step="release")
    assert graded(given) == POINTS[W1]
    assert all(cell["metadata"]["deletable"] is False for cell in given["cells"] if cell["id"] != "check")
    there = files_in(students.course / "release" / W1)
    assert there.keys() == files_in(students.course / "source" / W1).keys()
    search = Search(Guard(secrets_of(exercises, exercises)))
    search.paths([students.course, students.exchange])
    assert (search.leaks, search.unread) == ([], [])


def test_each_student_is_collected_whatever_the_others_did(clean: Students, tmp_path: Path) -> None:
    clean.student("fetch_assignment", W1)
    (clean.home / W1 / "app.py").write_text("mine = 1\n", encoding="utf-8")
    clean.student("submit", "--student=Ada Lovelace", W1)
    assert f"{COURSE_ID} Ada Lovelace {W1}" in clean.student("list", "--inbound", "--student=Ada Lovelace")
    book = (clean.course / "release" / W1 / f"{W1}.ipynb").read_bytes()
    secret = tmp_path / "hidden.py"
    secret.write_text("what the instructor may read\n", encoding="utf-8")
    good = {"app.py": b"x = 1\n", f"{W1}.ipynb": book}
    for name in ("张三", "o'neil", "a+b", "{brace}", "n&m"):
        clean.hand_in(name, good)
    clean.hand_in("lost", {"app.py": b"x = 2\n", "checks/exercises/x.py": b"no", "views/checks/y.py": b"y"})
    clean.hand_in("broken", {"app.py": b"x = 3\n", f"{W1}.ipynb": b"{not json"})
    linked = clean.hand_in("linked", good)
    (linked / "app.py").unlink()
    (linked / "app.py").symlink_to(secret)
    (linked / "folder").symlink_to(tmp_path)
    os.mkfifo(linked / "pipe")
    for name, time in (("early", b"2000-01-01 00:00:00 UTC"), ("timeless", b"\xff"), ("no time", None)):
        path = clean.hand_in(name, good) / "timestamp.txt"
        path.write_bytes(time) if time else path.unlink()
    large = clean.hand_in("large", good)
    with (large / "app.py").open("wb") as file:
        file.truncate(150_000_000)
    for name in ("x[1]", "..", "tab\tbed", "<b>bold", '"-alert(1)-"', "back\\"):
        clean.hand_in(name, good)
    (clean.inbound / f"zed+{W1}+yesterday").mkdir()
    (clean.inbound / f"sly+{W1}+2026-10-01 10:00:00.000000 UTC+random").symlink_to(clean.course)
    (many := clean.hand_in("many", good) / "many").mkdir()
    for number in range(5001):
        (many / str(number)).touch()

    done = clean.run("collect", W1)

    assert done.returncode == 1, "whoever reads no messages sees that some are missing"
    assert "9 of 21 submissions were not collected; the others are there" in done.stdout, done.stdout
    assert clean.collected("Ada Lovelace")["app.py"] == b"mine = 1\n"
    assert clean.collected("Ada Lovelace").keys() == {
        f"{W1}.ipynb", "app.py", "timestamp.txt", "submission_secret.txt",
    }  # fmt: skip
    for name in ("张三", "o'neil", "a+b", "{brace}", "n&m"):
        assert clean.collected(name)["app.py"] == b"x = 1\n"
        assert clean.collected(name)[f"{W1}.ipynb"] == book
    assert clean.collected("lost") == {**clean.collected("lost"), "app.py": b"x = 2\n", f"{W1}.ipynb": book}
    assert clean.collected("lost")["views/checks/y.py"] == b"y"
    assert "checks/exercises/x.py" not in clean.collected("lost")
    assert clean.collected("broken")[f"{W1}.ipynb"] == book
    assert clean.collected("linked").keys() == {f"{W1}.ipynb", "timestamp.txt", "submission_secret.txt"}
    assert "Left behind, for it is a link or no file: app.py" in done.stdout
    for name in ("early", "timeless", "no time"):
        assert clean.collected(name)["timestamp.txt"] == b"2026-10-01 10:00:00.000000 UTC"
    assert not (clean.course / "submitted" / "large" / W1).exists()
    for said in ("RuntimeError: more than 100000000 bytes", "nbgrader takes * ? [ ] in the name of a student",
                 '<b>bold+', '"-alert(1)-"+', 'the formgrader takes < > " \\ in the name of a student for markup',
                 "RuntimeError: a link, or no folder at all", "RuntimeError: more than 5000 files and folders",
                 "characters that cannot be shown", f"zed+{W1}+yesterday: its name does not say which student"):  # fmt: skip
        assert said in done.stdout, said
    assert set(os.listdir(clean.course / "submitted")) == {
        "张三", "o'neil", "a+b", "{brace}", "n&m", "lost", "broken", "linked", "Ada Lovelace", "early",
        "timeless", "no time",
    }  # fmt: skip


def test_work_that_cannot_be_collected_does_not_take_away_what_was_collected_before(clean: Students) -> None:
    clean.hand_in("ada", {"app.py": b"x = 1\n"})
    clean.hand_in("bo", {"app.py": b"x = 1\n"})
    clean.well("collect", W1)
    later = "2026-10-02 10:00:00.000000 UTC"
    with (clean.hand_in("ada", {"app.py": b""}, later) / "app.py").open("wb") as file:
        file.truncate(150_000_000)
    clean.hand_in("bo", {"app.py": b"x = 2\n"}, later)
    done = clean.run("collect", W1, "--update")
    assert done.returncode == 1
    assert "1 of 2 submissions were not collected" in done.stdout, done.stdout
    assert clean.collected("ada")["app.py"] == b"x = 1\n"
    assert clean.collected("bo")["app.py"] == b"x = 2\n"


def test_archives_of_another_system_are_collected(clean: Students) -> None:
    book = (clean.course / "release" / W1 / f"{W1}.ipynb").read_bytes()
    archive = clean.course / "downloaded" / W1 / "archive"
    (archive / "mia").mkdir(parents=True)
    (archive / "mia" / "app.py").write_bytes(b"x = 1\n")
    wrapped = {"work/app.py": b"x = 2\n", f"work/{W1}.ipynb": book.replace(b"greeting", b"my greeting"),
               "work/checks/a.py": b"no", "work/timestamp.txt": b"1999-01-01 00:00:00 UTC"}  # fmt: skip
    (archive / "Ada Lovelace.zip").write_bytes(zipped(wrapped))
    (archive / "张三.tar.gz").write_bytes(taped({"app.py": b"x = 3\n"}))
    (archive / "bomb.zip").write_bytes(zipped({"app.py": b"0" * 101_000_000}))
    (archive / "broken.zip").write_bytes(b"PK and nothing")
    (archive / "given-out-again.zip").write_bytes(zipped({"mia/app.py": b"forged"}))
    (archive / "mia.zip").write_bytes(zipped({"app.py": b"twice"}))
    (archive / "empty.zip").write_bytes(zipped({}))
    (archive / "<b>x.zip").write_bytes(zipped({"app.py": b"x = 1\n"}))
    done = clean.well("zip_collect", W1)
    assert clean.collected("Ada Lovelace") == {"app.py": b"x = 2\n", f"{W1}.ipynb": wrapped[f"work/{W1}.ipynb"]}
    assert clean.collected("张三") == {"app.py": b"x = 3\n", f"{W1}.ipynb": book}
    assert clean.collected("mia")[f"{W1}.ipynb"] == book
    assert set(os.listdir(clean.course / "submitted")) == {"Ada Lovelace", "张三", "mia"}
    for said in ("bomb.zip: holds more bytes", "broken.zip: cannot be unpacked", "given-out-again.zip: no student has this name",
                 "app.py: handed in more than once", "mia handed in no w1_greeting.ipynb",
                 "Left out: empty.zip: holds no file", "Left out: <b>x.zip: the formgrader takes < >"):  # fmt: skip
        assert said in done, said
    skipped = re.findall(r"Skipped submission.*extracted/(.*)", done)
    assert skipped == ["Ada Lovelace/work/timestamp.txt"], "nothing is said of what we handed out ourselves"


def test_an_error_in_the_instructors_configuration_leaves_ours_in_force(clean: Students) -> None:
    config = clean.course / names.CONFIG
    before = config.read_text(encoding="utf-8")
    try:
        config.write_text(f"{before}\nc.Autograde.preprocessors = undefined\n", encoding="utf-8")
        said = clean.well("zip_collect", W1)
    finally:
        config.write_text(before, encoding="utf-8")
    assert "NameError: name 'undefined' is not defined" in said, "nbgrader says so and goes on"
    assert "Using file extractor: Extractor" in said
    ours = json.loads((clean.course / names.GENERATED).read_bytes())
    assert ours["ZipCollectApp"]["extractor_plugin"] == "grader.nbgrader.collecting.Extractor", (
        "the same file says who judges"
    )
    assert ours["Autograde"]["autograde_preprocessors"][0] == "grader.nbgrader.outside.GradeOutside"


def test_without_an_exchange_nbgrader_says_so(students: Students) -> None:
    done = students.run("collect", W1, f"--Exchange.root={students.folder / 'none'}")
    assert done.returncode == 1
    assert "Unwritable directory, please contact your instructor" in done.stdout


def test_a_pattern_of_the_instructors_says_whose_an_archive_is(clean: Students) -> None:
    archive = clean.course / "downloaded" / W1 / "archive"
    archive.mkdir(parents=True)
    (archive / "ada_123_late.zip").write_bytes(zipped({"work/app.py": b"x = 1\n"}))
    (archive / "x[1]_5.zip").write_bytes(zipped({"app.py": b"x = 2\n"}))
    pattern = r".*/extracted/(?P<student_id>[^_/]+)[^/]*/(?P<file_id>.+)"
    assert f'r"{pattern}"' in (clean.course / names.CONFIG).read_text(encoding="utf-8"), "the example that is given"
    clean.well("zip_collect", W1, f"--FileNameCollectorPlugin.named_regexp={pattern}")
    assert set(os.listdir(clean.course / "submitted")) == {"ada"}
    assert clean.collected("ada").keys() == {"app.py", f"{W1}.ipynb"}


# -- what stands in for what was lost


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """A released assignment in style files."""
    (tmp_path / "release").mkdir()
    write_notebook(tmp_path / "release" / f"{W1}.ipynb", "files")
    return tmp_path / "release"


def write_notebook(path: Path, style: str, **more: object) -> None:
    content = {"cells": [], "metadata": {"grader": {"style": style}}, "nbformat": 4, "nbformat_minor": 5, **more}
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize(
    "there", ["", "{", "[]", "7", '{"nbformat": 3}', '{"nbformat": 4, "cells": [{}]}', "[" * 100_000]
)
def test_in_style_files_a_notebook_that_cannot_be_read_is_replaced(given: Path, tmp_path: Path, there: str) -> None:
    work = tmp_path / "work"
    work.mkdir()
    assert released.put_in(work, given) == [f"{W1}.ipynb"]
    assert released.put_in(work, given) == []
    (work / f"{W1}.ipynb").write_text(there, encoding="utf-8")
    assert released.put_in(work, given) == [f"{W1}.ipynb"]
    assert files_in(work) == files_in(given)


def test_a_folder_in_place_of_the_notebook_is_replaced(given: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / f"{W1}.ipynb" / "inside").mkdir(parents=True)
    assert released.put_in(work, given) == [f"{W1}.ipynb"]
    assert files_in(work) == files_in(given)


def test_a_huge_notebook_is_replaced_and_one_that_can_be_read_stays(given: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    write_notebook(work / f"{W1}.ipynb", "files", mine="yes")
    assert released.put_in(work, given) == []
    with (work / f"{W1}.ipynb").open("ab") as file:
        file.truncate(released.LARGEST + 1)
    assert released.put_in(work, given) == [f"{W1}.ipynb"]


def test_in_style_cells_a_damaged_notebook_stays_for_it_is_the_work(given: Path, tmp_path: Path) -> None:
    write_notebook(given / f"{W1}.ipynb", "cells")
    work = tmp_path / "work"
    work.mkdir()
    (work / f"{W1}.ipynb").write_text("{", encoding="utf-8")
    assert released.put_in(work, given) == []
    (work / f"{W1}.ipynb").unlink()
    assert released.put_in(work, given) == [f"{W1}.ipynb"]


def test_folders_around_the_work_are_no_part_of_it(given: Path, tmp_path: Path) -> None:
    (given / "watchlist").mkdir()
    work = tmp_path / "work"
    (work / "Ada" / "a1" / "watchlist").mkdir(parents=True)
    (work / "__MACOSX").mkdir()
    assert released.wrapped_in(work, given) == 2
    (work / "Ada" / "notes.txt").touch()
    assert released.wrapped_in(work, given) == 1


# -- archives


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, data in files.items():
            pack.writestr(name, data)
    return out.getvalue()


def taped(files: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tape:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tape.addfile(info, io.BytesIO(data))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tape.addfile(info)
    return out.getvalue()


def unpacked(tmp_path: Path, data: bytes, limit: int = 1000) -> dict[str, bytes]:
    (tmp_path / "archive").write_bytes(data)
    packed.unpack(tmp_path / "archive", tmp_path / "in" / "out", limit)
    return files_in(tmp_path / "in")


def test_nothing_climbs_out_of_an_archive(tmp_path: Path) -> None:
    odd = {
        "../up.py": b"1",
        "/from_the_top.py": b"2",
        "a/../../b.py": b"3",
        "con.py": b"4",
        "..\\win.py": b"5",
        "a\\b.py": b"6",
    }
    assert unpacked(tmp_path, zipped({"app.py": b"x", **odd})) == {"out/app.py": b"x", "out/a/b.py": b"6"}
    shutil.rmtree(tmp_path / "in")
    links = {"link.py": "/etc/passwd", "dir": ".."}
    assert unpacked(tmp_path, taped({"app.py": b"x", "../up.py": b"1"}, links)) == {"out/app.py": b"x"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (zipped({"app.py": b"x" * 600, "b.py": b"x" * 600}), "holds more bytes"),
        (taped({"app.py": b"x" * 1001}), "holds more bytes"),
        (zipped({f"{number}.py": b"" for number in range(packed.MOST_ENTRIES + 1)}), "more than 5000 entries"),
        (zipped({"app.py": b"x" * 300})[:-40], "cannot be unpacked"),
        (taped({"app.py": b"x" * 300})[:60], "cannot be unpacked"),
        (b"", "cannot be unpacked"),
        (b"hello", "cannot be unpacked"),
    ],
)
def test_an_archive_that_is_too_much_or_damaged_leaves_nothing(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        unpacked(tmp_path, data)
    assert files_in(tmp_path / "in") == {}


def test_names_of_archives() -> None:
    assert [packed.stem(name) for name in ("ada.zip", "ada.tar.gz", "a.b.TGZ", "ada.tar", "x.py")] == [
        "ada", "ada", "a.b", "ada", "x",
    ]  # fmt: skip
