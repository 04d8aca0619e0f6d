"""What is left of the walls on poorer machines: namespaces, Landlock or capabilities are really taken away (`poorer`).

The level is what the probes prove there. Where there are walls at all, the tests of the box, of the engine and of serving
run again behind them, as root and as an ordinary user, in a copy of this environment that every user may read.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.grader.conftest import IN_CI, skip
from tests.grader.ordinary import NOBODY, Place, obstacle, readable_copy

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="walls are built on Linux only")
ORDINARY = ("--user", str(NOBODY))
MACHINES = [
    ((), "full", "bubblewrap namespaces"),
    (("--no-landlock",), "full", "no Landlock (not needed with namespaces)"),
    (ORDINARY, "full", "user, mount, pid, net"),
    (("--no-namespaces",), "confined", "Landlock ABI"),
    (("--no-namespaces", "--landlock", "1"), "confined", "Landlock ABI 1"),
    (("--no-namespaces", *ORDINARY), "confined", f"the same user id {NOBODY}"),
    (("--no-namespaces", "--landlock", "3", *ORDINARY), "confined", "Landlock ABI 3"),
    (("--no-namespaces", "--no-landlock"), "none", "the kernel offers no Landlock"),
    (("--no-namespaces", "--no-landlock", *ORDINARY), "none", "the kernel offers no Landlock"),
    (("--no-namespaces", "--no-capabilities"), "none", "root without the capabilities CAP_CHOWN"),
]
"""What is taken away, the level that is left, and words that doctor says."""
OFTEN = [
    machine
    for machine in MACHINES
    if IN_CI or machine[0] in ((), ("--no-namespaces",), ("--no-namespaces", "--no-landlock"))
]
AGAIN = ["test_sandbox.py", "test_engine.py", "test_serve.py"]
WALLED = [("--no-namespaces",), ("--no-namespaces", "--landlock", "3", *ORDINARY)] if IN_CI else []
"""The strongest and the weakest walls without namespaces."""
OLD = ("--landlock", "3", *ORDINARY)
OLD_REFUSES = "ordinary_user or killed] or stopped]"
"""With an old Landlock and without a user of its own a submission may not even send signals to itself."""


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """An environment and a course that every user may read."""
    if obstacle():
        skip("no environment can be made that every user may read", obstacle())
    with readable_copy(course=True) as made:
        yield made


def on(machine: tuple[str, ...], place: Place, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the copied environment on a poorer machine; only root can become somebody else."""
    if machine and os.geteuid() != 0 and ("--user" in machine or "--no-capabilities" in machine):
        pytest.skip("only root can play another user or give capabilities up")
    launcher = [str(place.python), str(place.course / "tests" / "grader" / "poorer.py"), *machine, "--"]
    environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8", "COLUMNS": "300", "HOME": "/nonexistent"}
    return subprocess.run(
        [*launcher, str(place.python), *words], capture_output=True, text=True, check=False, cwd=place.course, env=environment,
        stdin=subprocess.DEVNULL, timeout=300,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("machine", "level", "said"), OFTEN, ids=[" ".join(machine[0]) or "as it is" for machine in OFTEN]
)
def test_the_level_is_what_the_probes_prove(machine: tuple[str, ...], level: str, said: str, place: Place) -> None:
    done = on(machine, place, "-m", "grader", "doctor")
    assert done.stdout.startswith(f"isolation level: {level}\n"), done.stdout + done.stderr
    assert said in done.stdout


if WALLED:  # they take minutes

    @pytest.mark.parametrize("machine", WALLED, ids=[" ".join(machine) for machine in WALLED])
    def test_poorer_walls_stand_the_same_tests(machine: tuple[str, ...], place: Place) -> None:
        left_out = OLD_REFUSES if machine[-4:] == OLD else "ordinary_user"
        files = [str(place.course / "tests" / "grader" / name) for name in AGAIN]
        options = [
            "-q",
            "-p",
            "no:cacheprovider",
            "-c",
            str(place.course / "pyproject.toml"),
            "--rootdir",
            str(place.course),
        ]
        done = on(machine, place, "-m", "pytest", *options, "-k", f"not ({left_out})", *files)
        assert done.returncode == 0, done.stdout[-3000:]
        assert " passed" in done.stdout
