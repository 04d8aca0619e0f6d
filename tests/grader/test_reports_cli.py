"""Reports as ``grader grade`` writes them: several at once, each whole or not at all, and never another exit code for them."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from grader.cli import main
from grader.cli.formats import Formats, write_gradescope, write_inspected
from grader.errors import EngineFault
from grader.leaks.guard import Guard
from grader.leaks.secrets import Secret
from grader.output import put, whole
from grader.reports.inspection import Inspection
from grader.reports.junit import junit
from grader.store.records import attempt_from, attempt_record, packed, unpacked
from tests.grader.conftest import ROOT
from tests.grader.reported import CHECKOUT, our_fault, reported
from tests.grader.test_reports_formats import outputs_of, schema, xsd

SAMPLES = ROOT / "tests" / "submissions" / "a1_hello_wsgi"
FILES = {"junit": "junit.xml", "gitlab": "quality.json", "sarif": "grader.sarif", "markdown": "grader.md"}
INERT = Inspection(Guard([]), lambda _line: None)
LOUD = """
def application(environ, start_response):
    start_response("200 ::error::forged", [("Content-Type", "##[error]forged"), ("X", "]]></failure>")])
    return [b"::set-output name=verdict::graded"]


app_generator = app_instance = AppClass = application
"""


def grade(*words: object, **environment: str) -> Result:
    """Run ``grader grade`` in this process."""
    variables = {"COLUMNS": "120", "LANG": "C.UTF-8", "GITHUB_WORKSPACE": "", "CI_PROJECT_DIR": "", **environment}
    return CliRunner().invoke(main, ["grade", *map(str, words), "--course", str(ROOT)], env=variables)


def actions(folder: Path) -> dict[str, str]:
    """Return what GitHub Actions sets."""
    folder.mkdir()
    (folder / "summary").write_text("of an earlier command\n", encoding="utf-8")
    return {
        "GITHUB_WORKSPACE": str(folder.parent), "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        "GITHUB_OUTPUT": str(folder / "output"),
    }  # fmt: skip


def obeyed(output: str) -> list[str]:
    """Return the lines that the runner of GitHub Actions takes for commands, as it reads them."""
    found, token = [], ""
    for line in output.splitlines():
        stripped = line.lstrip()
        if token:
            token = "" if stripped.startswith(f"::{token}::") else token
        elif stripped.startswith("::stop-commands::"):
            token = stripped.removeprefix("::stop-commands::")
        elif stripped.startswith("::") or "##[" in line:
            found.append(line)
    assert not token, "commands are not taken again"
    return found


def options(folder: Path) -> list[object]:
    """Return the options that write every file there."""
    return [word for name, file in FILES.items() for word in (f"--{name}", folder / file)]


def check_all(folder: Path) -> None:
    """Validate every file."""
    xsd().validate(str(folder / FILES["junit"]))
    for name, file in (("gitlab-code-quality.json", "gitlab"), ("sarif-2.1.0-rtm.5.json", "sarif")):
        schema(name).validate(json.loads((folder / FILES[file]).read_text(encoding="utf-8")))


def test_one_submission_is_reported_in_every_format_at_once(tmp_path: Path, full: None) -> None:
    work, out = tmp_path / "a1_hello_wsgi", tmp_path / "out"
    work.mkdir()
    (work / "app.py").write_text(LOUD, encoding="utf-8")
    result = grade(work, *options(out), "--gradescope", out / "results.json", "--github", "--lang", "zh-CN",
                   **actions(tmp_path / "actions"))  # fmt: skip
    assert result.exit_code == 0, result.output
    check_all(out)
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    schema("gradescope-results.json").validate(results)
    outputs = outputs_of((tmp_path / "actions" / "output").read_text(encoding="utf-8"))
    assert outputs["earned"] == str(results["score"])
    assert outputs["failed"].split() == [
        test["name"].split()[0] for test in results["tests"] if test["status"] == "failed"
    ]
    summary = (tmp_path / "actions" / "summary").read_text(encoding="utf-8")
    assert summary == "of an earlier command\n" + (out / FILES["markdown"]).read_text(encoding="utf-8")
    assert "发生了什么" in summary
    commands = obeyed(result.output)
    assert all(
        re.match(r"::(error|warning|notice) (file=a1_hello_wsgi/app\.py,)?(line=[0-9]+,)?title=", line)
        for line in commands[:-1]
    )
    assert re.fullmatch(r"::notice::\D+[0-9]+\D+", commands[-1])
    assert len([line for line in commands if line.startswith("::error")]) == 10
    assert "::set-output" in result.output, "the sample shows nothing of what it says"


def test_annotations_stand_on_the_students_own_lines(tmp_path: Path, full: None) -> None:
    work = tmp_path / "part" / "a1_hello_wsgi"
    shutil.copytree(SAMPLES / "raises", work)
    result = grade(work, "--github", "--out", tmp_path / "out", **actions(tmp_path / "actions"))
    assert result.exit_code == 0, result.output
    places = [
        re.match(r"::error file=part/a1_hello_wsgi/app\.py,line=([0-9]+),", line) for line in obeyed(result.output)
    ]
    lines = {int(place[1]) for place in places if place}
    source = (work / "app.py").read_text(encoding="utf-8").splitlines()
    assert lines
    assert all("raise" in source[line - 1] for line in lines)
    document = json.loads((tmp_path / "out" / "submission" / "a1_hello_wsgi.json").read_text(encoding="utf-8"))
    jsonschema.validate(
        [document], json.loads((ROOT / "grader/reports/attempts.schema.json").read_text(encoding="utf-8"))
    )
    found = [test["feedback"]["place"] for test in document["tests"] if "place" in test["feedback"]]
    assert {(place["file"], place["line"]) for place in found} == {("app.py", line) for line in lines}


def test_a_class_is_reported_whatever_its_members_are_called(tmp_path: Path, full: None) -> None:
    tree, out = tmp_path / "submitted", tmp_path / "out"
    names: tuple[str, ...] = ("ada", "::error::forged", "##[error]forged", "]]>&<x>", "[x](http:", "@org", "a`b|c")
    if sys.platform != "win32":
        names = (*names, "two\nlines", "\x1b[31mred", os.fsdecode(b"\xff\xfe"), "\u202erevo")
    for name in names:
        shutil.copytree(SAMPLES / "empty_file", tree / name / "a1_hello_wsgi")
    result = grade(tree, *options(out), "--github", "--no-store", **actions(tmp_path / "actions"))
    assert result.exit_code == 0, result.output
    check_all(out)
    assert all(line.startswith(("::error ", "::notice ", "::notice::")) for line in obeyed(result.output))
    assert all(line.isprintable() for line in result.output.splitlines())
    outputs = outputs_of((tmp_path / "actions" / "output").read_text(encoding="utf-8"))
    assert outputs == {"attempts": str(len(names)), "faults": "0"}
    log = json.loads((out / FILES["sarif"]).read_text(encoding="utf-8"))
    students = {result["properties"]["student"] for result in log["runs"][0]["results"]}
    assert len(students) == len(names)


@pytest.mark.usefixtures("no_walls")
def test_a_fault_of_ours_is_no_score_in_any_format_and_no_file_for_gradescope(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    results.write_text('{"score": 100}', encoding="utf-8")
    result = grade(SAMPLES / "partial", *options(tmp_path), "--gradescope", results, "--exercise", "a1")
    assert result.exit_code == 3, result.output
    assert not results.exists()
    assert "results.json is not written, for there is no score" in result.output
    check_all(tmp_path)
    text = (tmp_path / FILES["junit"]).read_text(encoding="utf-8")
    assert "<error" in text
    assert "points" not in text


def test_a_score_that_is_too_low_is_an_exit_code_and_the_reports_are_there(tmp_path: Path, full: None) -> None:
    result = grade(SAMPLES / "empty_file", *options(tmp_path), "--fail-under", 60, "--audience", "staff")
    assert result.exit_code == 1, result.output
    check_all(tmp_path)
    assert "SyntaxError" not in (tmp_path / FILES["junit"]).read_text(encoding="utf-8")


# -- wrong usage is found before anything is graded


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--github", "--format", "json"], "write the JSON with --out"),
        (["--junit", "{tmp}/x", "--sarif", "{tmp}/x"], "--junit and --sarif cannot both be written there"),
        (["--junit", "{tmp}/a/../x", "--sarif", "{tmp}/x"], "cannot both be written there"),
        (["--junit", "{tmp}"], "is a directory"),
        (["--junit", "{tmp}/file/junit.xml"], "choose another folder"),
    ],
)
def test_what_cannot_be_written_is_said_at_once(tmp_path: Path, words: list[str], said: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    result = grade(SAMPLES / "partial", *(word.format(tmp=tmp_path) for word in words))
    assert result.exit_code == 2, result.output
    assert said in result.output
    assert "score" not in result.output


def test_gradescope_takes_one_submission_and_the_message_says_how_many_there_are(tmp_path: Path) -> None:
    for name in ("ada", "grace"):
        shutil.copytree(SAMPLES / "partial", tmp_path / "submitted" / name / "a1_hello_wsgi")
    result = grade(tmp_path / "submitted", "--gradescope", tmp_path / "results.json", "--github")
    assert result.exit_code == 2
    assert "--gradescope writes the result of one submission, and there are 2" in result.output
    assert obeyed(result.output) == []
    assert not (tmp_path / "results.json").exists()


# -- whole or not at all


MARKER = "leak-marker-5eb0c1d29f37-planted"
WARY = Inspection(Guard([Secret(MARKER, "tests/hidden/x1_x/test_x.py", 3, marker=True)]), lambda _line: None)


@pytest.fixture(params=["without a name", "beside its place"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each way in which a file is written."""
    if request.param == "beside its place":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)


