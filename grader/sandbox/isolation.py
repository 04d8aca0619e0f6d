"""Which isolation level this machine has: not what is installed, but what probes from inside the box could not do."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader.channel.remote import StudentError, StudentGone
from grader.errors import EngineFault
from grader.models import Isolation, Limits
from grader.sandbox.bubblewrap import INSIDE
from grader.sandbox.inside.probes import start_time
from grader.sandbox.plain import Plain
from grader.sandbox.process import Student
from grader.sandbox.view import current

if TYPE_CHECKING:
    from grader.sandbox.box import Box

OUTSIDE = ("/", "/usr", "/usr/bin", "/etc", "/dev", "/dev/shm", "/proc", "/var/tmp", INSIDE)  # noqa: S108
PATIENCE = 30.0
"""Seconds that the probes may take: a busy machine must not pass for one without walls."""


@dataclass(frozen=True)
class Proof:
    """The level that was proven, what proves it, and what stands against a higher one, with the remedy."""

    level: Isolation
    mechanisms: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


def enter(limits: Limits, secrets: Iterable[Path], slot: int = 0) -> tuple[Box | Plain, Proof]:
    """Start the best box that this machine has, and prove what it keeps in and out.

    ``secrets`` are paths that nothing inside may see. The caller stops what it gets.
    """
    obstacle = missing()
    if obstacle:
        return Plain(limits), Proof(Isolation.NONE, against=(obstacle,))
    from grader.sandbox.box import Box, BoxDied  # Linux only
    from grader.sandbox.seccomp import NoFilter

    try:
        box = Box(limits, slot)
    except (BoxDied, NoFilter) as error:
        return Plain(limits), Proof(Isolation.NONE, against=(remedy(str(error)),))
    try:
        holes = probe(box, secrets)
    except EngineFault as error:
        holes = [f"the probes did not run: {error}"]
    if holes:
        box.stop()
        return Plain(limits), Proof(Isolation.NONE, against=tuple(holes))
    return box, Proof(Isolation.FULL, mechanisms(box))


def missing() -> str:
    """Say what a box needs and this machine lacks, with the remedy; nothing if it lacks nothing."""
    if sys.platform != "linux":
        return f"{sys.platform} has no bubblewrap; grade hidden tests on Linux (WSL 2 and a virtual machine will do)"
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed; install it (Debian, Ubuntu: apt-get install bubblewrap)"
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        return "setpriv is not installed; install it (Debian, Ubuntu: apt-get install util-linux)"
    return ""


def remedy(complaint: str) -> str:
    """Add to bubblewrap's own words what usually helps."""
    if "ermission" in complaint or "not permitted" in complaint:
        return (
            f"{complaint}; unprivileged user namespaces may be switched off here: "
            "sysctl kernel.apparmor_restrict_unprivileged_userns=0, or run where they are allowed"
        )
    return complaint


def probe(box: Box, secrets: Iterable[Path]) -> list[str]:
    """Return what a student process could do although it must not."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        facts = {
            "secret": [str(path) for path in secrets],
            "outside": [*OUTSIDE, *current().readable],
            "judge": (os.getpid(), start_time(os.getpid())),
            "port": listener.getsockname()[1],
        }
        student = Student(box.spawn({}))
        student.process.limits = replace(box.limits, call=PATIENCE, test=PATIENCE)
        try:
            student.process.begin_test()
            found = student.peer.ask("probe", "probe", 0, facts)
        except (StudentError, StudentGone) as error:
            return [f"the probes did not run: {error!r}"]
        finally:
            student.process.discard()
            box.sweep(0)
    return [f"{name}: {hole}" for name, holes in found.items() for hole in holes]


def mechanisms(box: Box) -> tuple[str, ...]:
    """Name what the level rests on."""
    landlock = box.ready.get("landlock")
    namespaces = "user, mount, pid, net, ipc, uts" if os.geteuid() else "mount, pid, net, ipc, uts"
    return (
        f"bubblewrap namespaces ({namespaces})",
        f"user id {box.ready.get('uid')}, no capabilities, no_new_privs",
        "seccomp filter",
        f"Landlock ABI {landlock}" if landlock else "no Landlock (not needed at this level)",
        "resource limits and watchdog",
    )
