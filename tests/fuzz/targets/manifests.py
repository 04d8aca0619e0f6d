"""Manifests of exercises and samples: a bad one is refused with file and key, a good one makes an exercise that works."""

from __future__ import annotations

import functools
import json
import math
from dataclasses import fields
from pathlib import Path
from typing import Any

from grader.course import load_course
from grader.directories import listed
from grader.errors import UsageError
from grader.models import Limits, Outcome
from grader.samples import load_sample
from grader.submissions import read_submission
from tests.fuzz.shown import EXERCISE
from tests.fuzz.source import Source, scratch

PUBLIC = b'kind = "graded"\nfiles = ["app.py"]\nentry = "app:application"\n[title]\nen = "A"\nzh-CN = "A"\n'
SAMPLE = (
    b'kind = "attack"\nabout = "x"\nverdict = "graded"\nfailed = ["a"]\nskipped = []\nharm = true\n[reasons]\na = "b"\n'
)
STRIDES = ((1, 1), (2, 7), (0, 37), (130, 11), (5, 97))
SEEDS = (
    b"\x00"
    + PUBLIC
    + b'[limits]\ncall = 1.5\n[[hidden]]\nid = "test_a"\ncategory = "design"\npoints = 8\ntitle = {en="a", zh-CN="b"}\n',
    b"\x01" + SAMPLE,
    *(bytes([kind]) + bytes(start + step * n & 255 for n in range(60)) for kind in (2, 3) for start, step in STRIDES),
)
BOUND = 1 << 42
"""Larger than any limit that is meant: 4 TiB, or many thousands of years."""
KEYS = (
    "kind",
    "files",
    "entry",
    "title",
    "limits",
    "hidden",
    "en",
    "zh-CN",
    "id",
    "category",
    "points",
    "call",
    "cpu",
    "memory",
)
LISTS = ("files", "failed", "skipped")
COUNTS = ("points", "call", "cpu", "memory")
MORE = ("about", "verdict", "failed", "skipped", "harm", "reasons", "x")
STRINGS = (
    "graded",
    "diagnostic",
    "app.py",
    "app:application",
    "design",
    "attack",
    "../x",
    "/x",
    "a//b",
    "a/",
    ".",
    "a\\b",
    "C:x",
    "",
)
NUMBERS = (
    "0",
    "1",
    "-1",
    "1.5",
    "nan",
    "inf",
    "-inf",
    "1e400",
    "9" * 400,
    "0x7fffffffffffffff",
    "true",
    "1979-05-27",
    "07:32:00",
)


def check(data: bytes) -> None:
    """Load a manifest: raw, or made of one that is right."""
    source = Source(data[1:])
    kind = data[0] % 4 if data else 0
    written = source.rest() if kind < 2 else table(source, sample=kind == 3).encode("utf-8", "surrogatepass")
    path = place("expected.toml" if kind % 2 else "exercise.toml")
    path.write_bytes(written)
    try:
        check_sample(path) if kind % 2 else check_exercise(path.parents[2])
    except UsageError as refused:
        error = refused
    else:
        return
    assert str(path) in str(error)
    assert len(str(error)) < 2000 + len(written)


@functools.cache
def place(name: str) -> Path:
    """Return where a manifest is written."""
    folder = scratch("manifests-") / "exercises" / EXERCISE.name
    folder.mkdir(parents=True)
    return folder / name


def check_exercise(course: Path) -> None:
    """Load an exercise, and use it."""
    exercise = load_course(course).find("a1")
    assert exercise.module
    assert exercise.attribute.isidentifier()
    for item in fields(Limits):
        value = getattr(exercise.limits, item.name)
        assert math.isfinite(value), item.name
        assert 0 < value <= BOUND, item.name
        assert type(value) in (int, type(item.default)), item.name
    assert all(type(row.points) is int and 0 < row.points <= 1000 and row.id for row in exercise.hidden)
    assert len(set(exercise.files)) == len(exercise.files)
    submission = read_submission(exercise.folder, exercise)
    assert set(submission.missing) <= set(exercise.files)
    assert all(listed(name, exercise.files) for name in submission.files)
    assert all(
        Path(exercise.folder, name).resolve().is_relative_to(exercise.folder.resolve()) for name in exercise.files
    )


def check_sample(path: Path) -> None:
    """Load a sample, and use it."""
    sample = load_sample(path, EXERCISE)
    assert all(type(test) is str for test in (*sample.failed, *sample.skipped))
    assert all(type(word) is str for pair in sample.reasons.items() for word in pair)
    assert type(sample.about) is str
    assert sample.about
    assert type(sample.verdict) is Outcome
    assert type(sample.harm) is bool


def table(source: Source, *, sample: bool) -> str:
    """Return TOML: a manifest with some lines replaced or put in between."""
    known = (SAMPLE if sample else SEEDS[0][1:]).decode().splitlines()
    for _ in range(1 + source.number(2)):
        at = source.number(len(known) - 1)
        key = source.pick((*KEYS, *MORE)) if source.maybe(4) else known[at].partition(" = ")[0]
        known[at : at + (not source.maybe(4))] = [line(source, key)]
    return "\n".join(known)


def line(source: Source, key: str) -> str:
    """Return a line of TOML."""
    kind = source.number(15)
    if kind == 15:
        return f"[{key}]"
    if kind == 14:
        return f"[[{key}]]"
    if source.maybe():
        return f"{key} = {value(source)}"
    if key in LISTS:
        return f"{key} = [{', '.join(text(source) for _ in range(1 + source.number(1)))}]"
    return f"{key} = {source.pick(NUMBERS) if key in COUNTS else text(source)}"


def text(source: Source) -> str:
    """Return a string of TOML."""
    return json.dumps(source.text(5).encode("utf-8", "ignore").decode() if source.maybe(4) else source.pick(STRINGS))


def value(source: Source, depth: int = 0) -> Any:  # noqa: ANN401 - TOML
    """Return a value of TOML."""
    kind = source.number(31)
    if kind < 14:
        return source.pick(NUMBERS)
    if kind < 18 and depth < 3:
        return "[" + ", ".join(value(source, depth + 1) for _ in range(source.number(3))) + "]"
    if kind < 22 and depth < 3:
        return (
            "{" + ", ".join(f"{source.pick(KEYS)} = {value(source, depth + 1)}" for _ in range(source.number(3))) + "}"
        )
    if kind == 31:
        return "[" * source.number(2000) + "]" * source.number(2000)
    return text(source)
