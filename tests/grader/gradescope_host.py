"""Gradescope as an autograder meets it: the layout, root, no namespaces; in a throw-away root where /autograder can exist.

Of the image's system ``apt-get`` is played, and of pip where its packages come from: those of this environment. Where this is
not root or has no bubblewrap, the layout lies in a folder of the test's that AUTOGRADER names.
https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.grader.conftest import ROOT

SITE = Path(pytest.__file__).parents[1]
APT = '#!/bin/sh\necho "apt-get $*" >> "$STANDINS/apt.log"\n'
PIP = '''"""Installs a folder's package with its libraries, which come from another environment and not from the network."""
import importlib.metadata, os, pathlib, re, shutil, sys, tomllib

*words, source = sys.argv[1:]
assert words == ["install", "-q"], words
project = tomllib.loads(pathlib.Path(source, "pyproject.toml").read_text())
[package] = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
[site] = pathlib.Path(sys.prefix, "lib").glob("python3.*/site-packages")
name_of = lambda text: re.sub("[-_.]+", "-", re.match("[A-Za-z0-9._-]+", text)[0]).lower()
there = {name_of(one.metadata["Name"]): one for one in importlib.metadata.distributions(path=[os.environ["SITE"]])}
waiting, seen = [name_of(one) for one in project["project"]["dependencies"]], set()
while waiting:
    name = waiting.pop()
    if name in seen or name not in there:
        continue
    seen.add(name)
    waiting += [name_of(one) for one in there[name].requires or [] if "extra ==" not in one]
    for file in there[name].files:
        if ".." not in file.parts and "__pycache__" not in file.parts:
            (site / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file.locate(), site / file)
shutil.copytree(pathlib.Path(source, package), site / package)
for name, target in project["project"]["scripts"].items():
    module, function = target.split(":")
    script = pathlib.Path(sys.prefix, "bin", name)
    script.write_text(f"#!{sys.executable}\\nfrom {module} import {function}\\n{function}()\\n")
    script.chmod(0o755)
'''
"""What stands for pip: `python -m pip` finds it first, by PYTHONPATH."""
MISSING = object()


@dataclass(frozen=True)
class Layout:
    """An image of one autograder, below a folder; ``boxed`` says that it is at /autograder."""

    folder: Path
    boxed: bool

    @property
    def home(self) -> Path:
        """What is /autograder there."""
        return self.folder / "autograder"

    @property
    def results(self) -> Path:
        """Where results are."""
        return self.home / "results" / "results.json"

    def unpack(self, data: bytes) -> None:
        """Make the layout of a zip, as Gradescope does."""
        for name in ("source", "submission", "results"):
            (self.home / name).mkdir(parents=True)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                path = Path(archive.extract(entry, self.home / "source"))
                path.chmod(entry.external_attr >> 16 & 0o777)
        shutil.copy(self.home / "source" / "run_autograder", self.home)
        (self.folder / "standins" / "python" / "pip").mkdir(parents=True)
        (self.folder / "standins" / "python" / "pip" / "__main__.py").write_text(PIP)
        (self.folder / "standins" / "apt-get").write_text(APT)
        (self.folder / "standins" / "apt-get").chmod(0o755)
        shutil.copy(ROOT / "tests" / "grader" / "poorer.py", self.folder / "standins")

    def set_up(self, *, network: bool = False) -> subprocess.CompletedProcess[str]:
        """Run setup.sh, with the real pip if it may use the network."""
        own = (
            {}
            if network
            else {"PYTHONPATH": f"{self.seen}/standins/python", "SITE": "/site" if self.boxed else str(SITE)}
        )
        return self.execute(["bash", f"{self.seen}/autograder/source/setup.sh"], own)

    def grade(
        self,
        files: Mapping[str, str],
        metadata: Any = MISSING,  # noqa: ANN401 - JSON
    ) -> subprocess.CompletedProcess[str]:
        """Run run_autograder on a submission, on a machine that allows no namespaces."""
        shutil.rmtree(self.home / "submission")
        (self.home / "submission").mkdir()
        for name, text in files.items():
            (self.home / "submission" / name).parent.mkdir(exist_ok=True, parents=True)
            (self.home / "submission" / name).write_text(text, encoding="utf-8")
        known = {"id": 7, "users": [{"email": "ada@school.example"}], "previous_submissions": []}
        (self.home / "submission_metadata.json").write_text(json.dumps(known if metadata is MISSING else metadata))
        python, poorer = f"{self.seen}/autograder/grader/bin/python", f"{self.seen}/standins/poorer.py"
        return self.execute([python, poorer, "--no-namespaces", "--", f"{self.seen}/autograder/run_autograder"], {})

    @property
    def seen(self) -> str:
        """The folder as programs there see it."""
        return "" if self.boxed else str(self.folder)

    def execute(self, words: list[str], more: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a command there."""
        environment = {"PATH": f"{self.seen}/standins:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                       "HOME": "/root", "LANG": "C.UTF-8", "COLUMNS": "200", "STANDINS": f"{self.seen}/standins",
                       "AWS_SECRET_ACCESS_KEY": "secret-of-the-host", **more}  # fmt: skip
        if not self.boxed:
            environment |= {"AUTOGRADER": str(self.home)}
        return subprocess.run(
            [*(box(self.folder) if self.boxed else []), *words], env=environment, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, check=False, timeout=300, cwd="/",
        )  # fmt: skip


def can_be_boxed() -> bool:
    """Tell whether there can be a root of the test's own."""
    return os.geteuid() == 0 and shutil.which("bwrap") is not None


def box(folder: Path) -> list[str]:
    """Return the beginning of a command that runs in a root of its own, with all rights, and sees this system's programs."""
    words = ["bwrap", "--tmpfs", "/", "--ro-bind", "/usr", "/usr", "--ro-bind", "/etc", "/etc"]
    for name in ("bin", "sbin", "lib", "lib64"):
        path = Path("/", name)
        if path.is_symlink():
            words += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            words += ["--ro-bind", str(path), str(path)]
    words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/root", "--ro-bind", str(SITE), "/site"]
    for name in ("autograder", "standins"):
        words += ["--bind", str(folder / name), f"/{name}"]
    return [*words, "--cap-add", "ALL", "--die-with-parent", "--"]
