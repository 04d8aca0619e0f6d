"""The box: what its walls keep in and out, what it limits, and that nothing of a job is left behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.channel.remote import StudentError, StudentGone
from grader.models import Isolation, Limits
from grader.sandbox import view
from grader.sandbox.box import Box
from grader.sandbox.bubblewrap import Bubblewrap
from grader.sandbox.inside import lockdown
from grader.sandbox.isolation import Bait, enter, places, probe
from grader.sandbox.plain import Plain
from grader.sandbox.process import Student, StudentProcess
from grader.sandbox.view import preload
from tests.grader.conftest import level, skip

ROOT = Path(__file__).parents[2]
SECRETS = [ROOT / "tests", ROOT / "solutions"]
LIMITS = Limits(call=2.0, test=20.0, total_memory=128 << 20, disk=8 << 20)


@pytest.fixture(scope="module")
def box(walled: None) -> Iterator[Box]:
    with_box, _ = enter(LIMITS, SECRETS)
    assert isinstance(with_box, Box)
    yield with_box
    with_box.stop()


@pytest.fixture
def student(box: Box) -> Iterator[Student]:
    started = started_with(box, "")
    yield started
    started.process.discard()
    box.sweep(1)


def started_with(spawner: Box | Plain, source: str) -> Student:
    """Start a student process whose module ``app`` can run any text: ``run`` evaluates, ``do`` executes."""
    helpers = "import os\ndef run(text): return eval(text, globals())\ndef do(text): exec(text, globals())\n"
    process: StudentProcess = spawner.spawn({"app.py": (source + helpers).encode()})
    process.begin_test()
    return Student(process)


def module(student: Student) -> Any:  # noqa: ANN401 - a reference
    student.process.begin_test()
    return student.peer.ask("import", "import", 0, "app")


def wait_until_gone(pids: list[int], seconds: float = 5.0) -> list[int]:
    deadline = time.monotonic() + seconds
    alive = pids
    while alive and time.monotonic() < deadline:
        alive = [pid for pid in alive if runs(pid)]
        select_wait()
    return alive


def runs(pid: int) -> bool:
    """Tell whether a process runs; one that nobody has reaped yet does not."""
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
            not in "ZX"
        )
    except (OSError, IndexError):
        return False


def select_wait() -> None:
    time.sleep(0.02)


def test_the_probes_find_no_hole_in_a_box(full: None, box: Box) -> None:
    assert probe(box, SECRETS) == (Isolation.FULL, [])


def test_the_probes_say_what_can_be_seen_from_a_box_without_namespaces(box: Box) -> None:
    found, lacks = probe(box, SECRETS)
    if found is Isolation.CONFINED:
        assert [lack.split(":")[0] for lack in lacks] == ["files", "processes", "network"]
    assert found is level()[0]


def test_the_probes_find_the_holes_where_there_are_no_walls() -> None:
    bait = Bait()
    student = started_with(Plain(Limits(call=20.0, test=30.0)), "")
    found = student.peer.ask("probe", "probe", 0, {**bait.facts, **places(SECRETS)})
    arrived = bait.taken()
    student.process.discard()
    bait.close()
    reach, sight = found["reach"], found["sight"]
    assert set(map(str, SECRETS)) <= set(reach["secrets"])
    assert len(reach["secrets"]) == 2 * len(SECRETS)
    assert tempfile.gettempdir() in reach["writes"]
    assert (str(view.ENGINE / "__init__.py") in reach["attributes"]) == (view.ENGINE.stat().st_uid == os.getuid())
    assert "the judge's process can be signalled" in reach["processes"]
    assert len(reach["network"]) == 3
    assert arrived
    assert bool(reach["rights"]) == (os.getuid() == 0)
    assert {"memory", "number of processes"} <= set(reach["limits"])
    assert sight["files"]
    assert sight["processes"] == ["the judge's process is visible"]


def test_a_machine_with_nothing_has_level_none_and_hears_the_remedies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_names, **_options: None)
    monkeypatch.setattr(lockdown, "landlock_abi", lambda: 0)
    spawner, proof = enter(LIMITS, SECRETS)
    assert isinstance(spawner, Plain)
    assert proof.level is Isolation.NONE
    assert "install it" in proof.against[0]
    assert "Linux 5.13" in proof.against[1]


def test_a_bubblewrap_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: None) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(Bubblewrap, "environment", {"PATH": f"{tmp_path}:/usr/bin:/bin"})
    spawner, proof = enter(LIMITS, SECRETS)
    spawner.stop()
    assert proof.level < Isolation.FULL
    assert "No permissions" in proof.against[0]


def test_the_view_never_holds_the_private_half() -> None:
    for folder in view.current().readable:
        for secret in SECRETS:
            assert not secret.is_relative_to(folder)


def test_only_the_own_folder_is_there_and_the_environment_is_empty(student: Student) -> None:
    app = module(student)
    assert app.run("sorted(os.listdir())") == ["app.py"]
    assert app.run("sorted(os.environ)") == ["HOME", "LANG", "MALLOC_ARENA_MAX", "PATH", "TMPDIR"]
    assert app.run("os.getuid()") != 0
    for path in (*SECRETS, Path.home()):
        with pytest.raises(StudentError):
            app.run(f"os.listdir({str(path)!r})")


def test_flask_is_there_without_installing_anything_inside(student: Student) -> None:
    assert module(student).run("__import__('flask').Flask('x').name") == "x"


def test_descriptors_of_the_judge_are_not_there(student: Student) -> None:
    app = module(student)
    descriptors = app.run(
        "[os.readlink('/proc/self/fd/' + n) for n in os.listdir('/proc/self/fd') if os.path.lexists('/proc/self/fd/' + n)]"
    )
    kinds = {name.split(":")[0] for name in descriptors if not name.startswith("/proc/")}
    assert kinds == {"pipe", "/dev/null"}, "pipes only: a socket could bring descriptors over"


def test_nothing_of_a_job_is_there_in_the_next_one(box: Box) -> None:
    first = started_with(box, "")
    app = module(first)
    app.do(
        "import subprocess, sys\n"
        "open('left', 'w').write('x'); open(os.environ['HOME'] + '/left', 'w').write('x')\n"
        "os.makedirs('a/b/c'); open('a/b/c/d', 'w').close()\n"
        "try: os.chmod('a/b', 0)\nexcept PermissionError: pass\n"
        "subprocess.Popen([sys.executable, '-c', 'import os, time; os.setsid(); time.sleep(60)'])"
    )
    first.process.discard()
    box.sweep(1)
    second = started_with(box, "")
    app = module(second)
    with pytest.raises(StudentError):
        app.run("os.listdir('..')")
    assert app.run("os.listdir(os.environ['HOME'])") == []
    assert len(children_of(zygote_of(box))) == 1
    second.process.discard()
    box.sweep(2)
    assert children_of(zygote_of(box)) == []


MANY = """
import time
for _ in range(9):
    if os.fork() == 0:
        held = bytearray(40 << 20)
        time.sleep(30)
