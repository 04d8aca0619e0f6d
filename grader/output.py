"""Writes results to disk: whole files or none, whatever happens meanwhile, and never where they cannot go."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from grader.errors import EngineFault, UsageError

UNSAFE = re.compile(r"[^A-Za-z0-9_.-]|^\.+")
HARMLESS = re.compile(r"[A-Za-z0-9_-]([A-Za-z0-9_.-]{0,98}[A-Za-z0-9_-])?")
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|\Z)", re.IGNORECASE)
"""What is a device on Windows, whatever its ending (Microsoft: Naming Files, Paths, and Namespaces)."""
HASHED = re.compile(r"-[0-9a-f]{16}\Z")


def writable_folder(folder: Path) -> Path:
    """Make a folder if need be, and make sure that files can be written there.

    Raises:
        UsageError: they cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UsageError(f"{folder}: cannot write there ({error.strerror}); choose another folder") from None
    return folder


def safe_name(name: str) -> str:
    """Return a file name for any text: unchanged where it is harmless on every system, else with a hash so that two stay two.

    What looks like a name with a hash gets one too.
    """
    if HARMLESS.fullmatch(name) and not DEVICE.match(name) and not HASHED.search(name):
        return name
    cleaned = UNSAFE.sub("_", name)[:100] or "_"
    mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{'_' if DEVICE.match(cleaned) else ''}{cleaned}-{mark}"


def write_json(path: Path, content: Any) -> None:  # noqa: ANN401 - JSON
    """Write a JSON file as a whole, like `write_text`."""
    write_text(path, json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text file as a whole, like `write_bytes`."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file as a whole: a reader sees the old one or the new one.

    Raises:
        EngineFault: there is no room for it, or it cannot go there any more; the old one is untouched.
    """
    try:
        put(path, data)
    except OSError as error:
        raise EngineFault(f"{path}: cannot be written ({error.strerror}); make room or choose another folder") from None


def put(path: Path, data: bytes) -> None:
    """Do what `write_bytes` does, for those who have words of their own if it fails.

    Raises:
        OSError: it fails.
    """
    with whole(path) as file:
        file.write(data)


@contextlib.contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """Yield a file to write to, which is at its place when all is written; after an exception the old one is untouched.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = unnamed(path.parent)
    with named(path) if descriptor is None else made_known(descriptor, path) as file:
        yield file


def unnamed(folder: Path) -> int | None:
    """Open a file that has no name until it is complete, so that nothing stays of one that is not; None if that is not had.

    See O_TMPFILE in open(2), and linkat(2), which needs /proc and does not replace a file.
    """
    if not hasattr(os, "O_TMPFILE"):
        return None
    try:
        descriptor = os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o644)
    except OSError:
        return None
    if os.path.lexists(f"/proc/self/fd/{descriptor}"):
        return descriptor
    os.close(descriptor)
    return None


@contextlib.contextmanager
def made_known(descriptor: int, path: Path) -> Iterator[BinaryIO]:
    """Yield a file without a name, and give it one when it is complete."""
    with os.fdopen(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fchmod(descriptor, 0o644)
        nameless = f"/proc/self/fd/{descriptor}"
        try:
            os.link(nameless, path, src_dir_fd=descriptor, follow_symlinks=True)
        except FileExistsError:
            other = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
            os.link(nameless, other, src_dir_fd=descriptor, follow_symlinks=True)
            try:
                other.replace(path)
            except OSError:
                other.unlink()
                raise


@contextlib.contextmanager
def named(path: Path) -> Iterator[BinaryIO]:
    """Yield a file beside its place, and put it there when it is complete."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
