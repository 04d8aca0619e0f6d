"""Has an archive opened by a student process, and believes nothing that comes back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from grader.archives import Contents, Unbelievable, checked, refusal
from grader.channel.remote import StudentError, StudentGone
from grader.errors import EngineFault
from grader.models import Limits
from grader.sandbox.process import Student, StudentProcess

PIECE = 1 << 20
ENDS = {"timeout": "time", "cpu_limit": "time", "memory_limit": "memory", "disk_limit": "memory"}
"""Why an archive is refused on which its process came to an end; whatever else ended it, the archive is at fault."""


def unpack(
    spawn: Callable[[Mapping[str, bytes]], StudentProcess], archive: bytes, names: Collection[str], limits: Limits
) -> Contents:
    """Return the listed files of an archive as a new student process found them; the process ends with it.

    Raises:
        EngineFault: the box is gone, or no process started.
    """
    try:
        student = Student(spawn({}))
    except StudentGone as gone:
        raise EngineFault(f"no process to unpack in: {gone.verdict}") from None
    try:
        student.process.begin_test()
        for start in range(0, len(archive), PIECE):
            student.peer.ask("unpack", "piece", 0, archive[start : start + PIECE])
        said = student.peer.ask("unpack", "unpack", 0, tuple(names), limits.file_size)
        return checked(said, names, limits.file_size)
    except StudentGone as gone:
        return refusal(ENDS.get(gone.verdict, "failed"))
    except StudentError as error:
        return refusal("memory" if error.type == "MemoryError" else "failed")
    except Unbelievable:
        return refusal("failed")
    finally:
        student.process.discard()
