"""``python -m tests.fuzz TARGET --seconds N``: a long campaign, guided by coverage where atheris is installed.

    uv run --with atheris python -m tests.fuzz frames --seconds 300

Exit code 1: something was found; the input stands in the corpus, and the tests fail until the engine is mended.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

from tests.fuzz.driver import CORPUS, LONGEST, TARGETS, Campaign, kept, load, mutations


def main() -> None:
    """Run one campaign."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        say("atheris is not installed: inputs are mutated at random, without looking at what they reach")
        by_chance(options.target, options.seconds, options.seed)
    else:
        with atheris.instrument_imports(include=["grader", "tests.fuzz.targets", "json", "tomllib"]):
            load(options.target)
        by_coverage(atheris, options.target, options.seconds, options.seed)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def campaign(name: str) -> Campaign:
    """Begin a campaign with what was found before."""
    begun = Campaign(load(name), say, CORPUS / name)
    for data in (*begun.target.seeds, *(path.read_bytes() for path in kept(name))):
        begun.run(data)
    return begun


def end(ended: Campaign) -> None:
    """Say what came of it, and exit at once."""
    say(ended.summary())
    os._exit(1 if ended.findings else 0)


def by_chance(name: str, seconds: float, seed: int) -> None:
    """Mutate inputs at random."""
    begun = campaign(name)
    inputs = [b"", *begun.target.seeds, *(path.read_bytes() for path in kept(name))]
    for data in mutations(inputs, seed):
        begun.run(data)
        if time.monotonic() - begun.began > seconds:
            end(begun)


def by_coverage(atheris: ModuleType, name: str, seconds: float, seed: int) -> None:
    """Let libFuzzer choose inputs by what they reach; it keeps those that reach something new in a folder of its own."""
    begun = campaign(name)

    def once(data: bytes) -> None:
        begun.run(data)
        if time.monotonic() - begun.began > seconds:
            end(begun)

    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate((*begun.target.seeds, *(path.read_bytes() for path in kept(name)))):
            (Path(folder) / f"seed-{number}").write_bytes(data)
        settings = [f"-seed={seed % 2**31 or 1}", f"-max_len={LONGEST}", "-timeout=60", "-rss_limit_mb=2048", "-verbosity=0",
                    f"-artifact_prefix={CORPUS / name}{os.sep}"]  # fmt: skip
        (CORPUS / name).mkdir(parents=True, exist_ok=True)
        atheris.Setup([sys.argv[0], *settings, folder], once)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
