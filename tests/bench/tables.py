"""What `tests.bench.compare` measured, as tables: a function from its report to text."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

MIB = 1 << 20
TOLD = ("python", "pytest", "gradescope-utils", "otter-grader", "nbgrader", "nbclient", "ipykernel")
NOTES = """\
All run the same test functions: the peers with the fixtures of tests/bench/inprocess.py, ours through the channel. None of the
peers isolates: the submission runs in the process of its tests and can read and change them; there is one process for all
modules of tests, no limit of time or memory, no deadline for a call, and no feedback in two languages. pytest,
gradescope-utils and otter start a process for each submission, as many at once as there are processors. nbgrader is one
command, which grades one after another; nbgrader-split is a course for each processor, which nobody has in practice. Its
kernels are ended at once (shutdown_kernel), which is faster than what it does by itself. Our levels below full are made by
denying this machine what it has more (tests/grader/poorer.py)."""


def show(console: Console, report: Mapping[str, Any], isolates: Mapping[str, str]) -> None:
    """Print everything."""
    where = report["machine"]
    console.print(
        f"{report['exercise']} on {where['processors']} × {where['processor']}, {where['system']}, Python {where['python']}; "
        f"load {where['load']} before, {report['load_after']} after",
        highlight=False,
    )
    for size in [common(report["costs"])] if report["costs"] else []:
        console.print(side_by_side(report, isolates, size))
    console.print(growth(report["costs"]))
    for line in lines(report):
        console.print(line, highlight=False, markup=False)
    console.print(NOTES, highlight=False, style="dim")


def common(costs: Mapping[str, Mapping[int, Any]]) -> int:
    """Return the largest size that every contestant has graded."""
    sizes = [set(found) for found in costs.values() if found]
    return max(set.intersection(*sizes)) if sizes else 0


def side_by_side(report: Mapping[str, Any], isolates: Mapping[str, str], size: int) -> Table:
    """Return the comparison at one size, and for one submission."""
    rows = {name: found[size] for name, found in report["costs"].items() if size in found}
    fastest = max((size / middle(costs, "seconds") for costs in rows.values()), default=1.0)
    shown = Table("", "isolation", "a second", "of the fastest", "CPU s each", "peak MiB", "one, cold: s", "(min)",
                  "one, warm: s", "(min)", title=f"{size} submissions")  # fmt: skip
    for name, costs in rows.items():
        rate = size / middle(costs, "seconds")
        ones = [cost["seconds"] for cost in report["ones"].get(name, ())]
        shown.add_row(
            name, isolates[name], f"{rate:.2f}", f"{rate / fastest:.0%}", f"{cpu(costs) / size:.3f}",
            f"{max(cost['memory'] for cost in costs) / MIB:.0f}", *of_one(ones), *of_one(report["warm"].get(name, ())),
        )  # fmt: skip
    return shown


def of_one(seconds: Any) -> tuple[str, str]:  # noqa: ANN401 - a sequence of floats
    """Return the median and the smallest as text."""
    return (f"{median(seconds):.3f}", f"({min(seconds):.3f})") if seconds else ("–", "")


def middle(costs: list[dict[str, Any]], what: str) -> float:
    """Return the median of one measure."""
    return float(median(cost[what] for cost in costs))


def cpu(costs: list[dict[str, Any]]) -> float:
    """Return the median of the seconds of CPU."""
    return float(median(cost["user"] + cost["system"] for cost in costs))


def growth(costs: Mapping[str, Mapping[int, Any]]) -> Table:
    """Return what one submission costs in classes of each size: seconds by the clock and of CPU, and memory at the peak."""
    sizes = sorted({size for found in costs.values() for size in found})
    shown = Table("", *(f"{size}" for size in sizes), title="growth: ms by the clock / ms of CPU for each, peak MiB")
    for name, found in costs.items():
        shown.add_row(name, *(each(found[size], size) if size in found else "–" for size in sizes))
    return shown


def each(costs: list[dict[str, Any]], size: int) -> str:
    """Return what one submission of a class costs."""
    wall, used = (seconds / size * 1e3 for seconds in (middle(costs, "seconds"), cpu(costs)))
    return f"{wall:.0f} / {used:.0f}, {middle(costs, 'memory') / MIB:.0f}"


def lines(report: Mapping[str, Any]) -> list[str]:
    """Return what stands below the tables."""
    found = [f"left out: {text}" for text in report["left_out"]]
    if report["imports"]:
        found.append(
            f"importing the tests and their fixtures: {cpu(report['imports']):.3f} s of CPU, in each process of a peer"
        )
    found += differing(report["differing"])
    left = {
        name for name, sizes in report["costs"].items() for costs in sizes.values() if any(c["left"] for c in costs)
    }
    found += [f"{name} left processes behind that had to be killed" for name in sorted(left)]
    if kept := report["endurance"]:
        for count in kept["counts"]:
            when = f"after {count['gradings']} gradings" if count["gradings"] else "in the end"
            found.append(f"{when}: {count['descriptors']} descriptors, {count['processes']} processes, {count['files']} files, "
                         f"{count['memory'] / MIB:.0f} MiB, {count['milliseconds']:.0f} ms each")  # fmt: skip
        found += kept["complaints"] or ["nothing grew and nothing stayed behind"]
    return [*found, *versions(report["versions"])]


def differing(students: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return who found how many tests passed, where not all found the same; students with the same numbers in one line."""
    texts: dict[str, list[str]] = {}
    for student, numbers in students.items():
        texts.setdefault(", ".join(f"{name} {number}" for name, number in numbers.items()), []).append(student)
    return [f"passed tests of {', '.join(names)}: {text}" for text, names in texts.items()]


def versions(known: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return the versions that matter, by contestant, equal ones once."""
    texts: dict[str, list[str]] = {}
    for name, packages in known.items():
        told = ", ".join(f"{package} {packages[package]}" for package in TOLD if package in packages)
        texts.setdefault(told, []).append(name)
    return [f"{', '.join(names)}: {told}" for told, names in texts.items()]
