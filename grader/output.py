"""Writes results to disk: whole files or none, and never where they cannot go."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

from grader.errors import UsageError

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
        with tempfile.NamedTemporaryFile(dir=folder):
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
    """Write a JSON file as a whole: a reader sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, indent=2)
            file.write("\n")
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
