"""A throw-away box for commands of a student's day that meet hostile code: it may change one folder, and ends with the command.

The commands run code at the level none in there, with the rights of whoever runs the tests: it must not see this machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.sandbox import view
from tests.grader.conftest import ROOT, skip
from tests.grader.terminals import surroundings

HIDDEN = ("/tmp", "/var/tmp", "/run", "/root", "/home", "/srv", "/mnt", "/media", "/opt")
LIMITS = ("--cpu=120", "--fsize=67108864", "--core=0", "--nofile=1024", "--data=2147483648")


def box(place: Path) -> list[str]:
    """Return the beginning of a command that runs in a box, where ``place`` is all of this machine that can be changed.

    The network is this machine's: a browser asks what is served in there.
    """
    words = ["bwrap", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent", "--cap-drop", "ALL",
             "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]  # fmt: skip
    for folder in HIDDEN:
        if Path(folder).is_dir() and not Path(folder).is_symlink():
            words += ["--tmpfs", folder]
    seen = {
        str(ROOT),
        *view.current().readable,
        *view.current().packages,
        str(Path(sys.prefix)),
        str(Path(sys.base_prefix)),
    }
    for folder in sorted(seen):
        words += ["--ro-bind", folder, folder] if Path(folder).exists() else []
    return [*words, "--bind", str(place), str(place), "--", "prlimit", *LIMITS, "--"]


def grader(place: Path, *arguments: str) -> list[str]:
    """Return a command of the course in ``place``, in a box."""
    return [*box(place), sys.executable, "-m", "grader", *arguments]


def around(more: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a command; the engine is the one that was released."""
    kept = ("PATH", "TERM", "GRADER_LANG", "LANG")
    return {name: value for name, value in surroundings(more).items() if name in {*kept, *more}}


def run(place: Path, words: Sequence[str], **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command of the course in a box, without a terminal."""
    return subprocess.run(
        grader(place, *words), cwd=place, env=around(environment), stdin=subprocess.DEVNULL, capture_output=True, timeout=90,
        check=False,
    )  # fmt: skip


def need() -> None:
    """Skip where there can be no such box."""
    lacking = [name for name in ("bwrap", "prlimit") if not shutil.which(name)]
    if sys.platform != "linux" or lacking:
        skip("hostile code meets the student's commands in a box only", "install bubblewrap and util-linux, on Linux")
    tried = subprocess.run([*box(Path.cwd()), "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        skip(f"bubblewrap makes no box here: {tried.stderr.strip()}", "allow user namespaces")


def unchanged(before: Mapping[str, tuple[int, bytes]], folder: Path) -> list[str]:
    """Return the files of a folder that are no more as they were, or that are new."""
    now = contents(folder)
    return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return the kind of every file below a folder, and what stands in it; of a link where it leads."""
    found: dict[str, tuple[int, bytes]] = {}
    for top, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(top, name)
            mode = path.lstat().st_mode
            data = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
            found[path.relative_to(folder).as_posix()] = mode, data
    return found
