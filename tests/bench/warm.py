"""``python -P tests/bench/warm.py COURSE EXERCISE GRADINGS``: seconds of gradings of the reference by a warm worker, as JSON.

Started by `tests.bench.compare` on a machine that may have been made poorer, with a Python that may be a copy.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from grader.course import load_course
from grader.grading.workers import Worker
from grader.submissions import read_submission


def main() -> None:
    """Grade the reference a few times."""
    root, gradings = Path(sys.argv[1]), int(sys.argv[3])
    exercise = load_course(root).find(sys.argv[2])
    assert exercise.reference_folder
    files = dict(read_submission(exercise.reference_folder, exercise).files)
    worker = Worker(exercise, root)
    seconds = []
    try:
        for seed in range(gradings + 1):
            began = time.perf_counter()
            report = worker.grade(files, seed, hidden=True)
            seconds.append(time.perf_counter() - began)
            if report["fault"]:
                sys.exit(report["fault"])
        level = str(worker.ready.proof.level)
    finally:
        worker.stop()
    json.dump({"level": level, "seconds": seconds[1:]}, sys.stdout)


if __name__ == "__main__":
    main()
