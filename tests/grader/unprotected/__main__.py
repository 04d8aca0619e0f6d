"""``python -m tests.grader.unprotected SAMPLE…``: what samples do to a grading that nothing protects, in a throw-away box.

For each sample: whether it does what its ``control`` says, what else it does, and with ``--facts`` all that was seen. A sample is
a name or a folder below ``tests/submissions``; without any, all attacks are tried. Exit code 1: a control does not succeed.
"""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from grader.errors import UsageError
from grader.models import Exercise
from grader.samples import CONTROLS, Sample, load_samples
from tests.grader.conftest import ROOT
from tests.grader.leaks import COURSE
from tests.grader.unprotected.boxes import BoxFailed, Facts, obstacle
from tests.grader.unprotected.control import base_facts, controls, succeeds


def main() -> None:
    """Try samples and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.grader.unprotected", description=__doc__.partition("\n")[0])
    parser.add_argument("samples", nargs="*")
    parser.add_argument("--facts", action="store_true", help="print all that was seen")
    options = parser.parse_args()
    if obstacle():
        sys.exit(obstacle())
    known = {sample.name: (sample, exercise) for exercise in COURSE.exercises.values() if exercise.hidden_folder
             for sample in load_samples(ROOT, exercise)}  # fmt: skip
    names = [Path(name).name for name in options.samples] or [n for n, (s, _) in known.items() if s.kind == "attack"]
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"there is no sample {', '.join(unknown)}")
    with ThreadPoolExecutor(2) as pool:
        duds = sum([not good for good in pool.map(lambda name: report(*known[name], facts=options.facts), names)])
    sys.exit(1 if duds else 0)


def report(sample: Sample, exercise: Exercise, *, facts: bool) -> bool:
    """Try one sample, print what it did, and return whether that is what it says."""
    found = ""
    try:
        found, seen = succeeds(sample, exercise)
        lines = [f"{sample.name}: {sample.control}: {found or 'NO, IT IS A DUD'}"]
        lines += [f"    also {word}: {what[:200]}" for word, what in others_of(sample, seen, exercise).items()]
        if facts:
            lines += [json.dumps({**seen.seen, "texts": sorted(seen["texts"])}, indent=1, ensure_ascii=True)]
    except (BoxFailed, UsageError) as error:
        lines = [f"{sample.name}: {error}"]
    sys.stdout.write("\n".join([*lines, ""]))
    sys.stdout.flush()
    return bool(found)


def others_of(sample: Sample, seen: Facts, exercise: Exercise) -> dict[str, str]:
    """Return what else an attack does."""
    if sample.control == "accepted":
        return {}
    found = controls(seen, base_facts(sample.base, exercise), exercise)
    return {word: found[word] for word in CONTROLS if found[word] and word != sample.control}


if __name__ == "__main__":
    main()
