"""Reads whose work a file or folder is from the name that a learning platform gave it.

Sources: ``lib/content_zipper.rb`` of Canvas, ``mod/assign/classes/downloader.php`` of Moodle. What students choose, their
names there and those of their files, stands beside numbers that they do not choose: a name that can be read in two ways
is read in both.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from grader.archives import is_archive

CANVAS = re.compile(
    r"(?P<late>_LATE)?_(?P<number>[0-9]{1,20})_(?:[0-9]{1,20}_(?P<rest>.+)|(?P<text>(?:text|link)\.html)\Z)", re.DOTALL
)
ANONYMOUS = re.compile(
    r"(?:LATE_)?anon_(?P<number>[A-Za-z0-9]{5})_(?:[0-9]{1,20}_(?P<rest>.+)|(?P<text>(?:text|link)\.html)\Z)", re.DOTALL
)
REMOVED = re.compile(r"_[0-9]+_")
"""What Canvas takes out of the names of students, because numbers stand there."""
MOODLE = re.compile(
    r"(?P<name>[^_]+)_(?P<number>[0-9]{1,20})_assignsubmission_(?P<plugin>[a-z]+)_(?P<rest>.*)", re.DOTALL
)
GRADESCOPE = re.compile(r"submission_[0-9]{1,20}")
RESUBMITTED = re.compile(r"-([0-9]{1,4})(?=(?:\.tar)?\.[A-Za-z0-9]+\Z)")
"""What Canvas puts before the suffix of a file that somebody hands in again: ``app-1.py``, ``work.tar-1.gz``."""
LONGEST = 1000
"""Characters of a name that is read at all."""


@dataclass(frozen=True)
class Owner:
    """Whose work something is, as the place says where it was handed in.

    ``system`` is ``canvas``, ``moodle``, ``gradescope``, or nothing for a folder or archive that is named for a student;
    ``number`` is the student's there, or the name of that folder.
    """

    system: str
    number: str
    name: str = ""
    email: str = ""

    @property
    def label(self) -> str:
        """What the student is called where no roster says it.

        Numbers of Canvas are the same in all assignments, those of Moodle are not, and those of Gradescope are whatever the
        instructor entered there.
        """
        if self.system == "canvas":
            return normal(f"{self.name}_{self.number}")
        return normal(self.name if self.system == "moodle" else self.number or self.email or self.name) or self.number


@dataclass(frozen=True)
class Reading:
    """One way to read a name: whose it is, and what the file was called before; nothing for a folder."""

    owner: Owner
    rest: str


def is_hidden(name: str) -> bool:
    """Tell whether something at the top is nobody's work by its name; what a platform named never is."""
    odd = name.startswith("..") or name in ("", ".")
    return name[:1] in (".", "_") and not odd and not canvas(name) and not moodle(name)


def canvas(name: str) -> list[Reading]:
    """Return the ways in which a name can be one of Canvas's, ``lovelaceada_LATE_123_456_app.py``.

    There are two for whoever is called ``x_77`` there, or hands in ``1_app.py``; one alone would let a student hand in the
    work of the one with number 77.
    """
    if len(name) > LONGEST:
        return []
    readings = []
    if match := ANONYMOUS.fullmatch(name):
        readings.append(Reading(Owner("canvas", match["number"], "anon"), match["rest"] or match["text"]))
        return readings
    for start in (found.start() for found in re.finditer("_", name)):
        student = name[:start]
        match = CANVAS.fullmatch(name, start)
        if not match or not student or student.endswith("_LATE") or REMOVED.search(student):
            continue
        readings.append(Reading(Owner("canvas", match["number"], student), match["rest"] or match["text"]))
    return readings


def moodle(name: str) -> Reading | None:
    """Return what a name says if it is one of Moodle's, ``Ada Lovelace_123_assignsubmission_file_``.

    Of an online text nothing is left but whose it is.
    """
    match = MOODLE.fullmatch(name) if len(name) <= LONGEST else None
    if not match:
        return None
    rest = match["rest"] if match["plugin"] == "file" else match["rest"] and f"{match['plugin']}_{match['rest']}"
    return Reading(Owner("moodle", match["number"], match["name"].strip()), rest)


def resubmitted(name: str, wanted: Collection[str]) -> tuple[str, int]:
    """Return what a file was called before Canvas numbered it, and the number; 0 if it has none."""
    match = RESUBMITTED.search(name)
    if name in wanted or not match:
        return name, 0
    before = name[: match.start()] + name[match.end() :]
    return (before, int(match[1])) if before in wanted or is_archive(before) else (name, 0)


def latest(files: Iterable[tuple[str, str]], wanted: Collection[str]) -> tuple[dict[str, str], list[str], list[str]]:
    """Choose among the files of one student those that were handed in last, by Canvas's numbers.

    ``files`` are pairs: what a file was called, and what it is called now. Returned are the chosen ones by what they were
    called, what all others are called now, and those of which nobody can say which one is the last.
    """
    claims: dict[str, list[tuple[int, str]]] = {}
    for before, now in files:
        name, number = resubmitted(before, wanted)
        claims.setdefault(name, []).append((number, now))
    chosen: dict[str, str] = {}
    older: list[str] = []
    unclear: list[str] = []
    for name, rivals in claims.items():
        rivals.sort()
        last = [now for number, now in rivals if number == rivals[-1][0]]
        if len(last) > 1 and (name in wanted or is_archive(name)):
            unclear += last
        else:
            chosen[name] = last[0]
            older += last[1:]
        older += [now for number, now in rivals if number != rivals[-1][0]]
    return chosen, sorted(older), unclear


# -- comparing


def normal(text: str) -> str:
    """Return text in one of the forms that look the same: composed, without blanks around it."""
    return unicodedata.normalize("NFC", text).strip()


def folded(name: str) -> str:
    """Return what is the same for two spellings of a name: letters, their marks and digits alone, without case."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(character for character in plain if unicodedata.category(character)[0] in "LMN")


def forms(name: str) -> frozenset[str]:
    """Return a name as platforms write it: the family name first or last, with or without a comma."""
    words = [folded(word) for word in name.replace(",", " ").split()]
    turned = ("".join(words[turn:] + words[:turn]) for turn in range(len(words[:6])))
    return frozenset(form for form in turned if form)
