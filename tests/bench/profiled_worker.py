"""A grading worker that profiles its judges: ``python -m tests.bench.profiled_worker CONFIG FOLDER``, see `tests.bench.profile`.

Each grading, in its fork, writes the profile of its CPU time into the folder. The clock is that of the process, so that waiting
for a submission does not count.
"""

from __future__ import annotations

import cProfile
import sys
import time
from pathlib import Path
from typing import Any

from grader.grading import worker
from grader.grading.job import Job, run


def profiled(items: Any, job: Job, *words: Any, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - those of `run`
    """Run a job as ever, with a profile."""
    profile = cProfile.Profile(time.process_time)
    report = profile.runcall(run, items, job, *words, **more)
    profile.dump_stats(Path(sys.argv[2]) / f"{job.number}.prof")
    return report


if __name__ == "__main__":
    worker.run = profiled  # type: ignore[attr-defined]  # the name that its fork looks up
    worker.main()
