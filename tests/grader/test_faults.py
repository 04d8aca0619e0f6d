"""Faults of ours: retried or reported, never a wrong score; and whatever is killed, nothing of it stays behind."""

from __future__ import annotations

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("this module kills processes that it finds in /proc; run it on Linux", allow_module_level=True)

import contextlib
import errno
import fcntl
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner

from grader.channel.remote import StudentGone
from grader.cli import main
from grader.course import load_course
from grader.errors import EngineFault
from grader.grading import crew, folders, workers
from grader.grading.grade import Grader
from grader.grading.pipes import HungUp, read_all
from grader.grading.workers import Worker, WorkerDied
from grader.models import Attempt, Isolation, Limits, Outcome, Submission, Verdict
from grader.output import write_json
from grader.sandbox.box import Box
from grader.sandbox.plain import Plain
from grader.testing.events import Recorder
from grader.testing.outcome import observe
from tests.grader.chaos import grade_in_chaos, kill_command_line
from tests.grader.conftest import IN_CI, skip
from tests.grader.process_tree import ROLES, Process, below, orphanage, roles_below, wait_for
from tests.grader.test_engine import REFERENCE, write_course

ROOT = Path(__file__).parents[2]
FULL_MARKS = 12
GONE = 30.0
"""Seconds within which everything has to be gone; it takes a second or two, unless the machine is very busy."""
SLOW = "import time\ntime.sleep(0.4)\n" + REFERENCE
VERY_SLOW = "import time\ntime.sleep(19)\n" + REFERENCE
ROUNDS = int(os.environ.get("GRADER_CHAOS_ROUNDS", "25" if IN_CI else "5"))
"""How often the random test strikes, so often in GRADER_CHAOS_SECONDS at most."""
SECONDS = float(os.environ.get("GRADER_CHAOS_SECONDS", "3600" if "GRADER_CHAOS_ROUNDS" in os.environ else "30"))
HALF = REFERENCE.replace("number * number", "abs(number * number) if number != 2.5 else 0")


@pytest.fixture
def square(tmp_path: Path) -> Path:
    """A course whose workers start in a second."""
    return patient_course(tmp_path / "course")


def patient_course(folder: Path, load: float = 20.0) -> Path:
    """Write a course whose limits nobody reaches on a busy machine; only imports may have to be quick."""
    manifest = write_course(folder) / "exercises" / "s1_square" / "exercise.toml"
    head, _, _ = manifest.read_text(encoding="utf-8").partition("[limits]")
    manifest.write_text(head + f"[limits]\ncall = 10.0\nload = {load}\ntest = 30.0\n", encoding="utf-8")
    return folder


@contextlib.contextmanager
def temporary(folder: Path) -> Iterator[Path]:
    """Have every temporary file of this process and of those below it go to a new folder."""
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder))
        patch.setenv("TMPDIR", str(folder))
        yield folder


@contextlib.contextmanager
def grading(course: Path, place: Path) -> Iterator[Grader]:
    """Grade at level full; nothing of it is left behind."""
    with orphanage() as left:
        made = Grader(load_course(course), course, Isolation.FULL, seed=1)
        try:
            yield made
        finally:
            made.close()
            wait_for(lambda: not left(), GONE)
        assert names_in(place) == []


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """An empty folder where every temporary file of a test goes."""
    with temporary(tmp_path / "temporary") as folder:
        yield folder


@pytest.fixture
def grader(square: Path, place: Path, full: None) -> Iterator[Grader]:
    """A grader of a test's own."""
    with grading(square, place) as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, full: None) -> Iterator[Grader]:
    """A grader for tests that leave the course alone."""
    folder = tmp_path_factory.mktemp("shared")
    with temporary(folder / "temporary") as place, grading(patient_course(folder / "course"), place) as made:
        yield made


def submission(source: str = REFERENCE) -> Submission:
    return Submission("s1_square", "ada", "", {"square.py": source.encode()})


def names_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def assert_right(attempt: Attempt, points: int = FULL_MARKS) -> None:
    assert attempt.outcome is Outcome.GRADED, dict(attempt.detail)
    assert attempt.score is not None
    assert attempt.score.earned == points, {r.info.id: (r.verdict, r.staff) for r in attempt.results}


