"""The peers' own environments, made once by uv below the user's cache: the same Python, this project's needs, and the peer."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from grader.errors import UsageError
from tests.bench.checks import ROOT

READY = "versions.json"


@dataclass(frozen=True)
class Environment:
    """A virtual environment and what is in it: version by package."""

    folder: Path
    versions: dict[str, str]

    def program(self, name: str) -> str:
        """Return the path of a program in it."""
        return str(self.folder / "bin" / name)


def cache() -> Path:
    """Return the folder in which environments are kept (XDG Base Directory Specification)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "grader-bench"


def environment(name: str, requirements: tuple[str, ...]) -> Environment:
    """Return the environment of a peer, made now if it is not there yet.

    Raises:
        UsageError: it cannot be made here; the message has what uv said.
    """
    needs = (sys.version, *requirements, (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    folder = cache() / f"{name}-{hashlib.sha256(repr(needs).encode()).hexdigest()[:12]}"
    if not (folder / READY).is_file():
        make(folder, requirements)
    versions: dict[str, str] = json.loads((folder / READY).read_text(encoding="utf-8"))
    return Environment(folder, versions)


def make(folder: Path, requirements: tuple[str, ...]) -> None:
    """Make an environment where none is, or half a one."""
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    python = str(folder / "bin" / "python")
    shutil.rmtree(folder, ignore_errors=True)
    uv("venv", "--quiet", "--python", str(base), str(folder))
    uv("pip", "install", "--quiet", "--python", python, "-r", str(ROOT / "pyproject.toml"), *requirements)
    listed = json.loads(uv("pip", "list", "--format", "json", "--python", python))
    versions = {"python": platform.python_version(), **{package["name"]: package["version"] for package in listed}}
    (folder / READY).write_text(json.dumps(versions, indent=1, sort_keys=True), encoding="utf-8")


def uv(*words: str) -> str:
    """Run uv and return what it prints."""
    program = shutil.which("uv")
    if not program:
        raise UsageError("uv is not installed, which makes the environments of the peers: pip install uv")
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise UsageError(f"uv {' '.join(words[:2])} failed: {done.stderr.strip()}")
    return done.stdout
