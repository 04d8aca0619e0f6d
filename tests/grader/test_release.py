"""What students get holds nothing of the private half, works by itself, and can be brought forward under their hands."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader.cli import SUMMARIES, main
from grader.course import Course, load_course
from grader.directories import STARTER
from grader.hashing import exercise_hash
from grader.leaks.lines import harmless
from grader.output import write_bytes
from grader.release import writing
from grader.release.contents import Wishes, public_half
from grader.release.making import Made, make
from grader.release.pages import FOLDER
from grader.sandbox.plain import Plain
from grader.sandbox.unpack import unpack
from grader.submissions import read_submission
from tests.grader import two_exercises
from tests.grader.conftest import IN_CI, ROOT, skip
from tests.grader.two_exercises import W1, W2

Windows = dict[tuple[str, ...], str]
A1 = "exercises/a1_hello_wsgi"


def release(*words: object) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, ["release", *map(str, words)], env={"COLUMNS": "200", "LANG": "C.UTF-8"})


def made(course: Path, out: Path, *exercises: str, update: bool = False, references: tuple[str, ...] = ()) -> Made:
    """Make a repository for students."""
    wishes = Wishes(exercises, references)
    return make(load_course(course), out, wishes, private=None, staff=False, update=update)


def content(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def in_repository(folder: Path, *words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a repository with the engine that is in it, and the libraries of this environment."""
    return subprocess.run(
        [sys.executable, *map(str, words)], cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200", "PYTHONUTF8": "1", "GRADER_LANG": "en",
             "PYTHONDONTWRITEBYTECODE": "1", **environment},
    )  # fmt: skip


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with everything; tests only read it."""
    out = tmp_path_factory.mktemp("release") / "课程 one"
    made(ROOT, out)
    return out


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A small course that a test may change."""
    return two_exercises.write(tmp_path / "course")


# -- what is in it


def windows(text: str) -> Iterator[tuple[str, ...]]:
    """Yield every three lines in a row that are not blank."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    yield from zip(lines, lines[1:], lines[2:], strict=False)


def test_it_holds_no_file_of_tests_and_no_three_lines_of_a_solution_or_a_hidden_test(student: Path) -> None:
    released = content(student)
    assert not [path for path in released if path.split("/")[0] in ("tests", "solutions", "references")]
    known = {hashlib.sha256(data).digest(): path for path, data in released.items() if len(data) > 200}
    tests = [path for path in (ROOT / "tests").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert len(tests) > 500
    assert not {
        path: known[digest] for path in tests if (digest := hashlib.sha256(path.read_bytes()).digest()) in known
    }
    public = {window: path for path, data in released.items() for window in windows(data.decode("utf-8", "replace"))}
    secret = [path for tree in ("solutions", "tests/hidden") for path in (ROOT / tree).rglob("*") if path.is_file()]
    searched, told = 0, []
    for path in (path for path in secret if path.suffix != ".pyc"):
        for window in windows(without_harmless(path)):
            searched += 1
            told += [f"{path}: {window[0]} in {public[window]}"] if window in public and not given(window, path) else []
    assert searched > 5000
    assert not told


def without_harmless(path: Path) -> str:
    """Return a private file without what is no answer: imports and tables of data, the head of a catalogue."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".po":
        return text.partition("\n\n")[2]
    passed = harmless(text) if path.suffix == ".py" else set()
    return "\n".join(line for number, line in enumerate(text.splitlines(), 1) if number not in passed)


def given(window: tuple[str, ...], path: Path) -> bool:
    """Tell whether the starter of a file has all of some lines; a later exercise begins with the templates of earlier ones."""
    name = path.relative_to(ROOT / path.relative_to(ROOT).parts[0]).as_posix().removeprefix("hidden/")
    exercise, _, file = name.partition("/")
    starters = [ROOT / "exercises" / exercise / file]
    if path.suffix != ".py":
        starters += sorted((ROOT / "exercises").glob(f"*/{file}"))
    lines = {line.strip() for one in starters if one.is_file() for line in one.read_text(encoding="utf-8").splitlines()}
    return lines.issuperset(window)


