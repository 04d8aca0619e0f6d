"""Walls without namespaces, for machines that allow none: containers, Gradescope, many hosts of CI.

Landlock keeps files away (landlock(7), at whatever ABI the kernel has), a seccomp filter the network, signals and what
Landlock does not look at, resource limits and a watchdog the rest. Root gives the students a user of their own; an
ordinary user cannot, so there the filter is stricter.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.models import Limits
from grader.sandbox import seccomp
from grader.sandbox.inside import custody, lockdown
from grader.sandbox.inside.wipe import TooMuch, wipe
from grader.sandbox.users import NEEDED, claim, is_root, lacking
from grader.sandbox.view import ENGINE, INTERPRETER_OPTIONS, OWN_PROCESS, PATH, PRELOAD, SYSTEM, VARIABLES, current

SIGNALS_SCOPED = 6
"""The Landlock ABI from which on signals do not leave a sandbox."""
SPARE_PROCESSES = 64
"""Processes that the own user may start elsewhere while a submission runs, where the kernel counts them together."""
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
PATIENCE = 8.0
"""Seconds that a zygote may take to tidy up."""
FOLDER, IN_MEMORY = "grader-box-", "/dev/shm"  # noqa: S108 - the folder's name is not to be foreseen
EVERYTHING = 10_000_000
OPEN_FILES, FILE_SIZE = 64, 8 << 20
"""Hard limits that mark a process as a box's: they are inherited by all below it and cannot be raised."""


class Confined:
    """The walls of one box: a folder of its own and, if root starts it, a user of its own."""

    name = "confined"
    own_network = False
    environment: Mapping[str, str] = {"PATH": PATH, **VARIABLES}

    def __init__(self, limits: Limits, slot: int, modules: tuple[str, ...] = PRELOAD) -> None:
        self.limits = limits
        self.slot = slot
        self.modules = modules
        self.user: int | None = None
        self.claimed: socket.socket | None = None
        self.base = ""

    def missing(self) -> str:
        """Say what this machine lacks, with the remedy; nothing if it lacks nothing."""
        if not lockdown.landlock_abi():
            return (
                "the kernel offers no Landlock, so files cannot be kept away without namespaces; "
                "use Linux 5.13 or later with landlock among its security modules"
            )
        if is_root() and lacking():
            return f"root without the capabilities {', '.join(lacking())}; give them, or run as an ordinary user"
        if is_root() and not shutil.which("setpriv", path=PATH):
            return "setpriv is not installed; install it (Debian, Ubuntu: apt-get install util-linux)"
        if is_root() and (closed := closed_to_others([str(ENGINE), *current().readable])):
            return (
                f"{closed} cannot be entered by the user that runs submissions, and Python or its packages are below it; "
                f"install them elsewhere, or let others pass: chmod o+x {closed}"
            )
        return ""

    def program(self) -> bytes:
        """Return the filter of system calls, which each student process loads."""
        same_user = not is_root()
        return seccomp.program(
            network=False, attributes=not same_user, signals=not same_user or lockdown.landlock_abi() >= SIGNALS_SCOPED
        )

    def command(self, filter_: int, control: int) -> list[str]:
        """Return the whole command. The zygote reads the filter from one descriptor and the judge's wishes from the other."""
        if is_root():
            self.user, self.claimed = claim(os.getpid() + self.slot)
        self.base = tempfile.mkdtemp(prefix=FOLDER, dir=place(self.limits.disk))
        Path(self.base).chmod(0o711)
        view = current()
        config = {
            "paths": [str(ENGINE.parent), *view.packages],
            "readable": [*SYSTEM, *OWN_PROCESS, *DEVICES, str(ENGINE), *view.readable],
            "preload": list(self.modules),
            "base": self.base,
            "box": f"{self.base}/box",
            "tmp": f"{self.base}/home",
            "user": self.user,
            "inherited": list(self.inherited()),
            "spare_processes": SPARE_PROCESSES,
            "filter": filter_,
            "control": control,
            "limits": {"total_memory": self.limits.total_memory, "disk": self.limits.disk},
        }
        zygote = str(ENGINE / "sandbox" / "inside" / "zygote.py")
        if not is_root():
            lockdown.prctl(lockdown.PR_SET_CHILD_SUBREAPER, 1)  # what a killed zygote leaves comes to us, see `end`
        return [*self.rights(), view.interpreter, *INTERPRETER_OPTIONS, zygote, json.dumps(config)]

    def rights(self) -> list[str]:
        """Keep only the capabilities that the zygote needs; students lose these too."""
        if not is_root():
            return []
        kept = ",".join(f"+{name.removeprefix('CAP_').lower()}" for name in NEEDED)
        return ["setpriv", "--bounding-set", f"-all,{kept}", "--inh-caps", "-all", "--no-new-privs", "--"]

    def inherited(self) -> tuple[int, ...]:
        """Return what keeps the students' user taken until the zygote has tidied up."""
        return (self.claimed.fileno(),) if self.claimed else ()

    def end(self, process: subprocess.Popen[bytes] | None) -> None:
        """Let the zygote tidy up, which it does when the judge hangs up; do it for one that cannot any more."""
        if process:
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if os.path.lexists(self.base):
            self.clean_up()
        if self.claimed:
            self.claimed.close()
            self.claimed = None

    def clean_up(self) -> None:
        """Kill what a killed zygote left, and remove its folder."""
        if self.user is not None:
            user = str(self.user)
            command = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "sh", "-c", "kill -KILL -1"]
            subprocess.run(command, check=False, env={"PATH": PATH}, stderr=subprocess.DEVNULL)
        else:
            end_orphans()
        remove(self.base)

    def mechanisms(self, ready: Mapping[str, object]) -> tuple[str, ...]:
        """Name what these walls are made of."""
        user = f"user id {self.user}" if self.user is not None else f"the same user id {os.getuid()}"
        return (
            f"Landlock ABI {ready.get('landlock')}",
            f"{user}, no capabilities, no_new_privs",
            "seccomp filter, without sockets",
            "resource limits and watchdog",
        )


