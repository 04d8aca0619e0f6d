"""The page of feedback that students get, as nbgrader makes it, but it loads nothing: who reads it is nobody else's business.

nbgrader's configuration names it as ``GenerateFeedback.exporter_class``. With nbconvert's own template the browser of each reader
would ask a content network for MathJax, and no notebook of ours has formulas.
"""

from __future__ import annotations

from typing import Any

from jinja2 import DictLoader
from nbconvert.exporters import HTMLExporter

WITHOUT = {"mathjax.html.j2": '{%- macro mathjax(url="") -%}{%- endmacro %}'}
"""In place of nbconvert's own file of this name (share/jupyter/nbconvert/templates/base)."""


class FeedbackExporter(HTMLExporter):
    """Makes pages without MathJax."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - nbconvert's
        super().__init__(*args, **{"extra_loaders": [DictLoader(WITHOUT)], **kwargs})  # type: ignore[no-untyped-call]
