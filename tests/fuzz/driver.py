"""Runs targets: `checked` is one execution, `Campaign` counts many and keeps each finding once, as small as it gets.

A target is a module in `tests/fuzz/targets/` with a function ``check(data: bytes) -> None`` that raises where the engine did
what it must not, and ``SEEDS`` to begin with. What was found is kept in `tests/fuzz/corpus/<target>/` and run again by
``tests/grader/test_fuzzing.py`` for ever.
"""

from __future__ import annotations

import hashlib
import importlib
import random
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
TARGETS = sorted(path.stem for path in HERE.glob("targets/*.py") if path.stem != "__init__")
SLOW = 5.0
"""Seconds of processor time after which an execution is a finding."""
LONGEST = 4096

Check = Callable[[bytes], None]


@dataclass(frozen=True)
class Target:
    """What is fuzzed."""

    name: str
    check: Check
    seeds: tuple[bytes, ...]


class TooSlow(AssertionError):
    """An execution took too long."""


def load(name: str) -> Target:
    """Return a target by its name."""
    module = importlib.import_module(f"tests.fuzz.targets.{name}")
    return Target(name, module.check, tuple(module.SEEDS))


def kept(name: str) -> list[Path]:
    """Return the inputs that were found in earlier campaigns."""
    return sorted(path for path in (CORPUS / name).glob("*") if path.is_file())


def checked(target: Target, data: bytes) -> None:
    """Run a target once, within a time."""
    began = time.process_time()
    target.check(data)
    if time.process_time() - began > SLOW:
        raise TooSlow(f"{time.process_time() - began:.1f} s")


@dataclass
class Campaign:
    """Many executions of one target."""

    target: Target
    say: Callable[[str], None]
    folder: Path | None = None
    executions: int = 0
    findings: dict[str, bytes] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def run(self, data: bytes) -> None:
        """Run once; a finding of a new kind is made smaller, kept, and said."""
        self.executions += 1
        kind = self.kind(data)
        if kind and kind not in self.findings:
            small = smaller(data, lambda shorter: self.kind(shorter) == kind)
            self.findings[kind] = small
            place = self.keep(small)
            self.say(f"finding: {kind}\n  {small!r}\n  {place}\n  {self.said[kind]}")

    def kind(self, data: bytes) -> str:
        """Return what kind of finding an input is: what was raised, and where; nothing if it is none."""
        try:
            checked(self.target, data)
        except (KeyboardInterrupt, MemoryError):
            raise
        except BaseException as error:  # noqa: BLE001 - everything that is raised is a finding
            frame = traceback.extract_tb(error.__traceback__)[-1]
            kind = f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
            self.said[kind] = ascii(str(error)[:300])
            return kind
        return ""

    def keep(self, data: bytes) -> str:
        """Write an input into the corpus, and return where."""
        if self.folder is None:
            return ""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / hashlib.sha256(data).hexdigest()[:12]
        path.write_bytes(data)
        return str(path)

    def summary(self) -> str:
        """Return one line about the campaign."""
        seconds = time.monotonic() - self.began
        rate = self.executions / seconds if seconds else 0
        return f"{self.target.name}: {self.executions} executions in {seconds:.0f} s, {rate:.0f}/s, {len(self.findings)} findings"


def smaller(data: bytes, still: Callable[[bytes], bool], most: int = 2000) -> bytes:
    """Cut pieces out of an input as long as it stays what it is."""
    size = len(data)
    while size:
        start = 0
        while start < len(data) and most:
            most -= 1
            shorter = data[:start] + data[start + size :]
            if still(shorter):
                data = shorter
            else:
                start += size
        size //= 2
    return data


def mutations(inputs: Sequence[bytes], seed: int) -> Iterator[bytes]:
    """Yield inputs made of others without end: for where there is no atheris to choose them by what they reach."""
    chance = random.Random(seed)
    while True:
        data = bytearray(chance.choice(inputs) if chance.random() < 0.6 else chance.randbytes(chance.randrange(200)))
        for _ in range(chance.randrange(1, 9)):
            place = chance.randrange(len(data) + 1)
            kind = chance.randrange(5)
            if kind == 0:
                data[place : place + 1] = bytes([chance.randrange(256)])
            elif kind == 1:
                del data[place : place + chance.randrange(1, 20)]
            elif kind == 2:
                data[place:place] = chance.randbytes(chance.randrange(1, 20))
            elif kind == 3:
                other = chance.choice(inputs)
                start = chance.randrange(len(other) + 1)
                data[place:place] = other[start : start + chance.randrange(1, 50)]
            else:
                data[place:place] = chance.choice(
                    (b"\x00", b"\xff\xff\xff\xff", b'"', b"[", b"{", b"\\u", b"\xed\xa0\xbd")
                )
        yield bytes(data[:LONGEST])
