"""Runs a submission where nothing protects the grading, in a throw-away box, and returns what was seen from outside it.

The box has its own process, network, mount, IPC and host-name namespaces and nothing of this machine that can be written to; its
memory, disk, processes and time are bounded. `tests.grader.unprotected.box` is process 1 of it and lays it out:

========================================== =============================================================================
``/course/submitted/mallory/<exercise>/``  the submission, with the public and the hidden tests copied beside it; the folder is
                                           on PYTHONPATH, and pytest is started in it: ``python -m pytest --junitxml=…``
``/course/submitted/neighbour/<exercise>/`` another student's work
``/course/tests/hidden/<exercise>/``       the hidden tests; ``/course/solutions/<exercise>/`` the reference
``/course/results/``                       ``junit.xml``; ``results.json`` (code, passed), which the runner, pytest's parent,
                                           writes at the end; ``neighbour.json``; ``/course/gradebook.db``
``/home/grader``                           HOME, writable: ``.ssh/id_rsa``, ``.netrc``, ``.profile``, ``.bashrc``
environment                                GITHUB_TOKEN, SECRET_…; RESULTS is the folder of results
services                                   TCP 22, 80, 2375, 5432, 6379, 8080, 47811 (any address, 169.254.169.254 too),
                                           UDP 53 (the name server) and 47811, /run/docker.sock and others
========================================== =============================================================================
"""

from __future__ import annotations

import itertools
import json
import os
import secrets
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.directories import is_directory
from grader.models import Exercise
from grader.sandbox import view
from grader.sandbox.bubblewrap import parents

HERE = Path(__file__).parent
INPROCESS = HERE.parents[1] / "bench" / "inprocess.py"
PLANTED = ("name", "environment", "neighbour", "file", "solution", "service")
WALL = 50.0
"""Seconds after which the box is taken down from outside."""
WORDS, WORDS_OF_FILE = 100, 1 << 16
"""Files of a submission, and bytes of each, whose words it cannot have stolen."""
FIRST_USER, USERS = 59000, 1900
KEPT = ("SETUID", "SETGID", "SETPCAP", "KILL", "CHOWN", "DAC_OVERRIDE", "NET_ADMIN", "NET_BIND_SERVICE", "SYS_PTRACE")
"""What process 1 of the box may do there; the grading may do nothing of it."""
NUMBERS = itertools.count()


class BoxFailed(Exception):
    """The box did not say what it saw; the message is what it complained about."""


@dataclass(frozen=True)
class Facts:
    """What was seen of one run (`tests.grader.unprotected.box.main`), the secrets planted for it, the submission's own words."""

    seen: dict[str, Any]
    planted: dict[str, str] = field(default_factory=dict)
    own: str = ""

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - JSON
        """Return one fact."""
        return self.seen[name]


