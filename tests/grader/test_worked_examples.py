"""The worked example of a statement is a program that runs, and the same one in every language."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from grader.course import MANIFEST, PREDICTIONS
from grader.models import LANGUAGES, Exercise
from grader.predictions.questions import load_predictions
from grader.statement import statement_file
from tests.grader.traces import PREDICTED

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent for path in ROOT.glob(f"exercises/*/{MANIFEST}"))
EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)

each_exercise = pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])


def example(folder: Path, language: str) -> str:
    """Return the first piece of Python in a statement."""
    return EXAMPLE.findall(statement_file(folder, language).read_text(encoding="utf-8"))[0]  # type: ignore[no-any-return]


@each_exercise
def test_a_worked_example_is_the_same_in_every_language(folder: Path) -> None:
    assert len({example(folder, language) for language in LANGUAGES}) == 1


@pytest.mark.parametrize("exercise", PREDICTED, ids=lambda exercise: exercise.name)
def test_a_worked_example_answers(exercise: Exercise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = exercise.folder
    monkeypatch.chdir(tmp_path)
    predictions = load_predictions(exercise)
    exec(compile(predictions.program.setup, str(folder / PREDICTIONS), "exec"), {})
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(example(folder, "en"), str(folder / "README.md"), "exec"), names)
    asked = predictions.request
    answer = Client(names["application"]).get(asked.path, query_string=asked.query, buffered=True)
    assert answer.status_code == 200
    assert answer.data


def test_the_example_on_flask_keeps_what_the_raw_one_promised() -> None:
    (folder,) = [folder for folder in FOLDERS if folder.name.startswith("d1_")]
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(example(folder, "en"), str(folder / "README.md"), "exec"), names)
    client = Client(names["application"])
    assert "&lt;tj@example.org&gt;" in client.get("/about").text
    assert 'href="/tools/about"' in client.get("/", base_url="http://localhost/tools").text
    assert client.post("/about").status_code == 405
    head = client.head("/about")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == client.get("/about").headers["Content-Length"]
    assert "Ada" in Client(names["create_app"]({"AUTHOR": "Ada"})).get("/about").text