def assert_ours(attempt: Attempt, *said: str) -> None:
    assert attempt.outcome.ours
    assert attempt.score is None
    assert attempt.results == ()
    for words in said:
        assert words in attempt.detail["message"]


def worker_of(grader: Grader) -> int:
    return grader.workers["s1_square"].process.pid


# -- survival


def submit(tree: Path, *sources: str) -> Path:
    for number, source in enumerate(sources):
        folder = tree / f"student{number}" / "s1_square"
        folder.mkdir(parents=True)
        (folder / "square.py").write_text(source)
    return tree


@contextlib.contextmanager
def command(square: Path, tree: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the command line in a process of its own."""
    words = [
        sys.executable,
        "-m",
        "grader",
        "grade",
        str(tree),
        "--course",
        str(square),
        "--out",
        str(tree.parent / "out"),
    ]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


MOMENTS: dict[str, Callable[[dict[str, list[Process]]], object]] = {
    "the worker starts": lambda roles: roles["worker"],
    "the box starts": lambda roles: roles["box"],
    "the reference is graded": lambda roles: roles["job"],
    "the second submission is imported": lambda roles: roles["job"] and roles["student"],
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killing_the_command_line_ends_everything_below_it(
    moment: str, square: Path, tmp_path: Path, place: Path, full: None
) -> None:
    tree = submit(tmp_path / "submitted", REFERENCE, VERY_SLOW)
    with orphanage() as left, command(square, tree) as cli:
        if "second" in moment:
            assert cli.stdout
            assert cli.stdout.readline() == b"graded 1 of 2\n"
        wait_for(lambda: MOMENTS[moment](roles_below(cli.pid)))
        seen = below(cli.pid)
        cli.kill()
        cli.wait()
        wait_for(lambda: not left() and not any(process.alive() for process in seen), GONE)
    assert names_in(place) == []
    assert [path.name for path in (tmp_path / "out").rglob("*") if path.is_file() and path.suffix != ".json"] == []


@pytest.mark.parametrize("role", ROLES)
def test_killing_any_other_process_costs_nobody_anything(role: str, shared: Grader) -> None:
    assert_right(shared.grade(submission()))
    attempts: list[Attempt] = []
    thread = threading.Thread(target=lambda: attempts.append(shared.grade(submission(SLOW))))
    thread.start()
    wait_for(lambda: roles_below(os.getpid())["job"] and roles_below(os.getpid())["student"])
    seen = below(worker_of(shared))
    [victim] = roles_below(os.getpid())[role]
    victim.kill()
    thread.join(120)
    assert_right(attempts[0])
    assert not victim.alive()
    assert_right(shared.grade(submission()))
    wait_for(lambda: not any(process.alive() for process in seen if process not in below(os.getpid())), GONE)
    folder = shared.workers["s1_square"].folder.path
    assert names_in(folder.parent) == [folder.name, f"{folder.name}/{folders.LOCK}"]


@pytest.mark.parametrize("role", ["worker", "box", "zygote"])
def test_killing_a_process_while_it_starts_costs_nobody_anything(role: str, grader: Grader) -> None:
    attempts: list[Attempt] = []
    thread = threading.Thread(target=lambda: attempts.append(grader.grade(submission())))
    thread.start()
    wait_for(lambda: roles_below(os.getpid())[role])
    roles_below(os.getpid())[role][0].kill()
    thread.join(120)
    assert_right(attempts[0])


def test_a_box_that_hangs_costs_nobody_anything_though_nothing_above_it_is_left_to_end_it(
    tmp_path: Path, place: Path, full: None
) -> None:
    with grading(patient_course(tmp_path / "course", load=2.0), place) as grader:
        assert_right(grader.grade(submission()))
        roles = roles_below(os.getpid())
        [zygote] = roles["zygote"]
        os.kill(zygote.pid, signal.SIGSTOP)
        roles["box"][0].kill()
        assert_right(grader.grade(submission()))
        wait_for(lambda: not zygote.alive(), GONE)


def test_a_folder_is_removed_when_its_worker_and_its_parent_were_killed(
    grader: Grader, place: Path, square: Path, tmp_path: Path
) -> None:
    tree = submit(tmp_path / "submitted", VERY_SLOW)
    with command(square, tree) as cli:
        wait_for(lambda: roles_below(cli.pid)["job"])
        os.kill(cli.pid, signal.SIGSTOP)
        for victim in [*roles_below(cli.pid)["worker"], *below(cli.pid)]:
            victim.kill()
    [left] = list(place.iterdir())
    assert_right(grader.grade(submission()))
    assert [path for path in place.iterdir() if path == left] == []


# -- folders


HOLDER = """
import sys
from pathlib import Path
from grader.grading.folders import hold
assert hold(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_only_folders_that_nobody_holds_are_swept(place: Path) -> None:
    kept, let_go = folders.Folder(), folders.Folder()
    let_go.held.close()
    strangers = place / "grader-worker-notes"
    strangers.mkdir()
    (strangers / "notes.txt").write_text("somebody's own")
    empty = place / "grader-worker-killed-early"
    empty.mkdir()
    folders.sweep()
    assert sorted(path.name for path in place.iterdir()) == sorted([kept.path.name, strangers.name])
    kept.remove()
    assert sorted(path.name for path in place.iterdir()) == [strangers.name]


def test_a_folder_is_swept_when_its_holder_is_killed(place: Path) -> None:
    folder = folders.Folder()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder.path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout
    assert holder.stdin
    assert holder.stdout.readline() == b"held\n"
    folder.held.close()
    folders.sweep()
    assert folder.path.is_dir()
    holder.kill()
    holder.wait()
    folders.sweep()
    assert names_in(place) == []
    holder.stdin.close()
    holder.stdout.close()


def test_a_folder_that_another_start_sweeps_away_is_made_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make, made = tempfile.mkdtemp, []

    def swept_once(prefix: str) -> str:
        made.append(make(prefix=prefix))
        if len(made) == 1:
            folders.sweep()
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", swept_once)
    folder = folders.Folder()
    assert len(made) == 2
    assert names_in(place) == [f"{folder.path.name}/lock"]
    folder.remove()


def test_a_folder_that_is_gone_cannot_be_held(place: Path) -> None:
    assert folders.hold(place / "grader-worker-gone") is None


def test_a_folder_that_was_replaced_while_it_was_locked_is_not_held(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folders.Folder()
    real = fcntl.flock

    def swept_meanwhile(descriptor: int, how: int) -> None:
        (folder.path / folders.LOCK).unlink()
        real(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", swept_meanwhile)
    assert folders.hold(folder.path) is None
    monkeypatch.undo()
    folder.remove()


# -- workers that misbehave


def pretend(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """Let a script of the test's take the worker's place."""
    words = [sys.executable, "-c", source]
    monkeypatch.setattr(
        workers, "start_process",
        lambda _config: subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True),
    )  # fmt: skip


def test_a_worker_that_dies_within_a_message_is_not_waited_for(
    square: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, "import os; os.write(1, b'\\0\\0\\1\\0' + b'half a frame')")
    began = time.monotonic()
    with pytest.raises(WorkerDied):
        Worker(load_course(square).exercises["s1_square"], square)
    assert time.monotonic() - began < workers.START / 4
    assert names_in(place) == []


def test_a_worker_that_hangs_is_killed(square: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)")
    monkeypatch.setattr(workers, "START", 0.5)
    monkeypatch.setattr(workers, "LEAVE", 0.2)
    with orphanage() as left:
        with pytest.raises(WorkerDied):
            Worker(load_course(square).exercises["s1_square"], square)
        assert left() == []
    assert names_in(place) == []


def test_a_worker_that_cannot_be_started_is_tried_again_for_the_next_submission(
    grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/nowhere/python")
        assert_ours(grader.grade(submission()), "could not be started", "/nowhere/python")
    assert_right(grader.grade(submission()))


def test_starts_in_vain_are_bounded(grader: Grader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "PATIENCE", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/nowhere/python")
        assert_ours(grader.grade(submission()), "/nowhere/python")
    assert_ours(grader.grade(submission()), "/nowhere/python")
    monkeypatch.setattr(crew, "PAUSE", 0.0)
    assert_right(grader.grade(submission()))


def test_a_worker_with_weaker_walls_never_takes_the_place_of_a_better_one(
    grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_right(grader.grade(submission()))
    os.kill(worker_of(grader), signal.SIGKILL)
    await_ready = Worker.await_ready

    def weaker(worker: Worker) -> workers.Ready:
        ready = await_ready(worker)
        return replace(ready, proof=replace(ready.proof, level=Isolation.NONE, against=("the walls are down",)))

    with monkeypatch.context() as patch:
        patch.setattr(Worker, "await_ready", weaker)
        grader.crew.least = Isolation.NONE
        assert_ours(grader.grade(submission()), "isolated better before", "the walls are down")
    assert_right(grader.grade(submission()))


# -- what a machine runs out of


@pytest.mark.parametrize("files", [4, 10, 12])
def test_a_worker_without_descriptors_is_replaced(files: int, shared: Grader) -> None:
    assert_right(shared.grade(submission()))
    first = worker_of(shared)
    resource.prlimit(first, resource.RLIMIT_NOFILE, (files, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    assert_right(shared.grade(submission(HALF)), 9)
    assert worker_of(shared) != first


def test_without_descriptors_of_our_own_there_is_no_score(grader: Grader) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(list(Path("/proc/self/fd").iterdir()))
    taken = [os.open(os.devnull, os.O_RDONLY)]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + 20, limits[1]))
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.dup(taken[0]))
        attempt = grader.grade(submission())
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert_ours(attempt, os.strerror(errno.EMFILE))
    assert_right(grader.grade(submission()))


def test_a_folder_for_temporary_files_that_vanishes_costs_nobody_anything(shared: Grader) -> None:
    assert_right(shared.grade(submission()))
    shutil.rmtree(shared.workers["s1_square"].folder.path)
    assert_right(shared.grade(submission()))


def script(*lines: str) -> str:
    """Return a program that grades with ``once``, which prints outcome and points."""
    head = """
import json, os, resource, signal, sys
from pathlib import Path
from grader.course import load_course
from grader.grading.grade import Grader
from grader.models import Isolation, Submission
square = Path(sys.argv[1])
grader = Grader(load_course(square), square, Isolation.NONE, seed=1)
files = {"square.py": (square / "solutions/s1_square/square.py").read_bytes()}
def once():
    attempt = grader.grade(Submission("s1_square", "ada", "", files))
    print(json.dumps([str(attempt.outcome), attempt.score and attempt.score.earned, dict(attempt.detail)]), flush=True)
def worker():
    return grader.workers["s1_square"].process.pid
"""
    return "\n".join([head, *lines, "grader.close()", "print(os.listdir(os.environ['TMPDIR']))"])


def outcomes(words: list[str]) -> tuple[list[tuple[str, int | None]], str]:
    """Run a program of `script`; return what it printed for each grading, and everything it said."""
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    *found, left = done.stdout.splitlines()
    assert left == "[]", said
    return [(outcome, earned) for outcome, earned, _ in map(json.loads, found)], said


def test_processes_that_cannot_be_forked_cost_nobody_anything_or_give_no_score(square: Path, place: Path) -> None:
    source = script(
        "once()",
        "limits = resource.getrlimit(resource.RLIMIT_NPROC)",
        "resource.prlimit(worker(), resource.RLIMIT_NPROC, (0, limits[1]))",
        "once()",  # the worker cannot fork, another one can
        "resource.setrlimit(resource.RLIMIT_NPROC, (0, limits[1]))",
        "os.kill(worker(), signal.SIGKILL)",
        "once()",  # no other one can be started
        "resource.setrlimit(resource.RLIMIT_NPROC, limits)",
        "once()",
    )
    words = [sys.executable, "-c", source, str(square)]
    if os.geteuid() == 0:  # no such limit holds for root; the other user may read what is root's
        place.chmod(0o777)
        rights = ["--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"]
        words = ["setpriv", "--reuid", "61999", "--regid", "61999", "--clear-groups", *rights, "--", *words]
    found, said = outcomes(words)
    assert found == [("graded", 12), ("graded", 12), ("grader_error", None), ("graded", 12)], said
    assert os.strerror(errno.EAGAIN) in said


def on_a_small_disk(folder: Path, words: list[str]) -> list[str]:
    """Return a command that has a file system with few files in a folder, which goes when the command ends."""
    rights = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    mount = 'mount -t tmpfs -o size=1m,nr_inodes=16 none "$0" && exec "$@"'
    made = ["unshare", *rights, "--mount", "sh", "-c", mount, str(folder)]
    tried = subprocess.run([*made, "true"], check=False, capture_output=True, text=True)
    if tried.returncode:
        skip(f"no file system can be mounted ({tried.stderr.strip()})", "run as root, or allow user namespaces")
    return [*made, *words]


def test_a_full_disk_gives_no_score_and_does_no_harm_when_there_is_room_again(square: Path, place: Path) -> None:
    source = script(
        "def fill():",
        "    for number in range(100):",
        "        try:",
        "            Path(os.environ['TMPDIR'], f'filler{number}').touch()",
        "        except OSError:",
        "            return",
        "def free():",
        "    for path in Path(os.environ['TMPDIR']).glob('filler*'):",
        "        path.unlink()",
        "once()",
        "fill()",
        "once()",
        "once()",
        "free()",
        "once()",
        "once()",
    )
    found, said = outcomes(on_a_small_disk(place, [sys.executable, "-c", source, str(square)]))
    assert found == [("graded", 12), ("grader_error", None), ("grader_error", None), ("graded", 12), ("graded", 12)], (
        said
    )
    assert os.strerror(errno.ENOSPC) in said


def test_a_result_that_cannot_be_written_is_a_fault_of_ours_and_nothing_is_half_written(
    square: Path, tmp_path: Path, place: Path
) -> None:
    tree = submit(tmp_path / "submitted", REFERENCE, REFERENCE)
    words = [sys.executable, "-m", "grader", "grade", str(tree), "--course", str(square), "--min-isolation", "none"]
    listing = 'head -c 2m /dev/zero > "$0/filler"; "$@" --out "$0"; echo "exit code $?"; find "$0" -type f -size -100k'
    command = on_a_small_disk(place, ["sh", "-c", listing, str(place), *words])
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    said = done.stdout + done.stderr
    assert "exit code 3" in said, said
    assert "cannot be written" in said
    assert "Traceback" not in said
    assert [line for line in done.stdout.splitlines() if line.startswith(str(place))] == []


def test_a_result_that_is_longer_than_there_is_room_leaves_nothing(tmp_path: Path) -> None:
    source = (
        "import resource, sys\nfrom pathlib import Path\nfrom grader.output import write_json\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\nwrite_json(Path(sys.argv[1]), 'x' * 4000)\n"
        "write_json(Path(sys.argv[1]), 'x' * 6000)\n"
    )
    path = tmp_path / "result.json"
    done = subprocess.run(
        [sys.executable, "-c", source, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "EngineFault" in done.stderr
    assert "cannot be written" in done.stderr
    assert names_in(tmp_path) == ["result.json"]
    assert json.loads(path.read_text()) == "x" * 4000


def test_a_result_that_is_written_again_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "result.json"
    for content in ({"score": 1}, {"score": 2}):
        write_json(path, content)
        assert json.loads(path.read_text()) == content
    assert names_in(tmp_path) == ["new", "new/result.json"]
    assert path.stat().st_mode & 0o777 == 0o644
    with pytest.raises(EngineFault, match="cannot be written"):
        write_json(path / "below a file.json", {})
    with pytest.raises(EngineFault, match="cannot be written"):
        write_json(path.parent, {})
    assert names_in(tmp_path) == ["new", "new/result.json"]


# -- a course that changes under our hands


UNREADABLE = "/proc/self/mem"
"""A file that not even root can read from its beginning."""


def break_reference(square: Path) -> None:
    (square / "solutions" / "s1_square" / "square.py").write_text("def square(number): return 9\n")


def remove_hidden_tests(square: Path) -> None:
    shutil.rmtree(square / "tests")


def make_hidden_tests_unreadable(square: Path) -> None:
    path = square / "tests" / "hidden" / "s1_square" / "test_hidden.py"
    path.unlink()
    path.symlink_to(UNREADABLE)


def take_a_hidden_test_away(square: Path) -> None:
    path = square / "tests" / "hidden" / "s1_square" / "test_hidden.py"
    path.write_text(path.read_text().replace("def test_counter", "def no_test_counter"))


CHANGES = (break_reference, remove_hidden_tests, make_hidden_tests_unreadable, take_a_hidden_test_away)


def test_a_course_that_changes_during_a_run_gives_the_right_score_or_none(grader: Grader, square: Path) -> None:
    backup = square.with_name("backup")
    shutil.copytree(square, backup)
    for change in CHANGES:
        assert_right(grader.grade(submission(HALF)), 9)
        change(square)
        assert_right(grader.grade(submission(HALF)), 9)
        os.kill(worker_of(grader), signal.SIGKILL)
        assert_ours(grader.grade(submission(HALF)))
        shutil.rmtree(square)
        shutil.copytree(backup, square)
    assert_right(grader.grade(submission(HALF)), 9)


def test_a_course_that_cannot_be_read_gives_exit_code_three(square: Path, tmp_path: Path, place: Path) -> None:
    (square / "tests" / "hidden" / "s1_square" / "messages.zh-CN.po").symlink_to(UNREADABLE)
    tree = submit(tmp_path / "submitted", REFERENCE)
    done = CliRunner().invoke(main, ["grade", str(tree), "--course", str(square), "--format", "json"])
    assert done.exit_code == 3, done.output
    assert done.stdout == ""
    assert "not of a submission: " in done.stderr


ENGINE_FILES = ["sandbox/inside/zygote.py", "testing/outcome.py"]


@pytest.mark.parametrize("name", ENGINE_FILES)
def test_an_engine_that_cannot_be_read_gives_no_score(
    name: str, square: Path, tmp_path: Path, place: Path, full: None
) -> None:
    engine = tmp_path / "engine"
    shutil.copytree(ROOT / "grader", engine / "grader", ignore=shutil.ignore_patterns("__pycache__"))
    file = f"Path({str(engine / 'grader' / name)!r})"
    source = script(
        "once()",
        f"text = {file}.read_text()",
        f"{file}.unlink()",
        "os.kill(worker(), signal.SIGKILL)",
        "once()",
        f"{file}.write_text(text)",
        "once()",
    ).replace("Isolation.NONE", "Isolation.FULL")
    words = [
        "env",
        f"PYTHONPATH={engine}",
        "PYTHONDONTWRITEBYTECODE=1",
        sys.executable,
        "-P",
        "-c",
        source,
        str(square),
    ]
    [first, second, third], said = outcomes(words)
    assert first == ("graded", 12), said
    assert second[1] is None, said
    assert second[0] in {"grader_error", "sandbox_died", "sandbox_unavailable"}, said
    assert third == ("graded", 12), said


# -- between the processes


def test_a_worker_reads_until_the_end_or_its_time_or_its_parent_is_over() -> None:
    to_worker, from_parent = os.pipe()
    parent = os.fdopen(to_worker, "rb")
    ended, writer = os.pipe()
    os.write(writer, b"all of it")
    os.close(writer)
    assert read_all(ended, 60.0, parent) == (b"all of it", False)
    lasting, writer = os.pipe()
    os.write(writer, b"the beginning")
    assert read_all(lasting, 0.05, parent) == (b"the beginning", True)
    os.close(writer)
    waiting, writer = os.pipe()
    threading.Timer(0.05, os.close, [from_parent]).start()
    with pytest.raises(HungUp):
        read_all(waiting, 60.0, parent)
    os.close(writer)
    parent.close()


def test_a_student_process_that_cannot_be_set_up_is_a_fault_of_ours(full: None) -> None:
    impossible = {"square.py": b"a file", "square.py/is_none.py": b"and a folder"}
    box = Box(Limits())
    try:
        with pytest.raises(EngineFault, match="could not be set up"):
            box.spawn(impossible)
    finally:
        box.stop()
    with pytest.raises(EngineFault, match="could not be set up"):
        Plain(Limits()).spawn(impossible)


# -- what counts as ours


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (OSError(errno.EMFILE, "too many"), True),
        (OSError(errno.ENOSPC, "full", "/tmp/x"), True),
        (FileNotFoundError(errno.ENOENT, "gone", "/course/data.csv"), True),
        (FileNotFoundError(errno.ENOENT, "a socket without a name"), False),
        (ImportError("a module of ours"), True),
        (EngineFault("ours"), True),
        (ConnectionResetError(errno.ECONNRESET, "reset"), False),
        (OSError("an error without a number"), False),
        (MemoryError(), False),
        (AssertionError(), False),
        (StudentGone("crashed", {"signal": "SIGSEGV"}), False),
        (BaseExceptionGroup("taking down", [AssertionError(), EngineFault("ours")]), True),
    ],
    ids=repr,
)
def test_what_counts_as_a_fault_of_ours(error: BaseException, ours: bool) -> None:
    assert bool(observe(error, None, Recorder(), ROOT).fault) is ours


def test_a_fault_behind_another_exception_is_found() -> None:
    error = RuntimeError("the library's own words")
    error.__context__ = ConnectionError("in its own words")
    error.__context__.__cause__ = OSError(errno.EMFILE, "too many")
    assert "OSError" in observe(error, None, Recorder(), ROOT).fault
    circular = ValueError()
    circular.__context__ = RuntimeError()
    circular.__context__.__context__ = circular
    assert observe(circular, None, Recorder(), ROOT).fault == ""


def test_a_submission_that_kills_itself_has_no_advantage(shared: Grader) -> None:
    attempt = shared.grade(
        submission("import os\ndef square(number): os.kill(os.getpid(), 9)\ndef count(): return 1\n")
    )
    assert_right(attempt, 0)
    first = next(result for result in attempt.results if result.info.id == "test_three")
    assert (first.verdict, dict(first.detail)) == (Verdict.CRASHED, {"signal": "SIGKILL", "phase": "call"})


HOARD = '''

@mark.points(1, "robustness", statement="promise")
def test_hoard(submission):
    """many answers are kept"""
    assert len([submission.square(number) for number in range(400)]) == 400, "how large is an answer?"
'''


def test_a_submission_that_fills_the_memory_of_the_judge_has_no_advantage(grader: Grader, square: Path) -> None:
    path = square / "exercises" / "s1_square" / "test_public.py"
    path.write_text(path.read_text() + HOARD)
    source = "def square(number): return 'x' * 3_900_000\ndef count(): return 1\n"
    attempt = grader.grade(submission(source))
    assert attempt.score is None or attempt.score.earned <= 1, dict(attempt.detail)
    assert_right(grader.grade(submission()), FULL_MARKS + 1)


# -- everything at once


@pytest.fixture
def seed() -> int:
    """A seed that is printed when its test fails."""
    return random.SystemRandom().randrange(1 << 32)


def test_whatever_is_killed_at_random_a_score_is_right_or_there_is_none(
    seed: int, tmp_path: Path, place: Path, full: None
) -> None:
    tally = grade_in_chaos(tmp_path / "course", seed, ROUNDS, SECONDS)
    assert tally.strikes
    assert tally.wrong == [], f"seed {seed}\n{tally}"
    assert tally.left == [], f"seed {seed}\n{tally}"
    assert names_in(place) == []


def test_the_command_line_killed_at_any_time_leaves_nothing(seed: int, tmp_path: Path, place: Path, full: None) -> None:
    rng = random.Random(seed)
    for _ in range(max(1, ROUNDS // 5)):
        assert kill_command_line(tmp_path, rng, 4.0) == [], f"seed {seed}"
    assert names_in(place) == []
