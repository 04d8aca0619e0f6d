"""Positive controls: does an attack do to an unprotected grading what it says? One that never could is no evidence.

Everything is judged by what was seen from outside the submission's reach, compared with the same run of the attack's base.
"""

from __future__ import annotations

import functools
import json
import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from grader.errors import UsageError
from grader.models import Exercise
from grader.samples import CONTROLS, EXPECTED, Sample, load_samples, materialize
from tests.grader.conftest import ROOT
from tests.grader.leaks import COURSE, disguises, hidden_texts, leak_markers
from tests.grader.unprotected.boxes import Facts, run

DESCRIPTORS, FILES, REPORTS = 64, 5000, 4 << 20
"""Open files of a process, files in all and characters in reports that are more than a submission may cause."""
MINE = "/course/submitted/mallory/"
RAW = {
    "terminal escapes": "\x1b[", "a terminal title": "\x1b]", "markup": "<script", "a workflow command": "\n::",
    "a section marker": "\nsection_start:", "an end of CDATA": "]]>", "a reordering mark": "\u202e", "a formula": "=cmd|",
    "a null": "\0", "a bell": "\x07", "a carriage return": "\r", "a line separator": "\u2028", "a C1 control": "\x9b",
}  # fmt: skip
"""What must never stand in a report or on a console as it is."""
ONE_AT_A_TIME = threading.Lock()


def controls(facts: Facts, base: Facts, exercise: Exercise) -> dict[str, str]:
    """Return for each word of `CONTROLS` what shows it, or nothing."""
    judges: dict[str, Callable[[], str]] = {
        "gains": lambda: gains(facts, base),
        "leaks": lambda: ", ".join(sorted(leaked(facts, exercise) - leaked(base, exercise))),
        "hangs": lambda: hangs(facts) if not hangs(base) else "",
        "dies": lambda: dies(facts, base),
        "leaves": lambda: leaves(facts, base),
        "reaches": lambda: ", ".join(name for name in facts["visits"] if name not in base["visits"]),
        "uses": lambda: uses(facts, exercise),
        "injects": lambda: ", ".join(
            name for name, raw in RAW.items() if raw in shown(facts) and raw not in shown(base)
        ),
        "accepted": lambda: "",
    }
    return {word: judges[word]() for word in CONTROLS}


def gains(facts: Facts, base: Facts) -> str:
    """More tests passed, or success was reported."""
    found = []
    if passed(facts) > passed(base):
        found.append(f"{passed(facts)} passed, {passed(base)} honestly")
    if facts["code"] == 0 and base["code"] != 0:
        found.append(f"exit code 0, {base['code']} honestly")
    if result(facts).get("code") == 0 and result(base).get("code") != 0:
        found.append("results.json says that all is well")
    if said(facts) > said(base):
        found.append(f"the console speaks of {said(facts)} passed first")
    return ", ".join(found)


def hangs(facts: Facts) -> str:
    """It was still running when patience was at its end."""
    return "" if facts["ended"] or facts["stopped"] else f"still running after {facts['seconds']} s"


def dies(facts: Facts, base: Facts) -> str:
    """No report was written, or one that ends early."""
    if hangs(facts):
        return ""
    lacking = [name for name, key, end in (("junit.xml", "report", "</testsuites>"), ("results.json", "results", "}"))
               if not facts[key].rstrip().endswith(end)]  # fmt: skip
    stopped = f", stopped for its {facts['stopped']}" if facts["stopped"] else ""
    if lacking:
        return f"no {' and no '.join(lacking)} (exit code {facts['code']}{stopped})"
    return f"only {cases(facts)} of {cases(base)} tests in the report" if cases(facts) < cases(base) else ""


def leaves(facts: Facts, base: Facts) -> str:
    """A process, a socket or a file stayed."""
    own = {f"/course/results/{name}" for name in ("junit.xml", "results.json")}
    changed = [p for p in facts["changed"] if p not in base["changed"] and p not in own and "/.pytest_cache" not in p]
    gone = [path for path in facts["gone"] if path not in base["gone"]]
    found = {"process": facts["processes"], "socket": facts["sockets"], "changed": changed, "gone": gone}
    return "; ".join(f"{name}: {', '.join(items[:3])}" for name, items in found.items() if items)


def uses(facts: Facts, exercise: Exercise) -> str:
    """More was used than `Limits` allow."""
    limits, peak = exercise.limits, facts["peak"]
    most = {
        "processes": limits.processes, "memory": limits.total_memory, "single": limits.memory, "disk": limits.disk,
        "shared": limits.total_memory, "descriptors": DESCRIPTORS, "files": FILES,
    }  # fmt: skip
    found = [f"{name} {peak[name]} > {value}" for name, value in most.items() if peak[name] > value]
    spoken = facts["printed"] + len(facts["report"])
    return ", ".join([*found, *([f"{spoken} characters in the reports"] if spoken > REPORTS else [])])


