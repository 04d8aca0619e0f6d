"""Attempts as JUnit XML: a suite for each attempt, a case for each row of the rubric, the points as properties of the suite.

The format is that of Jenkins (``junit-10.xsd`` of its xUnit plugin), which has no place for points in a case: they stand in
properties of the suite named ``points.<test>``, as in ``8/8``. A fault of ours is an error, and then there are no points.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from grader.models import Attempt
from grader.printable import printable
from grader.reports.rows import NAME, Row, State, Telling, name_of

KINDS = {State.FAILED: "failure", State.SKIPPED: "skipped", State.ERROR: "error"}
GRADING = "grading"
"""The case that stands for a whole attempt of which there are no rows."""


def junit(attempts: Iterable[Attempt], language: str) -> Iterator[str]:
    """Yield the pieces of a JUnit XML file."""
    telling = Telling(language)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="grader">\n'
    for attempt in attempts:
        element = suite(attempt, telling)
        indent(element, level=1)
        yield f"  {tostring(element, encoding='unicode')}\n"
    yield "</testsuites>\n"


def suite(attempt: Attempt, telling: Telling) -> Element:
    """Return one attempt. Seconds are rounded: a clock is a way to tell things."""
    rows = list(telling.rows(attempt))
    alone = attempt.score is None and not any(row.state is State.ERROR for row in rows)
    count = Counter(row.state for row in rows)
    found = Element("testsuite", {
        "name": name_of(attempt), "tests": str(len(rows) + alone), "failures": str(count[State.FAILED]),
        "errors": str(count[State.ERROR] + alone), "skipped": str(count[State.SKIPPED]),
        "time": f"{attempt.seconds:.1f}", "timestamp": attempt.started[:19],
    })  # fmt: skip
    properties = SubElement(found, "properties")
    for name, value in facts(attempt, rows).items():
        SubElement(properties, "property", {"name": name, "value": value})
    for row in rows:
        case(found, attempt, row)
    if alone:
        own = SubElement(found, "testcase", {"name": GRADING, "classname": class_of(attempt)})
        said = telling.outcome(attempt)
        SubElement(own, "error", {"type": str(attempt.outcome), "message": said}).text = said
    return found


def facts(attempt: Attempt, rows: list[Row]) -> dict[str, str]:
    """Return the properties of a suite."""
    found = {"exercise": attempt.exercise, "verdict": str(attempt.outcome), "isolation": str(attempt.isolation)}
    if attempt.student is not None:
        found["student"] = printable(attempt.student, NAME)
    if attempt.score:
        found["points"] = f"{attempt.score.earned}/{attempt.score.possible}"
        found |= {f"points.{row.id}": row.points for row in rows}
    return found


def case(parent: Element, attempt: Attempt, row: Row) -> None:
    """Add one row of the rubric."""
    found = SubElement(parent, "testcase", {"name": row.id, "classname": class_of(attempt)})
    if row.state in KINDS:
        attributes = {"type": str(row.result.verdict), "message": row.happened}
        SubElement(found, KINDS[row.state], attributes).text = row.text


def class_of(attempt: Attempt) -> str:
    """Return what groups the cases of one attempt; a dot would part a student's name."""
    who = "" if attempt.student is None else printable(attempt.student, NAME).replace(".", "_")
    return f"{who}.{attempt.exercise}" if who else attempt.exercise
