"""Grades on Gradescope: builds the autograder's zip, and runs there in the layout that Gradescope gives it.

https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from grader.catalogues import Catalogue
from grader.course import Course, load_course
from grader.errors import EngineFault, UsageError
from grader.hosts.running import Grading, check_private_half
from grader.leaks.secrets import ENGINE
from grader.models import FEEDBACK, LANGUAGES, Exercise, Isolation, Outcome
from grader.output import write_json
from grader.release import pages
from grader.release.contents import Files, Wishes, below, chosen, private_half
from grader.submissions import holds_files

SCRIPTS = Path(__file__).with_name("templates") / "gradescope"
NAMES = ("setup.sh", "run_autograder")
"""What Gradescope runs: once for the image, and for each submission."""
SETTINGS, PRIVATE = "autograder.json", "private"
SOURCE, SUBMISSION, METADATA, RESULTS = "source", "submission", "submission_metadata.json", "results/results.json"
"""Where Gradescope puts the zip's files, the submission and what it knows of it, and where it looks for the results."""
LARGEST_METADATA = 64 << 20
LONG_AGO = (1980, 1, 1, 0, 0, 0)
FILE, PROGRAM = 0o100644, 0o100755
UNIX = 3
"""The system whose rights a zip's entry has (APPNOTE.TXT 4.4.2)."""
USED_UP = "attempts_used_up"


@dataclass(frozen=True)
class Settings:
    """How an autograder grades; ``max_attempts`` is 0 where any number is graded."""

    exercise: str
    language: str = "en"
    feedback: str = FEEDBACK[0]
    max_attempts: int = 0


# -- the zip


def build(course: Course, private: Path, settings: Settings) -> bytes:
    """Return the zip: the same bytes for the same course and settings, on every machine.

    Raises:
        UsageError: the private half is not at hand, or not that of the exercise.
    """
    exercise = course.find(settings.exercise)
    files = contents(course, private, exercise)
    check_private_half(exercise)
    files[SETTINGS] = (json.dumps(asdict(settings), indent=2) + "\n").encode()
    return packed(files)


def contents(course: Course, private: Path, exercise: Exercise) -> Files:
    """Return the files but for the settings: engine, exercise, those whose tests it has again, and their private half."""
    found = {name: (SCRIPTS / name).read_bytes() for name in NAMES}
    for one in chosen(course, [exercise.name]):
        found |= below(one.folder, f"exercises/{one.name}")
    hidden = private_half(course, private, Wishes((exercise.name,)))
    found |= {f"{PRIVATE}/{path}": data for path, data in hidden.items() if "/" in path}
    found |= {"pyproject.toml": pages.project(), "LICENSE": (pages.FOLDER / "LICENSE").read_bytes()}
    return found | below(ENGINE, "grader")


def packed(files: Mapping[str, bytes]) -> bytes:
    """Return a zip whose bytes depend on nothing but the files; libraries compress differently, so nothing is compressed."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path, data in sorted(files.items()):
            entry = zipfile.ZipInfo(path, LONG_AGO)
            entry.create_system = UNIX
            entry.external_attr = (PROGRAM if path in NAMES else FILE) << 16
            archive.writestr(entry, data)
    return target.getvalue()


# -- a run


@dataclass(frozen=True)
class Autograder(Grading):
    """Grades what lies in Gradescope's layout; ``reports`` is the file for the results."""

    def words(self, exercise: Exercise) -> Iterator[str]:  # noqa: ARG002 - a grading's
        """Yield the options."""
        yield from ("--single", "--no-store", "--walls-only", "--course", str(self.course.folder))
        yield from ("--private", str(self.private), "--gradescope", str(self.reports), *self.options)


def run(home: Path, say: Callable[[str], None]) -> int:
    """Grade the submission in a layout; return the exit code. Afterwards there are results, with a score unless we failed.

    Raises:
        UsageError, EngineFault: the layout is not Gradescope's, or the zip is not ours; the results say so too.
    """
    results = home / RESULTS
    results.unlink(missing_ok=True)
    settings = Settings("")
    try:
        settings = read_settings(home / SOURCE / SETTINGS)
        code = graded(home, settings, results, say)
    except BaseException:
        write_json(results, without_score(settings))
        raise
    if not results.exists():
        write_json(results, without_score(settings))
        return 3
    return code


