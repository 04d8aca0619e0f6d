"""Which sample submissions a group of students fails like: by the tests that fail, and by what was found in the hidden ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from grader.reports.analysis import Failing, finding
from grader.samples import FEEDBACK, Sample

KINDS = ("misconception", "do-nothing", "broken")
"""Samples that are wrong as honest work is wrong."""
LEAST = 0.5
"""Tests in common, of all that fail here or there, from which on two are alike at all."""
MOST = 3
HEAD = re.compile(r"✗ (\w+) .* hidden test · (?!skipped)")
HAPPENED = re.compile(r"  WHAT HAPPENED +(.*)")
ALSO = re.compile(r"  the same for: (.*)")


@dataclass(frozen=True)
class Known:
    """A sample with what is proven of it: the tests that fail, and what is found in the hidden ones."""

    name: str
    about: str
    failed: frozenset[str]
    findings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Likeness:
    """How much a group is like a sample: the share of tests in common, and of findings where hidden ones fail in both."""

    known: Known
    tests: float
    findings: float | None


def known(sample: Sample) -> Known | None:
    """Return what is proven of a sample; None if it fails nothing, or not as honest work does."""
    if sample.kind not in KINDS or not sample.failed:
        return None
    path = sample.folder / FEEDBACK["en"]
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return Known(sample.name, sample.about, frozenset(sample.failed), findings_of(text))


def findings_of(text: str) -> dict[str, str]:
    """Return what a kept feedback says of each hidden test that happened."""
    found: dict[str, str] = {}
    test, happened = "", ""
    for line in text.splitlines():
        if line.startswith("✗"):
            head = HEAD.match(line)
            test = head[1] if head else ""
        elif test and (said := HAPPENED.match(line)):
            happened = found[test] = finding(said[1])
        elif test and (others := ALSO.match(line)):
            found |= dict.fromkeys(others[1].split(", "), happened)
    return found


def likenesses(group: Failing, samples: Iterable[Known]) -> list[Likeness]:
    """Return the samples that a group is most like, the best first."""
    found = [likeness(group, one) for one in samples]
    alike = [one for one in found if one.tests >= LEAST]
    alike.sort(key=lambda one: (-one.tests, -(one.findings or 0.0), one.known.name))
    return alike[:MOST]


def likeness(group: Failing, known: Known) -> Likeness:
    """Compare a group with a sample."""
    failed, own = set(group.failed), dict(group.findings)
    tests = len(failed & known.failed) / len(failed | known.failed)
    common = own.keys() & known.findings.keys()
    same = sum(own[test] == known.findings[test] for test in common)
    return Likeness(known, tests, same / len(common) if common else None)
