"""What tests of the nbgrader side share."""

from __future__ import annotations

from grader.errors import Misuse
from grader.nbgrader.names import require
from tests.grader.conftest import skip


def needs_nbgrader() -> None:
    """Ask for an nbgrader that this works with."""
    try:
        require()
    except Misuse as error:
        skip("there is no nbgrader here", str(error))
