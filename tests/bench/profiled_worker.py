"""A grading worker that watches its judges, for `tests.bench.profile`: its words are the configuration, a folder, and how.

Each judge leaves a file named for its job in the folder: the profile of its CPU time, or only the seconds of CPU of its run. The
clock is that of the process, so that waiting for a submission does not count.
"""

from __future__ import annotations

import cProfile
import sys
import time
from pathlib import Path
from typing import Any

from grader.grading import worker
from grader.grading.job import Job, run

PROFILE, CLOCK = "profile", "clock"


def profiled(items: Any, job: Job, *words: Any, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - those of `run`
    """Run a job as ever, with a profile."""
    profile = cProfile.Profile(time.process_time)
    report = profile.runcall(run, items, job, *words, **more)
    profile.dump_stats(Path(sys.argv[2]) / str(job.number))
    return report


def clocked(items: Any, job: Job, *words: Any, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - those of `run`
    """Run a job as ever, between two looks at the clock."""
    began = time.process_time()
    report = run(items, job, *words, **more)
    (Path(sys.argv[2]) / str(job.number)).write_text(str(time.process_time() - began))
    return report


if __name__ == "__main__":
    worker.run = profiled if sys.argv[3] == PROFILE else clocked  # type: ignore[attr-defined]  # its fork looks this up
    worker.main()
