"""Plots of a class as SVG for a page: drawn by matplotlib, coloured by the page's style sheet, without a word of any language.

The same numbers give the same bytes, with one version of matplotlib. Its styles become attributes, which need no permission from
a policy, and its colours variables of the page, so that a plot is dark where the page is.
"""

from __future__ import annotations

import importlib.util
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from grader.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REMEDY = "pip install 'web-framework-course[report]'"
SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
COLOURS = {
    "#000001": "var(--ink)", "#000002": "var(--line)", "#000003": "var(--blue)", "#000004": "var(--passed)",
    "#000005": "var(--red)",
}  # fmt: skip
INK, LINE, BLUE, GREEN, RED = COLOURS
WIDTH = 7.2
"""Inches of 72 units."""
SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none", "svg.hashsalt": "grader", "font.size": 10, "font.family": "DejaVu Sans", "text.color": INK,
    "axes.edgecolor": LINE, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK, "grid.color": LINE,
    "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True, "xtick.major.size": 0, "ytick.major.size": 0,
    "figure.facecolor": "none", "axes.facecolor": "none",
}  # fmt: skip
LABELS = 12
"""Dates that stand below a plot at most."""
PRESENTATION = frozenset({
    "fill", "fill-opacity", "opacity", "stroke", "stroke-dasharray", "stroke-dashoffset", "stroke-linecap", "stroke-linejoin",
    "stroke-opacity", "stroke-width", "text-anchor",
})  # fmt: skip


def need_plots() -> None:
    """Make sure that there can be plots.

    Raises:
        UsageError: matplotlib is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError(f"a class page needs matplotlib for its plots, which is not installed; {REMEDY}")


def distribution(counts: Sequence[int], number: str) -> str:
    """Return how many students are in each tenth of the points; the number tells the drawing from others of the page."""
    with settings():
        figure = new(2.6)
        axes = figure.subplots()
        axes.bar(range(len(counts)), counts, width=0.92, color=BLUE)
        axes.set_xticks(range(len(counts)), [f"{10 * n}–{10 * n + 9 + (n == 9)}" for n in range(len(counts))])
        for place, count in enumerate(counts):
            if count:
                axes.annotate(str(count), (place, count), (0, 2), textcoords="offset points", ha="center")
        whole_numbers(axes, max(counts, default=0))
        return drawn(figure, number)


def items(
    names: Sequence[str], difficulty: Sequence[float], discrimination: Sequence[float | None], number: str
) -> str:
    """Return of each test from top to bottom the share that passes, and the discrimination where there is one."""
    with settings():
        figure = new(0.7 + 0.21 * len(names))
        left, right = figure.subplots(1, 2, sharey=True)
        places = range(len(names))
        left.barh(places, difficulty, height=0.7, color=GREEN)
        left.set_yticks(places, names)
        left.set_ylim(len(names) - 0.4, -0.6)
        left.set_xlim(0, 1)
        known = [(place, value) for place, value in enumerate(discrimination) if value is not None]
        right.barh(
            [p for p, _ in known], [v for _, v in known], height=0.7, color=[RED if v < 0 else BLUE for _, v in known]
        )
        right.axvline(0, color=LINE, linewidth=1)
        left.set_xticks((0, 0.25, 0.5, 0.75, 1), ("0", ".25", ".5", ".75", "1"))
        right.set_xticks((-0.5, 0, 0.5, 1), ("−.5", "0", ".5", "1"))
        right.set_xlim(min(-0.05, *values) if (values := [v for _, v in known]) else 0, 1)
        for axes, mark in ((left, "p"), (right, "r")):
            axes.grid(axis="x", linewidth=0.6)
            axes.set_xlabel(mark)
        return drawn(figure, number)


def progress(dates: Sequence[str], counts: Sequence[int], means: Sequence[float], number: str) -> str:
    """Return what was handed in over time as columns, and the mean of the class in percent as a line."""
    with settings():
        figure = new(2.8)
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        above.plot(range(len(means)), means, color=GREEN, linewidth=2, marker="o", markersize=3)
        above.set_ylim(0, 102)
        above.set_ylabel("%")
        above.grid(axis="y", linewidth=0.6)
        below.bar(range(len(counts)), counts, color=BLUE)
        whole_numbers(below, max(counts, default=0))
        every = -(-len(dates) // LABELS)
        below.set_xticks(range(0, len(dates), every), dates[::every])
        return drawn(figure, number)


# -- matplotlib's drawing as a part of the page


def settings() -> AbstractContextManager[None]:
    """Return the context in which plots are drawn."""
    import matplotlib as mpl

    return mpl.rc_context(SETTINGS)


def new(height: float) -> Figure:
    """Return an empty figure of so many inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH, height), layout="constrained")


def whole_numbers(axes: Axes, most: int) -> None:
    """Number a vertical axis that counts."""
    from matplotlib.ticker import MaxNLocator

    axes.set_ylim(0, max(1, most) * 1.12)
    axes.yaxis.set_major_locator(MaxNLocator("auto", integer=True))
    axes.grid(axis="y", linewidth=0.6)


def drawn(figure: Figure, number: str) -> str:
    """Return a figure as SVG."""
    text = io.BytesIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    root = ET.fromstring(text.getvalue())  # noqa: S314 - matplotlib has just written it
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{{{SVG}}}metadata", f"{{{SVG}}}style", f"{{{SVG}}}clipPath"):
                parent.remove(child)
    for element in root.iter():
        element.attrib = attributes(element, number)
        element.tag = element.tag.removeprefix(f"{{{SVG}}}")
    root.attrib = {"class": "plot", "viewBox": root.attrib["viewBox"]}
    return re.sub(r">\s+<", "><", ET.tostring(root, encoding="unicode"))


def attributes(element: ET.Element, number: str) -> dict[str, str]:
    """Return the attributes of an element: styles as attributes, names that no other drawing has, nothing clipped."""
    found = {name.replace(f"{{{XLINK}}}", ""): value for name, value in element.attrib.items()}
    style = dict(part.strip().split(":", 1) for part in found.pop("style", "").split(";") if ":" in part)
    found |= {name: value.strip() for name, value in style.items() if name in PRESENTATION}
    found.pop("clip-path", None)
    if "id" in found and not element.tag.endswith(("path", "use")):
        del found["id"]
    for name, value in found.items():
        if name == "id":
            found[name] = f"p{number}-{value}"
        elif name == "href":
            found[name] = f"#p{number}-{value[1:]}"
        else:
            found[name] = COLOURS.get(value, value)
    return found