time.sleep(1.5)
"""
DEAF = """
import contextlib, signal
for number in range(1, 65):
    with contextlib.suppress(OSError, ValueError):
        signal.signal(number, signal.SIG_IGN)
while True:
    pass
"""


@pytest.mark.parametrize(
    ("deed", "verdict"),
    [
        (MANY, "memory_limit"),
        ("for n in range(9): open(os.environ['HOME'] + f'/{n}', 'wb').write(b'x' * (4 << 20))\nimport time; time.sleep(1.5)",
         "disk_limit"),
        ("for n in range(9000): open(os.environ['HOME'] + f'/{n}', 'wb').close()\nimport time; time.sleep(1.5)", "disk_limit"),
        ("while True: print('x' * 100000)", "output_limit"),
        ("os.kill(os.getpid(), 9)", "crashed"),
        ("os.kill(os.getpid(), 19)", "timeout"),
        (DEAF, "timeout"),
    ],
    ids=["memory of many", "large files", "many files", "printing", "killed", "stopped", "signals ignored"],
)  # fmt: skip
def test_limits_over_all_processes_end_a_submission_in_bounded_time(box: Box, deed: str, verdict: str) -> None:
    began = time.monotonic()
    student = started_with(box, "")
    app = module(student)
    with pytest.raises(StudentGone) as gone:
        app.do(deed)
    assert gone.value.verdict == verdict, gone.value.detail
    student.process.discard()
    box.sweep(3)
    assert time.monotonic() - began < 12
    assert len(student.process.output) <= 64 << 10
    after = started_with(box, "")
    assert module(after).run("1 + 1") == 2
    after.process.discard()
    box.sweep(4)


@pytest.mark.parametrize(
    "deed",
    [
        "__import__('socket').socket(16, 3, 0)",  # netlink
        "os.chown('app.py', 0, 0)",
        "os.unshare(0x10000000)"
        if hasattr(os, "unshare")
        else "__import__('ctypes').CDLL(None).unshare(0x10000000) and 1/0",
        "os.setuid(0)",
        "os.kill(1, 9) or os.kill(1, 0) or 1/0 if os.path.exists('/nothing') else os.mknod('/dev/sda', 0o60600, 2049)",
        "__import__('socket').create_connection(('127.0.0.1', 80), 1)",
        "open('/proc/1/mem', 'rb')",
        "open('/proc/1/environ', 'rb').read()",
        "open('/etc/passwd')",
        "os.listdir('/')",
    ],
)
def test_what_needs_rights_is_refused(student: Student, deed: str) -> None:
    with pytest.raises(StudentError):
        module(student).run(deed)


def test_killing_the_judge_takes_the_whole_box_with_it(walled: None) -> None:
    source = (
        "from grader.sandbox.isolation import enter\nfrom grader.models import Limits\n"
        "box, _ = enter(Limits(), []); kept = box.spawn({})\nprint(box.process.pid, flush=True)\nimport time; time.sleep(60)\n"
    )
    before = box_folders()
    judge = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, cwd=ROOT, text=True)
    assert judge.stdout
    box_pid = int(judge.stdout.readline())
    below = wait_for_children(box_pid)
    folders = box_folders() - before
    judge.send_signal(signal.SIGKILL)
    judge.wait()
    judge.stdout.close()
    assert wait_until_gone([box_pid, *below]) == []
    assert folders.isdisjoint(box_folders())


def box_folders() -> set[Path]:
    places = (Path(tempfile.gettempdir()), Path("/dev/shm"))
    return {path for place in places for path in place.glob("grader-box-*")}


def wait_for_children(pid: int) -> list[int]:
    deadline = time.monotonic() + 5
    while not (found := children_of(pid)) and time.monotonic() < deadline:
        select_wait()
    assert found
    return found


DAEMONS = """
import os, subprocess, sys, time
for _ in range(3):
    subprocess.Popen([sys.executable, '-c', 'import os, time; os.fork(); os.setsid(); os.fork(); time.sleep(60)'])
