"""Archives as the judge sees them: a name that ends like one, opaque bytes, and an answer from the box that is not believed.

An archive is opened in a student process only (`grader.sandbox.inside.unpacking`).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from grader.directories import PROBLEMS, Unfit, check, is_directory, listed

SUFFIXES = (".zip", ".tar.gz", ".tgz")
HASHED = re.compile(r"-[0-9a-f]{8}\Z")
TOGETHER = 2 << 20
"""Bytes that the listed files of an archive may have together; they cross several frames."""
IGNORED, IGNORED_NAME = 50, 100
"""Ignored files that are named at most, and the characters of each name."""
VALUE = 200
"""Characters of a value that qualifies a refusal."""


class Unbelievable(Exception):
    """The box answered what no unpacking answers."""


@dataclass(frozen=True)
class Contents:
    """What was taken out of an archive: listed files and the names of others, or the problem that stood against it."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    problem: Mapping[str, str] = field(default_factory=dict)


def is_archive(name: str) -> bool:
    """Tell by its name whether a file is an archive."""
    return name.lower().endswith(SUFFIXES)


def stem(name: str) -> str:
    """Return the name of an archive without its suffix, any other name as it is."""
    return next((name[: -len(suffix)] for suffix in SUFFIXES if name.lower().endswith(suffix)), name)


def named(name: str, known: Collection[str]) -> str:
    """Return which of the known names an archive has: its own without the suffix, or that and eight digits of a hash.

    ``grader submit`` names archives like ``a1_hello_wsgi-0f3c9a71.zip``. Any other name comes back without its suffix.
    """
    whole = stem(name)
    base = HASHED.sub("", whole) if is_archive(name) else whole
    return base if base in known and whole not in known else whole


def decoded(raw: bytes, otherwise: str = "") -> str:
    """Return a name whose encoding nobody wrote down: UTF-8, else GBK as on Chinese Windows, else what the format says.

    Raises:
        UnicodeError: it is in none of them.
    """
    for encoding in ("utf-8", "gb18030", otherwise):
        with contextlib.suppress(UnicodeDecodeError, LookupError):
            return raw.decode(encoding)
    raise UnicodeError("a name in no encoding")


def refusal(reason: str, **values: str) -> Contents:
    """Return the problem for which an archive was refused; ``reason`` is one of `REASONS`."""
    return Contents(problem={"problem": REASONS[reason], **values})


def checked(said: object, names: Collection[str], most: int) -> Contents:
    """Return what a student process says that it unpacked, ``most`` bytes for each of the listed ``names`` at most.

    Raises:
        Unbelievable: it is not exactly ``{"files": …, "ignored": …}`` or ``{"refused": …, "values": …}`` within bounds.
    """
    if type(said) is not dict:
        raise Unbelievable("an answer that is no dict")
    if said.keys() == {"refused", "values"}:
        return checked_refusal(said["refused"], said["values"])
    if said.keys() != {"files", "ignored"}:
        raise Unbelievable("an answer of unknown shape")
    return Contents(checked_files(said["files"], names, most), checked_names(said["ignored"]))


def checked_refusal(reason: object, values: object) -> Contents:
    """Return a refusal whose reason is known and whose values are those that its text asks for."""
    if type(reason) is not str or reason not in REASONS or type(values) is not dict:
        raise Unbelievable("a refusal without a reason")
    if sorted(values) != sorted(re.findall(r"\{(\w+)\}", REASONS[reason])):
        raise Unbelievable("a refusal with other values")
    if not all(type(value) is str and len(value) <= VALUE for value in values.values()):
        raise Unbelievable("a value that is no short text")
    return refusal(reason, **values)


def checked_files(files: object, names: Collection[str], most: int) -> dict[str, bytes]:
    """Return files of which each is listed and none is too large, alone or together."""
    if type(files) is not dict or not all(type(name) is str and listed(name, names) for name in files):
        raise Unbelievable("files that are not listed")
    for directory in filter(is_directory, names):
        try:
            check([name for name in files if name.startswith(directory)], directory)
        except Unfit as error:
            raise Unbelievable(f"a directory that is not as it must be: {error}") from None
    if not all(type(content) is bytes and len(content) <= most for content in files.values()):
        raise Unbelievable("a file that is no bytes, or too many")
    if sum(map(len, files.values())) > TOGETHER:
        raise Unbelievable("files that are too large together")
    return files


def checked_names(ignored: object) -> tuple[str, ...]:
    """Return a few short names."""
    if type(ignored) is not list or len(ignored) > IGNORED:
        raise Unbelievable("ignored names that are no short list")
    if not all(type(name) is str and len(name) <= IGNORED_NAME for name in ignored):
        raise Unbelievable("an ignored name that is no short text")
    return tuple(ignored)


REASONS = {
    **PROBLEMS,
    "kind": "the archive is neither a zip nor a tar.gz file, whatever its name says",
    "damaged": "the archive is damaged or incomplete",
    "members": "the archive holds more than {most} files; hand in only what the exercise asks for",
    "size": "the archive unpacks to more than {most} bytes; hand in only what the exercise asks for",
    "together": "the files that the exercise asks for are larger than {most} bytes together",
    "overlap": "files in the archive overlap each other",
    "encrypted": "the archive asks for a password; hand it in without one",
    "method": "{file} is compressed by another method than Deflate",
    "encoding": "a name in the archive is neither UTF-8 nor GBK",
    "control": "a name in the archive has a control character in it: {file}",
    "backslash": "a name in the archive has a backslash in it: {file}",
    "absolute": "a name in the archive is an absolute path: {file}",
    "climbs": "a name in the archive leads out of it: {file}",
    "deep": "a name in the archive is too long or too deep: {file}",
    "link": "the archive holds a link in place of a file: {file}",
    "special": "{file} is not a regular file",
    "large": "{file} is larger than {most} bytes",
    "twice": "the archive holds {file} more than once",
    "several": "the archive holds the files that the exercise asks for in several folders: {folders}",
    "time": "unpacking the archive took too long",
    "memory": "unpacking the archive took more memory or disk than allowed",
    "failed": "the archive could not be unpacked",
}
"""Why an archive is refused. The box may name a reason and fill in its values; the words are ours."""
