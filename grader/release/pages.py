"""What a student's repository has of its own: a page about the first day, settings, the license. None of it has a date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template

import grader
from grader.models import LANGUAGES, Exercise
from grader.statement import statement_file

FOLDER = Path(__file__).with_name("student")
AS_THEY_ARE = {".gitignore": "gitignore", ".gitattributes": "gitattributes", "LICENSE": "LICENSE"}
"""Files of the repository that are copied, and under which names they are kept here, where they must mean nothing."""
WORKFLOWS = FOLDER.parents[1] / "hosts" / "templates"
ON_GITHUB = {".github/actions/grade/action.yml": "action.yml", ".github/workflows/public-tests.yml": "public-tests.yml"}
"""The same for what runs on GitHub: the public tests after each push. What grades with hidden tests is put there by staff."""
PLACE = "exercises/readings/"
HEADINGS = {"en": ("id", "what it is about", "points"), "zh-CN": ("编号", "内容", "分值")}
TO_READ = {"en": "To read before or beside them:", "zh-CN": "可以先读，也可以边做边读："}
WITHOUT_POINTS = {"en": "none", "zh-CN": "不计分"}


def own_files(exercises: Iterable[Exercise], language: str, others: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return them by path; ``language`` is that of the page: ``en``, ``zh-CN`` or ``both``.

    ``others`` are the other files of the repository, among them the readings that the page leads to.
    """
    exercises = sorted(exercises, key=lambda one: one.kind == "graded")  # a warm-up comes first
    found = {path: (FOLDER / name).read_bytes() for path, name in AS_THEY_ARE.items()}
    found |= {path: (WORKFLOWS / name).read_bytes() for path, name in ON_GITHUB.items()}
    found["pyproject.toml"] = project()
    for one in LANGUAGES if language == "both" else (language,):
        found[page_name(one, language)] = page(exercises, others, one, both=language == "both")
    return found


def project() -> bytes:
    """Return the pyproject.toml by which pip installs the engine."""
    return filled("pyproject.in", version=grader.__version__)


def page_name(language: str, wanted: str) -> str:
    """Return what the page of a language is called: the only one is what everybody looks for first."""
    return f"README.{language}.md" if wanted == "both" and language != "en" else "README.md"


def page(exercises: list[Exercise], others: Mapping[str, bytes], language: str, *, both: bool) -> bytes:
    """Return the page in one language, with a link to the other one if there is one."""
    return filled(
        statement_file(Path(), language).name,
        first=first(exercises),
        exercises=table(exercises, language),
        readings=readings(others, language),
        chinese=f"[简体中文]({page_name('zh-CN', 'both')})\n\n" if both else "",
        english=f"[English]({page_name('en', 'both')})\n\n" if both else "",
    )


def first(exercises: list[Exercise]) -> str:
    """Return the short id of the exercise to begin with: a warm-up that nobody has to do is none."""
    graded = [exercise for exercise in exercises if exercise.kind == "graded"]
    return (graded or exercises)[0].short


def table(exercises: Iterable[Exercise], language: str) -> str:
    """Return a table of the exercises with links to their statements."""
    statement = statement_file(Path(), language).name
    head = HEADINGS[language]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for exercise in exercises:
        title = exercise.title[language].replace("|", "\\|")
        points = "100" if exercise.kind == "graded" else WITHOUT_POINTS[language]
        lines.append(f"| {exercise.short.upper()} | [{title}](exercises/{exercise.name}/{statement}) | {points} |")
    return "\n".join(lines) + "\n"


def readings(others: Mapping[str, bytes], language: str) -> str:
    """Return a list of the readings in a repository, each by the heading of its page; nothing if there are none."""
    end = f"/{statement_file(Path(), language).name}"
    found = {path: data.decode() for path, data in others.items() if path.startswith(PLACE) and path.endswith(end)}
    lines = [f"- [{text.partition(chr(10))[0].lstrip('# ')}]({path})" for path, text in sorted(found.items())]
    return "\n".join([TO_READ[language], "", *lines, "", ""]) if lines else ""


def staff_files(exercises: Iterable[Exercise]) -> dict[str, bytes]:
    """Return the page for those who grade."""
    return {"README.md": filled("STAFF.md", first=next(iter(exercises)).name)}


def filled(name: str, **values: str) -> bytes:
    """Return a file of ours with its gaps filled in."""
    return Template((FOLDER / name).read_text(encoding="utf-8")).substitute(values).encode()
