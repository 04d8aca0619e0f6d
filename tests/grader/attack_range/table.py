"""The table kind x attack x setting, without empty cells: what became of every attack, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from grader.models import Isolation
from grader.samples import TRIES, Sample
from tests.grader.attack_range.look import Seen
from tests.grader.attack_range.settings import SETTINGS, Setting

CONTROL = "control"
COLUMNS = (*(setting.name for setting in SETTINGS), CONTROL)
NOT_WANTED = "was not asked for"
SLOWEST = 8
SHOWN = 60
"""Characters of a cell."""


@dataclass
class Results:
    """All that was found out; ``controls`` holds for each attack what shows that it succeeds, or why not with a leading "!"."""

    samples: list[Sample]
    seen: dict[tuple[str, str], Seen] = field(default_factory=dict)
    obstacles: dict[str, str] = field(default_factory=dict)
    controls: dict[str, str] = field(default_factory=dict)
    elsewhere: set[tuple[str, str]] = field(default_factory=set)

    def spread(self, settings: Sequence[str]) -> None:
        """Leave each attack to one of the settings, in turn."""
        self.elsewhere = {(name, sample.name) for number, sample in enumerate(self.samples)
                          for place, name in enumerate(settings) if number % len(settings) != place}  # fmt: skip

    def wrong(self) -> list[str]:
        """Return everything that is wrong, a line for each."""
        lines = [f"{name} at {setting}: {what}" for (setting, name), seen in self.seen.items() for what in seen.wrong]
        lines += [f"{name}: {what[1:]}" for name, what in self.controls.items() if what.startswith("!")]
        lines += [f"{name} at {setting.name}: was not graded" for setting in SETTINGS if setting.name not in self.obstacles
                  for name in self.unseen(setting)]  # fmt: skip
        if CONTROL not in self.obstacles:
            lines += [
                f"{sample.name}: no control was tried" for sample in self.samples if sample.name not in self.controls
            ]
        return lines

    def unseen(self, setting: Setting) -> Iterable[str]:
        """Return the attacks that are missing under a setting."""
        return (s.name for s in self.due(setting) if (setting.name, s.name) not in self.seen)

    def due(self, setting: Setting) -> list[Sample]:
        """Return the attacks that are to be graded under a setting."""
        return [s for s in self.samples if may_run(s, setting) and (setting.name, s.name) not in self.elsewhere]

    def cell(self, sample: Sample, column: str) -> str:
        """Return what stands in a cell."""
        if column in self.obstacles:
            return "not to be had here"
        if column == CONTROL:
            found = self.controls.get(sample.name, "!was not tried")
            return f"DUD: {found[1:]}" if found.startswith("!") else f"{sample.control}: {found}"
        (setting,) = [setting for setting in SETTINGS if setting.name == column]
        if not may_run(sample, setting):
            return "not run (harm)"
        if (column, sample.name) in self.elsewhere:
            return "at another setting"
        seen = self.seen.get((column, sample.name))
        return "WRONG: was not graded" if seen is None else cell_of(seen)

    def rows(self) -> list[list[str]]:
        """Return the table, its head first, kind by kind; columns that nobody asked for are left out."""
        columns = [column for column in COLUMNS if self.obstacles.get(column) != NOT_WANTED]
        rows = [["tries", "attack", *columns]]
        for tries in (*TRIES, ""):
            for sample in self.samples:
                if sample.tries == tries:
                    cells = [one_line(self.cell(sample, column)) for column in columns]
                    rows.append([tries or "?", sample.name.removeprefix("attack_"), *cells])
        return rows


def may_run(sample: Sample, setting: Setting) -> bool:
    """Tell whether a sample may be run under a setting: without walls only a harmless one."""
    return setting.level > Isolation.NONE or not sample.harm


def cell_of(seen: Seen) -> str:
    """Return verdicts, points of what the base is worth, seconds, and what is wrong."""
    word = "+".join(seen.verdicts) or ("passed" if seen.outcome == "graded" and not seen.failed else seen.outcome)
    points = f"{number(seen.points)}/{number(seen.base_points)}"
    again = f" (graded {seen.again + 1} times)" if seen.again else ""
    return f"{word} {points} {seen.seconds:.1f}s{again} {'WRONG: ' + '; '.join(seen.wrong) if seen.wrong else 'ok'}"


def number(points: int | None) -> str:
    """Return points, and a mark for none."""
    return "-" if points is None else str(points)


def one_line(text: str) -> str:
    """Return the beginning of a text, without what would break a table."""
    plain = "".join(c if c.isprintable() else "?" for c in text)
    return plain if len(plain) <= SHOWN else plain[: SHOWN - 1] + "…"


def text_table(rows: list[list[str]]) -> str:
    """Lay out a table, the columns below each other."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-+-".join("-" * width for width in widths), *lines[1:]])


def summary(results: Results) -> str:
    """Return how many attacks of each kind there are, how each setting went, and which attacks were slowest."""
    kinds = ", ".join(f"{tries} {sum(s.tries == tries for s in results.samples)}" for tries in TRIES)
    lines = [f"{len(results.samples)} attacks: {kinds}"]
    lines += [f"{one.name}: {results.obstacles.get(one.name) or counts(results, one)}" for one in SETTINGS]
    proven = sum(not what.startswith("!") for what in results.controls.values())
    lines.append(
        f"{CONTROL}: {results.obstacles.get(CONTROL) or f'{proven} of {len(results.samples)} succeed unprotected'}"
    )
    slowest = sorted(results.seen.values(), key=lambda seen: -seen.seconds)[:SLOWEST]
    lines.append("slowest: " + ", ".join(f"{s.sample} {s.seconds:.1f} s at {s.level}" for s in slowest))
    return "\n".join(lines)


def counts(results: Results, setting: Setting) -> str:
    """Return how a setting went."""
    rows: Mapping[str, Seen] = {name: seen for (where, name), seen in results.seen.items() if where == setting.name}
    bad = sum(bool(seen.wrong) for seen in rows.values())
    withheld = sum(not may_run(sample, setting) for sample in results.samples)
    gains, leaks = (sum(bool(getattr(seen, what)) for seen in rows.values()) for what in ("gained", "leaks"))
    again = sum(bool(seen.again) for seen in rows.values())
    rest = f", {withheld} not run (harm)" if withheld else ""
    rest += f", {again} graded again because the machine was busy" if again else ""
    return f"{len(rows)} graded, {bad} with something wrong, {gains} gains, {leaks} leaks{rest}"