def leaked(facts: Facts, exercise: Exercise) -> set[str]:
    """Return what of the secrets is in what was shown, or in a file that stayed."""
    honest = ("/.pytest_cache", "/__pycache__/test_", "/results/junit.xml", "/results/results.json")
    stayed = [text for path, text in facts["texts"].items() if not any(part in path for part in honest)]
    everything = "\n".join([shown(facts), *stayed])
    found = {f"planted {name}" for name, secret in facts.planted.items() if hidden_in(secret, everything)}
    found |= {"leak marker" for marker in leak_markers() if hidden_in(marker, everything)}
    hidden = (text for text in hidden_texts(exercise.name) if text in everything and text not in facts.own)
    return found | {f"hidden text {text[:30]!r}" for text in hidden}


def hidden_in(secret: str, text: str) -> bool:
    """Tell whether a secret is in a text, in any disguise; as the name of a variable it has underscores."""
    return any(form in text for one in (secret, secret.replace("-", "_")) for form in disguises(one))


def shown(facts: Facts) -> str:
    """Return all that a grading shows."""
    return f"\n{facts['output']}\n{facts['report']}\n{facts['results']}"


def passed(facts: Facts) -> int:
    """Return how many tests passed, says the runner's own result."""
    count = result(facts).get("passed", 0)
    return count if type(count) is int else 0


def cases(facts: Facts) -> int:
    """Return how many tests the report lists."""
    return int(facts["report"].count("<testcase "))


def said(facts: Facts) -> int:
    """Return how many tests passed, says the first place on the console that says it."""
    found = re.search(r"\b([0-9]{1,6}) passed\b", facts["output"])
    return int(found.group(1)) if found else 0


def result(facts: Facts) -> dict[str, Any]:
    """Return what stands in results.json."""
    try:
        found = json.loads(facts["results"] or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def accepted(facts: Facts, exercise: Exercise) -> str:
    """A naive reader took what it should have refused."""
    folder = facts["folder"]
    outside = [path for path in facts["changed"] if not path.startswith(MINE) and path.startswith("/")]
    found = [f"{name}: {folder[name][0]!r}" for name in ("odd", "links", "special", "set-id") if folder[name]]
    found += [f"outside the folder: {path}" for path in outside[:2] if path != MINE.rstrip("/")]
    found += [f"read: {', '.join(sorted(leaked(facts, exercise)))}"] if leaked(facts, exercise) else []
    found += [hangs(facts)] if hangs(facts) else []
    found += [f"stopped for its {facts['stopped']}"] if facts["stopped"] else []
    most = {"bytes": exercise.limits.disk, "files": FILES, "deepest": 100}
    found += [f"{name} {folder[name]} > {value}" for name, value in most.items() if folder[name] > value]
    found += [f"used: {uses(facts, exercise)}"] if uses(facts, exercise) else []
    return "; ".join(found)


# -- samples


@contextmanager
def handed_in(sample: Sample) -> Iterator[Path]:
    """Have a sample's submission in a folder that everybody may read."""
    with tempfile.TemporaryDirectory(prefix="sample-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        place = Path(folder, "handed-in")
        place.mkdir()
        path = materialize(sample, place)
        yield path


def base_facts(name: str, exercise: Exercise) -> Facts:
    """Return what is seen of an attack's base; it is run once for all attacks on it."""
    with ONE_AT_A_TIME:
        return run_base(name, exercise.name)


@functools.cache
def run_base(name: str, exercise_name: str) -> Facts:
    """Run a base."""
    exercise = COURSE.exercises[exercise_name]
    if name == "starter":
        return run(exercise.folder, exercise)
    if name == "reference":
        assert exercise.reference_folder
        return run(exercise.reference_folder, exercise)
    (sample,) = [sample for sample in load_samples(ROOT, exercise) if sample.name == name]
    with handed_in(sample) as path:
        return run(path, exercise)


def succeeds(sample: Sample, exercise: Exercise) -> tuple[str, Facts]:
    """Return what shows that an attack succeeds in the way that it says, or nothing; and all that was seen.

    Raises:
        UsageError: its expected.toml does not say how, or compared with what.
        BoxFailed: the box itself did not work.
    """
    if not sample.control or not sample.base:
        raise UsageError(f"{sample.folder / EXPECTED}: an attack says its 'control' and its 'base'")
    with handed_in(sample) as path:
        if sample.control == "accepted":
            facts = run(path, exercise, naive=True)
            return accepted(facts, exercise), facts
        facts = run(path, exercise)
    return controls(facts, base_facts(sample.base, exercise), exercise)[sample.control], facts
