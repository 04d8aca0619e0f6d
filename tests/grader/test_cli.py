"""The commands as people use them, good input and bad; every error says what to do and leaves nothing half-written."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from grader.cli import main
from tests.grader.conftest import skip
from tests.grader.terminals import surroundings

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "submissions" / "a1_hello_wsgi"
SCHEMA = json.loads((ROOT / "grader" / "reports" / "attempts.schema.json").read_text(encoding="utf-8"))


def run(*words: object) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, [str(word) for word in words], env={"COLUMNS": "120", "LANG": "C.UTF-8"})


def attempts(result: Result) -> list[dict[str, Any]]:
    """Return the JSON that a command printed, after checking it against the schema."""
    found = json.loads(result.stdout)
    jsonschema.validate(found, SCHEMA)
    assert isinstance(found, list)
    return found


def submit(tree: Path, student: str, content: bytes, name: str = "app.py", exercise: str = "a1_hello_wsgi") -> None:
    folder = tree / student / exercise
    folder.mkdir(parents=True)
    (folder / name).write_bytes(content)


@pytest.fixture(scope="module")
def reference() -> bytes:
    return (ROOT / "solutions" / "a1_hello_wsgi" / "app.py").read_bytes()


def test_a_tree_with_every_kind_of_bad_input_is_graded_to_the_end(tmp_path: Path, full: None, reference: bytes) -> None:
    tree, out = tmp_path / "submitted", tmp_path / "out"
    submit(tree, "right", reference)
    submit(tree, "missing", b"notes", name="notes.txt")
    submit(tree, "empty", b"")
    submit(tree, "chinese_gbk", "名 = '影单'".encode("gbk"))
    submit(tree, "syntax", b"def application(:\n")
    submit(tree, "huge", b"#" * (2 << 20))
    submit(tree, "not_callable", b"application = 1\n")
    submit(tree, "extra", reference)
    (tree / "extra" / "a1_hello_wsgi" / "conftest.py").write_text("raise SystemExit")
    (tree / "extra" / "homework").mkdir()
    submit(tree, "a_folder", b"", name="inner")
    (tree / "a_folder" / "a1_hello_wsgi" / "app.py").mkdir()
    if hasattr(os, "mkfifo"):
        (tree / "a_pipe" / "a1_hello_wsgi").mkdir(parents=True)
        os.mkfifo(tree / "a_pipe" / "a1_hello_wsgi" / "app.py")
        (tree / "a_link" / "a1_hello_wsgi").mkdir(parents=True)
        (tree / "a_link" / "a1_hello_wsgi" / "app.py").symlink_to("/etc/passwd")
    result = run("grade", tree, "--format", "json", "--out", out, "--course", ROOT)
    assert result.exit_code == 0, result.output
    found = {attempt["student"]: attempt for attempt in attempts(result)}
    verdicts = {student: attempt["verdict"] for student, attempt in found.items()}
    assert verdicts == {
        "right": "graded", "missing": "missing_file", "empty": "graded", "chinese_gbk": "graded", "syntax": "graded",
        "huge": "bad_submission", "not_callable": "graded", "extra": "graded", "a_folder": "bad_submission",
        "a_pipe": "bad_submission", "a_link": "bad_submission",
    }  # fmt: skip
    assert found["right"]["score"] == {"earned": 100, "possible": 100}
    assert found["extra"]["score"] == {"earned": 100, "possible": 100}
    assert found["extra"]["ignored"] == ["conftest.py"]
    assert found["missing"]["score"] == {"earned": 0, "possible": 100}
    assert found["missing"]["detail"] == {"file": "app.py"}
    for student in ("empty", "chinese_gbk", "syntax"):
        assert found[student]["score"]["earned"] == 0
    assert {test["verdict"] for test in found["syntax"]["tests"]} == {"import_error"}
    assert "line 1 of app.py" in found["syntax"]["tests"][0]["feedback"]["happened"]
    assert "application" in found["empty"]["tests"][0]["feedback"]["happened"]
    assert found["right"]["isolation"] == "full"
    written = {
        path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in out.glob("*/a1_hello_wsgi.json")
    }
    assert written == found


def test_the_exercise_comes_from_option_tree_or_folder(tmp_path: Path, full: None, reference: bytes) -> None:
    (tmp_path / "app.py").write_bytes(reference)
    assert run("grade", tmp_path, "--exercise", "a1", "--course", ROOT, "--fail-under", 100).exit_code == 0
    folder = tmp_path / "a1_hello_wsgi"
    folder.mkdir()
    (folder / "app.py").write_bytes(reference)
    [attempt] = attempts(run("grade", folder / "app.py", "--format", "json", "--course", ROOT))
    assert attempt["student"] is None
    assert attempt["exercise"] == "a1_hello_wsgi"
    unknown = run("grade", tmp_path / "app.py", "--course", ROOT)
    assert unknown.exit_code == 2
    assert "a1_hello_wsgi" in unknown.output


def test_a_class_folder_names_the_students(tmp_path: Path, full: None, reference: bytes) -> None:
    for student in ("ada", "bo"):
        (tmp_path / "class" / student).mkdir(parents=True)
        (tmp_path / "class" / student / "app.py").write_bytes(reference if student == "ada" else b"")
    result = run(
        "grade", tmp_path / "class", "--exercise", "a1", "--format", "json", "--course", ROOT, "--fail-under", 50
    )
    assert result.exit_code == 1
    assert [attempt["student"] for attempt in attempts(result)] == ["ada", "bo"]
    assert "graded 2 of 2" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("grade", "nowhere"), "no such file or folder"),
        (("grade", SAMPLES / "partial", "--exercise", "a9"), "a1_hello_wsgi"),
        (("grade", SAMPLES / "partial", "--exercise", "a1_helo_wsgi"), "did you mean 'a1_hello_wsgi'?"),
        (("grade", SAMPLES / "partial", "--min-isolation", "some"), "none"),
        (("grade", SAMPLES / "partial", "--course", "nowhere"), "nowhere"),
        (("grade", SAMPLES / "partial", "--fail-under", "200"), "200"),
        (("grad",), "No such command"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_what_is_right(
    words: tuple[object, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    result = run(*words)
    assert result.exit_code == 2
    assert said in result.output


def test_an_output_folder_that_cannot_be_written_is_found_before_grading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    blocked = tmp_path / "file"
    blocked.write_text("here")
    result = run("grade", SAMPLES / "partial", "--out", blocked / "out")
    assert result.exit_code == 2
    assert "choose another folder" in result.output
    assert blocked.read_text() == "here"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("entry =", "entri =", "unknown key 'entri'; did you mean 'entry'?"),
        ('kind = "graded"', 'kind = "grade"', "kind = 'grade' is not of the form graded or diagnostic"),
        ('files = ["app.py"]', 'files = "app.py"', "'files' must be a list, not str"),
        ('files = ["app.py"]', 'files = ["../app.py"]', "'../app.py' is not a relative path"),
        ('zh-CN = "你好，WSGI"', "", "the key 'zh-CN' is missing"),
        ("[title]", "[titel", "not a TOML file"),
        ("[title]", "[limits]\ncal = 3\n[title]", "[limits] unknown key 'cal'; did you mean 'call'?"),
    ],
)
def test_a_typo_in_a_manifest_names_file_key_and_the_right_key(a_copy: Path, old: str, new: str, said: str) -> None:
    manifest = a_copy / "exercises" / "a1_hello_wsgi" / "exercise.toml"
    text = manifest.read_text(encoding="utf-8")
    assert old in text
    manifest.write_text(text.replace(old, new, 1), encoding="utf-8")
    result = run("list", "--course", a_copy)
    assert result.exit_code == 2
    assert said in result.output.replace("\n", " ")
    assert "exercise.toml" in result.output


def test_a_folder_without_a_course_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("list")
    assert result.exit_code == 2
    assert "--course" in result.output


def test_list_names_every_exercise_in_both_languages() -> None:
    assert "Hello, WSGI" in run("list", "--course", ROOT).output
    assert "你好，WSGI" in run("list", "--course", ROOT, "--lang", "zh-CN").output


def test_doctor_names_the_level(full: None) -> None:
    result = run("doctor", "--course", ROOT)
    assert result.exit_code == 0
    assert "isolation level: full" in result.output


def test_doctor_names_django_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Django" not in run("doctor", "--course", ROOT).output
    monkeypatch.setattr("grader.cli.doctor.lacks_django", lambda: True)
    assert "Django is not installed" in run("doctor", "--course", ROOT).output


def test_doctor_names_the_remedy_where_bubblewrap_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_names, **_options: None)
    result = run("doctor", "--course", ROOT)
    assert "isolation level: full" not in result.output
    assert "bubblewrap is not installed; install it" in result.output


def test_demo_shows_a_class_and_feedback_in_both_languages(full: None, a_copy: Path) -> None:
    shutil.copytree(SAMPLES, a_copy / "tests" / "submissions" / "a1_hello_wsgi")
    result = run("demo", "--course", a_copy)
    assert result.exit_code == 0, result.output
    for word in ("ada", "100/100", "WHAT HAPPENED", "发生了什么", "isolation level: full", "submitted"):
        assert word in result.output
    assert list((a_copy / ".grader" / "demo" / "submitted").glob("*/a1_hello_wsgi/app.py"))


def test_a_reference_without_full_marks_stops_everything_without_a_score(a_copy: Path, full: None) -> None:
    (a_copy / "solutions" / "a1_hello_wsgi" / "app.py").write_text("def application(e, s): pass\n")
    result = run("grade", SAMPLES / "partial", "--course", a_copy, "--format", "json")
    assert result.exit_code == 3
    [attempt] = attempts(result)
    assert attempt["verdict"] == "grader_error"
    assert attempt["score"] is None
    assert attempt["detail"] == {}
    [attempt] = attempts(
        run("grade", SAMPLES / "partial", "--course", a_copy, "--format", "json", "--audience", "staff")
    )
    assert "the reference is not full marks" in attempt["detail"]["message"]


@pytest.mark.usefixtures("no_walls")
def test_without_isolation_hidden_tests_are_not_run_and_there_is_no_score() -> None:
    result = run("grade", SAMPLES / "partial", "--course", ROOT, "--format", "json")
    assert result.exit_code == 3
    [attempt] = attempts(result)
    assert attempt["verdict"] == "sandbox_unavailable"
    assert attempt["isolation"] == "none"
    assert attempt["score"] is None
    verdicts = {test["visibility"]: test["verdict"] for test in attempt["tests"]}
    assert verdicts == {"public": "passed", "hidden": "not_run"}


@pytest.mark.usefixtures("no_walls")
def test_staff_may_grade_without_isolation_and_the_report_says_so() -> None:
    result = run("grade", SAMPLES / "partial", "--course", ROOT, "--min-isolation", "none")
    assert result.exit_code == 0, result.output
    assert "100/100" in result.output
    assert "NOT ISOLATED" in result.output


def test_a_course_without_private_half_grades_the_public_tests(a_copy: Path, reference: bytes) -> None:
    shutil.rmtree(a_copy / "tests")
    shutil.rmtree(a_copy / "solutions")
    (a_copy / "exercises" / "a1_hello_wsgi" / "app.py").write_bytes(reference)
    [attempt] = attempts(run("grade", a_copy / "exercises" / "a1_hello_wsgi", "--course", a_copy, "--format", "json"))
    assert attempt["score"] == {"earned": 40, "possible": 40}
    assert attempt["verdict"] == "graded"
    table = run("grade", a_copy / "exercises" / "a1_hello_wsgi", "--course", a_copy)
    assert "public tests only: 8 hidden tests worth 60 points run at grading" in table.output


def test_the_private_half_may_be_elsewhere(a_copy: Path, tmp_path: Path, full: None) -> None:
    private = tmp_path / "private"
    private.mkdir()
    shutil.move(a_copy / "tests", private / "tests")
    shutil.move(a_copy / "solutions", private / "solutions")
    result = run("grade", SAMPLES / "partial", "--course", a_copy, "--private", private, "--format", "json")
    [attempt] = attempts(result)
    assert attempt["score"] == {"earned": 100, "possible": 100}


def test_the_same_seed_gives_the_same_attempt(full: None) -> None:
    def once() -> dict[str, Any]:
        [attempt] = attempts(run("grade", SAMPLES / "raises", "--course", ROOT, "--format", "json", "--seed", 7))
        return {key: value for key, value in attempt.items() if key not in ("started", "seconds")}

    first = once()
    assert first == once()
    assert first["seed"] == 7


def test_ctrl_c_ends_a_grading_without_a_traceback_and_without_leftovers(full: None) -> None:
    if sys.platform == "win32":
        skip("this test sends SIGINT", "run it on Linux or macOS")
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "grade", str(SAMPLES)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    assert process.stderr
    first = process.stderr.readline()
    tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
    workers = [int(pid) for task in tasks for pid in task.read_text().split()]
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "graded 1 of" in first
    assert "Traceback" not in errors
    assert workers
    assert not [worker for worker in workers if Path(f"/proc/{worker}").exists()]


@pytest.mark.parametrize(("words", "code"), [(["list"], 0), (["check", "nothing"], 2)], ids=["list", "check"])
@pytest.mark.parametrize("closed", ["sys.stdout", "sys.stderr"])
def test_a_stream_that_was_closed_before_changes_no_exit_code(closed: str, words: list[str], code: int) -> None:
    """Then Python has none, as under pythonw on Windows."""
    program = f"import sys\n{closed} = None\nsys.argv = ['grader', *{words}]\nfrom grader.cli import run\nrun()"
    process = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=surroundings({}),
        encoding="utf-8",
        capture_output=True,
        timeout=60,
    )
    assert (process.returncode, "Traceback" in process.stderr) == (code, False), process.stderr


@pytest.mark.parametrize(
    ("lang", "said"),
    [("en", "stopped; what was finished before is kept"), ("zh-CN", "已停止；此前完成的内容都已保留")],
)
def test_ctrl_c_while_the_module_of_a_command_is_read_ends_it_like_any_other(lang: str, said: str) -> None:
    program = """
        import signal, sys

        class Interrupt:
            def find_spec(self, name, path=None, target=None):
                if name == "grader.cli.trace":
                    signal.raise_signal(signal.SIGINT)

        sys.meta_path.insert(0, Interrupt())
        sys.argv = ["grader", "trace", "a1"]
        from grader.cli import run
        run()
    """
    process = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=ROOT, env=surroundings({"GRADER_LANG": lang}), encoding="utf-8", capture_output=True, timeout=60,
    )  # fmt: skip
    assert (process.returncode, process.stdout, process.stderr) == (130, "", f"Error: {said}\n")


@pytest.mark.parametrize("words", [["-P", "-m", "grader"], ["-m", "grader"]], ids=["installed", "python -m grader"])
def test_nothing_is_imported_from_a_submission_that_is_graded_from_within(
    tmp_path: Path, reference: bytes, words: list[str]
) -> None:
    trap = "import os, sys\nos.write(2, b'imported by the judge')\nraise SystemExit\n"
    for name in ("tomllib", "pytest", "polib", "netrc", "grader"):
        (tmp_path / f"{name}.py").write_text(trap)
    (tmp_path / "app.py").write_bytes(reference)
    command = [
        sys.executable,
        *words,
        "grade",
        ".",
        "--exercise",
        "a1",
        "--course",
        str(ROOT),
        "--min-isolation",
        "none",
    ]
    if "-P" not in words:
        (tmp_path / "grader.py").unlink()  # whoever asks for it by this name in this folder gets this one
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert "imported by the judge" not in done.stderr
    assert done.returncode == 0, done.stderr
    assert "100/100" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_hostile_names_of_students_and_files_are_inert_everywhere(tmp_path: Path, full: None, reference: bytes) -> None:
    tree, out = tmp_path / "submitted", tmp_path / "out"
    names = (
        "\x1b]0;title\x07\x1b[31mred", "two\nlines", "[bold red]markup", os.fsdecode(b"\xff\xfe"), "\u202erevo",
        "::error::command", "-rf",
    )  # fmt: skip
    for name in names:
        submit(tree, name, reference)
        (tree / name / "a1_hello_wsgi" / "\x1b[2Jnotes\n").write_bytes(b"")
    table = run("grade", tree, "--course", ROOT)
    assert table.exit_code == 0, table.output
    assert all(line.isprintable() for line in table.output.splitlines())
    assert "[bold red]markup" in table.output
    found = attempts(run("grade", tree, "--course", ROOT, "--format", "json", "--out", out))
    assert len({attempt["student"] for attempt in found}) == len(names)
    for attempt in found:
        assert attempt["student"].isprintable()
        assert all(name.isprintable() for name in attempt["ignored"])
    written = sorted(path.parent.name for path in out.glob("*/a1_hello_wsgi.json"))
    assert len(written) == len(names)
    assert all(name.isascii() and name.isprintable() and not set(name) & set("/\\:[]") for name in written)
