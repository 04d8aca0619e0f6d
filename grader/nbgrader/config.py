"""nbgrader's configuration: one file that is generated, and the instructor's own one, which loads it.

Two files and no marked region in one: an update replaces a file that nobody edits, and what the instructor says below the
line that loads it wins, whatever it is.
"""

from __future__ import annotations

import pprint
from collections.abc import Mapping, Sequence

from grader.nbgrader.handed import SET_ASIDE
from grader.nbgrader.names import GENERATED

BUILDING = (
    "nbgrader.preprocessors.IncludeHeaderFooter",
    "nbgrader.preprocessors.InstantiateTests",
    "nbgrader.preprocessors.LockCells",
    "grader.nbgrader.building.KeepStarter",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.CheckCellMetadata",
)
"""nbgrader's own list (nbgrader.converters.generate_assignment), with `KeepStarter` in place of ClearSolutions."""
SANITIZING = ("grader.nbgrader.rebuild.RebuildFromRelease",)
"""What nbgrader does here besides has nothing to do: no cell, no metadata and no output is a student's."""
GRADING = (
    "grader.nbgrader.outside.GradeOutside",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
)
IGNORED = (".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback")
"""nbgrader's own list (nbgrader.coursedir)."""


def generated(kept: Mapping[str, Sequence[str]]) -> str:
    """Return the generated file; ``kept`` are the files of each assignment that autograding must not fetch from the source.

    Paths are relative to the assignment's folder, with slashes.
    """
    settings = {
        "GenerateAssignment.preprocessors": list(BUILDING),
        "Autograde.sanitize_preprocessors": list(SANITIZING),
        "Autograde.autograde_preprocessors": list(GRADING),
        "Autograde.exporter_class": "grader.nbgrader.rebuild.Exporter",
        "GenerateFeedback.exporter_class": "grader.nbgrader.feedback.FeedbackExporter",
        "Autograde.pre_convert_hook": "grader.nbgrader.handed.set_aside",
        "CourseDirectory.ignore": [*IGNORED, SET_ASIDE],
        "Exporter.optimistic_validation": True,
        "HTMLExporter.sanitize_html": True,
        "Autograde.exclude_overwriting": {name: sorted(paths) for name, paths in sorted(kept.items())},
    }
    said = [f"c.{name} = {pprint.pformat(value, width=110)}" for name, value in settings.items()]
    return HEAD + "\n\n".join(said) + "\n"


HEAD = f"""# Written by `grader nbgrader init --update`: changes made here are lost. What is to differ, say in nbgrader_config.py
# below the line that loads {GENERATED}.

c = get_config()  # noqa: F821 - nbgrader's

"""

OWN = f"""# Yours: `grader nbgrader init --update` leaves this file alone.
from pathlib import Path

c = get_config()  # noqa: F821 - nbgrader's
load_subconfig("{GENERATED}", str(Path(__file__).parent))  # noqa: F821 - nbgrader's; what you say below wins

c.CourseDirectory.course_id = "web-frameworks"  # what the exchange calls your course; no spaces, and not changed later
c.CourseDirectory.root = str(Path(__file__).resolve().parent)

# Where assignments are handed out and in: a folder that everybody may write to (default: /usr/local/share/nbgrader/exchange).
# c.Exchange.root = "/srv/nbgrader/exchange"

# Deadlines, students and groups: in the formgrader, or `nbgrader db`. What lateness costs: a plugin of
# nbgrader, c.AssignLatePenalties.plugin_class (nbgrader's documentation, "Late submission plugin").
"""
