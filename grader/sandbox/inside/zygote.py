"""The first process of the box: waits with everything imported, forks a student process per request, kills, reaps, wipes.

Trusted code without secrets. It is exec'd, never forked from a process that has read a hidden test, and it never
parses a byte of a submission: the fork unpacks. Messages are JSON over a SEQPACKET socket; every one
names its job, so that a late one cannot be taken for the next job's.
"""

from __future__ import annotations

import array
import contextlib
import errno
import gc
import json
import os
import resource
import select
import signal
import socket
import sys
import time
from dataclasses import dataclass
from typing import Any

TICK = 0.025
"""Seconds between two looks of the watchdog."""
ANSWER = 100
"""Milliseconds within which a port of the box's own loopback answers, or does not."""


@dataclass
class Child:
    """One student process."""

    number: int
    pid: int
    pidfd: int
    places: tuple[str, str]
    why: str = "exit"


class Zygote:
    """The box's only long-lived process."""

    def __init__(self, config: dict[str, Any], program: bytes) -> None:
        from grader.sandbox.inside import custody, lockdown

        self.config = config
        self.lockdown = lockdown
        self.program = program
        self.custody = custody.custody(config)
        self.abi = lockdown.landlock_abi()
        self.children: dict[int, Child] = {}
        self.job = 0
        self.poll = select.poll()
        self.control = socket.socket(fileno=config["control"])
        self.poll.register(self.control, select.POLLIN)
        self.base = self.memory_of("self")
        self.sockets = self.custody.socket_memory()
        self.next_look = 0.0

    def run(self) -> None:
        """Serve requests until the judge hangs up; the kernel then kills all else in the box."""
        self.say({"ready": 1, "landlock": self.abi, "uid": os.getuid(), "python": sys.version.split()[0]})
        while True:
            for descriptor, _ in self.poll.poll(self.pause()):
                if descriptor == self.control.fileno():
                    self.obey()
                    break  # it may have closed the descriptors of the other events
                self.reap(descriptor)
            if self.children and self.next_look <= time.monotonic():
                self.watch()
                self.next_look = time.monotonic() + TICK

    def pause(self) -> float | None:
        """Return the milliseconds until the watchdog looks again, None if there is nobody to look at."""
        return max(0.0, self.next_look - time.monotonic()) * 1000 if self.children else None

    def say(self, message: dict[str, Any]) -> None:
        """Send one message to the judge."""
        self.control.send(json.dumps(message).encode())

    def obey(self) -> None:
        """Carry out one message of the judge."""
        text, ancillary, _, _ = self.control.recvmsg(65536, socket.CMSG_SPACE(4 * 4))
        if not text:
            sys.exit(0)
        descriptors = array.array("i")
        for _, _, data in ancillary:
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
        message = json.loads(text)
        if message["op"] == "spawn":
            self.spawn(message, list(descriptors))
        elif message["op"] == "kill":
            self.kill(message["process"], "killed")
        elif message["op"] == "sweep":
            self.sweep(message["job"])
        elif message["op"] == "connect":
            self.connect(message["request"], message["port"])

    def spawn(self, message: dict[str, Any], descriptors: list[int]) -> None:
        """Fork a student process that owns the descriptors: channel in and out, output, perhaps a listening socket."""
        number = message["process"]
        places = self.places_of(message["beside"]) if message["beside"] else self.new_places(number)
        if places is None:
            for descriptor in descriptors:
                os.close(descriptor)
            return self.say({"exited": number, "status": signal.SIGKILL, "why": "killed", "cpu": 0})
        from grader.sandbox.inside import NO_MEMORY, UNPREPARED

        pid = os.fork()
        if pid == 0:
            code = UNPREPARED
            try:
                self.lockdown.stay_on(message["cpu"])
                self.become_student(message["limits"], descriptors, *places)
            except MemoryError:
                code = NO_MEMORY
            except BaseException as error:  # noqa: BLE001 - nothing may return from here
                os.write(2, f"box: {error!r}\n".encode())
            finally:
                os._exit(code)
        for descriptor in descriptors:
            os.close(descriptor)
        if not self.children:
            self.next_look = time.monotonic() + TICK
        child = Child(number, pid, os.pidfd_open(pid), places)
        self.children[child.pidfd] = child
        self.poll.register(child.pidfd, select.POLLIN)
        return None

    def new_places(self, number: int) -> tuple[str, str]:
        """Make the folder and the home of a student process."""
        name = f"{number}-{os.urandom(4).hex()}"  # an earlier process cannot take the place of a later one
        places = f"{self.config['box']}/{name}", f"{self.config['tmp']}/{name}"
        for path in places:
            with contextlib.suppress(PermissionError):  # root's folders are not ours, and nobody inside can lock them
                os.chmod(os.path.dirname(path), self.custody.mode)
            os.mkdir(path, 0o700)
        self.custody.give(places)
        return places

    def places_of(self, number: int) -> tuple[str, str] | None:
        """Return the folder and the home of a student process, None if it has ended."""
        return next((child.places for child in self.children.values() if child.number == number), None)

    def become_student(self, limits: dict[str, int], descriptors: list[int], folder: str, home: str) -> None:
        """Run in the fork: take the files, give up the rights, serve the channel."""
        from grader.sandbox.inside import student

        self.control.close()
        for child in self.children.values():
            os.close(child.pidfd)
        self.custody.become_student(limits)
        self.lockdown.prctl(self.lockdown.PR_SET_PDEATHSIG, signal.SIGKILL)  # a change of user takes it away
        os.setsid()
        self.lockdown.prctl(self.lockdown.PR_SET_DUMPABLE, 1)
        reader, writer, output, *sockets = descriptors
        student.standard_streams(output)
        os.close(output)
        os.environ.clear()
        os.environ.update(PATH="/usr/bin:/bin", HOME=home, TMPDIR=home, LANG="C.UTF-8", MALLOC_ARENA_MAX="1")
        pipe = student.Pipe(reader, writer)
        student.unpack(pipe, folder)
        self.lockdown.limit(limits)
        if self.abi:
            self.lockdown.landlock(self.abi, self.config["readable"], [folder, home, "/dev/null"])
        if self.program:
            self.lockdown.filter_calls(self.program)
        student.serve(pipe, folder, sockets)

    def kill(self, number: int, why: str) -> None:
        """Kill one student process and its session."""
        for child in self.children.values():
            if child.number == number:
                child.why = why
                os.kill(child.pid, signal.SIGKILL)

    def connect(self, number: int, port: int) -> None:
        """Connect to a port of the box's own loopback and hand the judge the socket.

        The zygote does it, for it runs no line of a submission: what a submission handed out could be any descriptor.
        """
        if not self.custody.own_network:
            return self.say({"connected": number, "error": "EPERM"})
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
            if error := connection_error(client, port):
                return self.say({"connected": number, "error": error})
            text = json.dumps({"connected": number}).encode()
            socket.send_fds(self.control, [text], [client.fileno()])
        return None

    def reap(self, pidfd: int) -> None:
        """Tell the judge how a student process ended; with the last one everything it left is killed."""
        child = self.children.pop(pidfd)
        self.poll.unregister(pidfd)
        os.close(pidfd)
        _, status, usage = os.wait4(child.pid, 0)
        if self.children:
            self.custody.kill_strays([other.pid for other in self.children.values()])
        else:
            self.custody.kill_and_reap()
            self.wipe()
        self.say({"exited": child.number, "status": status, "why": child.why,
                  "cpu": usage.ru_utime + usage.ru_stime})  # fmt: skip

    def sweep(self, job: int) -> None:
        """End a job: nothing of it stays alive, nothing stays on the disk; a box that cannot be cleaned is given up."""
        gone = self.custody.kill_and_reap()
        for child in self.children.values():
            self.poll.unregister(child.pidfd)
            os.close(child.pidfd)
        self.children.clear()
        clean = gone and self.wipe()
        self.say({"swept": job, "dirty": not clean})
        if not clean:
            sys.exit(3)

    def wipe(self) -> bool:
        """Empty the writable places; False if that cannot be done within the budget."""
        try:
            self.custody.wipe()
        except Exception:  # noqa: BLE001 - whatever it was, the box is dirty
            return False
        return True

    # -- the watchdog: limits that the kernel counts per process only

    def watch(self) -> None:
        """Kill everything when the processes together use too much memory or disk."""
        limits = self.config["limits"]
        memory = sum(max(0, self.memory_of(pid) - self.base) for pid in self.custody.processes())
        if memory + self.custody.socket_memory() - self.sockets > limits["total_memory"]:
            self.stop("memory_limit")
        elif self.custody.used() > limits["disk"]:
            self.stop("disk_limit")

    def stop(self, why: str) -> None:
        """Kill every student process for one reason."""
        for child in self.children.values():
            child.why = why
        self.custody.kill()

    @staticmethod
    def memory_of(pid: int | str) -> int:
        """Return the bytes of memory that are a process's own or shared with its children, files not counted."""
        total = resident(f"/proc/{pid}/status")
        if total is None:  # the main thread has ended, and the others go on
            with contextlib.suppress(OSError):
                for thread in os.listdir(f"/proc/{pid}/task"):
                    total = max(total or 0, resident(f"/proc/{pid}/task/{thread}/status") or 0)
        return total or 0


