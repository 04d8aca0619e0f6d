"""A student process in a box, as the judge sees it: a fork of the zygote, which alone knows how it ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import socket
import time
from typing import TYPE_CHECKING

from grader.channel.frames import MAX_FRAME, FrameError
from grader.channel.remote import StudentGone
from grader.errors import EngineFault
from grader.sandbox.process import Ending, StudentProcess

if TYPE_CHECKING:
    from grader.sandbox.box import Box

GRACE = 1.0
"""Seconds between a closed channel and the news of how its process ended."""
PIPE = 1 << 20
"""Bytes that a pipe may hold, so that a served app can print while nobody reads."""
OBEY = 10.0
"""Seconds that a zygote may take to end a process before it counts as hanging."""
OUTPUT_SEEN = 1 << 20
"""Bytes of output that are still taken when a process is done with."""


class BoxDied(EngineFault):
    """The zygote is gone: a fault of ours, never the student's."""


class BoxedProcess(StudentProcess):
    """A fork of the zygote: two pipes for the channel, one for what it prints, the zygote for how it ends."""

    def __init__(self, box: Box, number: int, reader: int, writer: int, output: int) -> None:
        super().__init__(box.limits)
        self.loopback = box.walls.own_network
        self.box = box
        self.number = number
        self.reader = reader
        self.writer = writer
        self.stdout = output
        self.killed = False
        self.output_open = True
        self.poll = select.poll()
        for descriptor in (reader, writer, output):
            os.set_blocking(descriptor, False)
            with contextlib.suppress(OSError):  # the user's share of pipes may be used up
                fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE)
        self.poll.register(reader, select.POLLIN)
        self.poll.register(output, select.POLLIN)
        self.answers = select.poll()
        self.answers.register(reader, select.POLLIN)

    def expect_quiet(self) -> None:
        """Refuse bytes that came before we asked; a look without an exception for each time that there are none."""
        if self.answers.poll(0):
            self.look()
        if self.buffer:
            raise FrameError("bytes that nobody asked for")

    def send(self, frame: bytes) -> None:
        """Send one frame, taking output meanwhile so that neither side waits for the other."""
        view = memoryview(frame)
        while view:
            try:
                view = view[os.write(self.writer, view) :]
            except BlockingIOError:
                self.poll.register(self.writer, select.POLLOUT)
                self.wait()
                self.poll.unregister(self.writer)
            except OSError:
                raise self.gone() from None

    def wait(self) -> None:
        """Wait for bytes of either kind."""
        for descriptor, _ in self.poll.poll(self.left() * 1000):
            if descriptor == self.stdout:
                self.read_output()
            elif descriptor == self.reader:
                self.look()

    def look(self) -> None:
        """Take what is there."""
        try:
            data = os.read(self.reader, 1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            raise self.gone()
        self.buffer += data
        if len(self.buffer) > 2 * MAX_FRAME:
            raise FrameError("more bytes than any answer has")

    def read_output(self) -> bool:
        """Take what was printed; False at its end."""
        if not self.output_open:
            return False
        try:
            data = os.read(self.stdout, 1 << 16)
        except BlockingIOError:
            return True
        if not data:
            self.output_open = False
            self.poll.unregister(self.stdout)
            return False
        self.take_output(data)
        return True

    def left(self) -> float:
        """Return the seconds until the deadline; that it has passed counts only if the zygote still obeys.

        Raises:
            BoxDied: it does not, so nobody knows whether the process ever ran.
        """
        try:
            return super().left()
        except StudentGone:
            if self.await_ending(OBEY) is None:
                raise BoxDied("the box does not answer") from None
            raise

    def beside(self) -> BoxedProcess:
        """Start another process in the same folder, as empty as this one was."""
        return self.box.spawn({}, beside=self.number)

    def kill(self) -> None:
        """Have the zygote kill the process."""
        if not self.killed:
            self.killed = True
            self.box.tell({"op": "kill", "process": self.number})

    def connect(self, port: int) -> socket.socket | None:
        """Have the zygote connect to a port of the box's loopback."""
        return self.box.connect(port)

    def end(self) -> Ending:
        """Wait for the zygote's news; a process that only closed its channel is killed."""
        if self.ending is None:
            self.ending = self.await_ending(GRACE)
        if self.ending is None:
            self.kill()
            self.ending = self.await_ending(OBEY)
        if self.ending is None:
            raise BoxDied("the box does not answer")
        return self.ending

    def await_ending(self, seconds: float) -> Ending | None:
        """Return the process's ending if it comes in time."""
        deadline = time.monotonic() + seconds
        while self.number not in self.box.endings:
            if self.box.listen(deadline - time.monotonic()) is None:
                return None
        return self.box.endings[self.number]

    def discard(self) -> None:
        """Free the descriptors; called when a test module is done with the process."""
        self.kill()
        with contextlib.suppress(StudentGone, OSError):
            while self.read_output() and self.printed < OUTPUT_SEEN and self.poll_output():
                pass
        for descriptor in (self.reader, self.writer, self.stdout):
            os.close(descriptor)

    def poll_output(self) -> bool:
        """Tell whether more was printed."""
        return any(descriptor == self.stdout for descriptor, _ in self.poll.poll(0))
