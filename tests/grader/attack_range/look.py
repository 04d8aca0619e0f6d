"""Grades samples with one warm grader, and looks at all that must hold: for the attempt, for this machine, for the next one."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import tempfile
import threading
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import jsonschema

from grader.grading.grade import Grader
from grader.models import LANGUAGES, Attempt, Exercise, Isolation, Outcome, Verdict
from grader.reports import document as documents
from grader.samples import Sample, differences, load_samples, materialize, named
from grader.submissions import read_submission
from tests.grader.conftest import ROOT
from tests.grader.leaks import COURSE, disguises, hidden_texts, leak_markers, texts

PATIENCE = 20.0
"""Seconds that any sample may take. Three calls that do not return take six, an import that does not end five."""
DYING = 2.0
"""Seconds in which what was killed must be gone."""
BUSY, AGAIN = 1.0, 3
"""Processes per processor that wait for it from which on it is busy, and how often a sample is then graded again at most.

More than once: memory that a virtual machine has never used costs many times what it costs from then on.
"""
SERVICE = ("127.0.0.1", 47811)
"""Where samples look for a service of this machine's."""
UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
SCHEMA = jsonschema.Draft202012Validator(
    json.loads(Path(documents.__file__).with_name("attempts.schema.json").read_text(encoding="utf-8"))
)
STARTING = threading.Lock()
"""Held while TMPDIR is the one of a worker that is being started."""


@dataclass(frozen=True)
class Seen:
    """What became of a sample, and if it is hostile, of this machine and of the honest submission that came next.

    Points are None where there is no score; ``second`` says in what the second grading in a row came out otherwise, of a
    sample that tries to be remembered; ``again`` counts the gradings before this one (see `busy`); ``wrong`` lists what
    must not be.
    """

    sample: str
    exercise: str
    level: str
    uid: int
    seconds: float
    outcome: str
    failed: list[str]
    skipped: list[str]
    verdicts: list[str]
    points: int | None
    base_points: int | None
    possible: int | None
    differences: list[str]
    leaks: list[str] = field(default_factory=list)
    left: dict[str, list[str]] = field(default_factory=dict)
    visitors: int = 0
    second: str = ""
    next: str = ""
    again: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def gained(self) -> bool:
        """Whether a hostile sample earned more than the same code is worth honestly."""
        return self.points is not None and self.base_points is not None and self.points > self.base_points

    def as_json(self) -> str:
        """Return all of it in a line."""
        return json.dumps(asdict(self), ensure_ascii=False)


class Service:
    """Services of this machine's at `SERVICE`, which nobody may visit: TCP and UDP."""

    def __init__(self, sockets: list[socket.socket]) -> None:
        self.sockets = sockets
        for one in sockets:
            one.setblocking(False)

    @classmethod
    def open(cls) -> Service:
        """Open them.

        Raises:
            OSError: the port is taken.
        """
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            datagrams.bind(SERVICE)
            return cls([socket.create_server(SERVICE), datagrams])
        except OSError:
            datagrams.close()
            raise

    def visitors(self) -> int:
        """Count those who came since the last time, and send them away."""
        count = 0
        for one in self.sockets:
            with contextlib.suppress(BlockingIOError):
                while True:
                    if one.type == socket.SOCK_DGRAM:
                        one.recvfrom(1 << 16)
                    else:
                        one.accept()[0].close()
                    count += 1
        return count

    def close(self) -> None:
        """Close them."""
        for one in self.sockets:
            one.close()


