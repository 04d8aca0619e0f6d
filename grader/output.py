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

UNSAFE = re.compile(r"[^\w.-]|^\.+", re.ASCII)


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
    """Return a file name for any text: unchanged where it is harmless, else with a hash so that two stay two."""
    cleaned = UNSAFE.sub("_", name)[:100]
    if cleaned == name:
        return name
    return f"{cleaned}-{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


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