def graded(home: Path, settings: Settings, results: Path, say: Callable[[str], None]) -> int:
    """Grade, or say that there were enough attempts."""
    source = home / SOURCE
    course = load_course(source, source / PRIVATE)
    exercise = course.find(settings.exercise)
    check_private_half(exercise)
    if settings.max_attempts:
        before = earlier(home / METADATA, exercise.name)
        if len(before) >= settings.max_attempts:
            write_json(results, refusal(settings, before[-1]))
            return 0
    options = ("--feedback", settings.feedback, "--lang", settings.language, "--min-isolation", str(Isolation.CONFINED))
    autograder = Autograder(course, source / PRIVATE, options, results, say=say)
    return autograder.one(place_of(home / SUBMISSION, exercise), exercise)


def place_of(folder: Path, exercise: Exercise) -> Path:
    """Return where the submission is: Gradescope unpacks an archive with the folder that is around everything in it."""
    if not folder.is_dir():
        raise EngineFault(f"{folder}: there is no such folder, and Gradescope puts every submission there")
    inside = [path for path in folder.iterdir() if path.name[0] not in "._"]
    if len(inside) == 1 and inside[0].is_dir() and not inside[0].is_symlink() and not holds_files(folder, exercise):
        return inside[0] if holds_files(inside[0], exercise) else folder
    return folder


def without_score(settings: Settings) -> dict[str, Any]:
    """Return results without a score, which no score is made of: Gradescope says that the autograder failed."""
    said = Catalogue().word("no score: the fault is the grader's, not the submission's", settings.language)
    return result(settings, said, "grader_error")


def refusal(settings: Settings, earned: float) -> dict[str, Any]:
    """Return results for an attempt too many; without the points of before it would take them away."""
    said = Catalogue().word(
        "nothing was graded: all {most} attempts are used up, and the score is that of the last one",
        settings.language,
        most=settings.max_attempts,
    )
    return {"score": earned, **result(settings, said, USED_UP)}


def result(settings: Settings, said: str, verdict: str) -> dict[str, Any]:
    """Return results that say one sentence."""
    return {
        "output": said,
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"exercise": settings.exercise, "verdict": verdict},
        "tests": [],
    }


# -- what is read


def read_settings(path: Path) -> Settings:
    """Read the settings of an autograder.

    Raises:
        UsageError: they are not what `build` writes.
    """
    content = read_json(path, 1 << 20)
    kinds = {item.name: type(item.default) if item.name != "exercise" else str for item in fields(Settings)}
    if (
        not isinstance(content, dict)
        or content.keys() != kinds.keys()
        or any(type(value) is not kinds[key] for key, value in content.items())
        or content["language"] not in LANGUAGES
        or content["feedback"] not in FEEDBACK
        or content["max_attempts"] < 0
    ):
        raise UsageError(f"{path}: not the settings of an autograder; grader gradescope build makes them")
    return Settings(**content)


def earlier(path: Path, exercise: str) -> list[float]:
    """Return the points of earlier attempts, as Gradescope keeps them; what no hidden test judged is none.

    Raises:
        UsageError: Gradescope does not say.
    """
    content = read_json(path, LARGEST_METADATA)
    before = content.get("previous_submissions") if isinstance(content, dict) else None
    if not isinstance(before, list):
        raise UsageError(f"{path}: no list 'previous_submissions', so nobody knows how many attempts there were")
    return [score for one in before if (score := points(one, exercise)) is not None]


def points(one: object, exercise: str) -> float | None:
    """Return the points of an earlier attempt, None if it was none."""
    match one:
        case {"results": {"score": int() | float() as score, "extra_data": {"exercise": name, "verdict": verdict}}}:
            return score if name == exercise and verdict == Outcome.GRADED else None
    return None


def read_json(path: Path, most: int) -> Any:  # noqa: ANN401 - JSON
    """Read a JSON file of ``most`` bytes.

    Raises:
        UsageError: it cannot be read, or is none.
    """
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
        return json.loads(data if len(data) <= most else b"")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path}: no JSON, or more than {most} bytes") from None
