"""Reports for other programs: each is valid for its reader, says the same as the attempt, and never a score nobody knows."""

from __future__ import annotations

import functools
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
import xmlschema
from jsonschema.protocols import Validator
from markdown_it import MarkdownIt

from grader.models import LANGUAGES, Attempt, Outcome, Verdict
from grader.reports import github
from grader.reports.checkout import Checkout
from grader.reports.gitlab import gitlab
from grader.reports.gradescope import gradescope
from grader.reports.junit import junit
from grader.reports.markdown import markdown
from grader.reports.rows import Telling
from grader.reports.sarif import help_uri, sarif
from tests.grader.conftest import ROOT
from tests.grader.reported import ATTEMPTS, CHECKOUT, EXERCISE, full_marks, our_fault, reported

SCHEMAS = Path(__file__).parent / "schemas"
EACH = pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
EACH_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)
CLASS = [reported("ada"), full_marks("grace"), our_fault(student="alan"), reported("edsger")]


@functools.cache
def schema(name: str) -> Validator:
    """Return what validates by a schema, which is itself valid."""
    content = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    kind = jsonschema.validators.validator_for(content)
    kind.check_schema(content)
    return kind(content)


@functools.cache
def xsd() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(SCHEMAS / "junit-10.xsd"))


def junit_of(attempts: Iterable[Attempt], language: str = "en") -> ET.Element:
    """Return the root of a JUnit file that its schema takes."""
    text = "".join(junit(attempts, language))
    xsd().validate(text)
    return ET.fromstring(text)


def gitlab_of(attempts: Iterable[Attempt], language: str = "en") -> list[dict[str, Any]]:
    """Return the issues of a report that its schema takes."""
    issues: list[dict[str, Any]] = json.loads("".join(gitlab(attempts, language, CHECKOUT)))
    schema("gitlab-code-quality.json").validate(issues)
    return issues


def sarif_of(attempts: Iterable[Attempt], language: str = "en") -> dict[str, Any]:
    """Return the run of a log that its schema takes."""
    log = json.loads("".join(sarif(attempts, language, CHECKOUT)))
    schema("sarif-2.1.0-rtm.5.json").validate(log)
    run: dict[str, Any] = log["runs"][0]
    return run


def gradescope_of(attempt: Attempt, language: str = "en") -> dict[str, Any]:
    """Return the results that their schema takes."""
    results: dict[str, Any] = json.loads(gradescope(attempt, language))
    schema("gradescope-results.json").validate(results)
    return results


def unescaped(text: str) -> str:
    """Return what the runner of GitHub Actions makes of an escaped text."""
    for escape, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, character)
    return text


def commands_of(attempts: Iterable[Attempt], language: str = "en") -> list[tuple[str, dict[str, str], str]]:
    """Return name, properties and message of each workflow command, read as the runner of GitHub Actions reads them."""
    found = []
    for line in github.workflow_commands(attempts, language, CHECKOUT):
        assert len(line.splitlines()) == 1
        head, _, message = line.removeprefix("::").partition("::")
        name, _, given = head.partition(" ")
        pairs = (pair.partition("=") for pair in given.split(",") if pair)
        found.append((name, {key: unescaped(value) for key, _, value in pairs}, unescaped(message)))
    return found


def outputs_of(text: str) -> dict[str, str]:
    """Return the outputs in a file of GitHub Actions, read line by line as its runner reads it."""
    lines, found = iter(text.split("\n")), {}
    for line in lines:
        if line:
            name, _, delimiter = line.partition("<<")
            found[name] = "\n".join(iter(lambda: next(lines), delimiter))
    return found


# -- JUnit


@EACH_LANGUAGE
@EACH
def test_junit_has_a_case_for_each_row_of_the_rubric(attempt: Attempt, language: str) -> None:
    [suite] = junit_of([attempt], language)
    cases = suite.findall("testcase")
    if attempt.results:
        assert [case.get("name") for case in cases] == [result.info.id for result in attempt.results]
    for name, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.get(name, "")) == sum(case.find(kind) is not None for case in cases)
    assert int(suite.get("tests", "")) == len(cases)
    passed = [case.get("name") for case in cases if not len(case)]
    assert passed == [result.info.id for result in attempt.results if result.verdict is Verdict.PASSED]


