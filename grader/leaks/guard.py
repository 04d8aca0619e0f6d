"""Searches one artefact for every secret in every form, in one pass for each view of it.

All forms are folded, so one table of their pieces is enough: of a form at least `SHORTEST` bytes long, one of nine
neighbouring pieces of eight bytes begins at a multiple of nine, wherever the form stands. So only every ninth piece of an
artefact is looked up, and the number of secrets hardly matters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from grader.leaks.forms import fold, forms, views
from grader.leaks.secrets import Secret

PIECE = 8
SHORTEST = 16
STRIDE = SHORTEST - PIECE + 1
BLOCK, OVERLAP = 1 << 18, 1 << 14
"""Characters that are searched at a time, and those that are searched twice: a form is not longer than that."""
CHARSETS = ("utf-8", "utf-16-le")
AROUND = 100
"""Characters around a find in which its plain text is looked for: folds have no punctuation, texts may begin with some."""
BYTE_ORDER_MARKS = {
    b"\xff\xfe\x00\x00": "utf-32", b"\x00\x00\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16",
}  # fmt: skip


@dataclass(frozen=True)
class Needle:
    """One form of a secret."""

    secret: Secret
    form: str
    folded: bytes


@dataclass(frozen=True)
class Leak:
    """A secret that was found: where it begins (``line`` from 1, ``offset`` in characters from 0), and in which form."""

    place: str
    line: int
    offset: int
    form: str
    secret: Secret

    def __str__(self) -> str:
        """Say for staff where it is and what it is, without repeating it."""
        kind = "the leak marker" if self.secret.marker else "a text"
        return f"{self.place}:{self.line}: {kind} of {self.secret.place}:{self.secret.line} ({self.form})"


class Guard:
    """Knows what must not be seen."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self.secrets = list(secrets)
        self.table: dict[bytes, list[tuple[Needle, int]]] = {}
        for needle in needles(self.secrets):
            for start in range(len(needle.folded) - SHORTEST, len(needle.folded) - PIECE + 1):
                self.table.setdefault(needle.folded[start : start + PIECE], []).append((needle, start))

    def check(self, artefact: str | bytes, place: str) -> list[Leak]:
        """Return what an artefact tells; of one secret in one form the first place only."""
        text = artefact if isinstance(artefact, str) else decoded(artefact)
        return self.scan((text[start : start + BLOCK] for start in range(0, len(text), BLOCK)), place)

    def scan(self, parts: Iterable[str], place: str) -> list[Leak]:
        """Return what the consecutive parts of an artefact tell."""
        found: dict[tuple[Secret, str], Leak] = {}
        before, line, offset = "", 1, 0
        for part in parts:
            block = before + part
            for needle, depth in self.search(block):
                key = (needle.secret, needle.form)
                if key not in found:
                    start, end = locate(block, needle.folded, depth)
                    form = described(needle, block[max(0, start - AROUND) : end + AROUND], depth)
                    at = line + block.count("\n", 0, start)
                    found[key] = Leak(place, at, offset + start, form, needle.secret)
            before = block[-OVERLAP:]
            line += block.count("\n", 0, len(block) - len(before))
            offset += len(block) - len(before)
        return list(found.values())

    def search(self, block: str) -> Iterator[tuple[Needle, int]]:
        """Yield the needles in a block, each with the number of the first view that shows it."""
        seen: set[Needle] = set()
        for depth, view in enumerate(views(block)):
            folded = fold(view)
            for needle in self.hits(folded):
                if needle not in seen:
                    seen.add(needle)
                    yield needle, depth

    def hits(self, folded: bytes) -> Iterator[Needle]:
        """Yield the needles in a fold."""
        table = self.table
        places = [i for i in range(0, len(folded) - PIECE + 1, STRIDE) if folded[i : i + PIECE] in table]
        for place in places:
            for needle, start in table[folded[place : place + PIECE]]:
                if start <= place and folded.startswith(needle.folded, place - start):
                    yield needle


def needles(secrets: Iterable[Secret]) -> Iterator[Needle]:
    """Yield every form that is long enough to be unmistakable."""
    for secret in secrets:
        for name, folded in forms(secret.text, CHARSETS if secret.marker else CHARSETS[:1]):
            if len(folded) >= SHORTEST:
                yield Needle(secret, name, folded)


def decoded(data: bytes) -> str:
    """Return bytes as text: UTF-8, with an escape for each byte that is none, unless a byte order mark says otherwise."""
    charset = charset_of(data)
    return data.decode(charset, errors_for(charset))


def charset_of(head: bytes) -> str:
    """Return the charset that the first bytes of an artefact tell."""
    return next((charset for mark, charset in BYTE_ORDER_MARKS.items() if head.startswith(mark)), "utf-8")


def errors_for(charset: str) -> str:
    """Return what to do with bytes that are none of a charset."""
    return "surrogateescape" if charset == "utf-8" else "replace"


def locate(block: str, folded: bytes, depth: int) -> tuple[int, int]:
    """Return the beginning and the end of what shows a needle in a view: the least that still does."""
    end = smallest(len(block), lambda n: shows(block[:n], folded, depth))
    length = smallest(end, lambda n: shows(block[end - n : end], folded, depth))
    return end - length, end


def smallest(most: int, enough: Callable[[int], bool]) -> int:
    """Return the smallest number up to ``most`` that is enough, found by halving."""
    least = 0
    while least < most:
        middle = (least + most) // 2
        least, most = (least, middle) if enough(middle) else (middle + 1, most)
    return most


def shows(text: str, folded: bytes, depth: int) -> bool:
    """Tell whether a needle is in a view of a text, or in the last one if there are fewer."""
    *_, view = islice(views(text), depth + 1)
    return folded in fold(view)


def described(needle: Needle, around: str, depth: int) -> str:
    """Name a form, with what was done to it besides."""
    if needle.form == "plain" and needle.secret.text not in around:
        return "escaped" if depth else "other case or separators"
    return needle.form + (", escaped" if depth else "")
