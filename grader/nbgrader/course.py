"""Makes an nbgrader course from exercises, brings one forward, and reads what is said about one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.course import Course, Reader, load_course
from grader.errors import EngineFault, UsageError
from grader.models import LANGUAGES, Isolation
from grader.nbgrader.names import SETTINGS, STYLES

KEYS = ("course", "private", "language", "style", "styles", "store", "workers", "min_isolation")
MOST_WORKERS = 256


@dataclass(frozen=True)
class Settings:
    """What ``grader.toml`` says, with every path resolved. ``workers`` is None for one on each core.

    ``store`` is a file or the URL of a database, as `grader.store.store.open_store` takes it.
    """

    folder: Path
    course: Path
    private: Path
    language: str
    style: str
    styles: Mapping[str, str]
    store: str
    workers: int | None
    min_isolation: Isolation

    def style_of(self, exercise: str) -> str:
        """Return where students write of an exercise: ``files`` or ``cells``."""
        return self.styles.get(exercise, self.style)

    def load(self) -> Course:
        """Return the course with its private half."""
        return load_course(self.course, self.private)


def settings(folder: Path) -> Settings:
    """Read what is said about an nbgrader course.

    Raises:
        UsageError: it is not there, or something in it is wrong; names the file, the key and the remedy.
    """
    path = folder / SETTINGS
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{folder}: has no {SETTINGS}; make the course with: grader nbgrader init {folder}") from None
    except OSError as error:
        raise EngineFault(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not a TOML file ({error})") from None
    return SettingsReader(path).settings(content)


class SettingsReader(Reader):
    """Takes values out of ``grader.toml``."""

    def settings(self, content: dict[str, Any]) -> Settings:
        """Return what the file says."""
        self.keys(content, KEYS)
        folder = self.path.parent.resolve()
        course = self.folder(content, "course")
        private = self.folder(content, "private") if "private" in content else course
        store = self.typed(content, "store", str, "") or str(course / ".grader" / "grades.db")
        if "://" not in store:
            store = str(folder / store)
        styles = self.typed(content, "styles", dict, {})
        return Settings(
            folder, course, private, self.one_of(content, "language", LANGUAGES), self.one_of(content, "style", STYLES),
            {name: self.one_of(styles, name, STYLES) for name in styles}, store, self.workers(content),
            Isolation[self.one_of(content, "min_isolation", [str(level) for level in Isolation], "confined").upper()],
        )  # fmt: skip

    def folder(self, content: Mapping[str, Any], key: str) -> Path:
        """Return a folder, which may be relative to that of the file."""
        found: Path = (self.path.parent / self.typed(content, key, str)).resolve()
        if not found.is_dir():
            raise UsageError(f"{self.path}: {key} = {content[key]!r}: there is no folder {found}; say where it is now")
        return found

    def one_of(self, content: Mapping[str, Any], key: str, words: Any, default: str | None = None) -> str:  # noqa: ANN401
        """Return one of some words."""
        value: str = self.typed(content, key, str, default)
        if value not in words:
            raise UsageError(f"{self.path}: {key} = {value!r} must be one of {', '.join(words)}")
        return value

    def workers(self, content: Mapping[str, Any]) -> int | None:
        """Return how many submissions are graded at once, None for one on each core."""
        if "workers" not in content:
            return None
        value: int = self.typed(content, "workers", int)
        if not 1 <= value <= MOST_WORKERS:
            raise UsageError(f"{self.path}: workers = {value} must be from 1 to {MOST_WORKERS}")
        return value