@EACH
def test_junit_has_the_points_as_properties_and_none_where_the_fault_is_ours(attempt: Attempt) -> None:
    [suite] = junit_of([attempt])
    properties = {one.get("name", ""): one.get("value", "") for one in suite.findall("properties/property")}
    points = {name: value for name, value in properties.items() if name.startswith("points.")}
    if attempt.score is None:
        assert not points
        assert "points" not in properties
        assert suite.findall("testcase/error")
        assert "/srv/secret" not in "".join(junit([attempt], "en"))
    else:
        assert properties["points"] == f"{attempt.score.earned}/{attempt.score.possible}"
        assert len(points) == len(attempt.results)
        assert sum(int(value.partition("/")[0]) for value in points.values()) == attempt.score.earned
        assert sum(int(value.partition("/")[2]) for value in points.values()) == attempt.score.possible
        assert suite.findall("testcase/error") == []


def test_junit_of_a_class_has_a_suite_for_each_attempt() -> None:
    suites = junit_of(CLASS)
    assert [suite.get("name") for suite in suites] == [f"{attempt.student}: {EXERCISE}" for attempt in CLASS]
    assert {case.get("classname") for case in suites[0].findall("testcase")} == {f"ada.{EXERCISE}"}


# -- GitLab


@EACH_LANGUAGE
@EACH
def test_gitlab_gets_an_issue_for_what_did_not_pass(attempt: Attempt, language: str) -> None:
    issues = gitlab_of([attempt], language)
    names = [issue["check_name"].partition("/")[2] for issue in issues]
    if attempt.score is None:
        assert names[0] == "grading"
        assert issues[0]["severity"] == "info"
    else:
        assert names == [result.info.id for result in attempt.results if result.verdict is not Verdict.PASSED]


def test_a_fingerprint_of_gitlab_stays_while_lines_move_and_is_nobody_elses() -> None:
    one, again, other = (gitlab_of([attempt]) for attempt in (reported("ada"), reported("ada", "x"), reported("grace")))
    assert [issue["fingerprint"] for issue in one] == [issue["fingerprint"] for issue in again]
    everyone = [issue["fingerprint"] for issue in (*one, *other)]
    assert len(set(everyone)) == len(everyone)


# -- SARIF


@EACH_LANGUAGE
@EACH
def test_sarif_has_a_rule_for_each_row_and_a_result_for_what_did_not_pass(attempt: Attempt, language: str) -> None:
    run = sarif_of([attempt], language)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [f"{EXERCISE}/{result.info.id}" for result in attempt.results]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        location = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert unquote(location["uri"]).startswith("handed_in/")
        assert location["uriBaseId"] == "%SRCROOT%"
    failed = [one for one in attempt.results if one.verdict not in (Verdict.PASSED, Verdict.NOT_RUN)]
    assert len(run["results"]) >= len(failed)
    assert run["invocations"][0]["executionSuccessful"] is (attempt.score is not None)
    assert "/srv/secret" not in json.dumps(run)


def test_sarif_of_a_class_has_each_rule_once() -> None:
    run = sarif_of(CLASS)
    names = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(set(names)) == len(names) == len(CLASS[0].results)
    assert len({result["partialFingerprints"]["rubricRow/v1"] for result in run["results"]}) == len(run["results"])


def test_sarif_names_the_line_that_was_reached() -> None:
    run = sarif_of([reported(said="app.py")])
    places = {one["ruleId"]: one["locations"][0]["physicalLocation"] for one in run["results"]}
    raised = places[f"{EXERCISE}/test_raises"]
    assert raised["artifactLocation"]["uri"] == "handed_in/app.py"
    assert raised["region"] == {"startLine": 3}


