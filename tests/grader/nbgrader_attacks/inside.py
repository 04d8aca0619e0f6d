"""Runs in the box: nbgrader's own commands on what was handed in, and then counts what is left of it."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.grader.nbgrader_attacks.look import napping

PATIENCE = 600


def main(exercise: str, nap: str) -> None:
    """Autograde everything, write the feedback, and say what was seen."""
    codes = []
    for command in ("autograde", "generate_feedback"):
        done = subprocess.run(["nbgrader", command, exercise], stdout=sys.stderr, timeout=PATIENCE, check=False)
        codes.append(done.returncode)
    print(json.dumps({"codes": codes, "survivors": napping(nap)}))  # noqa: T201 - read by the one who made the box


if __name__ == "__main__":
    main(*sys.argv[1:])
