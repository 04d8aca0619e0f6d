"""The command line that puts a zygote behind bubblewrap: as root with a dedicated user, or as an ordinary user.

Measured on Debian 12 (bubblewrap 0.8): ``/``, ``/dev`` and ``/dev/shm`` stay writable for the owner unless they are
remounted; missing parents are made 0700 unless they are made first; root inside a user namespace is exempt from
RLIMIT_NPROC, so root drops to a real, dedicated user before anything runs; setpriv clears the parent-death signal.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from grader.models import Limits
from grader.sandbox import seccomp
from grader.sandbox.users import FIRST_USER, USERS, is_root
from grader.sandbox.view import (
    ENGINE,
    INTERPRETER_OPTIONS,
    OWN_PROCESS,
    PATH,
    PRELOAD,
    SYSTEM,
    VARIABLES,
    View,
    current,
)

INSIDE = "/engine"
BOX, TMP, SHARED = "/box", "/scratch", "/dev/shm"  # noqa: S108 - places inside the box; /tmp may hold the interpreter


class Bubblewrap:
    """The walls of namespaces: the zygote is PID 1 of its own, in a file system that holds only what it may read."""

    name = "bubblewrap"
    own_network = True
    environment: Mapping[str, str] = {"PATH": PATH}

    def __init__(self, limits: Limits, slot: int, modules: tuple[str, ...] = PRELOAD) -> None:
        self.limits = limits
        self.modules = modules
        self.slot = slot

    def missing(self) -> str:
        """Say what this machine lacks, with the remedy; nothing if it lacks nothing."""
        if not shutil.which("bwrap", path=PATH):
            return "bubblewrap is not installed; install it (Debian, Ubuntu: apt-get install bubblewrap)"
        if is_root() and not shutil.which("setpriv", path=PATH):
            return "setpriv is not installed; install it (Debian, Ubuntu: apt-get install util-linux)"
        return ""

    def program(self) -> bytes:
        """Return the filter of system calls, which holds for the whole box."""
        return seccomp.program()

    def command(self, filter_: int, control: int) -> list[str]:
        """Return the whole command. The filter can be read from one descriptor, the other goes on to the zygote."""
        view = current()
        known = config(view, self.limits, self.modules) | {"control": control}
        return [
            "bwrap", *namespaces(), "--die-with-parent", "--new-session", "--as-pid-1", "--clearenv",
            *file_system(view), "--seccomp", str(filter_), *environment(), "--chdir", "/", "--",
            *drop_rights(self.slot), view.interpreter, *INTERPRETER_OPTIONS,
            f"{INSIDE}/grader/sandbox/inside/zygote.py", json.dumps(known),
        ]  # fmt: skip

    def inherited(self) -> tuple[int, ...]:
        """Nothing more."""
        return ()

    def end(self, process: subprocess.Popen[bytes] | None) -> None:
        """End the box; the kernel ends all that is in its namespaces."""
        if process:
            process.kill()
            process.wait()

    def mechanisms(self, ready: Mapping[str, object]) -> tuple[str, ...]:
        """Name what these walls are made of."""
        landlock = ready.get("landlock")
        own = "mount, pid, net, ipc, uts" if is_root() else "user, mount, pid, net, ipc, uts"
        return (
            f"bubblewrap namespaces ({own})",
            f"user id {ready.get('uid')}, no capabilities, no_new_privs",
            "seccomp filter",
            f"Landlock ABI {landlock}" if landlock else "no Landlock (not needed with namespaces)",
            "resource limits and watchdog",
        )


def namespaces() -> list[str]:
    """Separate everything that can be separated; root keeps the user namespace, so that limits are counted."""
    if is_root():
        kept = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")
        separate = [
            "--unshare-ipc",
            "--unshare-pid",
            "--unshare-net",
            "--unshare-uts",
            "--hostname",
            "box",
            "--unshare-cgroup-try",
        ]
        return [*separate, "--cap-drop", "ALL", *(word for cap in kept for word in ("--cap-add", cap))]
    return ["--unshare-all", "--hostname", "box", "--unshare-user", "--disable-userns", "--uid", "65534", "--gid", "65534",
            "--cap-drop", "ALL"]  # fmt: skip


def drop_rights(slot: int) -> list[str]:
    """Become the slot's own user, for good."""
    if not is_root():
        return []
    user = str(FIRST_USER + (os.getpid() + slot) % USERS)
    return ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--bounding-set", "-all",
            "--inh-caps", "-all", "--no-new-privs", "--pdeathsig", "KILL", "--"]  # fmt: skip


def file_system(view: View) -> list[str]:
    """A read-only view of the interpreter, its packages and the engine; two writable places; nothing else."""
    words = ["--ro-bind", "/usr", "/usr"]
    for name in ("lib", "lib32", "lib64", "bin", "sbin"):
        path = Path("/", name)
        if path.is_symlink():
            words += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            words += ["--ro-bind", str(path), str(path)]
    for file in ("/etc/ld.so.cache", "/etc/mime.types"):
        words += ["--perms", "0755", "--dir", "/etc", "--ro-bind-try", file, file]
    for folder in view.readable:
        if not PurePosixPath(folder).is_relative_to("/usr"):
            words += [*parents(folder), "--ro-bind", folder, folder]
    words += [*parents(f"{INSIDE}/grader"), "--ro-bind", str(ENGINE), f"{INSIDE}/grader"]
    words += ["--proc", "/proc", "--dev", "/dev"]
    words += [
        "--perms",
        "0777",
        "--tmpfs",
        TMP,
        "--perms",
        "0777",
        "--tmpfs",
        BOX,
        "--perms",
        "0555",
        "--tmpfs",
        SHARED,
    ]
    return [*words, "--remount-ro", SHARED, "--remount-ro", "/dev", "--remount-ro", "/"]


def parents(folder: str) -> list[str]:
    """Make the folders above a bind mount, readable for the box's user."""
    above = [str(path) for path in reversed(PurePosixPath(folder).parents) if str(path) != "/"]
    return [word for path in above for word in ("--perms", "0755", "--dir", path)]


def environment() -> list[str]:
    """The same few variables everywhere, so that a grading can be repeated."""
    return [word for name, value in VARIABLES.items() for word in ("--setenv", name, value)]


def config(view: View, limits: Limits, modules: tuple[str, ...]) -> dict[str, object]:
    """What the zygote has to know."""
    return {
        "paths": [INSIDE, *view.packages],
        "readable": [*SYSTEM, *OWN_PROCESS, "/dev", INSIDE, *view.readable],
        "preload": list(modules),
        "box": BOX,
        "tmp": TMP,
        "limits": {"total_memory": limits.total_memory, "disk": limits.disk},
    }