@pytest.mark.parametrize(
    ("rule", "uri"),
    [
        ("PEP 3333 (must): The start_response() Callable", "https://peps.python.org/pep-3333/#the-start-response-callable"),
        ("PEP 3333 (should): Handling the Content-Length Header",
         "https://peps.python.org/pep-3333/#handling-the-content-length-header"),
        ("PEP 3333 (must): Middleware: Components that Play Both Sides",
         "https://peps.python.org/pep-3333/#middleware-components-that-play-both-sides"),
        ("PEP 3333 (must): environ Variables", "https://peps.python.org/pep-3333/#environ-variables"),
        ("RFC 9110: HEAD, 204 and 304", "https://www.rfc-editor.org/rfc/rfc9110.html#name-head"),
        ("RFC 9110 (must): 405 Method Not Allowed",
         "https://www.rfc-editor.org/rfc/rfc9110.html#name-405-method-not-allowed"),
        ("RFC 4180: Definition of the CSV Format", "https://www.rfc-editor.org/rfc/rfc4180.html"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_rule_of_a_standard_leads_to_its_section(rule: str, uri: str) -> None:
    assert help_uri(replace(reported().results[0].info, rule=rule)) == uri


def test_every_rule_in_the_course_leads_to_a_section() -> None:
    sources = [*ROOT.glob("tests/hidden/**/*.py"), *ROOT.glob("exercises/**/*.py")]
    rules = {rule for path in sources for rule in re.findall(r'rule="([^"]+)"', path.read_text(encoding="utf-8"))}
    assert len(rules) > 20
    for rule in sorted(rules):
        uri = help_uri(replace(reported().results[0].info, rule=rule))
        assert re.fullmatch(r"https://(peps.python.org/pep-3333/#[a-z0-9-]+|www.rfc-editor.org/rfc/\S+)", uri), rule


# -- Gradescope


@EACH_LANGUAGE
@pytest.mark.parametrize("name", [name for name, attempt in ATTEMPTS.items() if attempt.score])
def test_gradescope_gets_the_score_and_what_each_test_earned(name: str, language: str) -> None:
    attempt = ATTEMPTS[name]
    assert attempt.score
    results = gradescope_of(attempt, language)
    assert results["score"] == attempt.score.earned == sum(test["score"] for test in results["tests"])
    assert sum(test["max_score"] for test in results["tests"]) == attempt.score.possible
    assert [test["status"] == "passed" for test in results["tests"]] == [
        result.verdict is Verdict.PASSED for result in attempt.results
    ]
    assert {test["visibility"] for test in results["tests"]} == {"visible"}
    assert results["stdout_visibility"] == "hidden"


# -- Markdown


@EACH_LANGUAGE
@EACH
def test_markdown_says_the_score_and_what_did_not_pass(attempt: Attempt, language: str) -> None:
    text = "".join(markdown([attempt], language))
    html = MarkdownIt("gfm-like", {"linkify": False}).render(text)
    telling = Telling(language)
    assert html.count("<h2>") == 1
    assert telling.score(attempt) in html
    failed = [result for result in attempt.results if result.verdict is not Verdict.PASSED]
    assert all(f"<code>{result.info.id}</code>" in html for result in failed)
    assert "/srv/secret" not in text


def test_markdown_of_a_class_is_a_table() -> None:
    html = MarkdownIt("gfm-like", {"linkify": False}).render("".join(markdown(CLASS, "en")))
    rows = re.findall(r"<tr>\n(.*?)</tr>", html, re.DOTALL)
    assert len(rows) == 1 + len(CLASS)
    assert [row.count("<td") for row in rows[1:]] == [4] * len(CLASS)
    assert "<code>ada</code>" in rows[1]
    assert "no score" in rows[3]


def test_markdown_of_nothing_is_nothing() -> None:
    assert "".join(markdown([], "en")) == ""


# -- GitHub


@EACH_LANGUAGE
@EACH
def test_github_gets_annotations_at_the_lines_of_the_student(attempt: Attempt, language: str) -> None:
    commands = commands_of([attempt], language)
    assert commands[0][0] == ("notice" if attempt.score else "error")
    assert all(name in ("error", "warning", "notice") for name, _, _ in commands)
    named = [properties["title"].partition(" ")[0] for _, properties, _ in commands[1:]]
    assert set(named) <= {result.info.id for result in attempt.results if result.verdict is not Verdict.PASSED}
    assert all(properties["file"].startswith("handed_in/") for _, properties, _ in commands[1:])
    assert "/srv/secret" not in str(commands)


def test_an_annotation_names_the_line_and_what_else_failed_there() -> None:
    twice = reported(said="app.py", results=(reported(said="app.py").results[2],) * 2)
    [_, (name, properties, message)] = commands_of([twice])
    assert name == "error"
    assert properties == {"file": "handed_in/app.py", "line": "3", "title": "test_raises · 0/8"}
    assert "the same for: test_raises" in message
    assert "WHAT HAPPENED   in student_exception: app.py\n" in message


def test_github_is_told_no_more_than_it_shows() -> None:
    commands = commands_of([reported(f"student {number}", f"said {number}") for number in range(30)])
    count = {kind: sum(name == kind for name, _, _ in commands) for kind in ("error", "warning", "notice")}
    assert count == {"error": 10, "warning": 10, "notice": 10}
    assert commands[-1][2] == f"{30 * 3 - 10 + 30 - 10 + 30 - 9} more are in the summary of the step"


def test_the_outputs_of_one_attempt_say_what_came_of_it() -> None:
    found = outputs_of(github.assigned(github.outputs([reported()]), "end"))
    assert found == {
        "attempts": "1", "faults": "0", "verdict": "graded", "earned": "4", "possible": "26", "percent": "15.4",
        "failed": "test_says\ntest_raises\ntest_after\ntest_late\ntest_later",
    }  # fmt: skip


def test_the_outputs_have_no_points_where_nobody_knows_them() -> None:
    found = outputs_of(github.assigned(github.outputs([our_fault()]), "end"))
    assert found["earned"] == found["possible"] == found["percent"] == ""
    assert found["faults"] == "1"
    assert outputs_of(github.assigned(github.outputs(CLASS), "end")) == {"attempts": "4", "faults": "1"}


def test_a_summary_that_is_too_long_is_cut_between_lines_and_says_so() -> None:
    pieces = list(markdown([reported(f"student {number}") for number in range(500)], "en"))
    whole = github.summary(pieces, "en")
    assert whole == "".join(pieces)
    cut = github.summary(pieces, "en", 5000)
    assert 4000 < len(cut.encode()) <= 5000
    assert cut.endswith("\nthe rest is left out, for GitHub takes no more\n")
    assert github.summary(pieces, "en", 10) == ""


# -- all of them


@pytest.mark.parametrize(
    "empty", [lambda: "".join(junit([], "en")), lambda: json.dumps(gitlab_of([])), lambda: json.dumps(sarif_of([]))]
)
def test_nothing_is_valid_too(empty: Callable[[], str]) -> None:
    assert empty()


@EACH_LANGUAGE
def test_every_format_speaks_the_language(language: str) -> None:
    attempt = reported()
    texts = [
        "".join(junit([attempt], language)), "".join(gitlab([attempt], language, CHECKOUT)),
        "".join(sarif([attempt], language, CHECKOUT)), gradescope(attempt, language), "".join(markdown([attempt], language)),
        "\n".join(github.workflow_commands([attempt], language, CHECKOUT)),
    ]  # fmt: skip
    title = attempt.results[1].info.title[language]
    assert [title in text for text in texts] == [True] * len(texts)


def test_a_fault_of_ours_is_a_score_nowhere() -> None:
    for outcome in (outcome for outcome in Outcome if outcome.ours):
        attempt = our_fault(outcome)
        said = ["".join(junit([attempt], "en")), "".join(gitlab([attempt], "en", CHECKOUT)),
                "".join(sarif([attempt], "en", CHECKOUT)), "".join(markdown([attempt], "en"))]  # fmt: skip
        assert [re.search(r"\b0/\d|points", text) for text in said] == [None] * len(said)


# -- where files lie


@pytest.mark.parametrize(
    ("path", "files", "file", "shown"),
    [
        ("a1_hello", ("app.py",), "app.py", "a1_hello/app.py"),
        ("submitted/ada/x1_report", ("app.py",), "app.py", "submitted/ada/x1_report/app.py"),
        (".", ("app.py",), "app.py", "app.py"),
        ("/repository/work", ("app.py",), "app.py", "work/app.py"),
        ("work/solution.py", ("app.py",), "app.py", "work/solution.py"),
        ("work/ada.zip", ("app.py",), "app.py", "work/ada.zip/app.py"),
        ("work/site", ("site/",), "site/views.py", "work/site/views.py"),
        ("work", ("site/",), "site/views.py", "work/site/views.py"),
        ("/elsewhere/secret/work", ("app.py",), "app.py", "ada/x1_report/app.py"),
        ("../secret", ("app.py",), "app.py", "ada/x1_report/app.py"),
        ("work/../../secret", ("app.py",), "app.py", "ada/x1_report/app.py"),
        ("work", ("app.py",), "../../etc/passwd", "work/etc/passwd"),
        ("work", ("app.py",), "/etc/passwd", "work/etc/passwd"),
        ("work", ("app.py",), "a\nb", "work/a\\nb"),
    ],
)
def test_a_path_is_relative_to_the_repository(path: str, files: tuple[str, ...], file: str, shown: str) -> None:
    checkout = Checkout("/repository", "/repository", {EXERCISE: files})
    assert checkout.path(reported("ada", path=path), file) == shown


def test_paths_are_relative_to_the_repository_also_from_a_folder_in_it() -> None:
    checkout = Checkout("/repository", "/repository/part", {EXERCISE: ("app.py",)})
    assert checkout.path(reported(path="../work"), "app.py") == "work/app.py"


@pytest.mark.parametrize(("files", "shown"), [(("app.py",), "w/app.py"), (("site/",), "w/site/__init__.py"), ((), "w")])
def test_without_a_line_it_is_the_first_file_that_was_asked_for(files: tuple[str, ...], shown: str) -> None:
    checkout = Checkout("/repository", "/repository", {EXERCISE: files})
    assert checkout.place(reported(path="w")) == (shown, None)
