"""What of this machine a box may read: the interpreter, its packages and this engine, never the private half."""

from __future__ import annotations

import re
import site
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import grader

ENGINE = Path(grader.__file__).resolve().parent
FRAMEWORKS = ("flask", "flask.json", "werkzeug.serving", "werkzeug.debug.tbtools", "jinja2")
IMPORTED = re.compile(rb"^[ \t]*(?:from|import)[ \t]+(?:flask|werkzeug|jinja2)\b", re.MULTILINE)
PRELOAD = tuple(
    """
    waitress waitress.server
    wsgiref.simple_server wsgiref.validate wsgiref.util wsgiref.types collections.abc http.client email.parser
    html html.parser urllib.parse encodings.idna encodings.latin_1 csv sqlite3 logging uuid hashlib secrets
    dataclasses typing contextlib traceback inspect io re functools itertools
    grader.sandbox.inside.student grader.sandbox.inside.unpacking grader.sandbox.inside.wipe
    """.split()  # noqa: SIM905 - a list of words is easier to read
)
"""Modules that submissions use, and what every fork needs; the zygote imports them once."""


def preload(sources: Iterable[bytes]) -> tuple[str, ...]:
    """Return the modules that a zygote imports for submissions like these.

    A third of its memory would be the frameworks'; each fork costs the less the less memory there is.
    """
    return (*frameworks(sources), *PRELOAD)


def frameworks(sources: Iterable[bytes]) -> tuple[str, ...]:
    """Return the modules of frameworks that submissions like these use."""
    return FRAMEWORKS if any(map(IMPORTED.search, sources)) else ()


SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/mime.types", "/etc/localtime")
"""What every program needs."""
OWN_PROCESS = tuple(
    f"/proc/self/{name}" for name in ("status", "stat", "statm", "cmdline", "limits", "maps", "fd", "oom_score")
)
"""What a process may read of itself. Not its ``net``: counters of the box's network outlive a submission."""
VARIABLES = {
    "LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "MALLOC_ARENA_MAX": "1",
    "PATH": "/usr/bin:/bin",
}  # fmt: skip
"""The same few variables everywhere, so that a grading can be repeated."""
INTERPRETER_OPTIONS = ("-s", "-P", "-S", "-X", "frozen_modules=on")
PATH = "/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin"
"""Where bubblewrap and setpriv are looked for."""


@dataclass(frozen=True)
class View:
    """Host paths that are readable inside under their own names, and where Python looks for packages."""

    interpreter: str
    readable: tuple[str, ...]
    packages: tuple[str, ...]


def current() -> View:
    """Return the view that runs this very interpreter with its installed packages."""
    packages = dict.fromkeys(
        str(Path(path).resolve())
        for path in (*site.getsitepackages(), sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
        if Path(path).is_dir()
    )
    executable = Path(sys.executable)
    chain = [executable, *_links(executable)]
    folders = [*(str(link.parent) for link in chain), sys.base_prefix, sys.base_exec_prefix, sys.prefix, *packages]
    return View(str(executable), tuple(_outermost(folders)), tuple(packages))


def _links(path: Path) -> list[Path]:
    """Follow a chain of symbolic links, with every step on the way."""
    found = []
    while path.is_symlink():
        path = path.parent / path.readlink()
        found.append(path)
    return found


def _outermost(folders: list[str]) -> list[str]:
    """Return absolute folders without those inside another one."""
    paths = sorted({Path(folder).absolute() for folder in folders}, key=lambda path: len(path.parts))
    kept: list[Path] = []
    for path in paths:
        if not any(path.is_relative_to(other) for other in kept):
            kept.append(path)
    return [str(path) for path in kept]
