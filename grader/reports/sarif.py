"""Attempts as SARIF 2.1.0 (OASIS): a rule for each row of the rubric, a result for each test that did not pass.

Paths are relative to the repository, as ``%SRCROOT%`` says. Where no line is known a result stands at the first one, for
GitHub takes none without.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from grader import __version__
from grader.models import Attempt, TestInfo
from grader.printable import printable
from grader.reports.checkout import Checkout
from grader.reports.rows import Row, State, Telling

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {State.FAILED: "error", State.SKIPPED: "warning"}
FIRST_WITH_NAMES = 8650
"""The first RFC whose page has anchors that are named like its sections."""
STANDARD = re.compile(r"(PEP|RFC) (\d+)(?: \((?:must|should)\))?: ([^;,]+)")
PLACEHOLDER = re.compile(r"\{([0-9]+)\}")


def sarif(attempts: Iterable[Attempt], language: str, checkout: Checkout) -> Iterator[str]:
    """Yield the pieces of a SARIF log. The rules come last: they are known when all results are."""
    telling = Telling(language)
    rules: dict[str, dict[str, Any]] = {}
    indexes: dict[str, int] = {}
    faults: list[dict[str, Any]] = []
    yield f'{{\n"$schema": "{SCHEMA}",\n"version": "2.1.0",\n"runs": [{{\n"results": ['
    separator = "\n"
    for attempt in attempts:
        if attempt.score is None:
            faults.append({"level": "error", "message": message(f"{attempt.exercise}: {telling.outcome(attempt)}")})
        for row in telling.rows(attempt):
            name = rule_id(attempt, row)
            if name not in rules:
                indexes[name] = len(rules)
                rules[name] = rule_of(attempt, row)
            if row.state in LEVELS:
                found = result(attempt, row, checkout, indexes[name])
                yield separator + json.dumps(found, ensure_ascii=False)
                separator = ",\n"
    rest = {
        "columnKind": "unicodeCodePoints",
        "language": language,
        "tool": {"driver": {"name": "grader", "version": __version__, "rules": list(rules.values())}},
        "invocations": [{"executionSuccessful": not faults, "toolExecutionNotifications": faults}],
    }
    yield "],\n" + json.dumps(rest, ensure_ascii=False, indent=1)[1:] + "]\n}\n"


def rule_id(attempt: Attempt, row: Row) -> str:
    """Name the rule that a row of the rubric is."""
    return f"{attempt.exercise}/{row.id}"


def rule_of(attempt: Attempt, row: Row) -> dict[str, Any]:
    """Return the rule that a row of the rubric is, named for that of a standard if it has one."""
    info = row.result.info
    uri = help_uri(info)
    return {
        "id": rule_id(attempt, row),
        "name": info.rule or info.id,
        "shortDescription": message(row.title),
        "fullDescription": message(f"{row.title} [{info.rule}]" if info.rule else row.title),
        "defaultConfiguration": {"level": "error"},
        **({"helpUri": uri} if uri else {}),
        "properties": {"tags": [info.category, str(info.visibility)], "points": info.points},
    }


def help_uri(info: TestInfo) -> str:
    """Return the address of the section of a standard that a test cites, or nothing."""
    match = STANDARD.match(info.rule)
    if not match:
        return ""
    kind, number, section = match.groups()
    slug = "-".join(re.findall(r"[a-z0-9_]+", section.lower())).replace("_", "-")
    if kind == "PEP":
        return f"https://peps.python.org/pep-{number:0>4}/#{slug}"
    section = f"#name-{slug}" if int(number) >= FIRST_WITH_NAMES else ""
    return f"https://www.rfc-editor.org/rfc/rfc{number}.html{section}"


def result(attempt: Attempt, row: Row, checkout: Checkout, index: int) -> dict[str, Any]:
    """Return one result."""
    path, line = checkout.place(attempt, row.result)
    whose = "\0".join((attempt.student or "", attempt.exercise, row.id))
    location = {
        "artifactLocation": {"uri": quote(path or attempt.exercise), "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": line or 1},
    }
    return {
        "ruleId": rule_id(attempt, row),
        "ruleIndex": index,
        "level": LEVELS[row.state],
        "message": message(row.text),
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"rubricRow/v1": hashlib.sha256(whose.encode("utf-8", "surrogatepass")).hexdigest()},
        "properties": {
            "student": None if attempt.student is None else printable(attempt.student),
            "points": row.points,
        },
    }


def message(text: str) -> dict[str, str]:
    """Return a message of plain text, in which no link is embedded and no argument is asked for (SARIF 3.11.5, 3.11.6)."""
    return {"text": PLACEHOLDER.sub(r"{{\1}}", text.replace("](", "] ("))}
