"""What a student's repository has of its own: a page about the first day, settings, the license. None of it has a date."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from string import Template

import grader
from grader.models import LANGUAGES, Exercise

FOLDER = Path(__file__).with_name("student")
AS_THEY_ARE = {".gitignore": "gitignore", ".gitattributes": "gitattributes", "LICENSE": "LICENSE"}
"""Files of the repository that are copied, and under which names they are kept here, where they must mean nothing."""
HEADINGS = {"en": ("id", "what it is about", "points"), "zh-CN": ("编号", "内容", "分值")}
WITHOUT_POINTS = {"en": "none", "zh-CN": "不计分"}


def own_files(exercises: Iterable[Exercise], language: str) -> dict[str, bytes]:
    """Return them by path; ``language`` is that of the page: ``en``, ``zh-CN`` or ``both``."""
    exercises = list(exercises)
    found = {path: (FOLDER / name).read_bytes() for path, name in AS_THEY_ARE.items()}
    found["pyproject.toml"] = filled("pyproject.in", version=grader.__version__)
    for one in LANGUAGES if language == "both" else (language,):
        found[page_name(one, language)] = page(exercises, one, both=language == "both")
    return found


def page_name(language: str, wanted: str) -> str:
    """Return what the page of a language is called: the only one is what everybody looks for first."""
    return f"README.{language}.md" if wanted == "both" and language != "en" else "README.md"


def page(exercises: list[Exercise], language: str, *, both: bool) -> bytes:
    """Return the page in one language, with a link to the other one if there is one."""
    return filled(
        "README.md" if language == "en" else f"README.{language}.md",
        first=first(exercises),
        exercises=table(exercises, language),
        chinese=f"[简体中文]({page_name('zh-CN', 'both')})\n\n" if both else "",
        english=f"[English]({page_name('en', 'both')})\n\n" if both else "",
    )


def first(exercises: list[Exercise]) -> str:
    """Return the short id of the exercise to begin with: a warm-up that nobody has to do is none."""
    graded = [exercise for exercise in exercises if exercise.kind == "graded"]
    return (graded or exercises)[0].short


def table(exercises: Iterable[Exercise], language: str) -> str:
    """Return a table of the exercises with links to their statements."""
    statement = "README.md" if language == "en" else f"README.{language}.md"
    head = HEADINGS[language]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for exercise in exercises:
        title = exercise.title[language].replace("|", "\\|")
        points = "100" if exercise.kind == "graded" else WITHOUT_POINTS[language]
        lines.append(f"| {exercise.short.upper()} | [{title}](exercises/{exercise.name}/{statement}) | {points} |")
    return "\n".join(lines) + "\n"


def staff_files(exercises: Iterable[Exercise]) -> dict[str, bytes]:
    """Return the page for those who grade."""
    return {"README.md": filled("STAFF.md", first=next(iter(exercises)).name)}


def filled(name: str, **values: str) -> bytes:
    """Return a file of ours with its gaps filled in."""
    return Template((FOLDER / name).read_text(encoding="utf-8")).substitute(values).encode()
