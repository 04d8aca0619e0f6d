"""What the zygote can do about everything in its box: count, kill and reap the processes, empty the writable places.

`Namespace` is for level full, where the zygote is PID 1 and the writable places are file systems of their own. `Household` is
for level confined: the zygote adopts every orphan below it (PR_SET_CHILD_SUBREAPER), and the writable places are folders of
the machine's. Its students belong to a user of their own if the zygote is root, else to the zygote's own user.
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from grader.sandbox.inside import lockdown
from grader.sandbox.inside.wipe import TooMuch, wipe

HIDDEN_DISK = 256 << 20
"""Bytes by which the free space may shrink without anything in sight, for other programs write to the same disk."""
SOCKET_BUFFER = 208 << 10
"""Bytes that one socket may hold each way (net.core.wmem_default, which a submission cannot raise)."""
TROUBLE = 5.0
"""Seconds within which every process must be gone."""
ENTRIES = 2000
"""Files below the writable places from which on they count as too much without being measured."""


class Custody(ABC):
    """The processes and the writable places of one box. ``mode`` is that of the folders above the submissions' own."""

    mode = 0o700
    own_network = False

    def __init__(self, config: dict[str, Any]) -> None:
        self.places: list[str] = [config["box"], config["tmp"]]

    @abstractmethod
    def processes(self) -> list[int]:
        """Return the ids of all processes of the box but the zygote."""

    @abstractmethod
    def kill(self) -> None:
        """Send SIGKILL to all of them."""

    @abstractmethod
    def kill_and_reap(self) -> bool:
        """Kill and reap all of them; False if some are left."""

    def kill_strays(self, students: list[int]) -> None:
        """Kill what is left of student processes that have ended, while others go on."""
        kept = {*students, *(pid for student in students for pid in descendants(student))}
        for pid in self.processes():
            if pid not in kept:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def socket_memory(self) -> int:
        """Return the bytes that sockets of the box may hold in the kernel, where that can be counted."""
        return 0

    @abstractmethod
    def used(self) -> int:
        """Return the bytes that the writable places hold; very many files count as very much."""

    @abstractmethod
    def wipe(self) -> None:
        """Empty the writable places.

        Raises:
            Exception: something is left.
        """

    def give(self, folders: tuple[str, str]) -> None:  # noqa: B027 - nothing to do is right at level full
        """Hand a student process its own folders."""

    def become_student(self, limits: dict[str, int]) -> None:  # noqa: B027
        """Give up the zygote's own identity, in the fork."""

    def leave(self) -> None:  # noqa: B027
        """Tidy up for good."""


class Namespace(Custody):
    """The zygote is PID 1: what it can see is what there is, and the kernel ends all of it with the zygote."""

    own_network = True

    def processes(self) -> list[int]:
        """Return every other process of the namespace."""
        return [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]

    def kill(self) -> None:
        """Kill all but PID 1 at once (kill(2), pid -1)."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)

    def kill_and_reap(self) -> bool:
        """Kill and reap until there is no child."""
        self.kill()
        reap_all()
        return True

    def used(self) -> int:
        """Ask the file systems."""
        total = 0
        for path in self.places:
            found = os.statvfs(path)
            total += (found.f_blocks - found.f_bfree) * found.f_frsize + (found.f_files - found.f_ffree) * 4096
        return total

    def socket_memory(self) -> int:
        """Count the buffers of all sockets of the own network, and what waits in TCP connections, which may be more."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            with open("/proc/net/sockstat", encoding="ascii") as file:
                lines = {line.split(":")[0]: line.split() for line in file}
            waiting = tcp_waiting() if int(lines["TCP"][2]) + int(lines["TCP"][4]) else 0
            return int(lines["sockets"][2]) * SOCKET_BUFFER + waiting
        return 0

    def wipe(self) -> None:
        """Remove what is in the places, and every trace on them: their owner may be the submission's."""
        for place in self.places:
            wipe(place)
            with contextlib.suppress(PermissionError):  # root's
                os.chmod(place, self.mode)
                os.utime(place, (0, 0))


