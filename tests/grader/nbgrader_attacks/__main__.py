"""Prints the table attack, stock, ours: ``python -m tests.grader.nbgrader_attacks [--ours | --stock]``; 1 if anything is wrong.

Stock takes some minutes: each attack that ends the whole command gets a course of its own.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.grader.nbgrader_attacks import ours, stock
from tests.grader.nbgrader_attacks.attacks import ATTACKS, LAST
from tests.grader.nbgrader_attacks.look import everything, result

NOT_TRIED = "–"
"""What stands for an attack that is not for this path, or was not asked for."""


def main() -> int:
    """Run what was asked for, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ours", action="store_true", help="our path only")
    parser.add_argument("--stock", action="store_true", help="the control only")
    chosen = parser.parse_args()
    both = chosen.ours == chosen.stock
    wrong: list[str] = []
    theirs = dict.fromkeys((one.name for one in ATTACKS), NOT_TRIED)
    mine = dict(theirs)
    with tempfile.TemporaryDirectory(prefix="grader-nbgrader-") as place:
        folder = Path(place) / "ours"
        if chosen.ours or both:
            course, said = ours.attack(folder)
            mine = {one.name: result(course, one) or "nothing" for one in ATTACKS}
            wrong += [f"{name} got: {', '.join(got)}" for name, got in everything(course).items()]
            if course.points()[LAST] != stock.FULL:
                wrong.append(f"{LAST} has {course.points()[LAST]} points\n{said}")
        else:
            ours.make(folder)
        if chosen.stock or both:
            template = Path(place) / "stock"
            stock.make(template, folder, ours.reference())
            found = stock.controls(template, Path(place), ours.reference())
            theirs |= {name: got or "DUD" for name, got in found.items()}
            wrong += [f"{name} is a dud: it gets nothing of the stock path" for name, got in found.items() if not got]
    show(
        [
            ("attack", "how", "stock", "ours"),
            *((one.name, one.about, theirs[one.name], mine[one.name]) for one in ATTACKS),
        ]
    )
    for line in wrong:
        print(line)  # noqa: T201
    return 1 if wrong else 0


def show(rows: list[tuple[str, ...]]) -> None:
    """Print a table."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
