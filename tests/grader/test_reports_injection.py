"""Whatever a student writes is a text in every report, and nothing else: no markup, no command, no path, no escape."""

from __future__ import annotations

import re
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from grader.errors import EngineFault
from grader.leaks.guard import BLOCK, Guard
from grader.leaks.secrets import Secret
from grader.models import Attempt
from grader.printable import UNSAFE_CATEGORIES
from grader.reports import github
from grader.reports.gitlab import gitlab
from grader.reports.gradescope import gradescope
from grader.reports.inspection import Inspection, blocks
from grader.reports.junit import junit
from grader.reports.markdown import block, code, markdown, prose, unbarred
from grader.reports.sarif import sarif
from tests.grader.reported import CHECKOUT, odd, refused, reported
from tests.grader.test_reports_formats import (
    commands_of,
    gitlab_of,
    gradescope_of,
    junit_of,
    outputs_of,
    sarif_of,
)

NASTY = (
    "<script>alert(1)</script>", "</failure><testcase name='x'/>", "]]>", "<![CDATA[", "&lt;", "&#0;", "\x00", "\x1b[31m",
    "\x1b]0;t\x07", "\x1b]8;;http://x\x1b\\", "\ud800", "\ufffe", "\uffff", "\u202e", "\u2066", "\u200b", "\ufeff", "\u2028",
    "\n", "\r", "\r\n", "\x0b", "\x0c", "\x85", "\t", "::error::x", "::set-output name=x::y", "::stop-commands::x", "::x::",
    "##[command]x", "##vso[task.complete]", "%0A::error::x", "%0D", "%25", "%", ",line=1", ":", "\nname<<end\nx\nend\n",
    "section_start:1:x\r\x1b[0K", "[x](http://evil)", "![x](http://evil/i.png)", "<img src=x>", "@org/team", "@someone",
    "#1", "org/repo#1", "!1", "$1", "~label", ":tada:", "http://evil.example/", "www.evil.example", "a@b.example",
    "0123456789abcdef0123456789abcdef01234567", "GH-1", "`", "``", "```", "~~~", "~~~~text", "|", "\\|", "\\", "*x*",
    "__x__", "_x_", "# x", "- x", "1. x", "> x", "---", "===", "    x", "<!-- x", "-->", "[x]: http://evil", "[^1]", "$$x$$",
    "{0}", "{}", "{{0}}", "](", "[x](1)", "javascript:alert(1)", "//evil.example/x", "/etc/passwd", "../../x", "C:\\x",
    "file:///etc/passwd", "=1+1", "e\u0301" * 9, "影单", "a" * 5000, "", " ", ".",
)  # fmt: skip
TEXTS = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=12)), max_size=4).map("".join)
OFTEN = settings(max_examples=40, deadline=None)
PLAIN = "plain"
SHAPE = {"paragraph", "heading", "bullet_list", "list_item", "table", "thead", "tbody", "tr", "th", "td", "inline", "text",
         "fence", "code_inline", "softbreak", "strong"}  # fmt: skip
REFERENCE = re.compile(r"(?<![\w`])[@#!$~][A-Za-z0-9]|GH-[0-9]|\b[0-9a-f]{40}\b|:\w+:|://|www\.")
"""What GitHub and GitLab turn into links, people and pictures, wherever it is no code."""


def kinds(said: str, student: str) -> list[Attempt]:
    """Return attempts of every kind that show what a student says."""
    return [reported(student, said), refused(said, student), odd(said, student), reported(student, said, path=said)]


