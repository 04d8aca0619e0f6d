"""nbgrader's configuration: a file of ours, which is data, and a file of the instructor's, which is Python.

Two files and no marked region in one, because nbgrader goes on where the Python one has an error in it: without ours it
would then run in its own process what students wrote. It reads both by itself; ours is read last and wins.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

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
    "grader.nbgrader.saving.SaveGrades",
    "grader.nbgrader.saving.LatePenalties",
)


def generated(kept: Mapping[str, Sequence[str]]) -> str:
    """Return the generated file; ``kept`` are the files of each assignment that autograding must not fetch from the source.

    Paths are relative to the assignment's folder, with slashes.
    """
    settings = {
        "ExchangeFactory.collect": "grader.nbgrader.collecting.Collect",
        "ExchangeFactory.release_feedback": "grader.nbgrader.releasing.ReleaseFeedback",
        "ZipCollectApp.extractor_plugin": "grader.nbgrader.collecting.Extractor",
        "ZipCollectApp.collector_plugin": "grader.nbgrader.collecting.Collector",
        "GenerateAssignment.preprocessors": list(BUILDING),
        "Autograde.sanitize_preprocessors": list(SANITIZING),
        "Autograde.autograde_preprocessors": list(GRADING),
        "Autograde.exporter_class": "grader.nbgrader.rebuild.Exporter",
        "GenerateFeedback.exporter_class": "grader.nbgrader.feedback.FeedbackExporter",
        "Autograde.pre_convert_hook": "grader.nbgrader.handed.set_aside",
        "Exporter.optimistic_validation": True,
        "HTMLExporter.sanitize_html": True,
        "Autograde.exclude_overwriting": {name: sorted(paths) for name, paths in sorted(kept.items())},
    }
    content: dict[str, dict[str, object]] = {}
    for name, value in settings.items():
        owner, _, trait = name.partition(".")
        content.setdefault(owner, {})[trait] = value
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


OWN = """# Yours: `grader nbgrader init --update` leaves this file alone. How assignments are made and judged stands in
# nbgrader_config.json beside it, which nbgrader reads too.
from pathlib import Path

c = get_config()  # noqa: F821 - nbgrader's

c.CourseDirectory.course_id = "web-frameworks"  # what the exchange calls your course; no spaces, and not changed later
c.CourseDirectory.root = str(Path(__file__).resolve().parent)

# Where assignments are handed out and in: a folder that everybody may write to (default: /usr/local/share/nbgrader/exchange).
# c.Exchange.root = "/srv/nbgrader/exchange"

# Whose work an archive is that `nbgrader zip_collect` finds (default: that of whoever it is named for, as in ada.zip).
# c.FileNameCollectorPlugin.named_regexp = r".*/extracted/(?P<student_id>[^_/]+)[^/]*/(?P<file_id>.+)"

# Deadlines, students and groups: in the formgrader, or `nbgrader db`. What lateness costs: a plugin of
# nbgrader, c.AssignLatePenalties.plugin_class (nbgrader's documentation, "Late submission plugin").
"""
