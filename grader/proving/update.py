"""Rewrites what is generated, to be reviewed in the diff: the list of hidden tests, and what samples come to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from grader.course import MANIFEST
from grader.errors import UsageError
from grader.models import Attempt, Complaint, Exercise, Outcome, TestInfo, Verdict, Visibility
from grader.proving import golden
from grader.proving.zoo import NOTHING, Zoo, percent
from grader.samples import EXPECTED, Sample, differences, named

HEADLINE = "# What runs at grading: written from the hidden tests, never by hand."
BEGINNING = re.compile(r"^(# What runs at grading\b[^\n]*|\[\[ *hidden *\]\][^\n]*)$", re.MULTILINE)
OTHER_TABLE = re.compile(r"^\[(?!\[? *hidden\b)[^\n]*", re.MULTILINE)


def hidden_section(rows: Sequence[TestInfo]) -> str:
    """Return the list of hidden tests as TOML; its strings are JSON's, which TOML can read (TOML 1.0: Basic strings)."""
    tables = [
        f'[[hidden]]\nid = "{row.id}"\ncategory = "{row.category}"\npoints = {row.points}\n[hidden.title]\n'
        + "".join(f"{language} = {quoted(text)}\n" for language, text in row.title.items())
        for row in rows
        if row.visibility is Visibility.HIDDEN
    ]
    return "\n".join([f"{HEADLINE}\n", *tables])


def quoted(text: str) -> str:
    """Return a TOML string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def with_section(manifest: str, section: str, path: Path) -> str:
    """Return a manifest with the list of hidden tests in place of the old one; what stands above it stays as it is.

    Raises:
        UsageError: something stands below the list that is not part of it.
    """
    match = BEGINNING.search(manifest)
    if match is None:
        return manifest.rstrip("\n") + "\n\n" + section
    other = OTHER_TABLE.search(manifest, match.end())
    if other:
        line = manifest.count("\n", 0, other.start()) + 1
        raise UsageError(f"{path}:{line}: {other[0]} stands below the list of hidden tests; move it above")
    return manifest[: match.start()] + section


def update_manifest(exercise: Exercise, rows: Sequence[TestInfo]) -> Iterator[Path]:
    """Write the list of hidden tests into a manifest, and yield its path if that changed it.

    Raises:
        UsageError: see `with_section`.
    """
    path = exercise.folder / MANIFEST
    before = path.read_bytes().decode("utf-8")
    after = with_section(before, hidden_section(rows), path)
    if after != before:
        path.write_bytes(after.encode("utf-8"))
        yield path


# -- samples


def record(zoo: Zoo) -> Iterator[Path | Complaint]:
    """Write what the samples of an exercise came to; yield the files that changed, and complaints of what is not recorded."""
    for sample in zoo.samples:
        attempt = zoo.attempts.get(sample.name)
        if attempt is None or attempt.score is None or sample.kind == "attack":
            continue
        refusal = refused(sample, attempt)
        if refusal:
            yield refusal
            continue
        if differences(sample, attempt) and write_expected(sample, attempt):
            yield sample.folder / EXPECTED
        yield from (sample.folder / name for name in golden.keep(sample, attempt, zoo.exercise))


def refused(sample: Sample, attempt: Attempt) -> Complaint | None:
    """Return why what a sample came to is not recorded: it would be a sample of another kind."""
    assert attempt.score
    full = percent(attempt) == 100 and attempt.outcome is Outcome.GRADED
    if attempt.outcome is not sample.verdict:
        text, key = f"the verdict is {attempt.outcome} now, not {sample.verdict}", "verdict"
    elif sample.kind == "alternative" and not full:
        text, key = f"an alternative that is no longer full marks: it fails {', '.join(lost(attempt))}", "kind"
    elif sample.kind in ("misconception", "broken") and full:
        text, key = f"a sample of the kind {sample.kind} that has full marks", "kind"
    elif sample.kind == "do-nothing" and percent(attempt) > NOTHING:
        text, key = f"doing nothing earns {percent(attempt):.0f} %", "kind"
    else:
        return None
    return Complaint(
        sample.folder / EXPECTED, f"not recorded: {text}; mend the tests or the sample, or change the key by hand", key
    )


def lost(attempt: Attempt) -> list[str]:
    """Return the tests that were run and not passed."""
    return sorted(r.info.id for r in attempt.results if r.verdict not in (Verdict.PASSED, Verdict.SKIPPED))


def write_expected(sample: Sample, attempt: Attempt) -> bool:
    """Write the lists of an expected.toml, and keep everything else in it; tell whether that changed it.

    Raises:
        UsageError: the library that keeps comments is not there.
    """
    try:
        import tomlkit
    except ImportError:
        raise UsageError(
            "--record needs tomlkit, which keeps comments; uv sync adds the developers' libraries"
        ) from None
    path = sample.folder / EXPECTED
    before = path.read_bytes().decode("utf-8")
    content = tomlkit.parse(before)
    now: dict[str, Iterable[str]] = {
        "failed": lost(attempt) if sample.verdict is Outcome.GRADED else [],
        "skipped": sorted(r.info.id for r in attempt.results if r.verdict is Verdict.SKIPPED),
    }
    if sample.verdicts is not None:
        now["verdicts"] = sorted(named(attempt))
    for key, words in now.items():
        if sorted(content.unwrap().get(key, [])) != list(words):
            content[key] = listed(list(words))
    after = tomlkit.dumps(content)
    if after != before:
        path.write_bytes(after.encode("utf-8"))
    return after != before


def listed(words: list[str]) -> object:
    """Return a list in the form that these files have: one word in the line of the key, several in lines of their own."""
    import tomlkit

    found = tomlkit.array()
    if len(words) > 1:
        found.multiline(True)
    found.extend(words)
    return found