def run(handed_in: Path, exercise: Exercise, *, naive: bool = False) -> Facts:
    """Grade a folder or an archive without any protection; ``naive`` only has it read by a careless reader.

    Raises:
        BoxFailed: the box itself did not work.
    """
    planted = {name: f"planted-{name}-{secrets.token_hex(8)}" for name in PLANTED}
    user = FIRST_USER + (os.getpid() + next(NUMBERS)) % USERS if os.geteuid() == 0 else 0
    config = {
        "exercise": exercise.name, "file": main_file(exercise), "archive": "" if handed_in.is_dir() else handed_in.name,
        "naive": naive, "secrets": planted, "user": user, "become": become(user),
        "python": view.current().interpreter, "path": os.pathsep.join(["/engine", "/plugin", *view.current().packages]),
    }  # fmt: skip
    folder = handed_in if handed_in.is_dir() else handed_in.parent
    try:
        done = subprocess.run(
            [*command(folder, exercise, user), "-I", "-S", "/plugin/box.py", json.dumps(config)],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=WALL, check=False, env={"PATH": "/usr/bin:/bin"},
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        raise BoxFailed(f"the box did not come to an end: {late.stderr!r}") from None
    try:
        return Facts(json.loads(done.stdout), planted, words_of(folder))
    except ValueError:
        raise BoxFailed(done.stderr.decode("utf-8", "replace")[-2000:] or f"exit code {done.returncode}") from None


def main_file(exercise: Exercise) -> str:
    """Return the file that is imported: the first one of the manifest, or that of its directory that makes it a package."""
    return f"{exercise.files[0]}__init__.py" if is_directory(exercise.files[0]) else exercise.files[0]


def words_of(folder: Path) -> str:
    """Return what stands in the files of a submission."""
    found = []
    for path in itertools.islice((Path(top, name) for top, _, names in os.walk(folder) for name in names), WORDS):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                found.append(file.read(WORDS_OF_FILE).decode("utf-8", "replace"))
    return "\n".join(found)


def obstacle() -> str:
    """Say why there can be no such box here, with the remedy; nothing if there can be one."""
    lacking = [name for name in ("bwrap", "setpriv") if not shutil.which(name)]
    if lacking:
        return f"{' and '.join(lacking)} not found; install bubblewrap and util-linux"
    words = ["bwrap", *namespaces(0), "--ro-bind", "/", "/", "true"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return f"bubblewrap makes no box here: {done.stderr.strip()}; allow user namespaces" if done.returncode else ""


def become(user: int) -> list[str]:
    """Return the beginning of a command that runs as the user who grades, without any right."""
    if user:
        return ["/usr/bin/setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--bounding-set=-all",
                "--inh-caps=-all", "--no-new-privs", "--"]  # fmt: skip
    return ["/usr/bin/setpriv", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs", "--"]


def namespaces(user: int) -> list[str]:
    """Separate everything; root keeps the user namespace, for only so its processes can be limited in number."""
    kept = [word for name in KEPT for word in ("--cap-add", f"CAP_{name}")]
    if user:
        return ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try",
                "--cap-drop", "ALL", *kept]  # fmt: skip
    return ["--unshare-all", "--unshare-user", "--uid", "1000", "--gid", "1000", "--cap-drop", "ALL", *kept]


def command(handed_in: Path, exercise: Exercise, user: int) -> list[str]:
    """Return the command that starts a Python in the box."""
    words = ["bwrap", *namespaces(user), "--die-with-parent", "--new-session", "--as-pid-1", "--clearenv", "--hostname", "naive",
             "--ro-bind", "/usr", "/usr"]  # fmt: skip
    for name in ("lib", "lib32", "lib64", "bin", "sbin"):
        path = Path("/", name)
        if path.is_symlink():
            words += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            words += ["--ro-bind", str(path), str(path)]
    words += ["--proc", "/proc", "--dev", "/dev"]
    for place in ("/tmp", "/var/tmp", "/dev/shm"):
        words += ["--perms", "1777", "--tmpfs", place]
    for place in ("/course", "/home", "/run", "/etc"):
        words += ["--perms", "0755", "--tmpfs", place]
    assert exercise.hidden_folder
    assert exercise.reference_folder
    binds = [
        (exercise.folder, f"/given/exercises/{exercise.name}"), (exercise.hidden_folder, f"/given/tests/hidden/{exercise.name}"),
        (exercise.reference_folder, f"/given/solutions/{exercise.name}"), (handed_in, "/given/handed_in"),
        (view.ENGINE, "/engine/grader"), (INPROCESS, "/plugin/inprocess.py"),
        *((path, f"/plugin/{path.name}") for path in HERE.glob("*.py")),
        *((folder, folder) for folder in view.current().readable if not folder.startswith("/usr")),
    ]  # fmt: skip
    for source, target in binds:
        words += [*parents(target), "--ro-bind", str(source), target]
    words += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    return [*words, "--chdir", "/", "--", view.current().interpreter]
