"""Which isolation level this machine has: not what is installed, but what probes from inside the box could not do."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.channel.remote import StudentError, StudentGone
from grader.errors import EngineFault
from grader.models import Isolation, Limits
from grader.sandbox.inside.probes import process_namespace, start_time
from grader.sandbox.plain import Plain
from grader.sandbox.process import Student
from grader.sandbox.view import ENGINE, PRELOAD, current

if TYPE_CHECKING:
    from grader.sandbox.box import Box
    from grader.sandbox.walls import Walls

SHORT = 80
PATIENCE = 30.0
"""Seconds that the probes may take on a busy machine."""
OUTSIDE = ("/", "/usr", "/usr/bin", "/etc", "/dev", "/dev/shm", "/proc", "/tmp", "/var/tmp", "/run", "/engine")  # noqa: S108


@dataclass(frozen=True)
class Proof:
    """The level that was proven, what proves it, and what stands against a higher one, with the remedy."""

    level: Isolation
    mechanisms: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


def enter(
    limits: Limits, secrets: Iterable[Path], slot: int = 0, modules: tuple[str, ...] = PRELOAD
) -> tuple[Box | Plain, Proof]:
    """Start the best box that this machine has, and prove what it keeps in and out.

    ``secrets`` are paths that nothing inside may see; ``modules`` are imported once for all. The caller stops what it gets.
    """
    if sys.platform != "linux":
        obstacle = f"{sys.platform} has no walls of this kind; grade hidden tests on Linux (WSL 2 and a virtual machine will do)"
        return Plain(limits), Proof(Isolation.NONE, against=(obstacle,))
    from grader.sandbox.bubblewrap import Bubblewrap  # Linux only
    from grader.sandbox.confined import Confined

    against: list[str] = []
    for walls in (Bubblewrap(limits, slot, modules), Confined(limits, slot, modules)):
        box, level, reasons = attempt(limits, walls, list(secrets))
        against += [f"{walls.name}: {reason}" for reason in reasons]
        if box:
            return box, Proof(level, walls.mechanisms(box.ready), tuple(against))
    return Plain(limits), Proof(Isolation.NONE, against=tuple(against))


def attempt(limits: Limits, walls: Walls, secrets: list[Path]) -> tuple[Box | None, Isolation, list[str]]:
    """Start a box behind some walls; return it with its level if it has one, and what stands against a higher level."""
    from grader.sandbox.box import Box  # Linux only
    from grader.sandbox.boxed import BoxDied
    from grader.sandbox.seccomp import NoFilter

    if obstacle := walls.missing():
        return None, Isolation.NONE, [obstacle]
    try:
        box = Box(limits, walls=walls)
    except (BoxDied, NoFilter) as error:
        return None, Isolation.NONE, [remedy(str(error))]
    try:
        level, holes = probe(box, secrets)
    except EngineFault as error:
        level, holes = Isolation.NONE, [f"the probes did not run: {error}"]
    if level is Isolation.NONE:
        box.stop()
        return None, level, holes
    return box, level, holes


def remedy(complaint: str) -> str:
    """Add to bubblewrap's own words what usually helps."""
    if "ermission" in complaint or "not permitted" in complaint:
        return (
            f"{complaint}; namespaces may be switched off here: as an ordinary user try "
            "sysctl kernel.apparmor_restrict_unprivileged_userns=0, in a container allow them or stay with level confined"
        )
    return complaint


def probe(box: Box, secrets: list[Path]) -> tuple[Isolation, list[str]]:
    """Return the level that a box proves to have, and what stands against a higher one."""
    bait = Bait()
    student = Student(box.spawn({}))
    try:
        student.process.limits = replace(box.limits, call=PATIENCE, test=PATIENCE)  # an exercise may be more impatient
        student.process.begin_test()
        found = student.peer.ask("probe", "probe", 0, {**bait.facts, **places(secrets)})
        reach = bait.taken()
    except (StudentError, StudentGone) as error:
        said = bytes(student.process.output[-300:]).decode("utf-8", "replace")
        return Isolation.NONE, [f"the probes did not run: {error!r} {said}"]
    finally:
        student.process.discard()
        box.sweep(0)
        bait.close()
    reach += [f"{name}: {hole}" for name, holes in found["reach"].items() for hole in holes]
    sight = [f"{name}: {hole}" for name, holes in found["sight"].items() for hole in holes]
    if reach:
        return Isolation.NONE, reach
    return (Isolation.CONFINED if sight else Isolation.FULL), sight


def places(secrets: list[Path]) -> dict[str, Any]:
    """Return paths of this machine for the probes: the secrets, each with a file in it, and the judge's own places."""
    files = [next((path for path in folder.rglob("*") if path.is_file()), None) for folder in secrets]
    own = [Path(tempfile.gettempdir()), Path.home()]
    here = {str(path) for path in own}
    return {
        "secret": [str(path) for path in [*secrets, *filter(None, files)]],
        "outside": [*OUTSIDE, *sorted(here), *current().readable, str(ENGINE)],
        "foreign": [str(path) for path in [*filter(None, files), ENGINE / "__init__.py", Path(sys.executable)]],
        "judge": (os.getpid(), start_time(os.getpid()), process_namespace()),
    }


def short_place() -> str:
    """Return a folder for temporary files whose name leaves room in the 108 bytes of a Unix socket's address."""
    return next(path for path in (tempfile.gettempdir(), "/tmp", "/") if len(os.fsencode(path)) < SHORT)  # noqa: S108


class Bait:
    """Sockets of the judge's that nothing inside may reach."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="probe-", dir=short_place())
        Path(self.folder.name).chmod(0o755)
        path, abstract = str(Path(self.folder.name) / "socket"), f"\0grader-probe-{os.urandom(8).hex()}"
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(self.tcp.getsockname())
        self.unix = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(2)]
        for listener, address in zip(self.unix, (path, abstract), strict=True):
            listener.bind(address)
            listener.listen()
        Path(path).chmod(0o777)
        self.facts = {"port": self.tcp.getsockname()[1], "unix": [path, abstract]}

    def taken(self) -> list[str]:
        """Return what came from inside; connections are seen by those who make them."""
        self.udp.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            self.udp.recvfrom(1)
            return ["network: datagrams reach the host's loopback"]
        return []

    def close(self) -> None:
        """Close the sockets."""
        for one in (self.tcp, self.udp, *self.unix):
            one.close()
        self.folder.cleanup()