def texts(node: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield every text in JSON-able data."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, (dict, list)):
        for value in node.values() if isinstance(node, dict) else node:
            yield from texts(value)


def unsafe(text: str) -> set[str]:
    """Return the characters that are for no eye, line feeds apart."""
    return {one for one in text if one != "\n" and unicodedata.category(one) in UNSAFE_CATEGORIES}


def outline(element: ET.Element) -> list[Any]:
    """Return the elements of a document with the names of their attributes, without any text."""
    return [element.tag, sorted(element.keys()), *(outline(child) for child in element)]


@OFTEN
@given(said=TEXTS, student=TEXTS)
def test_junit_is_the_same_document_whatever_students_write(said: str, student: str) -> None:
    hostile, harmless = junit_of(kinds(said, student)), junit_of(kinds(PLAIN, PLAIN))
    assert outline(hostile) == outline(harmless)
    shown = [text for one in hostile.iter() for text in (one.text or "", *one.attrib.values())]
    assert not set().union(*map(unsafe, shown))
    "".join(junit(kinds(said, student), "zh-CN")).encode()


@OFTEN
@given(said=TEXTS, student=TEXTS)
def test_gitlab_gets_no_path_that_leads_anywhere(said: str, student: str) -> None:
    issues = gitlab_of(kinds(said, student))
    assert [issue["check_name"] for issue in issues] == [
        issue["check_name"] for issue in gitlab_of(kinds(PLAIN, PLAIN))
    ]
    assert not set().union(*map(unsafe, texts(issues)))
    for issue in issues:
        parts = issue["location"]["path"].split("/")
        assert not {"..", ""} & set(parts)


@OFTEN
@given(said=TEXTS, student=TEXTS)
def test_sarif_has_no_link_and_no_address(said: str, student: str) -> None:
    run = sarif_of(kinds(said, student))
    assert not set().union(*map(unsafe, texts(run)))
    for result in run["results"]:
        message = result["message"]["text"]
        assert "](" not in message
        assert not re.search(r"(?<!\{)\{[0-9]+\}(?!\})", message)
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        parts = urlsplit(uri)
        assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
        assert not {"..", ""} & set(unquote(uri).split("/"))
        assert uri.isascii()


@OFTEN
@given(said=TEXTS, student=TEXTS)
def test_gradescope_shows_plain_text(said: str, student: str) -> None:
    for attempt in kinds(said, student):
        results = gradescope_of(attempt)
        formats = {
            value for one in (results, *results["tests"]) for name, value in one.items() if name.endswith("_format")
        }
        assert formats == {"text"}
        assert not set().union(*map(unsafe, texts(results)))
        assert attempt.score
        assert results["score"] == attempt.score.earned


# -- Markdown


def tokens(found: Iterable[Token]) -> Iterator[Token]:
    """Yield all tokens, inner ones included."""
    for token in found:
        yield token
        yield from tokens(token.children or ())


def rendered(text: str) -> list[Token]:
    """Return the tokens that a reader of GitHub's kind sees: with tables, bare links and HTML."""
    return list(tokens(MarkdownIt("gfm-like", {"html": True, "linkify": True}).parse(text)))


def kind_of(token: Token) -> str:
    return token.type.removesuffix("_open").removesuffix("_close")


def assert_inert(text: str) -> list[Token]:
    """Make sure that in a Markdown document there are words and code, and nothing else."""
    found = rendered(text)
    assert {kind_of(token) for token in found} <= SHAPE
    words = [token.content for token in found if token.type == "text"]
    assert not [word for word in words if REFERENCE.search(word)]
    assert not unsafe(text)
    return found


@OFTEN
@given(said=TEXTS, student=TEXTS)
def test_markdown_of_one_attempt_is_the_same_document_whatever_students_write(said: str, student: str) -> None:
    for hostile, harmless in zip(kinds(said, student), kinds(PLAIN, PLAIN), strict=True):
        found = assert_inert("".join(markdown([hostile], "en")))
        same = assert_inert("".join(markdown([harmless], "en")))
        shape = [[token.type for token in one if token.block] for one in (found, same)]
        assert shape[0] == shape[1]


@OFTEN
@given(said=TEXTS, student=TEXTS)
def test_markdown_of_a_class_is_the_same_table_whatever_students_write(said: str, student: str) -> None:
    found = assert_inert("".join(markdown(kinds(said, student), "en")))
    assert sum(token.type == "td_open" for token in found) == 4 * 4


@OFTEN
@given(text=TEXTS)
def test_text_in_code_is_what_it_was(text: str) -> None:
    [*_, span] = [token for token in rendered(f"a {code(text)} b") if token.type == "code_inline"]
    assert unsafe(span.content) == set()
    if text.isprintable() and text.strip() and len(text) < 500 and "\u0301" not in text:
        assert span.content == text
    assert_inert(f"a {prose(text)} b\n\n| x |\n|---|\n| {code(unbarred(text))} |\n")


@OFTEN
@given(text=TEXTS)
def test_prose_has_nothing_but_words(text: str) -> None:
    found = assert_inert(prose(text) + "\n")
    assert {kind_of(token) for token in found} <= {"paragraph", "inline", "text", "code_inline"}


@OFTEN
@given(text=TEXTS)
def test_a_block_of_code_ends_where_it_should(text: str) -> None:
    lines = "".join(text.splitlines()).replace("\x00", "")
    found = rendered(f"{block(lines)}\nafter\n")
    assert [kind_of(token) for token in found[:2]] == ["fence", "paragraph"]


# -- GitHub


@OFTEN
@given(said=TEXTS, student=TEXTS)
def test_an_annotation_is_one_command_whatever_students_write(said: str, student: str) -> None:
    hostile, harmless = commands_of(kinds(said, student)), commands_of(kinds(PLAIN, PLAIN))
    assert [name for name, _, _ in hostile] == [name for name, _, _ in harmless]
    for name, properties, message in hostile:
        assert set(properties) <= {"file", "line", "title"}
        assert name in ("error", "warning", "notice")
        assert not re.search(r"##[\w.-]*\[", message)
        assert not unsafe(message)
        assert not unsafe("".join(properties.values()))
        assert ".." not in properties.get("file", "").split("/")


@OFTEN
@given(
    values=st.dictionaries(
        st.sampled_from(("verdict", "failed", "earned")), TEXTS.map(lambda text: text.replace("\r", ""))
    )
)
def test_an_output_is_one_output_whatever_is_in_it(values: dict[str, str]) -> None:
    assert outputs_of(github.assigned(values, "grader_5eb0c1d2")) == values


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("two\nlines", "::error file=a%2Cline=2%3A%3Ab::two%0Alines"),
        ("100% %0A", "::error file=a%2Cline=2%3A%3Ab::100%25 %250A"),
        ("x ##[command]y", "::error file=a%2Cline=2%3A%3Ab::x # #[command]y"),
        ("a\r\nb\x85c\u2028d", "::error file=a%2Cline=2%3A%3Ab::a%0Ab%0Ac%0Ad"),
    ],
)
def test_a_command_is_escaped_as_its_runner_reads_it(text: str, line: str) -> None:
    assert github.command("error", text, {"file": "a,line=2::b"}) == line