class Range:
    """One grader with a folder for temporary files that is its alone."""

    def __init__(self, service: Service, least: Isolation = Isolation.FULL) -> None:
        self.service = service
        self.grader = Grader(COURSE, ROOT, least, seed=1)
        self.folder = tempfile.TemporaryDirectory(prefix="range-", ignore_cleanup_errors=True)
        self.temporary = Path(self.folder.name, "tmp")
        self.given = Path(self.folder.name, "given")
        for folder in (self.temporary, self.given):
            folder.mkdir()
        self.idle: dict[str, dict[str, list[str]]] = {}
        self.points: dict[tuple[str, str], int | None] = {}

    def close(self) -> None:
        """End the workers."""
        self.grader.close()
        self.folder.cleanup()

    # -- grading

    def start(self, exercise: Exercise) -> None:
        """Start the worker of an exercise and warm it up: no sample is charged with it."""
        if exercise.name in self.idle:
            return
        with STARTING:
            before = os.environ.get("TMPDIR")
            os.environ["TMPDIR"] = str(self.temporary)
            try:
                self.grader.worker(exercise)
            finally:
                os.environ.pop("TMPDIR") if before is None else os.environ.update(TMPDIR=before)
        self.idle[exercise.name] = {}
        self.grade(reference_of(exercise), exercise)
        self.idle[exercise.name] = self.host(exercise)

    def level(self, exercise: Exercise) -> Isolation:
        """Return the level that was proven."""
        self.start(exercise)
        return self.grader.worker(exercise).ready.proof.level

    def grade(self, path: Path, exercise: Exercise) -> Attempt:
        """Grade what was handed in."""
        self.start(exercise)
        return self.grader.grade(read_submission(path, exercise))

    def grade_sample(self, sample: Sample) -> tuple[Attempt, float]:
        """Grade a sample; its recipe runs first. Return the attempt and its seconds."""
        exercise = COURSE.exercises[sample.exercise]
        self.start(exercise)
        with self.handed_in(sample) as path:
            began = time.monotonic()
            return self.grade(path, exercise), time.monotonic() - began

    @contextlib.contextmanager
    def handed_in(self, sample: Sample) -> Iterator[Path]:
        """Have what a sample hands in, without what is ours beside it."""
        with tempfile.TemporaryDirectory(dir=self.given, ignore_cleanup_errors=True) as folder:
            yield materialize(sample, Path(folder))

    def honest_points(self, sample: Sample) -> int | None:
        """Return the points of an attack's base."""
        key = (sample.exercise, sample.base)
        if key not in self.points and sample.base:
            exercise = COURSE.exercises[sample.exercise]
            places = {"starter": exercise.folder, "reference": reference_of(exercise)}
            base = [one for one in load_samples(ROOT, exercise) if one.name == sample.base]
            attempt = self.grade_sample(base[0])[0] if base else self.grade(places[sample.base], exercise)
            self.points[key] = attempt.score.earned if attempt.score else None
        return self.points.get(key)

    # -- looking

    def look(self, sample: Sample) -> tuple[Seen, Attempt]:
        """Grade a sample and look at everything."""
        seen, attempt = self.look_once(sample)
        while seen.differences and not seen.gained and seen.seconds < PATIENCE and seen.again < AGAIN and busy():
            again = seen.again + 1
            seen, attempt = self.look_once(sample)
            seen = replaced(seen, again=again)
        return seen, attempt

    def look_once(self, sample: Sample) -> tuple[Seen, Attempt]:
        """Grade a sample once and look at everything."""
        exercise = COURSE.exercises[sample.exercise]
        base_points = self.honest_points(sample) if sample.kind == "attack" else None
        attempt, seconds = self.grade_sample(sample)
        seen = Seen(
            sample.name, exercise.name, str(attempt.isolation), os.geteuid(), round(seconds, 2), str(attempt.outcome),
            sorted(r.info.id for r in attempt.results if r.verdict not in (Verdict.PASSED, Verdict.SKIPPED)),
            sorted(r.info.id for r in attempt.results if r.verdict is Verdict.SKIPPED),
            sorted(named(attempt)), attempt.score.earned if attempt.score else None, base_points,
            attempt.score.possible if attempt.score else None, differences(sample, attempt), leaks(attempt, exercise),
        )  # fmt: skip
        if sample.tries == "persist":
            seen = replaced(seen, second=unlike(attempt, self.grade_sample(sample)[0]))
        if sample.kind == "attack":
            following = self.grade(reference_of(exercise), exercise)
            seen = replaced(seen, left=self.left(exercise), visitors=self.service.visitors(), next=honest(following))
        return replaced(seen, wrong=wrong(seen, walls=attempt.isolation > Isolation.NONE)), attempt

    def left(self, exercise: Exercise) -> dict[str, list[str]]:
        """Return what is on this machine and was not when the grader was idle; what is killed may take a moment to die."""
        deadline = time.monotonic() + DYING
        while True:
            now, idle = self.host(exercise), self.idle[exercise.name]
            left = {name: extra for name in now if (extra := beyond(now[name], idle.get(name, [])))}
            if not left or time.monotonic() > deadline:
                return left
            time.sleep(0.05)

    def host(self, exercise: Exercise) -> dict[str, list[str]]:
        """Return what could be left behind on this machine."""
        worker = self.grader.worker(exercise).process.pid
        below = processes_below(worker)
        users = {uid for pid in below if (uid := user_of(pid)) not in (None, os.geteuid())}
        return {
            "files": sorted(path.relative_to(self.temporary).as_posix() for path in self.temporary.rglob("*"))
            + strays(users),
            "processes": [words for pid in {*below, *processes_of(users)} if (words := words_of(pid))],
            "sockets": listening(users),
            "mounts": Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines(),
        }


def busy() -> bool:
    """Tell whether this machine has more to do than it can: then a deadline may come before what it should end.

    Only an unexpected verdict is looked at again for it, never a gain, a leak or anything else that is wrong.
    """
    return os.getloadavg()[0] > BUSY * (os.cpu_count() or 1)


