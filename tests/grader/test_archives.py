"""Archives are opened in the box, come to the listed files or to a reason in words, and never to anything else."""

from __future__ import annotations

import ast
import contextlib
import gzip
import io
import json
import os
import random
import select
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.archives import IGNORED, REASONS, TOGETHER, Contents, Unbelievable, checked, refusal
from grader.catalogues import Catalogue
from grader.channel.frames import encode
from grader.course import Course, load_course
from grader.directories import PROBLEMS
from grader.discovery import find_submissions
from grader.grading.grade import Grader, fault_outcome
from grader.grading.job import open_archive
from grader.models import LANGUAGES, Attempt, Isolation, Limits, Outcome, Submission, Verdict
from grader.sandbox.box import Box
from grader.sandbox.boxed import BoxDied
from grader.sandbox.inside.unpacking import EXPANDED, MEMBERS
from grader.sandbox.inside.unpacking import unpack as unpack_here
from grader.sandbox.plain import Plain
from grader.sandbox.process import StudentProcess
from grader.sandbox.unpack import PIECE, unpack
from grader.submissions import read_submission
from tests.grader.archive_recipes import (
    APP,
    GOOD,
    HEAVY,
    MIB,
    REFUSED,
    Block,
    Entry,
    Recipe,
    fuzz_target,
    many_in_zip,
    pax,
    quoting_zip,
    raw_tar,
    raw_zip,
    tar_of,
    written_zip,
    zip_of,
)
from tests.grader.channel_pair import Forked, Wire, liar
from tests.grader.test_cli import ROOT, attempts, run

PATIENCE = 15.0
"""Seconds that any archive may take, on a machine that has other things to do."""
NAMES = ("app.py",)
MANIFEST = """
kind = "graded"
files = ["app.py"]
entry = "app:application"
title = {en = "Archives", zh-CN = "压缩包"}
"""
STATEMENT = '# Archives\n\n- <a id="nothing"></a>It returns None.\n'
PUBLIC = '''
from pytest import mark

@mark.points(4, "correctness", statement="nothing")
def test_nothing(submission):
    """it returns nothing"""
    assert submission.application(1, 2) is None, "what it returns"
'''
HIDDEN = PUBLIC.replace("test_nothing", "test_hidden").replace("points(4", "points(6")


