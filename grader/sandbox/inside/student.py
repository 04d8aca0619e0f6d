"""The student process: takes the files, gives up its rights, imports the submission and serves the judge.

Runs as a fork of the zygote (level full), and at level none as a fork of the nursery or as a program of its own
(``python student.py CONFIG``).
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import threading
from typing import Any

from grader.channel.frames import LENGTH, decode, encode
from grader.channel.student import StudentPeer, describe
from grader.sandbox.inside import outline, probes, serving
from grader.sandbox.inside.commands import Commands
from grader.sandbox.inside.copies import Original
from grader.sandbox.inside.instruments import Instruments

AT_ONCE = 1 << 16
"""Bytes that are read in one call, if there are so many: nearly every frame is smaller."""


class Pipe:
    """Frames over two file descriptors, blocking; the end of the input is the end of the process."""

    def __init__(self, reader: int, writer: int) -> None:
        self.reader = reader
        self.writer = writer
        self.ahead = bytearray()

    def send(self, frame: bytes) -> None:
        """Write one frame."""
        view = memoryview(frame)
        while view:
            view = view[os.write(self.writer, view) :]

    def receive(self) -> bytes:
        """Read the payload of one frame."""
        self._have(LENGTH.size)
        end = LENGTH.size + LENGTH.unpack_from(self.ahead)[0]
        self._have(end)
        payload = bytes(self.ahead[LENGTH.size : end])
        del self.ahead[:end]
        return payload

    def _have(self, size: int) -> None:
        """Read until so many bytes are there, in as few calls as may be."""
        while len(self.ahead) < size:
            part = os.read(self.reader, max(AT_ONCE, size - len(self.ahead)))
            if not part:
                os._exit(0)
            self.ahead += part


def unpack(pipe: Pipe, folder: str) -> None:
    """Write the submission's files, which come as the first frame; their names were checked by the judge."""
    header, blobs = decode(pipe.receive())
    for name, blob in zip(header["files"], blobs, strict=True):
        path = os.path.join(folder, *name.split("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(blob)


def serve(pipe: Pipe, folder: str, sockets: list[int]) -> None:
    """Say that the process is set up, and serve the judge from the submission's folder until it hangs up."""
    threading.stack_size(1 << 20)
    sys.dont_write_bytecode = True
    sys.path.insert(0, folder)
    os.chdir(folder)
    pieces: list[bytes] = []
    instruments = Instruments()
    commands = Commands(folder)
    peer: StudentPeer
    original = Original(pipe, tuple({folder, os.environ.get("HOME", folder)}), lambda: peer.go_on_alone())
    control: dict[str, Any] = {
        "import": importlib.import_module,
        "find": find,
        "copy": original.copy,
        "done": original.done,
        "outline": lambda module: outline.outline(folder, module),
        "describe": describe,
        "probe": probes.run,
        "piece": pieces.append,
        "unpack": lambda names, most: open_archive(pieces, names, most),
        "serve": lambda app, server: serving.serve(app, server, sockets, peer.leave),
        "stop": serving.stop,
        "run": commands.run,
        "flask": commands.flask,
        "install": instruments.install,
        "instrument": instruments.ask,
    }
    peer = StudentPeer(pipe, folder, control)
    pipe.send(encode({"ready": 1}, []))
    peer.run(until=lambda: original.over)
    os._exit(0)


def find(module: str, name: str) -> Any:  # noqa: ANN401 - any value
    """Return what a module has under a name; the judge has seen it imported."""
    return getattr(importlib.import_module(module), name)


def open_archive(pieces: list[bytes], names: tuple[str, ...], most: int) -> dict[str, Any]:
    """Open the archive that came in pieces; the libraries for it are loaded by those who need them."""
    from grader.sandbox.inside.unpacking import unpack

    return unpack(b"".join(pieces), names, most)


def standard_streams(output: int) -> None:
    """Read nothing, and let everything printed reach the judge line by line."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    # new objects: those of the start-up know another file behind the same descriptor
    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115


def main() -> None:
    """Run at level none: the channel is stdin and stdout, what is printed goes to stderr."""
    config = json.loads(sys.argv[1])
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (0, 1):
            msvcrt.setmode(descriptor, os.O_BINARY)
    pipe = Pipe(os.dup(0), os.dup(1))
    standard_streams(2)
    begin(pipe, config)


def begin(pipe: Pipe, config: dict[str, Any]) -> None:
    """Take the files and serve at level none, with as few limits as there are there."""
    with contextlib.suppress(ImportError):
        import resource  # not on every system

        for kind, value in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_CPU, config["cpu"])):
            resource.setrlimit(kind, (value, value))
    folder, *paths = (os.fsdecode(path.encode("latin-1")) for path in (config["folder"], *config["paths"]))
    sys.path[:] = [*paths, *sys.path]
    os.environ["HOME"] = folder
    unpack(pipe, folder)
    serve(pipe, folder, [])


if __name__ == "__main__":
    main()
