"""The trace of a failed test drawn as a sequence: server, middleware, app, and the place of the fault. Pure functions.

A trace is the line of `grader.testing.events`: kinds of events in order, each perhaps with a detail. Where the fault is follows
from the finding, if it names one of the driver's rules; else from the verdict; else it is where the test had come to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from grader.catalogues import Catalogue
from grader.models import TestResult, Text, Verdict
from grader.reports.web import Both, both, figure, shown

WAYS = {
    "called": ("server", "own"), "close": ("server", "own"),
    "start_response": ("own", "server"), "write": ("own", "server"), "returned": ("own", "server"),
    "yield": ("own", "server"), "raised": ("own", "server"),
    "readlines": ("own", "server"), "readline": ("own", "server"), "read": ("own", "server"),
    "app called": ("own", "app"), "app next": ("own", "app"),
    "app announces": ("app", "own"), "app write": ("app", "own"), "app closed": ("own", "app"),
    "source opened": ("own", "source"), "row wanted": ("own", "source"), "source closed": ("own", "source"),
}  # fmt: skip
"""Who does something to whom, by the kind of an event."""
LANES = ("server", "own", "app", "source")
SPLIT = re.compile(rf" > (?=(?:{'|'.join(sorted(WAYS, key=len, reverse=True))}|…)(?:[ (]| >|$))")
KIND = re.compile(rf"({'|'.join(sorted(WAYS, key=len, reverse=True))})(?![a-z])")

PLACES = {
    "your app answered Content-Length: {said}, then sent {sent} bytes": "start_response",
    "your app sent more than one Content-Length": "start_response",
    "your app called start_response a second time": "start_response",
    "your app called start_response after the end of its answer": "start_response",
    "your app called start_response with other arguments than two or three positional ones": "start_response",
    "the third argument of start_response was not the result of sys.exc_info()": "start_response",
    "the status was {type}, not str": "start_response",
    "the status line was {status}: not three digits, a blank and a reason": "start_response",
    "the headers were {type}, not a list": "start_response",
    "a header was a {type}; it must be a tuple with two members": "start_response",
    "the name or value of a header was {type}, not str": "start_response",
    "{name} cannot be the name of a header": "start_response",
    "the value of the header {name} has characters that no header may have": "start_response",
    "your app sent the header {name}, which only the server may send": "start_response",
    "your app returned {type} itself, not an iterable of bytes": "returned",
    "your app returned a value of type {type}, which cannot be iterated": "returned",
    "len() of the result does not say how many items it yields": "returned",
    "the first item of the body came before start_response was called": "yield",
    "your app yielded {type}, not bytes": "yield",
    "your app sent {sent} bytes of body where there must be none": "yield",
    "your app went on after start_response had raised its exception again": "yield",
    "your app called write() with {type}, not bytes": "write",
    "your app called write() after the end of its answer": "write",
    "your app called write() from inside its iterable": "write",
    "your app read past the end of the request body": "read",
    "your middleware called the app with something else than two positional arguments": "called",
    "your middleware called the app twice for the same request": "app called",
}
"""The kind of event that a finding of the driver is about."""
FINDINGS = [(re.compile(re.sub(r"\\\{\w+\\\}", ".*", re.escape(key)), re.DOTALL), kind) for key, kind in PLACES.items()]
FIRST = frozenset({"the first item of the body came before start_response was called"})
STOPPED = frozenset({
    Verdict.STUDENT_EXCEPTION, Verdict.TIMEOUT, Verdict.CPU_LIMIT, Verdict.MEMORY_LIMIT, Verdict.DISK_LIMIT,
    Verdict.OUTPUT_LIMIT, Verdict.CRASHED, Verdict.EXITED, Verdict.PROTOCOL_VIOLATION,
})  # fmt: skip
"""Verdicts that end a conversation: the fault comes after the last event."""
WIDTH, TOP, ROW, BOX = 500, 52, 34, 128
"""Units of the drawing: all of it, from the top to the first row, of a row, and the box with a name."""
CELLS = 52
"""Columns of text that fit above an arrow."""


@dataclass(frozen=True)
class Step:
    """One event: who does it to whom, as `LANES` are called; both are nobody where something is left out."""

    text: str
    kind: str
    source: str
    target: str


@dataclass(frozen=True)
class Fault:
    """Which step the fault is at (from 0), and how that is known: ``rule``, ``raised``, ``stopped`` or ``noticed``."""

    step: int
    known: str

    @property
    def at(self) -> bool:
        """Whether the step itself is the fault; else it is the last one before the test found it or the code stopped."""
        return self.known in ("rule", "raised")


def steps(trace: str) -> list[Step]:
    """Return the events of a trace. What a submission said in one is text, even if it looks like another one."""
    return [step(text) for text in SPLIT.split(trace) if text]


def step(text: str) -> Step:
    """Return one event."""
    found = KIND.match(text)
    return Step(text, found[1], *WAYS[found[1]]) if found else Step(text, "", "", "")


def fault_of(result: TestResult, found: Sequence[Step]) -> Fault:
    """Return where the fault of a failed test is; there is one step at least."""
    happened = result.feedback.happened["en"] if result.feedback else ""
    kind = next((kind for pattern, kind in FINDINGS if pattern.fullmatch(happened)), None)
    places = [number for number, one in enumerate(found) if kind and one.kind.startswith(kind)]
    if places:
        return Fault(places[0] if happened in FIRST else places[-1], "rule")
    last = len(found) - 1
    if found[last].kind == "raised":
        return Fault(last, "raised")
    return Fault(last, "stopped" if result.verdict in STOPPED else "noticed")


def remark(fault: Fault, catalogue: Catalogue) -> Text:
    """Say of the marked step what is known of it."""
    if fault.known == "rule":
        return catalogue.text("here is the fault")
    if fault.known == "raised":
        return catalogue.text("here an exception left your code")
    if fault.known == "stopped":
        return catalogue.text("your code did not get further than this")
    return catalogue.text("after this step the test found the fault")


# -- drawn and told


def drawn(result: TestResult, say: Both, number: str) -> str:
    """Return the trace of a failed test as a figure, and as a list for those who cannot see it; nothing if it has none."""
    found = steps(result.feedback.trace) if result.feedback else []
    if not found:
        return ""
    fault = fault_of(result, found)
    names = names_of(found, say.catalogue)
    caption = say.text("The sequence of the request from top to bottom, {count} steps; marked is step {step}: {remark}",
                       count=len(found), step=fault.step + 1, remark=remark(fault, say.catalogue))  # fmt: skip
    told = "".join(item(one, names, say, remark(fault, say.catalogue) if n == fault.step else None)
                   for n, one in enumerate(found))  # fmt: skip
    return figure(number, drawing(found, fault, names, say), caption, "sequence") + (
        f"<details><summary>{say.text('The same sequence as text')}</summary><ol>{told}</ol></details>"
    )


def item(one: Step, names: dict[str, Text], say: Both, marked: Text | None) -> str:
    """Return a step as an item of a list."""
    who = say.text("{source} to {target}: ", source=names[one.source], target=names[one.target]) if one.kind else ""
    said = f' <strong class="bad">{say.text("✗ {remark}", remark=marked)}</strong>' if marked else ""
    return f"<li>{who}<code>{shown(one.text)}</code>{said}</li>"


def names_of(found: Sequence[Step], catalogue: Catalogue) -> dict[str, Text]:
    """Return who takes part, in order, and what each is called."""
    there = {"server", "own"} | {name for one in found for name in (one.source, one.target) if name}
    own = catalogue.text("your middleware") if "app" in there else catalogue.text("your code")
    called = {
        "server": catalogue.text("server"), "own": own, "app": catalogue.text("app"), "source": catalogue.text("row source"),
    }  # fmt: skip
    return {name: called[name] for name in LANES if name in there}


def drawing(found: Sequence[Step], fault: Fault, names: dict[str, Text], say: Both) -> str:
    """Return the sequence as SVG: a line of life for each who takes part, an arrow for each step."""
    gap = (WIDTH - BOX - 30) / (len(names) - 1)
    places = {name: round(28 + BOX / 2 + gap * number) for number, name in enumerate(names)}
    parts: list[str] = []
    y = TOP
    for number, one in enumerate(found):
        here = number == fault.step
        parts += arrow(one, number, places, y, marked=here and fault.at)
        y += ROW
        if here:
            parts += remarked(one, fault, places, y, say.catalogue)
            y += 22
    head = [part for name, x in places.items() for part in lifeline(names[name], x, y - 10)]
    return f'<svg viewBox="0 0 {WIDTH} {y}">{"".join(head)}{"".join(parts)}</svg>'


def remarked(one: Step, fault: Fault, places: dict[str, int], y: int, catalogue: Catalogue) -> Iterator[str]:
    """Yield what is said below the marked step; where the fault came after it, a line across stands between."""
    said = catalogue.text("✗ {remark}", remark=remark(fault, catalogue))
    if not fault.at:
        yield f'<path class="fault cut" d="M{min(places.values())} {y - 16}H{max(places.values())}"/>'
    left = min(places.get(one.source, 0), places.get(one.target, 0)) + 10 if fault.at else min(places.values()) + 10
    widest = max(cell_len(text) for text in said.values())
    at = f'class="here" x="{left}"' if left + 7.5 * widest < WIDTH else f'class="here end" x="{WIDTH - 4}"'
    yield both(said, "text", f'{at} y="{y if not fault.at else y - 4}"')


def lifeline(name: Text, x: int, bottom: int) -> Iterator[str]:
    """Yield one who takes part, with a line down to the bottom."""
    yield f'<path class="life" d="M{x} 32V{bottom}"/>'
    yield f'<rect class="who" x="{x - BOX // 2}" y="4" width="{BOX}" height="28" rx="6"/>'
    yield both(name, "text", f'class="name mid" x="{x}" y="23"')


def arrow(one: Step, number: int, places: dict[str, int], y: int, *, marked: bool) -> Iterator[str]:
    """Yield one step: its number, an arrow, and what is written above it."""
    yield f'<text class="digit" x="4" y="{y + 14}">{number + 1}</text>'
    if not one.kind:
        yield f'<text class="label" x="{places["server"] + 8}" y="{y + 4}">{shown(fitted(one.text))}</text>'
        return
    start, end = places[one.source], places[one.target]
    left, away = min(start, end), 9 if end > start else -9
    kind, tip = ("fault", "fault-tip") if marked else ("arrow", "tip")
    back = " back" if one.kind == "returned" else ""
    yield f'<path class="{kind}{back}" d="M{start} {y + 10}H{end - away}"/>'
    yield f'<path class="{tip}" d="M{end} {y + 10}l{-away} -4.5v9z"/>'
    at = (
        f'class="label" x="{left + 10}"'
        if left + 8 * cell_len(one.text) < WIDTH
        else f'class="label end" x="{WIDTH - 4}"'
    )
    yield f'<text {at} y="{y + 4}">{shown(fitted(one.text))}</text>'
    if marked:
        yield f'<circle class="spot" cx="{start}" cy="{y + 10}" r="7"/>'


def fitted(text: str) -> str:
    """Return a text that is cut where it is too wide."""
    return text if cell_len(text) <= CELLS else set_cell_size(text, CELLS - 1).rstrip() + "…"