def write_course(folder: Path, manifest: str = MANIFEST) -> Course:
    """Write a course whose reference solution is what the recipes pack."""
    texts = {
        "exercises/z1_pack/exercise.toml": manifest,
        "exercises/z1_pack/README.md": STATEMENT,
        "exercises/z1_pack/README.zh-CN.md": STATEMENT,
        "exercises/z1_pack/test_public.py": PUBLIC,
        "tests/hidden/z1_pack/test_hidden.py": HIDDEN,
        "solutions/z1_pack/app.py": APP.decode(),
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return load_course(folder)


def problem(reason: str) -> str:
    return REASONS[reason]


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


# -- what the function makes of an archive


@pytest.mark.parametrize("name", GOOD)
def test_an_honest_archive_comes_to_its_files(name: str) -> None:
    found = checked(unpack_here(GOOD[name](), NAMES, MIB), NAMES, MIB)
    assert not found.problem
    assert found.files == {"app.py": APP}
    assert not {"__MACOSX", ".DS_Store", "__pycache__", "app.py"} & set(found.ignored)
    assert not any(name.startswith("._") for name in found.ignored)


@pytest.mark.parametrize("name", REFUSED)
def test_every_other_archive_comes_to_a_reason(name: str) -> None:
    reason, recipe = REFUSED[name]
    data = recipe()
    began = time.monotonic()
    found = checked(unpack_here(data, NAMES, MIB), NAMES, MIB)
    assert found.problem.get("problem") == problem(reason)
    assert time.monotonic() - began < PATIENCE
    assert not found.files


def test_every_reason_of_an_archive_has_a_recipe() -> None:
    of_the_process = {"time", "memory", "failed"}
    several_files = {"together", *PROBLEMS}
    assert {reason for reason, _ in REFUSED.values()} == REASONS.keys() - of_the_process - several_files


def test_every_reason_can_be_said_in_every_language() -> None:
    values = dict.fromkeys(("file", "other", "most", "folders"), "7")
    for text in REASONS.values():
        said = [Catalogue().word(text, language, **values) for language in LANGUAGES]
        assert len(set(said)) == len(LANGUAGES)
        assert not any("{" in words for words in said)


def test_what_is_ignored_is_named_like_in_a_folder_and_not_without_end() -> None:
    found = unpack_here(zip_of("hw/app.py", "hw/notes.txt", "hw/old/1.py", "hw/old/2.py", "readme")(), NAMES, MIB)
    assert found["ignored"] == ["notes.txt", "old", "readme"]
    many = unpack_here(zip_of("app.py", *("x" * 200 + str(number) for number in range(100)))(), NAMES, MIB)
    assert len(many["ignored"]) == IGNORED
    assert {len(name) for name in many["ignored"]} == {100}


@pytest.mark.parametrize("recipe", [zip_of("hw/README"), zip_of("App.py"), zip_of("a/b/app.py"), tar_of("x"), zip_of()])
def test_a_file_that_is_not_there_is_missing_and_nothing_is_taken_for_it(recipe: Recipe) -> None:
    assert unpack_here(recipe(), NAMES, MIB)["files"] == {}


WATCHLIST = ("watchlist/__init__.py", "watchlist/db.py")


def test_several_files_are_found_in_one_folder_only() -> None:
    inside = zip_of("watchlist/__init__.py", "watchlist/db.py", "watchlist/extra.py")
    below = tar_of("hw/watchlist/__init__.py", "hw/watchlist/db.py")
    apart = zip_of("watchlist/__init__.py", "hw/watchlist/db.py")
    part = zip_of("hw/watchlist/db.py")
    assert set(unpack_here(inside(), WATCHLIST, MIB)["files"]) == set(WATCHLIST)
    assert set(unpack_here(below(), WATCHLIST, MIB)["files"]) == set(WATCHLIST)
    assert set(unpack_here(part(), WATCHLIST, MIB)["files"]) == {"watchlist/db.py"}
    refused = unpack_here(apart(), WATCHLIST, MIB)
    assert (refused["refused"], refused["values"]) == ("several", {"folders": "./, hw/"})


def test_what_qualifies_a_reason_has_an_end() -> None:
    refused = unpack_here(zip_of(*(f"folder-number-{number}/app.py" for number in range(100)))(), NAMES, MIB)
    assert checked(refused, NAMES, MIB).problem["problem"] == problem("several")
    assert len(refused["values"]["folders"]) == 200


def test_files_have_an_end_alone_and_together() -> None:
    def of_size(size: int) -> bytes:
        return written_zip(dict.fromkeys(WATCHLIST, b"#" * size))

    assert len(unpack_here(of_size(TOGETHER // 2), WATCHLIST, MIB)["files"]) == 2
    assert unpack_here(of_size(TOGETHER // 2 + 1), WATCHLIST, 2 * MIB)["refused"] == "together"
    assert unpack_here(of_size(TOGETHER // 2 + 1), WATCHLIST, MIB)["refused"] == "large"


def test_a_bound_is_the_last_that_is_allowed() -> None:
    names = [f"{number}" for number in range(MEMBERS - 1)]
    assert unpack_here(zip_of("app.py", *names)(), NAMES, MIB)["files"]
    assert unpack_here(zip_of("app.py", *names, "one")(), NAMES, MIB)["refused"] == "members"
    assert unpack_here(tar_of("app.py", *names)(), NAMES, MIB)["files"]
    assert unpack_here(tar_of("app.py", *names, "one")(), NAMES, MIB)["refused"] == "members"
    room = raw_tar([Block(b"app.py", APP), Block(b"zeros", b"\0" * (EXPANDED - 5 * 512))])
    assert len(room) == EXPANDED
    assert unpack_here(gzip.compress(room, 1), NAMES, MIB)["files"]
    assert unpack_here(gzip.compress(room + b"\0", 1), NAMES, MIB)["refused"] == "size"


def test_the_bombs_are_bombs() -> None:
    read = 0
    with zipfile.ZipFile(io.BytesIO(quoting_zip())) as archive:
        try:
            read = sum(len(archive.read(info)) for info in archive.infolist())
        except zipfile.BadZipFile as error:  # a library that has learned of them
            assert "verlap" in str(error)  # noqa: PT017
    assert read in (0, sum(info.file_size for info in archive.infolist()))
    with zipfile.ZipFile(io.BytesIO(many_in_zip())) as archive:
        assert len(archive.infolist()) == 100_001
    assert len(gzip.decompress(REFUSED["a tar bomb"][1]())) > 100 * MIB


# -- who opens archives


ELSEWHERE = {
    "bulk/download.py": "reads the list of a platform's download, within bounds; what is in it is opened in the box",
    "bulk/places.py": "knows an entry of that list",
    "bulk/work.py": "knows an entry of that list",
    "hosts/gradescope.py": "writes one",
    "leaks": "opens what staff is about to publish",
    "nbgrader/packed.py": "opens what nbgrader's own collection would open, within bounds",
    "store/records.py": "keeps what it wrote itself",
    "student/handing_in.py": "writes one",
    "testing/decoding.py": "decodes the bodies of responses, within bounds",
}
"""Who knows archives or compression outside the box, and what for."""


def test_nothing_but_the_process_in_the_box_opens_archives() -> None:
    openers = {
        "zipfile",
        "tarfile",
        "zlib",
        "gzip",
        "bz2",
        "lzma",
        "shutil.unpack_archive",
        "grader.sandbox.inside.unpacking",
    }
    found = {}
    for path in sorted((ROOT / "grader").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        if names & openers:
            found[path.relative_to(ROOT / "grader").as_posix()] = names & openers
    inside = {name: found.pop(name) for name in list(found) if name.startswith("sandbox/inside/")}
    assert inside == {
        "sandbox/inside/unpacking.py": {"zipfile", "tarfile", "zlib"},
        "sandbox/inside/student.py": {"grader.sandbox.inside.unpacking"},
    }
    assert {"leaks" if name.startswith("leaks/") else name for name in found} == set(ELSEWHERE)


# -- at level full


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return write_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def grader(course: Course, full: None) -> Iterator[Grader]:
    made = Grader(course, course.folder, Isolation.FULL, seed=1)
    yield made
    made.close()


def grade(grader: Grader, archive: bytes) -> Attempt:
    return grader.grade(Submission("z1_pack", "ada", "z1_pack.zip", archive=archive))


def earned(attempt: Attempt) -> int:
    assert attempt.score is not None, dict(attempt.detail)
    return attempt.score.earned


@pytest.mark.parametrize("name", GOOD)
def test_an_honest_archive_is_graded_like_a_folder(grader: Grader, name: str) -> None:
    attempt = grade(grader, GOOD[name]())
    assert attempt.outcome is Outcome.GRADED, dict(attempt.detail)
    assert {result.verdict for result in attempt.results} == {Verdict.PASSED}
    folder = grader.grade(Submission("z1_pack", "ada", "", {"app.py": APP}))
    assert attempt.hashes == folder.hashes


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_archive_is_refused_in_the_box_and_the_next_one_is_graded_right(grader: Grader, name: str) -> None:
    reason, recipe = REFUSED[name]
    data = recipe()
    began = time.monotonic()
    attempt = grade(grader, data)
    assert attempt.outcome is Outcome.BAD_SUBMISSION, dict(attempt.detail)
    assert attempt.detail["problem"] == problem(reason)
    assert "{" not in attempt.detail["message"]
    assert earned(attempt) == 0
    assert time.monotonic() - began < PATIENCE
    assert earned(grade(grader, zip_of("app.py")())) == 10


def test_refused_archives_are_told_apart_by_their_hashes(grader: Grader) -> None:
    one, other = (grade(grader, REFUSED[name][1]()) for name in ("nothing", "text"))
    assert one.hashes.submission != other.hashes.submission
    assert one.hashes == grade(grader, REFUSED["nothing"][1]()).hashes


def test_a_missing_file_is_missing_as_in_a_folder(grader: Grader) -> None:
    attempt = grade(grader, zip_of("hw/application.py")())
    assert attempt.outcome is Outcome.MISSING_FILE
    assert attempt.detail == {"file": "app.py"}
    assert attempt.ignored == ("hw",)


def test_an_archive_of_many_pieces_crosses_whole(grader: Grader) -> None:
    noise = random.Random(1).randbytes(7 * MIB)
    data = raw_zip([Entry(b"noise", noise, method=0), Entry(b"app.py", APP)])
    assert 7 * PIECE < len(data) <= Limits().archive_size
    attempt = grade(grader, data)
    assert earned(attempt) == 10
    assert attempt.ignored == ("noise",)


def test_code_from_an_archive_is_graded_for_what_it_is(grader: Grader) -> None:
    attempt = grade(grader, written_zip({"app.py": b"import os\ndef application(one, two): os._exit(3)\n"}))
    assert {result.verdict for result in attempt.results} == {Verdict.EXITED}
    feedback = grade(grader, written_zip({"app.py": b"x = 1\nraise ValueError\n"})).results[0].feedback
    assert feedback
    assert "line 2 of app.py" in feedback.happened["en"]


def below(pid: int) -> list[int]:
    """Return the descendants of a process, the youngest last: of a worker its bubblewrap and zygote."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    return [*children, *(grandchild for child in children for grandchild in below(child))]


def test_a_box_or_a_worker_that_dies_is_no_fault_of_an_archive(course: Course, full: None) -> None:
    grader = Grader(course, course.folder, Isolation.FULL)
    try:
        assert earned(grade(grader, zip_of("app.py")())) == 10
        os.kill(below(grader.workers["z1_pack"].process.pid)[-1], signal.SIGKILL)
        assert earned(grade(grader, zip_of("app.py")())) == 10
        os.kill(grader.workers["z1_pack"].process.pid, signal.SIGKILL)
        assert earned(grade(grader, zip_of("app.py")())) == 10
    finally:
        grader.close()


@pytest.fixture(scope="module")
def box(full: None) -> Iterator[Box]:
    made = Box(Limits(load=20.0, test=20.0))
    yield made
    made.stop()


def test_a_box_that_is_gone_is_our_fault_and_no_refusal(course: Course, full: None) -> None:
    box = Box(Limits())

    def spawn_and_die(files: Mapping[str, bytes]) -> StudentProcess:
        process = box.spawn(files)
        os.kill(below(box.process.pid)[0], signal.SIGKILL)
        select.select([process.reader], [], [], PATIENCE)  # until it has hung up
        return process

    with pytest.raises(BoxDied):
        unpack(spawn_and_die, zip_of("app.py")(), NAMES, Limits())
    report = open_archive(zip_of("app.py")(), course.exercises["z1_pack"], box)
    box.stop()
    assert fault_outcome(report) is Outcome.SANDBOX_DIED


# -- how the process may end


def test_an_archive_that_takes_too_long_is_refused(box: Box) -> None:
    names = [f"{number}" for number in range(MEMBERS - 1)]
    data = tar_of("app.py", *names)()
    assert unpack(box.spawn, data, NAMES, Limits()).files
    box.sweep(1)
    hasty = Box(Limits(load=0.05))
    try:
        assert unpack(hasty.spawn, data, NAMES, hasty.limits) == refusal("time")
    finally:
        hasty.stop()


def test_an_archive_that_takes_too_much_memory_is_refused(box: Box) -> None:
    data = gzip.compress(raw_tar([Block(b"app.py", APP), Block(b"zeros", b"\0" * (60 * MIB))]))
    assert unpack(box.spawn, data, NAMES, Limits()).files
    box.sweep(1)
    small = Box(Limits(memory=80 << 20))
    try:
        assert unpack(small.spawn, zip_of("app.py")(), NAMES, small.limits).files
        assert unpack(small.spawn, data, NAMES, small.limits) == refusal("memory")
    finally:
        small.stop()


TOUCHING_NOTHING = """
import os, sys
from tests.grader.archive_recipes import GOOD, HEAVY, REFUSED
from grader.sandbox.inside.unpacking import unpack

archives = [recipe() for recipe in GOOD.values()] + [recipe() for name, (_, recipe) in REFUSED.items() if name not in HEAVY]
for armed in (False, True):  # the first time codecs are loaded
    for archive in archives:
        unpack(archive, ("app.py",), 1 << 20)
    sys.addaudithook(lambda event, _: os._exit(9) if event.split(".")[0] in ("open", "os", "socket", "subprocess") else None)
print("untouched")
"""


def test_unpacking_touches_no_file_no_process_and_no_network() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TOUCHING_NOTHING], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert (done.returncode, done.stdout) == (0, "untouched\n"), done.stderr


# -- a process that lies

TRUE = {"d": [["files", {"d": [["app.py", {"b": 0}]]}], ["ignored", ["notes.txt"]]]}
"""What an honest process says, as it stands on the wire."""


def saying(node: object, *blobs: bytes) -> Callable[[Wire], object]:
    """Take the archive's only piece like an honest process, and answer anything."""

    def lie(wire: Wire) -> None:
        wire.receive()
        wire.send({"s": 1, "ok": None})
        wire.receive()
        wire.send({"s": 2, "ok": node}, *blobs)

    return lie


def with_files(*pairs: list[object]) -> object:
    return {"d": [["files", {"d": list(pairs)}], ["ignored", []]]}


def with_ignored(node: object) -> object:
    return {"d": [["files", {"d": []}], ["ignored", node]]}


def refused_with(reason: object, *values: list[object]) -> object:
    return {"d": [["refused", reason], ["values", {"d": list(values)}]]}


def asking_back(wire: Wire) -> None:
    """Ask the judge for something in place of an answer."""
    wire.receive()
    wire.send({"q": 1, "op": "call", "o": 1, "a": [], "k": {}})


def failing(wire: Wire) -> None:
    """Raise an exception over the wire."""
    wire.receive()
    wire.send({"s": 1, "err": {"e": {"type": "Exception", "module": "builtins", "text": "", "lines": [], "token": 1}}})


def answering_ahead(wire: Wire) -> None:
    """Answer both questions at once, whether they have come or not."""
    wire.raw(encode({"s": 1, "ok": None}, []) + encode({"s": 2, "ok": TRUE}, [APP]))


def making_noise(wire: Wire) -> None:
    """Answer with bytes that are no frame."""
    wire.receive()
    wire.raw(b"\0\0\0\x10noise noise noise")


def dying(deed: Callable[[], object]) -> Callable[[Wire], object]:
    """Do something deadly when the archive comes."""

    def lie(wire: Wire) -> None:
        wire.receive()
        deed()

    return lie


LIES: dict[str, Callable[[Wire], object]] = {
    "a file that is not listed": saying(with_files(["../app.py", {"b": 0}]), b"x"),
    "a file that is too large": saying(with_files(["app.py", {"b": 0}]), b"x" * (MIB + 1)),
    "a text for bytes": saying(with_files(["app.py", "x"])),
    "a name that is no text": saying(with_files([{"b": 0}, {"b": 0}]), b"app.py"),
    "files in a list": saying({"d": [["files", [["app.py", {"b": 0}]]], ["ignored", []]]}, b"x"),
    "too many ignored names": saying(with_ignored(["x"] * (IGNORED + 1))),
    "a long ignored name": saying(with_ignored(["x" * 101])),
    "ignored names that are no texts": saying(with_ignored([1])),
    "ignored names in a tuple": saying(with_ignored({"t": ["x"]})),
    "an answer with more in it": saying({"d": [*TRUE["d"], ["score", 100]]}, APP),
    "an answer with less in it": saying({"d": TRUE["d"][:1]}, APP),
    "no dict": saying(["files"]),
    "nothing": saying(None),
    "an object": saying({"r": [1, ["call"], "dict"]}),
    "an unknown reason": saying(refused_with("graded")),
    "a reason that is no text": saying(refused_with(7)),
    "a reason without its value": saying(refused_with("special")),
    "a reason with another value": saying(refused_with("special", ["name", "x"])),
    "a reason with one value more": saying(refused_with("damaged", ["file", "x"])),
    "a value that is no text": saying(refused_with("special", ["file", 7])),
    "a value without end": saying(refused_with("special", ["file", "x" * 201])),
    "an exception": failing,
    "a question": asking_back,
    "noise": making_noise,
    "an answer before the question": answering_ahead,
    "an exit": dying(lambda: os._exit(0)),
    "a crash": dying(lambda: os.kill(os.getpid(), signal.SIGKILL)),
}  # fmt: skip


@contextlib.contextmanager
def lying(lie: Callable[[Wire], object], limits: Limits) -> Iterator[Callable[[Mapping[str, bytes]], StudentProcess]]:
    """Start processes that lie."""
    started: list[Forked] = []

    def spawn(_files: Mapping[str, bytes]) -> StudentProcess:
        started.append(Forked(liar(lie), limits))
        return started[-1]

    yield spawn
    assert not any(process.leaves_survivors() for process in started)


def test_an_honest_process_is_believed(posix: None) -> None:
    with lying(saying(TRUE, APP), Limits()) as spawn:
        assert unpack(spawn, b"archive", NAMES, Limits()) == Contents({"app.py": APP}, ("notes.txt",))
    with lying(saying(refused_with("special", ["file", "x"])), Limits()) as spawn:
        assert unpack(spawn, b"archive", NAMES, Limits()) == refusal("special", file="x")


@pytest.mark.parametrize("name", LIES)
def test_a_process_that_lies_has_refused_the_archive(posix: None, name: str) -> None:
    with lying(LIES[name], Limits()) as spawn:
        assert unpack(spawn, b"archive", NAMES, Limits()) == refusal("failed")


def test_files_that_are_too_large_together_are_not_believed() -> None:
    names = ("a.py", "b.py", "c.py")
    with pytest.raises(Unbelievable):
        checked({"files": dict.fromkeys(names, b"#" * MIB), "ignored": []}, names, MIB)


def test_a_process_that_says_nothing_has_taken_too_long(posix: None) -> None:
    began = time.monotonic()
    with lying(lambda _wire: None, Limits(load=0.3)) as spawn:
        assert unpack(spawn, b"archive", NAMES, Limits()) == refusal("time")
    assert time.monotonic() - began < PATIENCE


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.binary(max_size=4)
    | st.sampled_from(["files", "ignored", "refused", "values", "app.py", *REASONS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["files", "ignored", "refused", "values", "app.py", "file", "most"]), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip
FUZZ = settings(
    max_examples=200, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@FUZZ
@given(
    PLAIN
    | st.fixed_dictionaries({"files": PLAIN, "ignored": PLAIN})
    | st.fixed_dictionaries({"refused": PLAIN, "values": PLAIN})
)
def test_any_answer_is_believed_or_not_and_nothing_else(said: Any) -> None:  # noqa: ANN401 - any value
    try:
        found = checked(said, NAMES, MIB)
    except Unbelievable:
        return
    assert set(found.files) <= set(NAMES)
    assert not (found.files and found.problem)


# -- any bytes at all

SEEDS = [recipe() for recipe in GOOD.values()] + [
    recipe() for name, (_, recipe) in REFUSED.items() if name not in HEAVY
]
SEEDS = [seed for seed in SEEDS if len(seed) < 1 << 14]
MAGIC = st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08\x00", b"PK\x05\x06" + b"\0" * 18])
CHUNKS = st.binary(max_size=4) | st.sampled_from(
    [
        b"PK\x01\x02",
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"\xff" * 4,
        b"\0" * 8,
        b"app.py",
        b"../",
        b"/",
        b"12 path=a\n",
        b"\x80",
    ]
)
FILE_NAMES = st.sampled_from([
    b"app.py", b"hw/app.py", b"watchlist/views.py", b"app.py/", b"APP.PY", b"./app.py", b"../app.py", b"/app.py", b"a\\b", b"",
    b"\xd7\xf7/app.py", b"\xff\xfe", b"a\0b", b"__MACOSX/._app.py", b"x/" * 40, "ａpp.py".encode(),
]) | st.binary(max_size=12)  # fmt: skip
SIZES = st.none() | st.sampled_from([0, 1, 45, 1 << 16, (1 << 32) - 1])


def settled(data: bytes) -> Contents:
    """Return what any bytes come to, after seeing that it took no time to speak of."""
    began = time.monotonic()
    found = fuzz_target(data)
    assert time.monotonic() - began < PATIENCE
    return found


def files_or_a_reason(found: Contents) -> bool:
    """Tell whether it is one of the two: nothing is taken from an archive that has something against it."""
    return not (found.files and found.problem)


@FUZZ
@given(MAGIC, st.binary(max_size=300))
def test_random_bytes_come_to_nothing_but_a_reason(magic: bytes, data: bytes) -> None:
    assert not settled(magic + data).files


@FUZZ
@given(st.binary(max_size=1500))
def test_random_tars_come_to_a_reason_or_to_nothing(data: bytes) -> None:
    assert not settled(gzip.compress(data, 1)).files


@FUZZ
@given(st.sampled_from(SEEDS), st.data())
def test_mutated_archives_come_to_files_or_to_a_reason(seed: bytes, data: st.DataObject) -> None:
    inside = seed.startswith(b"\x1f\x8b") and data.draw(st.booleans())
    with contextlib.suppress(EOFError, OSError):
        seed = gzip.decompress(seed) if inside else seed
    changed = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(changed)))
        changed[place : place + data.draw(st.integers(0, 4))] = data.draw(CHUNKS)
    assert files_or_a_reason(settled(gzip.compress(bytes(changed), 1) if inside else bytes(changed)))


ENTRIES = st.builds(
    Entry, name=FILE_NAMES, content=st.sampled_from([b"", APP, b"#" * 70_000]), method=st.sampled_from([0, 8, 8, 12, 99]),
    flags=st.sampled_from([0, 0, 0, 1, 1 << 11, 64]), mode=st.sampled_from([0, 0, 0, 0o100644, 0o120777, 0o40755]), size=SIZES,
    packed_size=SIZES, crc=st.none() | st.just(0), packed=st.none() | st.binary(max_size=9), local_name=st.none() | FILE_NAMES,
    extra=st.sampled_from([b"", b"\x01\0\x10\0" + b"\xff" * 16, b"\x75\x70\x09\0" + b"a" * 9, b"\xff\xff\xff\xff"]),
    place=st.none() | st.integers(0, 300),
)  # fmt: skip
RECORDS = st.tuples(st.sampled_from([b"path", b"size", b"mtime", b"GNU.sparse.map", b""]), FILE_NAMES)
BLOCKS = st.builds(
    Block, name=FILE_NAMES, body=st.sampled_from([b"", APP, b"#" * 70_000]) | FILE_NAMES,
    kind=st.sampled_from([b"0", b"0", b"\0", *map(str.encode, "1234567LKxgXSDVZ")]),
    size=st.none() | st.sampled_from([0, 1, 511, 1 << 30, b"\xff" * 12, b"\x80" + b"\0" * 10 + b"\7", b"nonsense\0\0\0\0"]),
)  # fmt: skip


@FUZZ
@given(st.lists(ENTRIES, max_size=4))
def test_any_structure_of_a_zip_comes_to_files_or_to_a_reason(entries: list[Entry]) -> None:
    assert files_or_a_reason(settled(raw_zip(entries)))


@FUZZ
@given(st.lists(BLOCKS | RECORDS.map(pax), max_size=5), st.integers(0, 1024))
def test_any_structure_of_a_tar_comes_to_files_or_to_a_reason(blocks: list[Block], cut: int) -> None:
    assert files_or_a_reason(settled(gzip.compress(raw_tar(blocks)[: -cut or None], 1)))


# -- without walls


@pytest.fixture(scope="module")
def plain() -> Plain:
    return Plain(Limits(call=20.0, load=20.0, test=40.0))


HARMLESS = {reason: name for name, (reason, _) in reversed(REFUSED.items()) if name not in HEAVY}


@pytest.mark.parametrize("name", [*list(GOOD)[::6], *HARMLESS.values()])
def test_the_plain_subprocess_says_the_same(plain: Plain, name: str) -> None:
    recipe = GOOD[name] if name in GOOD else REFUSED[name][1]
    found = unpack(plain.spawn, recipe(), NAMES, plain.limits)
    assert found == checked(unpack_here(recipe(), NAMES, MIB), NAMES, MIB)


@pytest.mark.usefixtures("no_walls")
def test_staff_may_grade_an_archive_without_walls(course: Course, tmp_path: Path) -> None:
    archive = put(tmp_path / "z1_pack.zip", zip_of("hw/app.py")())
    [attempt] = attempts(
        run("grade", archive, "--course", course.folder, "--min-isolation", "none", "--format", "json")
    )
    assert attempt["isolation"] == "none"
    assert attempt["score"] == {"earned": 10, "possible": 10}


@pytest.mark.parametrize(("recipe", "said"), [
    (zip_of("hw/app.py"), "public 40/40 points"),
    (zip_of("../app.py"), "a name in the archive leads out of it: ../app.py"),
    (zip_of("notes.txt"), "app.py is missing"),
])  # fmt: skip
def test_a_student_tests_the_archive_before_handing_it_in(tmp_path: Path, recipe: Recipe, said: str) -> None:
    reference = (ROOT / "solutions" / "a1_hello_wsgi" / "app.py").read_bytes()
    content = recipe()
    if said.startswith("public"):
        content = written_zip({"hw/app.py": reference})
    archive = put(tmp_path / "my work.zip", content)
    words = [sys.executable, "-m", "pytest", "exercises/a1_hello_wsgi", "--submission", str(archive), "--lang", "en"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    assert said in done.stdout + done.stderr


# -- where archives are found


def found(path: Path, course: Course, wanted: str = "") -> list[tuple[str | None, str]]:
    """Return student and place of what is found, and see that everything can be read."""
    submissions = find_submissions(path, course, course.find(wanted) if wanted else None)
    for submission in submissions:
        submission.read()
    return [(one.student, one.path.relative_to(path.parent).as_posix()) for one in submissions]


@pytest.mark.parametrize("name", ["z1_pack.zip", "z1_pack.tar.gz", "z1_pack.tgz", "z1_pack.ZIP"])
def test_an_archive_is_a_submission_and_its_name_may_say_of_what(course: Course, tmp_path: Path, name: str) -> None:
    archive = put(tmp_path / name, b"opaque")
    assert found(archive, course) == [(None, name)]
    submission = read_submission(archive, course.find("z1"))
    assert (submission.archive, submission.files, submission.missing) == (b"opaque", {}, ())


def test_a_tree_holds_archives_in_place_of_folders_or_in_them(course: Course, tmp_path: Path) -> None:
    tree = tmp_path / "submitted"
    put(tree / "ada" / "z1_pack.zip", b"a")
    put(tree / "bo" / "z1_pack" / "homework (2).tar.gz", b"b")
    put(tree / "cy" / "z1_pack" / "app.py", APP)
    put(tree / "cy" / "z1_pack" / "old.zip", b"c")
    put(tree / "dee" / "notes.txt", b"")
    put(tree / "eve" / "z1_pack.tgz", b"e")
    put(tree / "eve" / "other.zip", b"e")
    places = {"ada": "z1_pack.zip", "bo": "z1_pack", "cy": "z1_pack", "eve": "z1_pack.tgz"}
    assert found(tree, course) == [(student, f"submitted/{student}/{name}") for student, name in places.items()]
    assert len(found(tree, course, "z1")) == 5
    read = {one.student: one.read() for one in find_submissions(tree, course, course.find("z1"))}
    assert {student: submission.archive for student, submission in read.items()} == {
        "ada": b"a", "bo": b"b", "cy": None, "dee": None, "eve": b"e",
    }  # fmt: skip
    assert read["cy"].files == {"app.py": APP}
    assert read["cy"].ignored == ("old.zip",)
    assert read["dee"].missing == ("app.py",)


def test_a_class_of_archives_names_the_students(course: Course, tmp_path: Path) -> None:
    folder = tmp_path / "class"
    for name in ("ada.zip", "bo.tar.gz", "王 五.zip", ".hidden.zip", "._ada.zip"):
        put(folder / name, b"x")
    put(folder / "cy" / "app.py", APP)
    put(folder / "list.csv", b"")
    assert [student for student, _ in found(folder, course, "z1")] == ["ada", "bo", "cy", "王 五"]


def test_a_folder_that_was_unpacked_beside_its_archive_counts(course: Course, tmp_path: Path) -> None:
    folder = tmp_path / "class"
    put(folder / "ada.zip", b"x")
    put(folder / "ada" / "app.py", APP)
    put(folder / "bo.zip", b"x")
    put(folder / "bo" / "notes.txt", b"")
    assert found(folder, course, "z1") == [("ada", "class/ada"), ("bo", "class/bo.zip")]


@pytest.mark.parametrize("names", [("ada.zip", "ada.tgz"), ("ada/one.zip", "ada/two.zip")])
def test_nobody_guesses_which_of_two_archives_counts(course: Course, tmp_path: Path, names: tuple[str, str]) -> None:
    for name in (*names, "bo.zip"):
        put(tmp_path / "class" / name, zip_of("app.py")())
    read = {one.student: one.read() for one in find_submissions(tmp_path / "class", course, course.find("z1"))}
    assert read["ada"].archive is None
    files = ", ".join(sorted(Path(name).name for name in names))
    assert read["ada"].problem == {
        "problem": "handed in more than once, and only one can count: {files}",
        "files": files,
    }
    assert read["bo"].archive


def test_a_folder_of_one_student_may_hold_the_archive(course: Course, tmp_path: Path) -> None:
    own = put(tmp_path / "z1_pack" / "work.zip", b"x").parent
    assert found(own, course) == [(None, "z1_pack")]
    assert read_submission(own, course.find("z1")).archive == b"x"
    put(own / "work2.zip", b"x")
    assert found(own, course) == [("work", "z1_pack/work.zip"), ("work2", "z1_pack/work2.zip")]


def test_an_archive_that_cannot_be_read_is_a_problem_and_no_error(course: Course, tmp_path: Path) -> None:
    exercise = course.find("z1")
    huge = put(tmp_path / "huge.zip", b"\0" * (exercise.limits.archive_size + 1))
    most = str(exercise.limits.archive_size)
    assert read_submission(huge, exercise).problem == {
        "problem": "{file} is larger than {most} bytes", "file": "huge.zip", "most": most,
    }  # fmt: skip
    assert read_submission(tmp_path / "gone.zip", exercise).missing == ("app.py",)
    if sys.platform != "win32":
        (tmp_path / "link.zip").symlink_to(huge)
        os.mkfifo(tmp_path / "pipe.zip")
        for name in ("link.zip", "pipe.zip"):
            assert read_submission(tmp_path / name, exercise).problem["problem"] == "{file} is not a regular file"


def test_a_manifest_may_change_the_size_of_archives(tmp_path: Path) -> None:
    exercise = write_course(tmp_path, MANIFEST + "[limits]\narchive_size = 100\n").find("z1")
    assert read_submission(put(tmp_path / "a.zip", b"x" * 100), exercise).archive
    assert read_submission(put(tmp_path / "b.zip", b"x" * 101), exercise).problem["most"] == "100"


# -- the command


def test_a_tree_of_archives_is_graded_to_the_end(course: Course, tmp_path: Path, full: None) -> None:
    tree, out = tmp_path / "submitted", tmp_path / "out"
    put(tree / "ada" / "z1_pack.zip", GOOD["zip made by Windows in Chinese"]())
    put(tree / "bo" / "z1_pack" / "work.tar.gz", GOOD["tar.gz of a folder"]())
    put(tree / "cy" / "z1_pack" / "app.py", APP)
    put(tree / "dee" / "z1_pack.zip", REFUSED["a zip slip"][1]())
    put(tree / "eve" / "z1_pack.zip", REFUSED["a gzip bomb"][1]())
    put(tree / "fay" / "z1_pack.zip", zip_of("notes.txt")())
    put(tree / "gil" / "z1_pack.zip", b"\0" * (9 * MIB))
    put(tree / "hal" / "z1_pack.zip", zip_of("app.py", "\u202egpj.x[red]::error::")())
    result = run("grade", tree, "--format", "json", "--out", out, "--course", course.folder)
    assert result.exit_code == 0, result.output
    found = {attempt["student"]: attempt for attempt in attempts(result)}
    assert {student: (attempt["verdict"], attempt["score"]["earned"]) for student, attempt in found.items()} == {
        "ada": ("graded", 10), "bo": ("graded", 10), "cy": ("graded", 10), "dee": ("bad_submission", 0),
        "eve": ("bad_submission", 0), "fay": ("missing_file", 0), "gil": ("bad_submission", 0), "hal": ("graded", 10),
    }  # fmt: skip
    assert found["dee"]["detail"]["message"] == "a name in the archive leads out of it: ../../x"
    assert found["fay"]["ignored"] == ["notes.txt"]
    assert "gil" not in found["gil"]["detail"]["message"]
    assert found["hal"]["ignored"] == ["\\u202egpj.x[red]::error::"]
    assert len({found[student]["hashes"]["submission"] for student in ("ada", "bo", "cy", "hal")}) == 1
    written = {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in out.glob("*/z1_pack.json")}
    assert written == found


def test_the_table_says_the_reason_in_both_languages(course: Course, tmp_path: Path, full: None) -> None:
    archive = put(tmp_path / "z1_pack.zip", REFUSED["an encrypted zip"][1]())
    english = run("grade", archive, "--course", course.folder, "--lang", "en").output
    chinese = run("grade", archive, "--course", course.folder, "--lang", "zh-CN").output
    assert "bad submission: the archive asks for a password; hand it in without one" in english
    assert "提交无法接收：压缩包需要密码；请交不加密的压缩包" in chinese
