"""Texts in every language of the project, from gettext catalogues; English is the key itself.

The engine's catalogue is ``locale/messages.<language>.po``; an exercise keeps its own beside its tests, in the public and
in the hidden tree, under the same file name.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from pathlib import Path

import polib

from grader.errors import EngineFault, UsageError
from grader.models import LANGUAGES, Exercise, Text

ENGINE_FOLDER = Path(__file__).parent / "locale"


def catalogue_file(folder: Path, language: str) -> Path:
    """Return where a folder keeps its catalogue of a language."""
    return folder / f"messages.{language}.po"


@functools.cache
def read(path: Path) -> Mapping[str, str]:
    """Return the finished entries of one catalogue, empty where there is none.

    Raises:
        UsageError: the file is no catalogue.
        EngineFault: it cannot be read.
    """
    if not path.is_file():
        return {}
    try:
        entries = polib.pofile(str(path), encoding="utf-8")
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno:  # polib raises one without a number for its own complaints
            raise EngineFault(f"{path}: cannot be read ({error.strerror})") from None
        raise UsageError(f"{path}: not a gettext catalogue ({error}); mend it or restore it from git") from None
    return {entry.msgid: entry.msgstr for entry in entries if entry.translated() and not entry.fuzzy}


def catalogue_of(exercise: Exercise) -> Catalogue:
    """Return the catalogue for an exercise's tests, those that it has again from others included."""
    return Catalogue(folder for one in (exercise, *exercise.origins) for folder in (one.folder, one.hidden_folder))


class Catalogue:
    """Translates the texts of the engine and of some folders."""

    def __init__(self, folders: Iterable[Path | None] = ()) -> None:
        self._folders = [ENGINE_FOLDER, *(folder for folder in folders if folder)]

    def text(self, key: str, /, **values: object) -> Text:
        """Return a text in every language; ``values`` fill its {names}, each a plain value or a `Text` itself."""
        return {language: self.word(key, language, **values) for language in LANGUAGES}

    def word(self, key: str, language: str, /, **values: object) -> str:
        """Return a text in one language; an untranslated one stays English."""
        template = self.lookup(key, language)
        if not values:
            return template
        chosen = {name: value[language] if isinstance(value, Mapping) else value for name, value in values.items()}
        return template.format_map(chosen)

    def lookup(self, key: str, language: str) -> str:
        """Return the translation of a key, or the key."""
        if language != "en":
            for folder in self._folders:
                found = read(catalogue_file(folder, language)).get(key)
                if found:
                    return found
        return key