time.sleep(0.5)
"""


def test_killing_the_zygote_takes_everything_with_it(walled: None) -> None:
    box, _ = enter(LIMITS, SECRETS)
    assert isinstance(box, Box)
    student = started_with(box, "")
    module(student).do(DAEMONS)
    below = children_of(zygote_of(box))
    assert len(below) >= 4
    os.kill(zygote_of(box), signal.SIGKILL)
    box.stop()
    student.process.discard()
    assert wait_until_gone(below) == []
    assert not os.path.lexists(getattr(box.walls, "base", "/nothing"))


def zygote_of(box: Box) -> int:
    """Return the process below which everything of the box runs: the deepest one that is no student process."""
    found = [box.process.pid, *children_of(box.process.pid)]
    named = [pid for pid in found if b"zygote.py" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return next(
        pid for pid in named if not Path(f"/proc/{pid}/cmdline").read_bytes().startswith((b"bwrap", b"setpriv"))
    )


def children_of(pid: int) -> list[int]:
    found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*found, *(grandchild for child in found for grandchild in children_of(child))]


def test_an_ordinary_user_has_the_same_level(tmp_path_factory: pytest.TempPathFactory, full: None) -> None:
    if os.geteuid() != 0:
        return  # then every other test here has shown it
    python = shutil.which("python3", path="/usr/bin")
    if (
        not python
        or subprocess.run([python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], check=False).returncode
    ):
        skip("there is no Python 3.11 that every user may run", "apt-get install python3")
    home = Path("/tmp") / f"grader-ordinary-{os.getpid()}"
    try:
        subprocess.run([str(python), "-m", "venv", "--without-pip", str(home / "venv")], check=True)
        [site] = (home / "venv" / "lib").glob("python3.*/site-packages")
        heavy = shutil.ignore_patterns("__pycache__", "mypy*", "*mypyc*", "ruff*", "hypothesis*", "pip*", "*.pth")
        shutil.copytree(Path(pytest.__file__).parents[1], site, ignore=heavy, dirs_exist_ok=True)
        shutil.copytree(ROOT / "grader", site / "grader", ignore=shutil.ignore_patterns("__pycache__"))
        subprocess.run(["chmod", "-R", "a+rX", str(home)], check=True)
        source_text = (
            "from grader.sandbox.isolation import enter\nfrom grader.models import Limits\n"
            "box, proof = enter(Limits(), []); box.stop(); print(proof.level, proof.against)"
        )
        done = subprocess.run(
            ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", str(home / "venv" / "bin" / "python"), "-c",
             source_text], capture_output=True, text=True, cwd="/", check=False, env={"PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        assert done.stdout.strip() == "full ()", done.stdout + done.stderr
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.mark.parametrize("source", [b"from flask import Flask", b"import os\nFLASK = 'import flask'"])
def test_frameworks_are_loaded_beforehand_for_submissions_that_use_them_only(walled: None, source: bytes) -> None:
    box, _ = enter(LIMITS, SECRETS, modules=preload([source]))
    try:
        student = started_with(box, "import sys\n")
        loaded = module(student).run("'flask' in sys.modules")
        there = module(student).run("__import__('flask').Flask.__name__")
        student.process.discard()
        box.sweep(1)
    finally:
        box.stop()
    assert (loaded, there) == (source.startswith(b"from flask"), "Flask")