# -- each of the texts above by itself, for the search meets few of them alone


EACH = (
    test_junit_is_the_same_document_whatever_students_write,
    test_gitlab_gets_no_path_that_leads_anywhere,
    test_sarif_has_no_link_and_no_address,
    test_gradescope_shows_plain_text,
    test_markdown_of_one_attempt_is_the_same_document_whatever_students_write,
    test_markdown_of_a_class_is_the_same_table_whatever_students_write,
    test_an_annotation_is_one_command_whatever_students_write,
)
EACH_TEXT = (
    test_text_in_code_is_what_it_was,
    test_prose_has_nothing_but_words,
    test_a_block_of_code_ends_where_it_should,
)


@pytest.mark.parametrize("check", EACH, ids=lambda check: check.__name__)
def test_each_text_alone_is_inert(check: Any) -> None:  # noqa: ANN401 - what hypothesis makes of a test
    for text in NASTY:
        check.hypothesis.inner_test(said=text, student=text)


@pytest.mark.parametrize("check", EACH_TEXT, ids=lambda check: check.__name__)
def test_each_text_alone_is_escaped(check: Any) -> None:  # noqa: ANN401 - what hypothesis makes of a test
    for text in NASTY:
        check.hypothesis.inner_test(text=text)


# -- what nobody may see

MARKER = "leak-marker-5eb0c1d29f37-planted"
INSPECTION = Inspection(Guard([Secret(MARKER, "tests/hidden/x1_x/test_x.py", 3, marker=True)]), lambda _line: None)


@pytest.mark.parametrize("hidden", [MARKER, MARKER[::-1], MARKER.encode().hex(), MARKER.upper()])
def test_what_would_leak_is_found_in_every_format(hidden: str) -> None:
    attempt = reported("ada", hidden)
    reports = {
        "junit": junit([attempt], "en"), "gitlab": gitlab([attempt], "en", CHECKOUT),
        "sarif": sarif([attempt], "en", CHECKOUT), "markdown": markdown([attempt], "en"),
        "a table": markdown([reported(hidden), reported(hidden)], "en"), "gradescope": [gradescope(attempt, "en")],
        "github": github.workflow_commands([attempt], "en", CHECKOUT),
    }  # fmt: skip
    for name, pieces in reports.items():
        with pytest.raises(EngineFault, match=r"tests/hidden/x1_x/test_x\.py:3"):
            INSPECTION.through(pieces, name)


def test_what_is_over_two_parts_of_a_long_report_is_found_too() -> None:
    for before in (BLOCK - 9, 2 * BLOCK - 1, 3 * BLOCK + 5):
        text = "x" * before + MARKER + "y" * BLOCK
        for size in (1000, BLOCK, 3 * BLOCK):
            pieces = [text[start : start + size] for start in range(0, len(text), size)]
            assert "".join(blocks(pieces)) == text
            with pytest.raises(EngineFault):
                INSPECTION.through(pieces, "long")


def test_harmless_reports_pass() -> None:
    pieces = list(junit([reported("ada")], "en"))
    assert any("ada" in piece for piece in pieces), "there is a report to look through"
    INSPECTION.through(pieces, "junit")
