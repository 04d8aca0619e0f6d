"""Attempts for GitHub Actions: annotations on the student's own lines, outputs of the step, and its summary.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from grader.models import Attempt
from grader.reports.checkout import Checkout
from grader.reports.rows import Row, State, Telling, grouped, name_of

SHOWN = {"error": 10, "warning": 10, "notice": 9}
"""Annotations of a kind: GitHub shows ten of one step, and the last notice says how many there are besides."""
ROOM = 1_000_000
"""Bytes of a step's summary; GitHub drops one of more than 1 MiB."""
LEVELS = {State.FAILED: "error", State.ERROR: "error", State.SKIPPED: "warning"}
DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
PROPERTY = {**DATA, ":": "%3A", ",": "%2C"}
OLD_COMMAND = re.compile(r"##(?=[\w.-]*\[)")
"""How a command of the older form begins, wherever in a line."""


def workflow_commands(attempts: Iterable[Attempt], language: str, checkout: Checkout) -> Iterator[str]:
    """Yield workflow commands, a line each: no more than GitHub shows, and then how many there are besides."""
    telling = Telling(language)
    count: Counter[str] = Counter()
    for attempt in attempts:
        for level, line in annotated(attempt, telling, checkout):
            count[level] += 1
            if count[level] <= SHOWN[level]:
                yield line
    if more := sum(max(0, number - SHOWN[level]) for level, number in count.items()):
        yield command("notice", telling.word("{count} more are in the summary of the step", count=more), {})


def annotated(attempt: Attempt, telling: Telling, checkout: Checkout) -> Iterator[tuple[str, str]]:
    """Yield level and command of each annotation of one attempt: the score, and what did not pass, together if it is alike."""
    said = f"{telling.outcome(attempt)} · {telling.score(attempt)}"
    level = "notice" if attempt.score else "error"
    yield level, command(level, said, {"title": name_of(attempt)})
    for (path, line, *_), alike in at_places(telling.rows(attempt), attempt, checkout).items():
        level = LEVELS[alike[0].state]
        where = {"file": path, "line": line, "title": f"{alike[0].id} · {alike[0].points}"}
        yield level, command(level, text_of(alike, telling), where)


def at_places(rows: Iterable[Row], attempt: Attempt, checkout: Checkout) -> dict[tuple[str, ...], list[Row]]:
    """Return what did not pass by path and line: what happened alike in one line of a file stands together."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for alike in grouped(rows):
        path, line = checkout.place(attempt, alike[0].result)
        about = str(alike[0].state) if line else alike[0].id
        groups.setdefault((path, str(line or ""), about, alike[0].happened), []).extend(alike)
    return groups


def text_of(alike: list[Row], telling: Telling) -> str:
    """Return what is said of tests that failed alike."""
    text = f"{alike[0].title}\n{alike[0].text}"
    if alike[1:]:
        others = telling.word(", ").join(row.id for row in alike[1:])
        text += f"\n{telling.word('  the same for: {tests}', tests=others).strip()}"
    return text


def command(name: str, text: str, properties: Mapping[str, str]) -> str:
    """Return a workflow command that is one line and says nothing but what it is given."""
    given = ",".join(f"{key}={escaped(value, PROPERTY)}" for key, value in properties.items() if value)
    return f"::{name}{' ' if given else ''}{given}::{escaped(text, DATA)}"


def escaped(text: str, table: Mapping[str, str]) -> str:
    """Return text that ends no line and no property, and begins no command."""
    bare = "\n".join(text.splitlines())
    return "".join(table.get(character, character) for character in OLD_COMMAND.sub("# #", bare))


def summary(pieces: Iterable[str], language: str, room: int = ROOM) -> str:
    """Return the summary of a step, of pieces of Markdown: at most ``room`` bytes of UTF-8, and it says if that is not all."""
    cut = "\n" + Telling(language).word("the rest is left out, for GitHub takes no more") + "\n"
    kept: list[str] = []
    room -= len(cut.encode())
    for piece in pieces:
        room -= len(piece.encode())
        if room < 0:
            return "".join([*kept, cut]) if kept else ""
        kept.append(piece)
    return "".join(kept)


def outputs(attempts: Iterable[Attempt]) -> dict[str, str]:
    """Return the outputs of a step: how many attempts and faults of ours there are; of a single attempt what came of it.

    Points are empty where nobody knows them; ``failed`` has the tests that did not pass, a line each.
    """
    number = faults = 0
    found: dict[str, str] = {}
    for attempt in attempts:
        number += 1
        faults += attempt.score is None
        found = of_one(attempt) if number == 1 else {}
    return {"attempts": str(number), "faults": str(faults), **found}


def of_one(attempt: Attempt) -> dict[str, str]:
    """Return what came of one attempt."""
    score = attempt.score
    failed = [row.id for row in Telling("en").rows(attempt) if row.state is not State.PASSED]
    return {
        "verdict": str(attempt.outcome),
        "earned": str(score.earned) if score else "",
        "possible": str(score.possible) if score else "",
        "percent": f"{score.percent:.1f}" if score and score.possible else "",
        "failed": "\n".join(failed),
    }


def assigned(values: Mapping[str, str], delimiter: str) -> str:
    """Return outputs as the file of the step wants them; nobody who has a say in a value may know the delimiter."""
    return "".join(f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in values.items())