def resident(path: str) -> int | None:
    """Return the bytes of memory that a status file tells, None if it tells nothing (proc(5))."""
    total = None
    with contextlib.suppress(OSError), open(path, encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith(("RssAnon:", "RssShmem:")):
                total = (total or 0) + int(line.split()[1]) * 1024
    return total


def connection_error(client: socket.socket, port: int) -> str:
    """Connect a socket, which is left non-blocking; return the name of what went wrong, nothing if it is connected."""
    client.setblocking(False)
    number = client.connect_ex(("127.0.0.1", port))
    if number == errno.EINPROGRESS:
        waiting = select.poll()
        waiting.register(client, select.POLLOUT)
        answered = waiting.poll(ANSWER)
        number = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if answered else errno.ETIMEDOUT
    return errno.errorcode.get(number, str(number)) if number else ""


def read_filter(descriptor: int | None) -> bytes:
    """Read the filter of system calls that students load; none where the whole box has one already."""
    if descriptor is None:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def main() -> None:
    """Prepare and serve; the configuration is the only argument, as JSON."""
    config = json.loads(sys.argv[1])
    sys.path[:] = [*(path for path in sys.path if path), *config["paths"]]
    from grader.sandbox.inside import lockdown
    from grader.sandbox.inside.preloading import preload

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lockdown.prctl(lockdown.PR_SET_NO_NEW_PRIVS, 1)
    lockdown.prctl(lockdown.PR_SET_DUMPABLE, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if os.getpid() != 1 and not config.get("base"):
        sys.exit("the zygote must be PID 1 of its own namespace")
    preload(config["preload"])

    zygote = Zygote(config, read_filter(config.get("filter")))
    gc.collect()
    gc.freeze()
    try:
        zygote.run()
    finally:
        zygote.custody.leave()


if __name__ == "__main__":
    main()
