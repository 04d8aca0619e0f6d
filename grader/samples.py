"""Sample submissions: for each exercise a zoo of right and wrong work, each with what must become of it.

``tests/submissions/<exercise>/<name>/expected.toml`` says ``kind``, ``about``, the exact lists ``failed`` and ``skipped``, the
``verdict`` of the submission, the exact set ``verdicts`` of its tests that were run and not passed, and whether it would do
``harm`` without walls. A hostile one says what it ``tries``, what the same code is worth honestly (``base``) and how it succeeds
where nothing protects a test run (``control``). The tables ``[confined]`` and ``[none]`` say what differs at that level, and why.

A sample that ``needs`` a library which is not everywhere names it. Beside a wrong one stands what its author would read,
``feedback.<language>.txt``; `grader.proving` writes and compares it.

What differs from the reference in a few places is no file but a list of ``changes``, each with an ``old`` text that stands in
the reference once, and the ``new`` one in its place: so a sample shows what is wrong with it, and grows with the exercise.
Where the reference has several files, a change says in which ``file``; the sample then is the whole reference, with the files
in its folder in place of those of the same names. With an empty ``old`` text the ``new`` one is a file that the reference has
not; ``remove = true`` takes a file away. What git or Windows cannot hold is made by the function ``make(folder)`` of a
``recipe.py``, which is ours and not hostile.
"""

from __future__ import annotations

import runpy
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from grader import directories
from grader.errors import UsageError
from grader.models import LANGUAGES, Attempt, Exercise, Isolation, Outcome, Verdict
from grader.submissions import read_submission

KINDS = ("alternative", "misconception", "do-nothing", "broken", "attack")
TRIES = ("forge", "files", "comparison", "steal", "deny", "inject", "persist", "reach")
CONTROLS = ("gains", "leaks", "hangs", "dies", "leaves", "reaches", "uses", "injects", "accepted")
EXPECTED = "expected.toml"
RECIPE = "recipe.py"
FEEDBACK = {language: f"feedback.{language}.txt" for language in LANGUAGES}
OURS = shutil.ignore_patterns(EXPECTED, RECIPE, *FEEDBACK.values(), "__pycache__")
"""What stands in the folder of a sample and is not handed in."""
BASES = ("reference", "starter")
HOSTILE = {"tries": str, "base": str, "control": str}
OUTCOME = {"verdict": str, "failed": list, "skipped": list, "verdicts": list}
LEVELS = {"confined": Isolation.CONFINED, "none": Isolation.NONE}
KEYS = {
    "kind": str, "about": str, **HOSTILE, **OUTCOME, "harm": bool, "needs": list, "reasons": dict, "changes": list,
    **dict.fromkeys(LEVELS, dict),
}  # fmt: skip
CHANGE = {"file": str, "old": str, "new": str, "remove": bool}
Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True)
class Change:
    """One difference from a file of the reference: a text in place of another, a file more (nothing is old), or a file less."""

    file: str
    old: str = ""
    new: str = ""
    remove: bool = False


