"""The words of the whole project as frozen data: exercise, submission, result, score, attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from pathlib import Path

LANGUAGES = ("en", "zh-CN")
CATEGORIES = ("correctness", "protocol", "robustness", "design")
MESSAGES, NAMES = FEEDBACK = ("messages", "names")
"""What students are told of hidden tests: what was found, or only which of them did not pass."""

Text = Mapping[str, str]
"""One text in every language of `LANGUAGES`."""


class Isolation(IntEnum):
    """How well a submission is walled in, as proven by probes from inside the box; more is better."""

    NONE = 0
    CONFINED = 1
    FULL = 2

    def __str__(self) -> str:
        """Return the word that options and reports use."""
        return self.name.lower()


class Visibility(StrEnum):
    """Who may read a test."""

    PUBLIC = "public"
    HIDDEN = "hidden"


class Verdict(StrEnum):
    """What became of one test."""

    PASSED = "passed"
    WRONG = "wrong"
    STUDENT_EXCEPTION = "student_exception"
    IMPORT_ERROR = "import_error"
    TIMEOUT = "timeout"
    CPU_LIMIT = "cpu_limit"
    MEMORY_LIMIT = "memory_limit"
    DISK_LIMIT = "disk_limit"
    OUTPUT_LIMIT = "output_limit"
    CRASHED = "crashed"
    EXITED = "exited"
    PROTOCOL_VIOLATION = "protocol_violation"
    SKIPPED = "skipped"
    NOT_RUN = "not_run"


class Outcome(StrEnum):
    """What became of one submission; the last four are faults of ours and carry no score."""

    GRADED = "graded"
    MISSING_FILE = "missing_file"
    BAD_SUBMISSION = "bad_submission"
    SANDBOX_UNAVAILABLE = "sandbox_unavailable"
    SANDBOX_DIED = "sandbox_died"
    GRADER_ERROR = "grader_error"
    GRADER_TIMEOUT = "grader_timeout"

    @property
    def ours(self) -> bool:
        """Whether the fault is ours: such an attempt has no score, never a zero."""
        return self in OUR_FAULTS


OUR_FAULTS = frozenset(
    {Outcome.SANDBOX_UNAVAILABLE, Outcome.SANDBOX_DIED, Outcome.GRADER_ERROR, Outcome.GRADER_TIMEOUT}
)


@dataclass(frozen=True)
class TestInfo:
    """One row of the rubric: what a test is worth and what it is about.

    ``rule`` names the standard's rule ("PEP 3333: …"), ``statement`` the anchor of the sentence that promises it, ``reading`` the
    anchor of the section in the hints that repairs what fails here.
    """

    __test__ = False  # not a test class, whatever pytest makes of the name

    id: str
    visibility: Visibility
    category: str
    points: int
    title: Text
    rule: str = ""
    statement: str = ""
    reading: str = ""


@dataclass(frozen=True)
class Limits:
    """What a submission may use. Times in seconds, sizes in bytes."""

    call: float = 2.0
    load: float = 5.0
    test: float = 10.0
    attempt: float = 60.0
    deaths: int = 3
    file_size: int = 1 << 20
    archive_size: int = 8 << 20
    cpu: int = 10
    memory: int = 256 << 20
    total_memory: int = 512 << 20
    disk: int = 32 << 20
    processes: int = 24


@dataclass(frozen=True)
class Factory:
    """How an app is made for a test: the function's name, and whether it takes keywords or one dict of settings.

    ``make_app(catalog=…)`` takes keywords; ``create_app({"CATALOG": …})`` takes settings, whose keys are upper-case.
    ``settings`` are those that every app gets, if a test does not set them; ``{new}`` in a text of them stands for a word that
    no other app of the test has.
    """

    name: str = "make_app"
    takes: str = "keywords"
    settings: Mapping[str, bool | int | float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Parity:
    """What the tests of other exercises are worth together when they are run again for a port, by visibility."""

    public: int = 0
    hidden: int = 0


@dataclass(frozen=True)
class Start:
    """What a student brings along from an earlier ``exercise``, a name or a short id.

    ``files`` says under which name each comes, by the one that it has there; without any, all come under their own names.
    ``but`` are those that stay as the starter has them.
    """

    exercise: str
    files: Mapping[str, str] = field(default_factory=dict)
    but: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exercise:
    """One exercise of a course, as its manifest and its place in the trees say.

    ``fresh`` says which of its tests get a student process of their own; ``origins`` are the exercises whose tests are run
    again for this one, which shares the points of ``parity`` among them. Of an origin that ``chosen`` has tests of, by
    ids such as ``a2.test_links``, those are the only ones.
    """

    name: str
    title: Text
    files: tuple[str, ...]
    entry: str
    folder: Path
    hidden_folder: Path | None
    reference_folder: Path | None
    hidden: tuple[TestInfo, ...] = ()
    kind: str = "graded"
    limits: Limits = field(default_factory=Limits)
    factory: Factory = field(default_factory=Factory)
    fresh: frozenset[Visibility] = frozenset()
    origins: tuple[Exercise, ...] = ()
    chosen: frozenset[str] = frozenset()
    parity: Parity = field(default_factory=Parity)
    start: Start | None = None

    @property
    def hidden_folders(self) -> tuple[Path, ...]:
        """The folders with hidden tests that are at hand: its own one and those of its origins."""
        return tuple(folder for one in (self, *self.origins) if (folder := one.hidden_folder))

    def hides(self, path: Path) -> bool:
        """Tell whether a test module is one of its hidden ones."""
        return any(path.is_relative_to(folder) for folder in self.hidden_folders)

    def starts_fresh(self, path: Path) -> bool:
        """Tell whether each test of a module gets a student process of its own."""
        return (Visibility.HIDDEN if self.hides(path) else Visibility.PUBLIC) in self.fresh

    @property
    def short(self) -> str:
        """The short id: ``a1`` of ``a1_hello_wsgi``."""
        return self.name.split("_", 1)[0]

    @property
    def module(self) -> str:
        """The module that holds the entry: ``app`` of ``app:application``."""
        return self.entry.split(":", 1)[0]

    @property
    def attribute(self) -> str:
        """The name of the entry in its module: ``application`` of ``app:application``."""
        return self.entry.split(":", 1)[1].removesuffix("()")

    @property
    def called(self) -> bool:
        """Whether the entry makes the app, as ``app:make_app()`` says."""
        return self.entry.endswith("()")


@dataclass(frozen=True)
class Submission:
    """The listed files of one piece of work, read as bytes and never interpreted here.

    ``archive`` holds them unopened; a submission that has one has no files until a student process has opened it.
    """

    exercise: str
    student: str | None
    path: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    problem: Mapping[str, str] = field(default_factory=dict)
    archive: bytes | None = None


@dataclass(frozen=True)
class SourceLine:
    """A line of a handed-in file, counted from 1; ``file`` is the name under which it was handed in."""

    file: str
    line: int


@dataclass(frozen=True)
class Feedback:
    """The four lines that a failed test says, the events that led to it, and what to read next, if a test names it.

    ``place`` is the line of a handed-in file that was reached last, if one is known.
    """

    happened: Text
    expected: Text
    why: Text
    look_at: Text
    trace: str = ""
    reading: Text | None = None
    place: SourceLine | None = None


@dataclass(frozen=True)
class TestResult:
    """What one test found. ``detail`` qualifies the verdict; ``staff`` is for staff only and never shown to students."""

    __test__ = False

    info: TestInfo
    verdict: Verdict
    detail: Mapping[str, str] = field(default_factory=dict)
    feedback: Feedback | None = None
    staff: str = ""
    seconds: float = 0.0

    @property
    def earned(self) -> int:
        """The points that this result is worth: all or nothing."""
        return self.info.points if self.verdict is Verdict.PASSED else 0


@dataclass(frozen=True)
class Score:
    """Points earned of points possible."""

    earned: int
    possible: int

    def __add__(self, other: Score) -> Score:
        """Add two scores part by part."""
        return Score(self.earned + other.earned, self.possible + other.possible)

    @property
    def percent(self) -> float:
        """The share earned, 0 to 100; nothing possible counts as nothing earned."""
        return 100 * self.earned / self.possible if self.possible else 0.0


@dataclass(frozen=True)
class Hashes:
    """SHA-256 of what an attempt was made of; hidden is empty where no hidden test was at hand."""

    submission: str
    tests: str
    engine: str


@dataclass(frozen=True)
class Attempt:
    """One grading of one submission: all that a report needs, frozen.

    ``score`` is None where the fault was ours. ``started`` is an ISO 8601 time in UTC, ``seconds`` wall time.
    """

    exercise: str
    student: str | None
    path: str
    outcome: Outcome
    isolation: Isolation
    results: tuple[TestResult, ...]
    score: Score | None
    categories: Mapping[str, Score]
    hashes: Hashes
    seed: int
    started: str
    seconds: float
    detail: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    output: str = ""


@dataclass(frozen=True)
class Complaint:
    """Something that a course promises and does not keep: where, and what to do. ``at`` is a line, a key or nothing."""

    path: Path
    text: str
    at: str = ""


@dataclass(frozen=True)
class Verification:
    """What became of the proof of one exercise, or of what belongs to none (``exercise`` is empty then).

    ``skipped`` could not be tried on this machine; ``written`` are the files that were brought up to date. ``seconds`` are wall
    time from the start of its first worker to its last grading.
    """

    exercise: str
    hidden_tests: int = 0
    samples: int = 0
    seconds: float = 0.0
    complaints: tuple[Complaint, ...] = ()
    skipped: tuple[Complaint, ...] = ()
    written: tuple[Path, ...] = ()
