"""Takes the files that an exercise asks for out of an opened archive: listed ones, and all that are in a listed directory.

Nothing is decompressed that nobody asked for, and nothing at all before names and sizes are found to be right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from grader import directories
from grader.archives import IGNORED, IGNORED_NAME, TOGETHER, VALUE
from grader.directories import Unfit, folded, is_directory, passed_over

Parts = tuple[str, ...]
"""A path in its parts."""


class Refused(Exception):
    """The archive is not taken; ``reason`` is one of `grader.archives.REASONS`, the values fill in its text."""

    def __init__(self, reason: str, **values: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.values = {name: value[:VALUE] for name, value in values.items()}


@dataclass(frozen=True)
class Member:
    """A file or folder of an archive; ``read`` returns its content, which has ``size`` bytes or is damaged."""

    path: Parts
    folder: bool
    size: int
    read: Callable[[], bytes]


def taken(members: list[Member], wanted: Sequence[str], most: int) -> dict[str, Any]:
    """Read the wanted files, ``most`` bytes each at most, and name what else there is."""
    root = root_of(members, wanted)
    files: dict[str, bytes] = {}
    others: list[str] = []
    for name in wanted:
        if is_directory(name):
            inside, passed = below(members, root, name)
            files |= contents_of(inside, most)
            others += passed
        elif (found := single(members, root, name)) is not None:
            files[name] = content_of(found, name, most)
        if sum(map(len, files.values())) > TOGETHER:
            raise Refused("together", most=str(TOGETHER))
    beside = others + ignored(members, root, wanted)
    return {"files": files, "ignored": [name[:IGNORED_NAME] for name in beside[:IGNORED]]}


def parts_of_wanted(name: str) -> Parts:
    """Return the parts of a wanted file or directory."""
    return tuple(name.rstrip("/").split("/"))


def root_of(members: list[Member], wanted: Sequence[str]) -> Parts:
    """Return the folder that the wanted files are in: the top, or a folder there that is neither hidden nor private."""
    roots: set[Parts] = set()
    for name in wanted:
        path = parts_of_wanted(name)
        if is_directory(name):
            roots |= homes_of(members, name)
        else:
            roots |= {
                member.path[: -len(path)]
                for member in members
                if member.path[-len(path) :] == path and len(member.path) <= len(path) + 1
            }
    roots = {root for root in roots if not root or root[0][0] not in "._"}
    if len(roots) > 1:
        raise Refused("several", folders=", ".join(sorted("/".join((*root, "")) or "./" for root in roots)))
    return next(iter(roots), ())


def homes_of(members: list[Member], name: str) -> set[Parts]:
    """Return the folders, at the top or one below, in which a directory stands that has files in it."""
    path = parts_of_wanted(name)
    files = [member.path for member in members if not member.folder and not any(map(passed_over, member.path[1:]))]
    found = {
        file[:start]
        for file in files
        for start in (0, 1)
        if file[start : start + len(path)] == path and len(file) > start + len(path)
    }
    outer = ["/".join(file) for file in files if file[: len(path)] == path and len(file) > len(path)]
    return found - {()} if directories.wrapped(outer, name) else found


def single(members: list[Member], root: Parts, name: str) -> Member | None:
    """Return the member that is a wanted file."""
    path = (*root, *parts_of_wanted(name))
    same = [member for member in members if folded("/".join(member.path)) == folded("/".join(path))]
    found = [member for member in same if member.path == path]
    if any(member.path[: len(path)] == path and (member.folder or member.path != path) for member in members):
        raise Refused("special", file=name)
    if found and len(same) > 1:
        raise Refused("twice", file=name)
    return found[0] if found else None


def below(members: list[Member], root: Parts, name: str) -> tuple[dict[str, Member], list[str]]:
    """Return the members that are files of a wanted directory, by their names, and the names of what is passed over."""
    path = (*root, *parts_of_wanted(name))
    found: list[tuple[str, Member]] = []
    folders: set[str] = set()
    passed: dict[str, None] = {}
    for member in members:
        if folded("/".join(member.path[: len(path)])) != folded("/".join(path)) or len(member.path) <= len(path):
            continue
        if member.path[: len(path)] != path:
            raise Refused("alike", file=name, other="/".join((*member.path[len(root) : len(path)], "")))
        file = "/".join(member.path[len(root) :])
        over = next((n for n, part in enumerate(member.path) if n >= len(path) and passed_over(part)), None)
        if over is not None:
            passed["/".join(member.path[len(root) : over + 1])] = None
        elif member.folder:
            folders.add(file)
        else:
            found.append((file, member))
            folders.update(directories.parents(file))
    check_names([file for file, _ in found], folders, name)
    return dict(found), sorted(passed)


def check_names(names: list[str], folders: set[str], directory: str) -> None:
    """Refuse the names of a directory's files: too many, one twice, one that is a folder too, or one that is odd."""
    for name, count in Counter(names).items():
        if count > 1:
            raise Refused("twice", file=name)
        if name in folders:
            raise Refused("special", file=name)
    try:
        directories.check(names, directory)
    except Unfit as error:
        raise Refused(error.reason, **error.values) from None


def contents_of(inside: dict[str, Member], most: int) -> dict[str, bytes]:
    """Read the files of a directory, which declare their sizes."""
    if sum(member.size for member in inside.values()) > TOGETHER:
        raise Refused("together", most=str(TOGETHER))
    return {file: content_of(member, file, most) for file, member in inside.items()}


def content_of(member: Member, name: str, most: int) -> bytes:
    """Read one file that must not be larger than ``most`` bytes, nor of another size than it declares."""
    if member.size > most:
        raise Refused("large", file=name, most=str(most))
    content = member.read()
    if len(content) != member.size:
        raise Refused("damaged")
    return content


def ignored(members: list[Member], root: Parts, wanted: Sequence[str]) -> list[str]:
    """Return the names beside the wanted files, as a look into the folder would show them."""
    used = {parts_of_wanted(name)[0] for name in wanted}
    inside = (member.path[len(root) :] if member.path[: len(root)] == root else member.path for member in members)
    return sorted({path[0] for path in inside if path and path[0] not in used})
