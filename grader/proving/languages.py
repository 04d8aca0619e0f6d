"""Both languages are complete: statements and hints have one outline, and catalogues have every text and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import polib

from grader.catalogues import catalogue_file, read
from grader.errors import UsageError
from grader.models import LANGUAGES, Complaint, Exercise
from grader.statement import ANCHOR, hints_file, statement_file
from grader.testing.texts import module_texts

FENCED = re.compile(r"^(```+)[^\n]*\n.*?^\1[ \t\r]*$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#{1,6}) ", re.MULTILINE)
OPEN = re.compile(r"^```", re.MULTILINE)
POINTS = re.compile(r"\b(\d+) points?\b|(?<!\d)(\d+) 分(?![钟之别])")
SPACE = re.compile(r"\S")
OTHERS = [language for language in LANGUAGES if language != "en"]
PLACEHOLDER = re.compile(r"\{(\w*)\}")
CHINESE_VALUES = frozenset({"phase", "place", "reason", "category", "categories"})
"""Placeholders that Chinese words are put in for; for all others it is code or a number."""
HAN, LATIN = "[\u4e00-\u9fff]", "[A-Za-z0-9_]"
PLURALS = {"zh-CN": "nplurals=1; plural=0;"}
CODE = re.compile(r"`[^`]*`|'[^']*'|\"[^\"]*\"")

Outline = dict[str, list[tuple[str, int]]]
"""What a text has in common with its translations: kind of thing -> (the thing, its line)."""


def texts(exercise: Exercise) -> Iterator[Complaint]:
    """Yield how the statement and the hints of an exercise differ between the languages."""
    for file in (statement_file, hints_file):
        english = file(exercise.folder, "en")
        for language in OTHERS:
            translated = file(exercise.folder, language)
            if english.is_file() and translated.is_file():
                yield from differences(english, translated)


def differences(english: Path, translated: Path) -> Iterator[Complaint]:
    """Yield of each kind of thing the first one that differs between a text and its translation."""
    ours = outline(english.read_text(encoding="utf-8"))
    theirs = outline(translated.read_text(encoding="utf-8"))
    for kind, things in ours.items():
        for one, other in zip_longest(things, theirs[kind]):
            if not one or not other or one[0] != other[0]:
                there = f"{shortened(one[0])} in line {one[1]}" if one else "no more"
                here = shortened(other[0]) if other else "nothing more"
                yield Complaint(
                    translated, f"{kind}: {here} here, {there} of {english.name}; both have the same ones in the same order",
                    str(other[1]) if other else "",
                )  # fmt: skip
                break


def outline(text: str) -> Outline:
    """Return what a text has in common with its translations."""
    prose = FENCED.sub(lambda block: SPACE.sub(" ", block[0]), text)  # what is left stays in its line

    def found(pattern: re.Pattern[str], where: str) -> list[tuple[str, int]]:
        return [(value(match), text.count("\n", 0, match.start()) + 1) for match in pattern.finditer(where)]

    return {
        "sections": [(f"a heading {marks}", line) for marks, line in found(HEADING, prose)],
        "anchors": found(ANCHOR, text),
        "code blocks": [(match[0], text.count("\n", 0, match.start()) + 1) for match in FENCED.finditer(text)],
        "code blocks without an end": found(OPEN, prose),
        "points": sorted(found(POINTS, prose), key=lambda point: (int(point[0]), point[1])),
    }


def value(match: re.Match[str]) -> str:
    """Return the first group that a match has, or all of it."""
    return next((group for group in match.groups() if group), match[0])


def shortened(text: str) -> str:
    """Return a thing of an outline for a message: of a code block its first lines."""
    return repr(text if len(text) < 60 else text[:57] + "…")


# -- catalogues


def catalogues(exercise: Exercise) -> Iterator[Complaint]:
    """Yield what is wrong with the catalogues beside the public and the hidden tests of an exercise."""
    for folder in (exercise.folder, exercise.hidden_folder):
        if folder:
            for language in OTHERS:
                yield from catalogue(catalogue_file(folder, language), keys_of(folder, exercise))


def keys_of(folder: Path, exercise: Exercise) -> dict[str, str]:
    """Return every text that the tests in a folder say, with the place where it stands first."""
    handed_in = exercise.files if folder == exercise.folder else ()
    found: dict[str, str] = {}
    for module in sorted(folder.glob("*.py")):
        if module.name not in handed_in:
            for key in module_texts(module).keys:
                found.setdefault(key, module.name)
    return found


def catalogue(path: Path, wanted: dict[str, str]) -> Iterator[Complaint]:
    """Yield what a catalogue lacks, what nothing uses in it, and what is wrong with the rest."""
    if not path.is_file():
        if wanted:
            yield Complaint(path, f"missing: {len(wanted)} texts of the tests beside it have no translation; write it")
        return
    try:
        translated = read(path)
        entries = polib.pofile(str(path), encoding="utf-8", check_for_duplicates=True)
    except (UsageError, ValueError, OSError) as error:
        yield Complaint(path, f"cannot be read as a catalogue: {error}")
        return
    for key, place in wanted.items():
        if key not in translated:
            yield Complaint(path, f"not translated: {key!r}, from {place}; add an entry")
    for entry in entries:
        if not entry.obsolete and entry.msgid not in wanted:
            yield Complaint(path, f"no test says {entry.msgid!r} any more; remove the entry", str(entry.linenum))
    yield from form(path, entries)


def form(path: Path, entries: polib.POFile) -> Iterator[Complaint]:
    """Yield what is wrong with the form of a catalogue, and with its entries one by one."""
    language = path.name.split(".")[1]
    wanted = {"Language": language, "Content-Type": "text/plain; charset=UTF-8", "Plural-Forms": PLURALS[language]}
    for key, right in wanted.items():
        if entries.metadata.get(key) != right:
            yield Complaint(path, f"its header must say {key}: {right}", key)
    for entry in entries.obsolete_entries():
        yield Complaint(path, f"{entry.msgid!r} is obsolete; remove the entry", str(entry.linenum))
    for entry in entries:
        if entry.fuzzy:
            yield Complaint(path, f"{entry.msgid!r} is fuzzy; look at it, and take the flag away", str(entry.linenum))
        for complaint in badly_written(entry.msgid, entry.msgstr) if entry.msgstr and not entry.obsolete else ():
            yield Complaint(path, f"{entry.msgstr!r} {complaint}", str(entry.linenum))


def placeholders(text: str) -> list[str]:
    """Return the {names} in a text."""
    return sorted(PLACEHOLDER.findall(text))


def filled(chinese: str) -> str:
    """Return a Chinese text with something like a value in place of each {name} and of code."""
    return CODE.sub("x", PLACEHOLDER.sub(lambda match: "中" if match[1] in CHINESE_VALUES else "1", chinese))


def badly_written(english: str, chinese: str) -> list[str]:
    """Return what is wrong with a Chinese text."""
    text = filled(chinese)
    has_words = re.search("[A-Za-z]", PLACEHOLDER.sub("", english))
    wrong = {
        "has other placeholders": placeholders(english) != placeholders(chinese),
        "is not Chinese": has_words and not re.search(HAN, chinese),
        "has half-width punctuation after a Chinese character": re.search(f"{HAN}[,.:;?!(]", text),
        "lacks a blank between Chinese and Latin": re.search(f"{HAN}{LATIN}|{LATIN}{HAN}", text),
        "has a blank between Chinese characters": re.search(f"{HAN} +{HAN}", text),
    }
    return [complaint for complaint, found in wrong.items() if found]