@dataclass(frozen=True)
class Sample:
    """A sample submission and what must become of it; ``verdicts`` is None where they are not told."""

    name: str
    folder: Path
    exercise: str
    kind: str
    about: str
    tries: str = ""
    base: str = ""
    control: str = ""
    verdict: Outcome = Outcome.GRADED
    failed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    verdicts: frozenset[Verdict] | None = None
    harm: bool = False
    needs: tuple[str, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[Isolation, Mapping[str, Any]] = field(default_factory=dict)
    reference: Exercise | None = None
    changes: tuple[Change, ...] = ()

    @property
    def recipe(self) -> Path | None:
        """The program that makes the rest of the submission, if there is one."""
        path = self.folder / RECIPE
        return path if path.is_file() else None

    def at(self, level: Isolation) -> Sample:
        """Return the sample with what must become of it at a level."""
        return replace(self, **self.levels.get(level, {}))


def load_samples(private: Path, exercise: Exercise) -> list[Sample]:
    """Return the samples of an exercise, by name.

    Raises:
        UsageError: an expected.toml is wrong; names the file and the key.
    """
    folder = private / "tests" / "submissions" / exercise.name
    samples = [load_sample(path, exercise) for path in sorted(folder.glob(f"*/{EXPECTED}"))]
    honest = {sample.name for sample in samples if sample.kind != "attack"}
    for sample in samples:
        if sample.base and sample.base not in BASES and sample.base not in honest:
            raise UsageError(
                f"{sample.folder / EXPECTED}: 'base' must be reference, starter or the name of a sample of this exercise "
                f"that is no attack, not {sample.base!r}"
            )
    return samples


def load_sample(path: Path, exercise: Exercise) -> Sample:
    """Read one expected.toml."""
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not a TOML file ({error})") from None
    check_keys(path, content, KEYS)
    if content.get("kind") not in KINDS or not content.get("about"):
        raise UsageError(f"{path}: 'kind' must be one of {', '.join(KINDS)}, and 'about' must say what the sample does")
    check_hostile(path, content)
    levels = {LEVELS[name]: level_content(path, name, content[name]) for name in LEVELS if name in content}
    return Sample(
        path.parent.name, path.parent, exercise.name, content["kind"], content["about"],
        **{name: content[name] for name in HOSTILE if name in content},
        **outcome_content(path, content), harm=content.get("harm", False),
        needs=tuple(content.get("needs", ())), reasons=content.get("reasons", {}), levels=levels,
        reference=exercise if "changes" in content else None,
        changes=tuple(change_of(path, change, exercise) for change in content.get("changes", ())),
    )  # fmt: skip


def change_of(path: Path, table: Mapping[str, Any], exercise: Exercise) -> Change:
    """Return one change; ``file`` may be missing where a submission is one file."""
    if exercise.reference_folder is None:
        raise UsageError(f"{path}: 'changes' are for exercises with a reference; write the files instead")
    alone = len(exercise.files) == 1 and not directories.is_directory(exercise.files[0])
    file = table.get("file", exercise.files[0] if alone else "")
    parts = file.split("/")
    if not directories.listed(file, exercise.files) or not {"", ".", ".."}.isdisjoint(parts):
        raise UsageError(
            f"{path}: 'file' of a change must be a file of {', '.join(exercise.files)}, not {file!r}: say which one it is about"
        )
    return Change(**{**table, "file": file})


def check_keys(path: Path, content: Mapping[str, Any], keys: Mapping[str, type], where: str = "") -> None:
    """Refuse keys that are unknown or of the wrong type; lists are lists of text."""
    for key, value in content.items():
        if key not in keys or type(value) is not keys[key]:
            raise UsageError(f"{path}: {where}{key!r} is unknown or of the wrong type; the keys are {', '.join(keys)}")
        if key == "changes" and isinstance(value, list):
            check_changes(path, value)
            continue
        words = [*value, *value.values()] if isinstance(value, dict) and key == "reasons" else value
        if isinstance(words, list) and not all(type(word) is str for word in words):
            raise UsageError(f"{path}: {where}{key!r} must hold names of tests and texts, nothing else")


def check_changes(path: Path, changes: list[Any]) -> None:
    """Refuse changes that do not say what is replaced by what."""
    if not changes or not all(type(change) is dict for change in changes):
        raise UsageError(f"{path}: 'changes' must be tables [[changes]]")
    for change in changes:
        said = set(change) - {"file"}
        if said not in ({"old", "new"}, {"remove"}):
            raise UsageError(
                f"{path}: 'changes' must be tables [[changes]], each with 'old' and 'new', or with 'remove = true', and "
                f"perhaps with 'file'; nothing else, as {', '.join(sorted(said)) or 'nothing at all'}"
            )
        if (
            not all(type(value) is CHANGE[key] for key, value in change.items())
            or change.get("remove", True) is not True
        ):
            raise UsageError(f"{path}: 'old', 'new' and 'file' of a change must be text, and 'remove' true")


def check_hostile(path: Path, content: Mapping[str, Any]) -> None:
    """Refuse wrong words about an attack, and words about an attack where there is none."""
    said = [key for key in (*HOSTILE, *LEVELS) if key in content]
    if content["kind"] != "attack" and said:
        raise UsageError(f"{path}: {said[0]!r} is for samples of the kind attack only")
    for key, words in (("tries", TRIES), ("control", CONTROLS)):
        if key in content and content[key] not in words:
            raise UsageError(f"{path}: {key!r} must be one of {', '.join(words)}, not {content[key]!r}")


def level_content(path: Path, name: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """Read the table of a level: what differs there, and why."""
    check_keys(path, table, {**OUTCOME, "why": str}, f"in [{name}] ")
    if not table.get("why") or len(table) == 1:
        raise UsageError(f"{path}: [{name}] must say 'why', and which of {', '.join(OUTCOME)} differ there")
    return outcome_content(path, table)


def outcome_content(path: Path, table: Mapping[str, Any]) -> dict[str, Any]:
    """Read what must become of a sample, as far as a table says it."""
    found: dict[str, Any] = {key: tuple(table[key]) for key in ("failed", "skipped") if key in table}
    if "verdict" in table:
        found["verdict"] = word(path, "verdict", table["verdict"], Outcome)
    if "verdicts" in table:
        found["verdicts"] = frozenset(word(path, "verdicts", name, Verdict) for name in table["verdicts"])
    return found


def word(path: Path, key: str, name: str, words: type[Word]) -> Word:
    """Read one word of an enumeration."""
    try:
        return words(name)
    except ValueError:
        raise UsageError(f"{path}: {key!r} knows {', '.join(words)}, not {name!r}") from None


def materialize(sample: Sample, folder: Path) -> Path:
    """Write a sample's submission into an empty folder; return what is handed in: that folder, or the only archive in it.

    Raises:
        UsageError: its recipe.py is no module with a function ``make``, or what it changes is not once in the reference.
    """
    own = shutil.copytree(sample.folder, folder, symlinks=True, dirs_exist_ok=True, ignore=OURS)
    if sample.reference:
        for name, content in changed(sample, sample.reference, own).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
    if sample.recipe:
        make = runpy.run_path(str(sample.recipe)).get("make")
        if not callable(make):
            raise UsageError(f"{sample.recipe}: there must be a function make(folder)")
        make(folder)
    inside = list(folder.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].name.startswith("submission.") else folder


def changed(sample: Sample, exercise: Exercise, own: Path) -> dict[str, bytes]:
    """Return the files of the reference with the changes of a sample, made one after the other.

    A file in the folder ``own`` stands in place of the reference's.
    """
    assert exercise.reference_folder
    files = dict(read_submission(exercise.reference_folder, exercise).files)
    for change in sample.changes:
        if change.remove or change.old:
            before = files.pop(change.file, None)
            if before is None:
                raise UsageError(
                    f"{sample.folder / EXPECTED}: the reference has no file {change.file} to change; it has {', '.join(files)}"
                )
            if not change.remove:
                files[change.file] = replaced(sample, change, before, exercise.reference_folder / change.file)
        elif change.file in files:
            raise UsageError(
                f"{sample.folder / EXPECTED}: an empty 'old' makes a file, and {change.file} is there already"
            )
        else:
            files[change.file] = change.new.encode("utf-8")
    made = {change.file for change in sample.changes}
    return {name: content for name, content in files.items() if name in made or not (own / name).exists()}


def replaced(sample: Sample, change: Change, content: bytes, path: Path) -> bytes:
    """Return the content of a file of the reference with one change."""
    text = content.decode("utf-8")
    if text.count(change.old) != 1:
        raise UsageError(
            f"{sample.folder / EXPECTED}: a change must fit once in {path}, with the changes before it; this one "
            f"fits {text.count(change.old)} times: {change.old!r}"
        )
    return text.replace(change.old, change.new).encode("utf-8")


def named(attempt: Attempt) -> frozenset[Verdict]:
    """Return the verdicts of the tests that were run and not passed."""
    return frozenset(r.verdict for r in attempt.results) - {Verdict.PASSED, Verdict.SKIPPED, Verdict.NOT_RUN}


def differences(sample: Sample, attempt: Attempt) -> list[str]:
    """Return in what an attempt of a sample is not as expected at its level."""
    sample = sample.at(attempt.isolation)
    found = []
    if attempt.outcome is not sample.verdict:
        found.append(f"verdict {attempt.outcome}, not {sample.verdict}: {dict(attempt.detail)}")
    failed = sorted(r.info.id for r in attempt.results if r.verdict not in (Verdict.PASSED, Verdict.SKIPPED))
    skipped = sorted(r.info.id for r in attempt.results if r.verdict is Verdict.SKIPPED)
    if sample.verdict is Outcome.GRADED:
        for what, wanted, got in (("failed", sample.failed, failed), ("skipped", sample.skipped, skipped)):
            if sorted(wanted) != got:
                found.append(f"{what}: {', '.join(got) or 'none'}; expected: {', '.join(sorted(wanted)) or 'none'}")
    if sample.verdicts is not None and named(attempt) != sample.verdicts:
        found.append(f"verdicts: {listed(named(attempt))}; expected: {listed(sample.verdicts)}")
    return found


def listed(verdicts: frozenset[Verdict]) -> str:
    """Return verdicts as text."""
    return ", ".join(sorted(verdicts)) or "none"