def place(needed: int) -> str:
    """Return the folder for the writable places: one in memory if there is room enough, for disks can be slow."""
    with contextlib.suppress(OSError):
        found = os.statvfs(IN_MEMORY)
        if os.access(IN_MEMORY, os.W_OK) and found.f_bavail * found.f_frsize >= 8 * needed:
            return IN_MEMORY
    return tempfile.gettempdir()


def remove(folder: str) -> None:
    """Remove a folder with whatever is in it; what cannot be removed stays."""
    with contextlib.suppress(OSError, TooMuch):
        wipe(folder, EVERYTHING)
        Path(folder).rmdir()


def closed_to_others(folders: list[str]) -> str:
    """Return the first folder on the way to some others that not everybody may pass, nothing if there is none."""
    for folder in folders:
        for path in (*reversed(Path(folder).parents), Path(folder)):
            if not path.stat().st_mode & stat.S_IXOTH:
                return str(path)
    return ""


def end_orphans() -> None:
    """Kill and reap what a killed zygote left, over and over until nothing more turns up."""
    deadline = time.monotonic() + PATIENCE
    while (found := list(left_behind())) and time.monotonic() < deadline:
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in found:
            with contextlib.suppress(ChildProcessError):  # not ours yet, but in the next round
                os.waitpid(pid, 0)


def left_behind() -> Iterator[int]:
    """Yield what came from a box whose zygote is gone: children of ours that have a student process's hard limits.

    Without namespaces and without a user of its own, a box's orphans are adopted by us, the next subreaper above.
    """
    for pid in custody.children(os.getpid()):
        if marked(pid):
            yield pid
            yield from custody.descendants(pid)


def marked(pid: int) -> bool:
    """Tell whether a process has the hard limits of a student process."""
    try:
        text = Path(f"/proc/{pid}/limits").read_text(encoding="ascii")
    except OSError:
        return False
    hard = {line[:26].strip(): line[26:].split()[1] for line in text.splitlines()[1:]}
    return all(
        hard.get(name, "unlimited").isdigit() and int(hard[name]) <= most
        for name, most in (("Max open files", OPEN_FILES), ("Max file size", FILE_SIZE))
    )
