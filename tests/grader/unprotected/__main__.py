"""``python -m tests.grader.unprotected SAMPLE…``: what samples do to a grading that nothing protects, in a throw-away box.

For each sample: whether it does what its ``control`` says, what else it does, and with ``--facts`` all that was seen. A sample is
a name, a name with its exercise (``a1_hello_wsgi/raises``) or a folder below ``tests/submissions``; without any, all attacks are
tried. Exit code 1: a control does not succeed, or it is not clear which sample is meant.
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
    known = [sample for exercise in COURSE.exercises.values() if exercise.hidden_folder
             for sample in load_samples(ROOT, exercise)]  # fmt: skip
    try:
        samples = chosen(options.samples, known)
    except UsageError as error:
        sys.exit(str(error))
    with ThreadPoolExecutor(2) as pool:
        duds = sum([not good for good in pool.map(lambda sample: report(sample, facts=options.facts), samples)])
    sys.exit(1 if duds else 0)


def chosen(words: list[str], known: list[Sample]) -> list[Sample]:
    """Return the samples that are meant by names or folders, without any all attacks; a name alone may be in several exercises.

    Raises:
        UsageError: there is no such sample, or more than one.
    """
    if not words:
        return [sample for sample in known if sample.kind == "attack"]
    return [one_of(word, known) for word in words]


def one_of(word: str, known: list[Sample]) -> Sample:
    """Return the one sample with this name, exercise and name, or folder."""
    parts = Path(word).parts[-2:]
    found = [sample for sample in known if parts and (sample.exercise, sample.name)[-len(parts) :] == parts]
    if len(found) > 1:
        names = ", ".join(f"{sample.exercise}/{sample.name}" for sample in found)
        raise UsageError(f"several samples are called {word}; name one of them with its exercise: {names}")
    if not found:
        raise UsageError(f"there is no sample {word}")
    return found[0]


def report(sample: Sample, *, facts: bool) -> bool:
    """Try one sample, print what it did, and return whether that is what it says."""
    found, exercise, name = "", COURSE.exercises[sample.exercise], f"{sample.exercise}/{sample.name}"
    try:
        found, seen = succeeds(sample, exercise)
        lines = [f"{name}: {sample.control}: {found or 'NO, IT IS A DUD'}"]
        lines += [f"    also {word}: {what[:200]}" for word, what in others_of(sample, seen, exercise).items()]
        if facts:
            lines += [json.dumps({**seen.seen, "texts": sorted(seen["texts"])}, indent=1, ensure_ascii=True)]
    except (BoxFailed, UsageError) as error:
        lines = [f"{name}: {error}"]
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