def replaced(seen: Seen, **changes: Any) -> Seen:  # noqa: ANN401 - of any field
    """Return what was seen with more to it."""
    return Seen(**{**asdict(seen), **changes})


def wrong(seen: Seen, *, walls: bool) -> list[str]:
    """Return all that must not be. Without walls an attack may leak, leave and reach; it may gain nothing."""
    found = list(seen.differences)
    if seen.gained:
        found.append(f"{seen.points} points, {seen.base_points} honestly")
    if seen.seconds > PATIENCE:
        found.append(f"took {seen.seconds} s")
    if seen.next:
        found.append(f"the next honest submission: {seen.next}")
    if walls:
        found += [f"leaks {what}" for what in seen.leaks]
        found += [f"the second grading: {seen.second}"] if seen.second else []
        found += [f"leaves {name}: {', '.join(what)[:300]}" for name, what in seen.left.items()]
        found += [f"{seen.visitors} visitors of the service"] if seen.visitors else []
    return found


def leaks(attempt: Attempt, exercise: Exercise) -> list[str]:
    """Return what students get to see of an attempt and must not: secrets, odd characters, another form."""
    found: list[str] = []
    for language in LANGUAGES:
        document = documents.document(attempt, language)
        shown = list(texts(document))
        everything = "\0".join([*shown, json.dumps(document, ensure_ascii=False)])
        found += [
            f"a leak marker ({language})"
            for mark in leak_markers()
            if any(form in everything for form in disguises(mark))
        ]
        found += [
            f"{text!r} of a hidden test ({language})" for text in hidden_texts(exercise.name) if text in everything
        ]
        found += [
            f"odd characters: {text!r:.60}"
            for text in shown
            if any(unicodedata.category(one) in UNSAFE for one in text)
        ]
        found += [f"not of the published form: {error.message:.100}" for error in SCHEMA.iter_errors([document])]
    return found


def unlike(first: Attempt, second: Attempt) -> str:
    """Return in what a second grading of the same work came out otherwise."""
    if first.outcome is not second.outcome:
        return f"{second.outcome} {dict(second.detail)}, before: {first.outcome}"
    before = {result.info.id: result.verdict for result in first.results}
    changed = (result for result in second.results if result.verdict is not before.get(result.info.id))
    return ", ".join(f"{r.info.id} {r.verdict}, before: {before.get(r.info.id)}" for r in changed)


def honest(attempt: Attempt) -> str:
    """Return what is not right with an honest submission's attempt."""
    if attempt.outcome is not Outcome.GRADED:
        return f"{attempt.outcome} {dict(attempt.detail)}"
    return ", ".join(f"{r.info.id} {r.verdict}" for r in attempt.results if r.verdict is not Verdict.PASSED)


def reference_of(exercise: Exercise) -> Path:
    """Return the folder of an exercise's reference solution."""
    assert exercise.reference_folder is not None
    return exercise.reference_folder


# -- this machine


def processes_below(top: int) -> list[int]:
    """Return the descendants of a process."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
            children.setdefault(int(parent), []).append(int(path.parent.name))
    found, known = [], [top]
    while known:
        new = children.get(known.pop(), [])
        found += new
        known += new
    return found


def user_of(pid: int) -> int | None:
    """Return the user of a process, None if it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}").stat().st_uid
    return None


def processes_of(users: set[int]) -> list[int]:
    """Return all processes of some users."""
    return [int(path.name) for path in Path("/proc").glob("[0-9]*") if user_of(int(path.name)) in users]


def words_of(pid: int) -> str:
    """Return the name of a process's program, nothing if it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="backslashreplace").strip()
    return ""


def strays(users: set[int]) -> list[str]:
    """Return what belongs to some users in places that everybody may write to."""
    found = []
    for place in ("/tmp", "/var/tmp", "/dev/shm"):
        with contextlib.suppress(OSError), os.scandir(place) as entries:
            found += [e.path for e in entries if e.stat(follow_symlinks=False).st_uid in users]
    return sorted(found)


def listening(users: set[int]) -> list[str]:
    """Return the sockets of some users that wait for somebody."""
    found = []
    for name in ("tcp", "tcp6", "udp", "udp6"):
        with contextlib.suppress(OSError):
            rows = Path(f"/proc/net/{name}").read_text(encoding="ascii").splitlines()[1:]
            found += [f"{name} {row.split()[1]}" for row in rows if int(row.split()[7]) in users]
    return sorted(found)


def beyond(now: list[str], before: list[str]) -> list[str]:
    """Return what there is more of than before."""
    rest = list(before)
    return [one for one in now if not (one in rest and rest.remove(one) is None)]  # type: ignore[func-returns-value]
