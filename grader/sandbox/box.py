"""A warm zygote behind walls that forks a student process in a few milliseconds.

Which walls: `bubblewrap` has namespaces, `confined` does without. How good they are is found out by probes (`isolation`).
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import select
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from typing import IO

from grader.channel.frames import encode
from grader.models import Limits
from grader.sandbox.boxed import BoxDied, BoxedProcess
from grader.sandbox.bubblewrap import Bubblewrap
from grader.sandbox.inside.lockdown import current_cpu
from grader.sandbox.loopback import connected_to, tcp_socket
from grader.sandbox.process import Ending
from grader.sandbox.walls import Walls

START = 20.0
"""Seconds that a zygote may take to start; importing Flask on a cold disk takes a few."""
SWEEP = 5.0


class Box:
    """One warm zygote. Start it from the main thread: its life is tied to the thread that made it."""

    boxed = True

    def __init__(self, limits: Limits, slot: int = 0, walls: Walls | None = None) -> None:
        self.limits = limits
        self.walls = walls or Bubblewrap(limits, slot)
        self.ready: dict[str, object] = {}
        self.endings: dict[int, Ending] = {}
        self._numbers = 0
        self.start()

    def start(self) -> None:
        """Start the zygote and wait until it has imported everything.

        Raises:
            BoxDied: it does not come up; the message is its own, or bubblewrap's.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        read_filter, write_filter = os.pipe()
        with theirs:
            try:
                os.write(write_filter, self.walls.program())
            finally:
                os.close(write_filter)
            self.complaints = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the zygote
            try:
                self.process = start_zygote(self.walls, theirs, read_filter, self.complaints)
            finally:
                os.close(read_filter)
        self.control = ours
        self.endings.clear()
        message = self.first_message()
        if not message:
            raise BoxDied(f"the box did not start: {self.stop()}")
        ours.setblocking(False)
        self.ready = json.loads(message)

    def first_message(self) -> bytes:
        """Return what the zygote says when it is ready; nothing if it is late, or if what started it has ended."""
        ended = os.pidfd_open(self.process.pid)
        waiting = select.poll()
        waiting.register(self.control, select.POLLIN)
        waiting.register(ended, select.POLLIN)
        try:
            ready = dict(waiting.poll(START * 1000))
            return self.control.recv(65536) if self.control.fileno() in ready else b""
        except OSError:
            return b""
        finally:
            os.close(ended)

    def stop(self) -> str:
        """End the zygote and all that is below it; return the end of what it complained about."""
        self.control.close()
        self.walls.end(self.process)
        if self.complaints.closed:
            return ""
        with self.complaints as file:
            file.seek(0)
            text = file.read(1 << 16).decode("utf-8", "replace").strip()
        return text[-500:] or f"exit code {self.process.returncode}"

    def restart(self) -> None:
        """Take a new zygote instead of one that is dirty, late or gone."""
        self.stop()
        self.start()

    def spawn(
        self, files: Mapping[str, bytes], listener: socket.socket | None = None, beside: int = 0
    ) -> BoxedProcess:
        """Fork a student process with these files, in the folder of another one if that one's number is given.

        Raises:
            BoxDied: the zygote is gone.
        """
        self._numbers += 1
        theirs_in, ours_out = os.pipe()  # pipes, for a socket could bring descriptors that block whoever drops them
        ours_in, theirs_out = os.pipe()
        output, output_inside = os.pipe()
        inside = [theirs_in, theirs_out, output_inside]
        limits = {"memory": self.limits.memory, "cpu": self.limits.cpu, "processes": self.limits.processes}
        message = json.dumps({"op": "spawn", "process": self._numbers, "limits": limits, "cpu": current_cpu(),
                              "beside": beside}).encode()  # fmt: skip
        passed = array.array("i", [*inside, *([listener.fileno()] if listener else [])])
        try:
            self.control.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, passed)])
        except OSError as error:
            for descriptor in (ours_in, ours_out, output):
                os.close(descriptor)
            raise BoxDied(f"the box is gone: {error}") from None
        finally:
            for descriptor in inside:
                os.close(descriptor)
        process = BoxedProcess(self, self._numbers, ours_in, ours_out, output)
        names = sorted(files)
        process.deliver(encode({"files": names}, [files[name] for name in names]))
        return process

    def tell(self, message: dict[str, object]) -> None:
        """Send one message to the zygote; that it is gone shows when we listen."""
        with contextlib.suppress(OSError):
            self.control.send(json.dumps(message).encode())

    def listen(self, seconds: float) -> dict[str, object] | None:
        """Take one message of the zygote's, None if none comes in time; endings are noted on the way.

        Raises:
            BoxDied: the zygote is gone.
        """
        waiting = select.poll()
        waiting.register(self.control, select.POLLIN)
        if not waiting.poll(max(0, seconds) * 1000):
            return None
        descriptors: list[int] = []
        try:
            text, descriptors, _, _ = socket.recv_fds(self.control, 65536, 1)
            message = json.loads(text or b"null")
        except OSError:
            message = None
        if message is None:
            raise BoxDied("the box is gone")
        if "exited" in message:
            self.endings[message["exited"]] = Ending(message["status"], message["why"], message["cpu"])
        for descriptor in descriptors:
            message["socket"] = tcp_socket(descriptor)
        return message  # type: ignore[no-any-return]

    def connect(self, port: int) -> socket.socket | None:
        """Connect to a port of the box's own loopback; None if nothing answers there.

        Raises:
            EngineFault: the zygote is gone, or handed out something else.
        """
        self._numbers += 1
        self.tell({"op": "connect", "request": self._numbers, "port": port})
        deadline = time.monotonic() + START
        while message := self.listen(deadline - time.monotonic()):
            if message.get("connected") == self._numbers:
                client = message.get("socket")
                return connected_to(port, client) if isinstance(client, socket.socket) else None
        raise BoxDied("the box does not answer")

    def sweep(self, job: int) -> None:
        """End a job: kill and wipe what it left; a box that cannot be cleaned in time is replaced.

        Raises:
            BoxDied: the box is gone, and nobody knows since when.
        """
        deadline = time.monotonic() + SWEEP
        self.tell({"op": "sweep", "job": job})
        while message := self.listen(deadline - time.monotonic()):
            if message.get("swept") == job:
                if message["dirty"]:
                    break
                self.endings.clear()
                return
        self.restart()


def start_zygote(
    walls: Walls, control: socket.socket, read_filter: int, complaints: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start a zygote behind walls."""
    try:
        words = walls.command(read_filter, control.fileno())
        return subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=complaints, env=walls.environment, cwd="/",
            pass_fds=(control.fileno(), read_filter, *walls.inherited()), start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        walls.end(None)
        raise BoxDied(f"the box did not start: {error}") from None