class Household(Custody):
    """The zygote lives among the machine's other processes, and its students are its descendants."""

    mode = 0o711

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self.base: str = config["base"]
        self.user: int | None = config["user"]
        self.spare: int = config["spare_processes"]
        self.inherited: list[int] = config["inherited"]
        lockdown.prctl(lockdown.PR_SET_CHILD_SUBREAPER, 1)
        for place in self.places:
            os.makedirs(place, exist_ok=True)
            os.chmod(place, self.mode)
        self.free = self.free_space()

    def processes(self) -> list[int]:
        """Return the descendants."""
        return list(descendants(os.getpid()))

    def kill(self) -> None:
        """Kill the students' user's processes at once, or the descendants one after the other."""
        if self.user is not None:
            kill_all_of(self.user)
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill_and_reap(self) -> bool:
        """Kill until nothing is left to adopt: a process that is not seen in one round is a child of ours in the next."""
        deadline = time.monotonic() + TROUBLE
        while True:
            self.kill()
            if reap_some():
                return True
            if time.monotonic() > deadline:
                return False

    def used(self) -> int:
        """Measure the files in sight, and how much less room there is than when the box was empty."""
        total = 0
        for entries, size in sizes(self.places):
            total += size
            if entries > ENTRIES:
                return 1 << 62
        return max(total, self.free - self.free_space() - HIDDEN_DISK)

    def free_space(self) -> int:
        """Return the bytes that are free on the disk of the writable places."""
        found = os.statvfs(self.base)
        return found.f_bfree * found.f_frsize

    def wipe(self) -> None:
        """Remove what is in the places; a zygote that is root has the capability to, whoever owns it."""
        for place in self.places:
            os.chmod(place, self.mode)
            wipe(place)
        self.free = self.free_space()

    def give(self, folders: tuple[str, str]) -> None:
        """Give a student process's folders to the students' user."""
        if self.user is not None:
            for folder in folders:
                os.chown(folder, self.user, self.user)

    def become_student(self, limits: dict[str, int]) -> None:
        """Become the students' user; without one, count what the own user has already, for the kernel counts it too."""
        for descriptor in self.inherited:
            os.close(descriptor)
        if self.user is not None:
            lockdown.become(self.user)
        else:
            limits["processes"] += tasks_of(os.getuid()) + self.spare

    def leave(self) -> None:
        """Kill everything and remove the folders."""
        if self.kill_and_reap():
            with contextlib.suppress(OSError, TooMuch):
                wipe(self.base)
                os.rmdir(self.base)


def custody(config: dict[str, Any]) -> Custody:
    """Return the custody of a box."""
    return Household(config) if config.get("base") else Namespace(config)


def kill_all_of(user: int) -> None:
    """Kill every process of a user at once, in a fork that becomes that user: none can fork away from it."""
    pid = os.fork()
    if pid == 0:
        try:
            lockdown.become(user)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def reap_all() -> None:
    """Wait for children until there are none."""
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait4(-1, 0)


def reap_some() -> bool:
    """Reap what has ended, a moment's wait included; tell whether no child is left."""
    for pause in (0.0, 0.001, 0.002, 0.005, 0.01):
        time.sleep(pause)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return True
    return False


def tcp_waiting() -> int:
    """Return the bytes that wait in the TCP connections of this network (proc(5), /proc/net/tcp)."""
    total = 0
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError), open(path, encoding="ascii") as file:
            for line in list(file)[1:]:
                sent, received = line.split()[4].split(":")
                total += int(sent, 16) + int(received, 16)
    return total


def children(parent: int) -> list[int]:
    """Return the children of a process (proc(5), /proc/pid/task/tid/children)."""
    found = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{parent}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{parent}/task/{thread}/children", encoding="ascii") as file:
                found += [int(word) for word in file.read().split()]
    return found


def descendants(top: int) -> Iterator[int]:
    """Yield the processes below one."""
    for child in children(top):
        yield child
        yield from descendants(child)


def tasks_of(user: int) -> int:
    """Count the threads of all processes of a user: what RLIMIT_NPROC is compared with."""
    total = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                found = os.stat(f"/proc/{name}/task")
                total += found.st_nlink - 2 if found.st_uid == user else 0
    return total


def sizes(places: list[str]) -> Iterator[tuple[int, int]]:
    """Yield, for each file below the places, how many there were so far and the bytes it takes."""
    count = 0
    stack = list(places)
    while stack:
        folder = stack.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    count += 1
                    found = entry.stat(follow_symlinks=False)
                    yield count, found.st_blocks * 512 + 4096
                    if stat.S_ISDIR(found.st_mode):
                        stack.append(entry.path)
        except OSError:
            continue  # it has just gone, or its owner has locked it: the free space tells