@pytest.mark.usefixtures("way")
def test_a_report_that_would_leak_is_not_written_and_the_old_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    write_inspected(path, junit([reported("ada")], "en"), WARY)
    before = path.read_bytes()
    with pytest.raises(EngineFault, match="withheld"):
        write_inspected(path, junit([reported("grace"), reported(MARKER)], "en"), WARY)
    assert path.read_bytes() == before
    with pytest.raises(EngineFault, match="withheld"):
        write_gradescope(tmp_path / "results.json", reported(said=MARKER), "en", WARY)
    assert [one.name for one in tmp_path.iterdir()] == ["junit.xml"]


def test_github_is_told_nothing_that_would_leak(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in actions(tmp_path / "actions").items():
        monkeypatch.setenv(name, value)
    with pytest.raises(EngineFault, match="withheld"):
        Formats({}, github=True).tell_github(lambda: [reported(said=MARKER)], CHECKOUT, "en", WARY)
    assert capsys.readouterr().out == ""
    assert [one.name for one in (tmp_path / "actions").iterdir()] == ["summary"]
    assert (tmp_path / "actions" / "summary").read_text(encoding="utf-8") == "of an earlier command\n"


@pytest.mark.usefixtures("way")
def test_a_file_is_written_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    with pytest.raises(ValueError, match="half"), whole(path) as file:
        file.write(b"half")
        raise ValueError("half")
    assert list(path.parent.iterdir()) == []
    put(path, b"first")
    with whole(path) as file:
        file.write(b"sec")
        assert path.read_bytes() == b"first"
        file.write(b"ond")
    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o644


def test_without_github_nothing_is_kept_from_it(capsys: pytest.CaptureFixture[str]) -> None:
    with Formats({}, github=False).quiet():
        pass
    assert capsys.readouterr().out == ""


def test_commands_are_taken_again_after_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(EngineFault), Formats({}, github=True).quiet():
        raise EngineFault("broken")
    stop, go = capsys.readouterr().out.splitlines()
    assert go == f"::{stop.removeprefix('::stop-commands::')}::"


# -- the line that was reached


def test_the_line_is_kept_with_the_attempt_and_old_attempts_have_none() -> None:
    attempt = reported(said="app.py")
    record = attempt_record(attempt)
    assert attempt_from(record) == attempt
    old = unpacked(record)
    for result in old["results"]:
        if result["feedback"]:
            del result["feedback"]["place"]
    assert all(result.feedback is None or result.feedback.place is None for result in attempt_from(packed(old)).results)


def test_the_message_for_staff_is_in_no_report(tmp_path: Path) -> None:
    write_inspected(tmp_path / "x", junit([our_fault()], "en"), INERT)
    assert "/srv/secret" not in (tmp_path / "x").read_text(encoding="utf-8")