def test_the_record_names_every_file_with_its_digest(student: Path) -> None:
    record = json.loads((student / "release.json").read_text(encoding="utf-8"))
    files = {path: data for path, data in content(student).items() if path != "release.json"}
    assert record["files"] == {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    assert record["exercises"].keys() == load_course(ROOT).exercises.keys()
    assert record["exercises"]["d2_blueprints_hooks"] == ["watchlist/"]
    assert "arriving" not in record


def test_the_same_course_gives_the_same_bytes_and_rights(student: Path, tmp_path: Path) -> None:
    out = tmp_path / "other"
    made(ROOT, out)
    assert content(out) == content(student)
    modes = {path.stat().st_mode & 0o777 for path in out.rglob("*")}
    assert modes == ({0o644, 0o755} if os.name == "posix" else modes)
    times = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    result = release(out, "--course", ROOT)
    assert result.exit_code == 0, result.output
    assert "it was there already" in result.output
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == times


def test_starters_are_kept_beside_the_files_of_the_student(student: Path) -> None:
    for exercise in load_course(ROOT).exercises.values():
        place = student / "exercises" / exercise.name
        starters = content(place / STARTER)
        assert starters
        assert all((place / name).read_bytes() == data for name, data in starters.items())


def test_chosen_exercises_bring_what_they_need(small: Path, tmp_path: Path) -> None:
    both, one = tmp_path / "both", tmp_path / "one"
    result = release(both, "--course", small, "--exercise", "w2", "--lang", "zh-CN")
    assert result.exit_code == 0, result.output
    assert list(load_course(both).exercises) == [W1, W2]
    assert "第一天" in (both / "README.md").read_text(encoding="utf-8")
    assert not (both / "README.zh-CN.md").exists()
    assert release(one, "--course", small, "--exercise", W1, "--lang", "en").exit_code == 0
    assert list(load_course(one).exercises) == [W1]
    assert not (one / "README.zh-CN.md").exists()


def test_readings_come_with_the_exercises_that_lead_to_them(course: Course) -> None:
    for name, readings in (("a1", set()), ("d1", {"r0_what_is_what", "r3_what_flask_is"})):
        paths = public_half(course, Wishes((name,)))
        assert {path.split("/")[2] for path in paths if path.startswith("exercises/readings/")} == readings
    assert {path.split("/")[1][:2] for path in paths if path.startswith("exercises/")} == {
        "re", "a2", "a3", "a4", "a5", "d1",
    }  # fmt: skip


def test_a_chosen_exercise_can_be_started_from_a_reference_that_comes_with_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = release(out, "--course", ROOT, "--exercise", "a3", "--with-reference", "a2")
    assert result.exit_code == 0, result.output
    assert release(out, "--course", ROOT, "--update").exit_code == 0
    done = CliRunner().invoke(main, ["start", "a3", "--from-reference", "--course", str(out), "--lang", "en"])
    assert (done.exit_code, "The course's reference of a2 is in a3 now: app.py." in done.output) == (0, True), (
        done.output
    )
    solution = ROOT / "solutions/a2_routes_and_methods/app.py"
    assert (out / "exercises/a3_query_and_encoding/app.py").read_bytes() == solution.read_bytes()


def test_a_reference_is_handed_out_on_request_only(student: Path, tmp_path: Path) -> None:
    result = release(tmp_path / "out", "--course", ROOT, "--with-reference", "a2", "--with-reference", "d3")
    assert result.exit_code == 0, result.output
    for name in ("a2_routes_and_methods", "d3_sqlite_forms_extension"):
        assert content(tmp_path / "out" / "references" / name) == {
            path: data for path, data in content(ROOT / "solutions" / name).items() if not path.endswith(".pyc")
        }
    result = release(tmp_path / "none", "--course", student, "--with-reference", "a2")
    assert result.exit_code == 2


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_page_names_commands_that_there_are_and_links_that_lead_somewhere(student: Path, language: str) -> None:
    page = (student / ("README.md" if language == "en" else f"README.{language}.md")).read_text(encoding="utf-8")
    named = set(re.findall(r"^grader (\w+)|`grader (\w+)", page, re.MULTILINE))
    assert {one or other for one, other in named} <= SUMMARIES.keys()
    links = re.findall(r"\]\(([^)]+)\)", page)
    assert len(links) > len(load_course(ROOT).exercises)
    assert all((student / link).is_file() for link in links)
    assert "$" not in page


def test_what_a_repository_needs_is_what_the_project_needs(student: Path) -> None:
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    theirs = tomllib.loads((student / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for key in ("dependencies", "requires-python", "version", "scripts", "entry-points"):
        assert theirs[key] == ours[key], key
    extras = theirs["optional-dependencies"]
    known = ours["optional-dependencies"]
    assert all(extras[name] == known[name] for name in extras if name in known)
    assert (FOLDER / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


# -- leaks are found before anything is written

REFERENCE = 'body = b"hello\\n"\n\n    start_response("200 OK", [("Content-Length", str(len(body)))])'
LAST = 'return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]'
LEAKS = {
    "three lines of a reference": (
        f"exercises/{W1}/hints.md", f"```\n{REFERENCE}\n    {LAST}\n```\n",
        f"hints.md:11: 3 lines in a row stand in solutions/{W1}/app.py:2",
    ),
    "three lines of a hidden test": (
        f"exercises/{W2}/README.md",
        '    assert seen.body, "which bytes are in the body?"\n'
        '    assert seen.header("Content-Length") == str(len(seen.body)), "how many bytes are in the body?"\n',
        "",
    ),
    "a marker": (f"exercises/{W1}/notes.md", "3f9a61c7-w1 leak-marker-3f9a61c7-w1", "the leak marker of tests/hidden"),
    "a whole file of tests": (f"exercises/{W1}/copied.py", None, f"the same file as tests/hidden/{W1}/test_length.py"),
}  # fmt: skip


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_named_and_nothing_is_written(small: Path, tmp_path: Path, name: str) -> None:
    path, text, said = LEAKS[name]
    hidden = (small / "tests" / "hidden" / W1 / "test_length.py").read_text(encoding="utf-8")
    if text is None:
        text = hidden
    if name == "three lines of a hidden test":
        text, said = "\n".join(hidden.splitlines()[-3:]), f"3 lines in a row stand in tests/hidden/{W1}/test_length.py"
    with (small / path).open("a", encoding="utf-8") as file:
        file.write(text)
    result = release(tmp_path / "out", "--course", small)
    assert result.exit_code == 1, result.output
    assert said in result.output
    assert "nothing was written" in result.output
    assert not (tmp_path / "out").exists()


def test_two_lines_are_no_copy_and_a_reference_that_is_handed_out_is_no_secret(small: Path, tmp_path: Path) -> None:
    (small / "exercises" / W1 / "hints.md").write_text(REFERENCE, encoding="utf-8")
    assert release(tmp_path / "two", "--course", small).exit_code == 0
    solution = (small / "solutions" / W1 / "app.py").read_text(encoding="utf-8")
    (small / "exercises" / W1 / "hints.md").write_text(solution, encoding="utf-8")
    result = release(tmp_path / "out", "--course", small, "--with-reference", "w1")
    assert result.exit_code == 0, result.output


# -- it works


def test_public_tests_run_in_it_with_its_own_engine(student: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(student, home)
    shutil.copy(ROOT / "solutions" / "a1_hello_wsgi" / "app.py", home / A1)
    (home / A1 / STARTER / "test_planted.py").write_text("raise SystemExit('a starter was collected')\n")
    done = in_repository(home, "-m", "pytest", "-p", "no:cacheprovider", A1)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "a1: public 40/40 points" in done.stdout
    assert "planted" not in done.stdout
    done = in_repository(home, "-c", "import grader.course; print(grader.course.__file__)")
    assert done.stdout.strip() == str(home / "grader" / "course.py")


def test_the_private_half_grades_in_it(student: Path, tmp_path: Path, walled: None) -> None:
    result = release(tmp_path / "private", "--private", "--course", ROOT)
    assert result.exit_code == 0, result.output
    assert set(os.listdir(tmp_path / "private")) == {"README.md", "release.json", "solutions", "tests"}
    assert not [path for path in content(tmp_path / "private") if "submissions" in path or "tests/grader" in path]
    home = tmp_path / "home"
    shutil.copytree(student, home)
    shutil.copy(ROOT / "solutions" / "a1_hello_wsgi" / "app.py", home / A1)
    words = ("-m", "grader", "grade", A1, "--private", tmp_path / "private", "--format", "json", "--no-store")
    done = in_repository(home, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    (attempt,) = json.loads(done.stdout)
    assert attempt["score"] == {"earned": 100, "possible": 100}
    assert STARTER not in attempt["ignored"]


def test_the_tests_are_the_same_ones_there(student: Path, tmp_path: Path) -> None:
    assert release(tmp_path / "private", "--private", "--course", ROOT).exit_code == 0
    there, here = load_course(student, tmp_path / "private"), load_course(ROOT)
    for name in here.exercises:
        assert exercise_hash(there.exercises[name]) == exercise_hash(here.exercises[name])


def test_starters_are_no_part_of_a_submission(student: Path, tmp_path: Path) -> None:
    exercises = load_course(student).exercises
    for exercise in exercises.values():
        found = read_submission(exercise.folder, exercise)
        assert not found.missing
        assert not [file for file in (*found.files, *found.ignored) if STARTER in file]
    exercise = exercises["a1_hello_wsgi"]
    for home in (exercise.folder, exercise.folder.parent):  # what students pack: the files in the folder, or the folder
        archive = tmp_path / f"{home.name}.zip"
        with zipfile.ZipFile(archive, "w") as file:
            for path in sorted(exercise.folder.rglob("*")):
                file.write(path, path.relative_to(home))
        opened = unpack(Plain(exercise.limits).spawn, archive.read_bytes(), exercise.files, exercise.limits)
        assert opened.files == {"app.py": (exercise.folder / "app.py").read_bytes()}, opened.problem
        assert not [name for name in opened.ignored if STARTER in name]


if IN_CI:  # it takes the network and half a minute

    def test_it_installs_into_a_fresh_environment(student: Path, tmp_path: Path) -> None:
        uv = shutil.which("uv")
        if uv is None:
            skip("uv is not installed", "pip install uv")
        home = tmp_path / "home"
        shutil.copytree(student, home)
        shutil.copy(ROOT / "solutions" / "a1_hello_wsgi" / "app.py", home / A1)
        environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
        done = subprocess.run(
            [str(uv), "run", "pytest", A1], cwd=home, env=environment, capture_output=True, text=True, check=False,
            timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert "40/40" in done.stdout


# -- bringing forward


@pytest.fixture
def begun(small: Path, tmp_path: Path) -> Path:
    """A repository of a student who has work on one exercise, notes, and a changed test."""
    out = tmp_path / "repository"
    made(small, out)
    (out / "exercises" / W1 / "app.py").write_text("mine = 1\n", encoding="utf-8")
    (out / "exercises" / W1 / "notes.txt").write_text("a thought", encoding="utf-8")
    (out / "exercises" / W1 / "test_greeting.py").write_text("# easier\n", encoding="utf-8")
    (out / ".grader").mkdir()
    (out / ".grader" / "student.json").write_text("{}", encoding="utf-8")
    return out


def changed(small: Path) -> None:
    """Change starters, a test and hints of the course, take a page away and add one."""
    for name in (W1, W2):
        (small / "exercises" / name / "app.py").write_text('"""TODO: better."""\n', encoding="utf-8")
    with (small / "exercises" / W1 / "test_greeting.py").open("a", encoding="utf-8") as file:
        file.write("# new\n")
    (small / "exercises" / W2 / "hints.md").write_text("# New\n", encoding="utf-8")
    (small / "exercises" / W1 / "hints.md").unlink()
    (small / "exercises" / W1 / "more.md").write_text("# More\n", encoding="utf-8")


def test_an_update_replaces_everything_but_the_work_of_the_student(small: Path, begun: Path, tmp_path: Path) -> None:
    changed(small)
    assert "--update" in release(begun, "--course", small).output
    result = release(begun, "--update", "--course", small)
    assert result.exit_code == 0, result.output
    made(small, tmp_path / "fresh")
    fresh, now = content(tmp_path / "fresh"), content(begun)
    mine = {
        f"exercises/{W1}/app.py": b"mine = 1\n", f"exercises/{W1}/notes.txt": b"a thought",
        ".grader/student.json": b"{}",
    }  # fmt: skip
    aside = {path: data for path, data in now.items() if path.startswith(".grader/replaced/")}
    assert {path.split("/", 3)[3]: data for path, data in aside.items()} == {
        f"exercises/{W1}/test_greeting.py": b"# easier\n"
    }
    assert now == {**fresh, **mine, **aside}
    assert now[f"exercises/{W1}/{STARTER}/app.py"] == b'"""TODO: better."""\n'
    assert f"{W1}: has a new starter, but there is work" in result.output
    assert "test_greeting.py: somebody changed it" in result.output
    assert "written" in result.output
    again = release(begun, "--update", "--course", small)
    assert "it was there already" in again.output
    assert content(begun) == now


def test_what_is_no_part_any_more_stays_if_somebody_changed_it(small: Path, begun: Path) -> None:
    (begun / "exercises" / W1 / "hints.md").write_text("with my notes", encoding="utf-8")
    changed(small)
    result = release(begun, "--update", "--course", small)
    assert "hints.md: no part of the release any more; it stays" in result.output
    assert (begun / "exercises" / W1 / "hints.md").read_text(encoding="utf-8") == "with my notes"


def test_work_on_a_directory_is_one_thing(tmp_path: Path) -> None:
    course = two_exercises.write_packages(tmp_path / "course")
    starter = course / "exercises" / W1 / "hello" / "pages.py"
    starter.write_text("pages = []\n", encoding="utf-8")
    for name, act in {
        "added": lambda home: (home / "own.py").write_text("own = 1\n"),
        "removed": lambda home: (home / "pages.py").unlink(),
        "changed": lambda home: (home / "__init__.py").write_text("mine = 1\n"),
        "run": lambda home: (home / "films.db").write_text("a run left this"),
    }.items():
        out = tmp_path / name
        starter.write_text("pages = []\n", encoding="utf-8")
        made(course, out)
        home = out / "exercises" / W1 / "hello"
        act(home)  # type: ignore[no-untyped-call]
        before = content(home)
        starter.write_text("pages = {}\n", encoding="utf-8")
        found = made(course, out, update=True)
        assert found.done.kept == ((W1,) if name != "run" else ()), name
        assert content(home) == (before if name != "run" else {**before, "pages.py": b"pages = {}\n"}), name


def test_an_update_remembers_what_was_wished(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = (out, "--course", small)
    assert release(*words, "--exercise", "w1", "--lang", "zh-CN", "--with-reference", "w1").exit_code == 0
    before = content(out)
    assert release(*words, "--update").exit_code == 0
    assert content(out) == before
    result = release(*words, "--update", "--exercise", "w2")
    assert result.exit_code == 0, result.output
    assert list(load_course(out).exercises) == [W1, W2]
    assert (out / "references" / W1 / "app.py").is_file()


@pytest.mark.parametrize("steps", [0, 1, 5, 40, 250])
def test_a_stop_in_the_middle_is_finished_by_the_same_command(
    small: Path, begun: Path, tmp_path: Path, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = steps

    def stopping(path: Path, data: bytes) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        write_bytes(path, data)

    monkeypatch.setattr(writing, "write_bytes", stopping)
    fresh, forward = tmp_path / "fresh", (begun, "--update", "--course", small)
    begin = release(fresh, "--course", small)
    assert (begin.exit_code, "the same command finishes" in begin.output) == (130, True)
    left = steps
    changed(small)
    (small / "exercises" / W2 / "app.py").write_text('"""TODO: differently."""\n', encoding="utf-8")
    stopped = release(*forward)
    monkeypatch.undo()
    assert stopped.exit_code in (0, 130)
    assert release(*forward).exit_code == 0
    assert release(fresh, "--course", small).exit_code == 0
    theirs = {f"exercises/{W1}/app.py", f"exercises/{W1}/notes.txt"}
    now = {path: data for path, data in content(begun).items() if not path.startswith(".grader/")}
    assert {**content(fresh), **{path: now[path] for path in theirs}} == now
    assert not (fresh / ".grader").exists()
    assert now[f"exercises/{W1}/app.py"] == b"mine = 1\n"


# -- where it cannot go


def test_places_that_are_no_good_are_refused_with_a_remedy(small: Path, student: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("my only copy")
    (tmp_path / "file").write_text("")
    private = tmp_path / "private"
    assert release(private, "--private", "--course", small).exit_code == 0
    for words, said in (
        ((tmp_path / "full",), "exists and is no release"),
        ((tmp_path / "file",), "name a new one"),
        ((small / "exercises" / "out",), "lies in the course itself"),
        ((small,), "exists and is no release"),
        ((private,), "a release of another kind"),
        ((tmp_path / "new", "--update"), "leave --update out"),
        ((student / "private", "--private"), "name a folder that nobody hands out"),
        ((tmp_path / "new", "--private", "--lang", "en"), "are for students"),
    ):
        result = release(*words, "--course", small)
        assert result.exit_code == 2, (words, result.output)
        assert said in " ".join(result.output.split()), words
    result = release(tmp_path / "new", "--course", student)
    assert (result.exit_code, "a release for students" in result.output) == (2, True)
    assert not (tmp_path / "new").exists()
    assert os.listdir(tmp_path / "full") == ["thesis.txt"]


def test_a_new_clone_counts_as_empty(small: Path, tmp_path: Path) -> None:
    (tmp_path / "clone" / ".git").mkdir(parents=True)
    assert release(tmp_path / "clone", "--course", small).exit_code == 0


def test_a_record_that_somebody_changed_reaches_nothing_outside(small: Path, begun: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_bytes(b"precious")
    record = json.loads((begun / "release.json").read_text(encoding="utf-8"))
    for path in ("../victim.txt", str(victim), "a/../../victim.txt", "..\\victim.txt"):
        bad = {**record, "files": {**record["files"], path: hashlib.sha256(b"precious").hexdigest()}}
        (begun / "release.json").write_text(json.dumps(bad), encoding="utf-8")
        result = release(begun, "--update", "--course", small)
        assert (result.exit_code, victim.read_bytes()) == (2, b"precious"), result.output
        assert "a path that leads elsewhere" in result.output
    for text in (
        "",
        "[]",
        "{}",
        '{"form": 1}',
        json.dumps({**record, "exercises": [1]}),
        json.dumps({**record, "kind": 7}),
    ):
        (begun / "release.json").write_text(text, encoding="utf-8")
        result = release(begun, "--update", "--course", small)
        assert result.exit_code == 2, result.output
        assert "release.json: not the record of a release" in result.output


def test_links_are_not_followed(small: Path, begun: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    try:
        (outside / "link").symlink_to(outside)
    except OSError:
        skip("links cannot be made here", "run it on Linux or macOS")
    (outside / "link").unlink()
    (outside / "hints.md").write_text("precious")
    (begun / "exercises" / W2 / "hints.md").unlink()
    (begun / "exercises" / W2 / "hints.md").symlink_to(outside / "hints.md")
    assert release(begun, "--update", "--course", small).exit_code == 0
    assert not (begun / "exercises" / W2 / "hints.md").is_symlink()
    shutil.rmtree(begun / "exercises" / W2)
    (begun / "exercises" / W2).symlink_to(outside)
    result = release(begun, "--update", "--course", small)
    assert result.exit_code == 2
    assert "stands where a folder has to be" in result.output
    assert content(outside) == {"hints.md": b"precious"}
    (small / "exercises" / W1 / "linked.md").symlink_to(small / "solutions" / W1 / "app.py")
    assert "a link, and a release holds files only" in release(tmp_path / "new", "--course", small).output


def test_a_folder_that_cannot_be_written_is_named(small: Path, tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("")
    result = release(place / "below", "--course", small)
    assert result.exit_code == 2, result.output
    assert str(place / "below") in result.output
