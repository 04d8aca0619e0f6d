"""The attack range: every attack at every isolation level and user, what must hold, and proof that no attack is a dud.

``python -m tests.grader.attack_range [ATTACK…]`` grades attacks here, at the best level, and prints a line of JSON for each.
``--table`` runs all settings that this machine can have, two at a time, and prints the table kind x attack x setting.
Exit codes: 0 all is as it must be, 1 something is wrong, 3 a setting cannot be had (with ``--table`` only if GRADER_CI is set).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TextIO

from grader.errors import UsageError
from grader.models import Isolation
from grader.samples import Sample, load_samples
from tests.grader.attack_range.look import SERVICE, Range, Seen, Service
from tests.grader.attack_range.settings import ONLY_ROOT, SETTINGS, CannotBeHad, Launcher, Setting
from tests.grader.attack_range.table import (
    COLUMNS,
    CONTROL,
    NOT_WANTED,
    Results,
    cell_of,
    one_line,
    summary,
    text_table,
)
from tests.grader.conftest import ROOT
from tests.grader.leaks import COURSE
from tests.grader.unprotected import boxes, control

LEVELS = {str(level): level for level in Isolation}


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.grader.attack_range", description=__doc__.partition("\n")[0])
    parser.add_argument("attacks", nargs="*", help="names or folders of attacks (default: all)")
    parser.add_argument("--table", action="store_true", help="run all settings and print the table")
    parser.add_argument("--setting", action="append", choices=[*(s.name for s in SETTINGS), CONTROL],
                        help="with --table: only this")  # fmt: skip
    parser.add_argument("--spread", action="store_true", help="with --table: each attack at one of the settings, in turn")
    parser.add_argument("--level", choices=sorted(LEVELS), help="the level that there must be")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    samples = attacks([Path(name).name for name in options.attacks])
    sys.exit(table(samples, options.setting, spread=options.spread) if options.table else lines(samples, options.level))


def attacks(names: list[str]) -> list[Sample]:
    """Return attacks by name, all without a name; attacks come in the order of the exercises."""
    found = [sample for exercise in COURSE.exercises.values() if exercise.hidden_folder
             for sample in load_samples(ROOT, exercise) if sample.kind == "attack"]  # fmt: skip
    unknown = set(names) - {sample.name for sample in found}
    if unknown:
        sys.exit(f"there is no attack {', '.join(sorted(unknown))}")
    return [sample for sample in found if not names or sample.name in names]


def lines(samples: list[Sample], level: str | None, service: Service | None = None) -> int:
    """Grade attacks in this process, and print a line of JSON for each."""
    least = LEVELS[level] if level else Isolation.CONFINED
    try:
        graders = Range(service or Service.open(), least)
    except OSError as error:
        say(json.dumps({"obstacle": f"port {SERVICE[1]} is taken ({error}); end the program that listens there"}))
        return 3
    bad = 0
    try:
        for sample in samples:
            proven = graders.level(COURSE.exercises[sample.exercise])
            if proven < least or (level and proven != least):
                against = graders.grader.worker(COURSE.exercises[sample.exercise]).ready.proof.against
                why = "; ".join(against) or "nothing is in the way of it"
                say(json.dumps({"obstacle": f"the level is {proven}: {why}"}))
                return 3
            if proven == Isolation.NONE and sample.harm:
                continue
            seen, _ = graders.look(sample)
            bad += bool(seen.wrong)
            say(seen.as_json())
    finally:
        graders.close()
    return 0 if level else min(bad, 1)


def table(samples: list[Sample], wanted: list[str] | None, *, spread: bool = False) -> int:
    """Run the settings and the controls, two at a time, and print the table. Spread, an attack is run at one setting only."""
    results, progress = Results(samples), Progress()
    if spread:
        results.spread([setting.name for setting in SETTINGS if setting.name in (wanted or COLUMNS)])
    with ExitStack() as stack:
        launcher = Launcher(stack)
        jobs: dict[str, Callable[[], None]] = {CONTROL: partial(run_controls, launcher, results, progress)}
        for setting in SETTINGS:
            jobs[setting.name] = partial(run_setting, launcher, setting, results, progress)
        for name in set(jobs) - set(wanted or jobs):
            results.obstacles[name] = NOT_WANTED
        with ThreadPoolExecutor(2) as pool:
            running = [pool.submit(job) for name, job in jobs.items() if name not in results.obstacles]
            try:
                for one in running:
                    one.result()
            except BaseException:
                launcher.stop()
                raise
    say(f"{text_table(results.rows())}\n\n{summary(results)}\n{progress.seconds():.0f} s in all")
    return verdict(results)


def verdict(results: Results) -> int:
    """Print what is wrong or lacking, and return the exit code."""
    for line in results.wrong():
        say(f"WRONG: {line}")
    lacking = [name for name, why in results.obstacles.items() if why not in (NOT_WANTED, ONLY_ROOT)]
    for name in lacking:
        say(f"not to be had here: {name}: {results.obstacles[name]}")
    if results.wrong():
        return 1
    return 3 if lacking and os.environ.get("GRADER_CI") else 0


def run_setting(launcher: Launcher, setting: Setting, results: Results, progress: Progress) -> None:
    """Grade all attacks that may be run under a setting."""
    names = [sample.name for sample in results.due(setting)]

    def done(seen: Seen) -> None:
        results.seen[setting.name, seen.sample] = seen
        progress.say(setting.name, seen.sample, cell_of(seen))

    try:
        launcher.run(setting, names, done)
    except CannotBeHad as reason:
        results.obstacles[setting.name] = str(reason)
        progress.say(setting.name, "not to be had here", str(reason))


def run_controls(launcher: Launcher, results: Results, progress: Progress) -> None:
    """Try every attack where nothing protects the grading."""
    if boxes.obstacle():
        results.obstacles[CONTROL] = boxes.obstacle()
        return
    for sample in results.samples:
        if launcher.stopping.is_set():
            return
        try:
            found = (
                control.succeeds(sample, COURSE.exercises[sample.exercise])[0]
                or "!it does not do what its control says"
            )
        except (boxes.BoxFailed, UsageError) as error:
            found = f"!{error}"
        results.controls[sample.name] = found
        progress.say(CONTROL, sample.name, found)


class Progress:
    """Says on stderr what has been done, with the time since the beginning."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.lock = threading.Lock()

    def seconds(self) -> float:
        """Return the seconds since the beginning."""
        return time.monotonic() - self.began

    def say(self, *words: str) -> None:
        """Print a line."""
        with self.lock:
            say(f"{self.seconds():6.1f} s  {'  '.join(map(one_line, words))}", sys.stderr)


def say(text: str, stream: TextIO | None = None) -> None:
    """Print whole lines at once."""
    stream = stream or sys.stdout
    stream.write(f"{text}\n")
    stream.flush()


if __name__ == "__main__":
    main()
