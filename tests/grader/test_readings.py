"""Traces on pages are what the engine says now: those of the readings, and those of statements with their predictions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader.cli import main
from grader.course import PREDICTIONS, load_course
from grader.errors import UsageError
from grader.models import LANGUAGES, Exercise
from grader.predictions.pages import differences, renewed, renewed_statement
from grader.proving import languages
from grader.statement import statement_file
from tests.grader.conftest import ROOT
from tests.grader.traces import PREDICTED, READINGS

REMEDY = "if the new ones are right: python -m tests.grader.traces --update"
A1 = load_course(ROOT).find("a1")


@pytest.mark.parametrize("path", READINGS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_reading_shows_what_the_engine_says(path: Path) -> None:
    assert renewed(path) == path.read_text(encoding="utf-8"), REMEDY


@pytest.mark.parametrize("path", [path for path in READINGS if path.name == "README.md"], ids=lambda p: p.parent.name)
def test_a_reading_has_one_outline_in_all_languages(path: Path) -> None:
    for language in LANGUAGES[1:]:
        other = path.with_name(f"README.{language}.md")
        assert list(languages.differences(path, other)) == []
        assert {found.name for found in path.parent.glob(f"*.{language}.svg")} == {
            f"{picture.name.split('.')[0]}.{language}.svg" for picture in path.parent.glob("*.en.svg")
        }


def test_every_picture_of_a_reading_is_on_a_page_and_says_in_words_what_it_shows() -> None:
    for picture in (ROOT / "exercises" / "readings").rglob("*.svg"):
        pages = [path for path in READINGS if path.parent == picture.parent]
        assert any(re.search(rf"!\[.{{40,}}\]\({re.escape(picture.name)}\)", page.read_text("utf-8")) for page in pages)
        source = picture.read_text(encoding="utf-8")
        assert "<title" in source
        assert "<desc" in source
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|<script|<image", source)


@pytest.mark.parametrize("exercise", PREDICTED, ids=lambda exercise: exercise.name)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_statement_agrees_with_its_predictions(exercise: Exercise, language: str) -> None:
    page = statement_file(exercise.folder, language).read_text(encoding="utf-8")
    assert renewed_statement(exercise, language) == page, REMEDY
    assert list(differences(exercise, language)) == []
    assert f"grader predict {exercise.short}" in page


# -- that it would be noticed

PAGE = """
<!-- program: one -->
```python
def application(environ, start_response):
    start_response("200 OK", [("X-Film", "1")])
    yield environ["QUERY_STRING"].encode()
```

<!-- trace: one GET /?a=1 -->
```text
old
```

<!-- answer: one GET /?a=1 -->
```text
old
```

<!-- received: one GET /?a=1 -->
```text
old
```
"""


def test_old_traces_are_made_anew_and_the_rest_stays(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text(PAGE, encoding="utf-8")
    trace = "called > returned generator > start_response('200 OK', 1 headers)\n> yield bytes[3] > close"
    answer = "200 OK\nX-Film: 1\n\na=1"
    right = [f"```text\n{text}\n```" for text in (trace, answer, f"HTTP/1.0 {answer}")]
    assert renewed(path) == PAGE.replace("```text\nold\n```", "{}").replace("{}", "%s") % tuple(right)


def test_a_block_names_the_callable_and_the_server(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    page = PAGE.replace("program: one", "program: one app").replace("def application", "def app")
    path.write_text(page.replace("received: one GET /?a=1", "received: one GET /?a=1 waitress"), encoding="utf-8")
    new = renewed(path)
    assert "```text\n200 OK\nX-Film: 1\n\na=1\n```" in new
    assert "```text\nHTTP/1.1 200 OK\nConnection: close\nTransfer-Encoding: chunked\nX-Film: 1\n" in new


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("trace: one", "trace: two", "names no request of a program on this page (there is: one)"),
        ("one GET /?a=1", "one", "names no request"),
        ("start_response(", "start_response((", "the program cannot be loaded: SyntaxError"),
        ("def application", "def app", "your module defines no application"),
        ("program: one", "program: one app", "your module defines no app"),
        ("received: one GET /?a=1", "received: one GET / nginx", "from 'nginx'; the servers are wsgiref, waitress"),
    ],
)
def test_a_page_that_cannot_be_made_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "README.md"
    path.write_text(PAGE.replace(old, new), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        renewed(path)
    assert said in str(caught.value)
    assert "README.md" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('3. The last line is `return [b"You sent', '3. It is `return [b"You sent', "It is `return"),
        ("return [body]\n```", "return [body, b'']\n```", "its first program is not the one"),
        ("2. The last line is `return []`.", "2. The last line is missing.", "The last line is missing."),
    ],
)
def test_a_statement_that_says_something_else_is_found(a_copy: Path, old: str, new: str, said: str) -> None:
    exercise = load_course(a_copy).find("a1")
    path = statement_file(exercise.folder, "en")
    page = path.read_text(encoding="utf-8")
    assert old in page
    path.write_text(page.replace(old, new), encoding="utf-8")
    assert said in "".join(differences(exercise, "en"))
    path.write_text(
        page.replace("returned list > yield bytes[13]", "returned list > yield bytes[12]"), encoding="utf-8"
    )
    assert renewed_statement(exercise, "en") == page


def test_an_answer_that_a_statement_does_not_give_is_found(a_copy: Path) -> None:
    exercise = load_course(a_copy).find("a2")
    path = statement_file(exercise.folder, "zh-CN")
    path.write_text(
        path.read_text(encoding="utf-8").replace("1. `404 Not Found`。", "1. `400 Bad Request`。"), encoding="utf-8"
    )
    assert "answer 1 does not say '404 Not Found'" in "".join(differences(exercise, "zh-CN"))


def test_readings_are_no_exercises() -> None:
    assert not (ROOT / "exercises" / "readings" / "exercise.toml").exists()
    assert "readings" not in load_course(ROOT).exercises
    assert (A1.folder / PREDICTIONS).is_file()
    assert main.get_command(main.make_context("grader", ["list"]), "predict")
