"""Hostile code in a student's day: what it prints, forges, swaps and kills reaches neither the terminal nor other files.

It runs with a student's own rights, on a real terminal, in a throw-away box. What rights alone allow no engine can forbid there;
what must hold is that nothing is taken at its word.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import threading
import time
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from grader.cli import main
from grader.printable import UNSAFE_CATEGORIES
from grader.samples import load_samples, materialize
from grader.student.place import Place
from tests.grader import throwaway
from tests.grader.conftest import ROOT
from tests.grader.leaks import COURSE
from tests.grader.process_tree import below
from tests.grader.student_folders import solve

pytestmark = pytest.mark.usefixtures("posix", "box")
if os.name == "posix":
    from tests.grader.terminals import Terminal

SAMPLES = {sample.name: sample for sample in load_samples(ROOT, COURSE.find("a1"))}
OURS = re.compile(r"\x1b\[(?:(?:0|1|2|3[1-6])(?:;(?:1|2|3[1-6]))*m|2J|H|\?25[hl])")
"""The escapes that the program itself writes: a few colours, and a clear screen."""
APP = "exercises/a1_hello_wsgi/app.py"
SECRET = b"SECRET = 'of another file of the student'\n"
ENDLESS = b"""import threading
def shout():
    while True: print("\\x1b[2J" * 1000)
threading.Thread(target=shout).start()
"""
PATIENCE = 60.0
UNREAD, MOST = 3.0, 128 << 20
"""Seconds in which a terminal takes nothing, and bytes of memory that the command may have then."""


@pytest.fixture(scope="module")
def box() -> None:
    throwaway.need()


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student repository, as it is handed out, in which A1 and A2 are done."""
    top = tmp_path_factory.mktemp("released") / "course"
    result = CliRunner().invoke(
        main, ["release", str(top), "--course", str(ROOT), "--exercise", "a1", "--exercise", "a2"]
    )
    assert result.exit_code == 0, result.output
    for short in ("a1", "a2"):
        solve(Place(top), short)
    (top / "diary.txt").write_bytes(SECRET)
    return top


@pytest.fixture
def course(released: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(released, tmp_path / "course"))


@contextlib.contextmanager
def screen_of(course: Path, *words: str) -> Iterator[Terminal]:
    """Run a command of the course on a terminal."""
    running = Terminal(throwaway.grader(course, *words), course, throwaway.around({"GRADER_LANG": "en"}))
    try:
        yield running
    finally:
        running.close()


def attack(course: Path, name: str, tmp_path: Path) -> None:
    """Put a sample's file in the place of the student's."""
    folder = tmp_path / name
    folder.mkdir()
    materialize(SAMPLES[f"attack_{name}"], folder)
    write(course, (folder / "app.py").read_bytes())


def write(course: Path, data: bytes) -> None:
    """Write A1's file anew, whatever stands there."""
    (course / "new.py").write_bytes(data)
    (course / "new.py").replace(course / APP)


def good(course: Path) -> bytes:
    """Return the right answer to A1."""
    return (ROOT / "solutions" / Path(APP).relative_to("exercises")).read_bytes()


def odd(raw: bytes) -> set[str]:
    """Return what was written to the terminal, and is neither text nor an escape of ours."""
    text = OURS.sub("", raw.decode("utf-8", "surrogateescape"))
    return {one for one in text if unicodedata.category(one) in UNSAFE_CATEGORIES and one not in "\r\n"}


def others(course: Path) -> dict[str, tuple[int, bytes]]:
    """Return all files but that of A1, and what the engine keeps."""
    kept = throwaway.contents(course)
    own = (".grader", "__pycache__", "handed_in")
    return {
        name: about for name, about in kept.items() if name != APP and not any(part in own for part in Path(name).parts)
    }


def interrupt(running: Terminal, word: str) -> None:
    """Press Ctrl-C: the command in the box gets what the terminal would send it."""
    os.kill(process_of(running, word), signal.SIGINT)


def process_of(running: Terminal, word: str) -> int:
    """Return the process of a command in the box."""
    (found,) = [
        one.pid for one in below(running.process.pid)
        if word in (words := Path(f"/proc/{one.pid}/cmdline").read_bytes().decode().split("\0")) and "bwrap" not in words[0]
    ]  # fmt: skip
    return found


def resident(process: int) -> int:
    """Return the bytes of memory that a process has."""
    return int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


# -- watch


@pytest.mark.parametrize(
    "name",
    ["escapes_at_import", "drives_the_terminal", "overwrites_the_line", "turns_the_text_around", "separates_lines"],
)
def test_what_watched_code_prints_and_raises_cannot_drive_the_terminal(course: Path, tmp_path: Path, name: str) -> None:
    before = others(course)
    with screen_of(course, "watch", "a1") as screen:
        screen.until("public 40/40 points")
        screen.until("[q]")
        place = screen.type("")
        attack(course, name, tmp_path)
        page = screen.until("[q]", place)
        assert "✗ test_says_hello" in page
        place = screen.type("t")
        screen.until("[q]", place)
        place = screen.type("")
        write(course, good(course))
        screen.until("public 40/40 points", place)
        screen.type("q")
        assert screen.end() == 0
    assert odd(screen.raw) == set()
    assert others(course) == before


def test_watched_code_that_puts_a_pipe_in_the_place_of_its_file_stops_nothing(course: Path, tmp_path: Path) -> None:
    before = others(course)
    with screen_of(course, "watch", "a1") as screen:
        screen.until("[q]")
        place = screen.type("")
        attack(course, "replaces_its_file", tmp_path)
        page = screen.until("is not a regular file", place)
        assert (course / APP).is_fifo(), page
        screen.until("[q]", place)
        for key, words in (("t", "is not a regular file"), ("h", "Hint 1 of 3"), ("l", "a2 Routes")):
            place = screen.type(key)
            screen.until(words, place)
            screen.until("[q]", place)
        place = screen.type("")
        write(course, good(course))
        screen.until("public 40/40 points", place)
        screen.type("q")
        assert screen.end() == 0
    assert odd(screen.raw) == set()
    assert others(course) == before


def test_watched_code_that_kills_its_judge_is_said_and_the_next_save_is_judged(course: Path) -> None:
    killing = b"import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n"
    with screen_of(course, "watch", "a1") as screen:
        screen.until("[q]")
        place = screen.type("")
        write(course, killing + good(course))
        page = screen.until("checked at", place)
        assert "40/40" not in page
        assert "Your work was not judged" in page
        place = screen.type("")
        write(course, good(course))
        screen.until("public 40/40 points", place)
        screen.type("q")
        assert screen.end() == 0
    assert odd(screen.raw) == set()


# -- submit


@pytest.mark.parametrize("name", ["is_a_pipe", "links_to_the_reference", "links_to_a_device", "is_huge"])
def test_what_is_no_file_of_its_own_is_not_packed(course: Path, name: str) -> None:
    (course / APP).unlink()
    materialize(SAMPLES[f"attack_{name}"], (course / APP).parent)
    before = throwaway.contents(course)
    done = throwaway.run(course, ["submit", "a1", "--force"], GRADER_LANG="en")
    assert done.returncode == 2
    assert b"app.py" in done.stderr
    assert odd(done.stdout + done.stderr) == set()
    after = throwaway.contents(course)
    assert {
        name for name in {*before, *after} if before.get(name) != after.get(name) and "__pycache__" not in name
    } == set()


def test_files_with_odd_names_are_not_packed_and_not_named(course: Path, tmp_path: Path) -> None:
    materialize(SAMPLES["attack_odd_names"], tmp_path / "odd")
    for path in (tmp_path / "odd").iterdir():
        path.rename((course / APP).parent / path.name)
    done = throwaway.run(course, ["submit", "a1"], GRADER_LANG="en")
    assert (done.returncode, odd(done.stdout + done.stderr)) == (0, set()), done.stderr
    (archive,) = course.glob("handed_in/*.zip")
    assert zipfile.ZipFile(archive).namelist() == ["submission.json", "app.py"]


def test_a_file_that_is_swapped_while_it_is_packed_is_one_of_its_own_or_none(course: Path) -> None:
    versions = {good(course), good(course) + b"# again\n"}
    over = threading.Event()
    swapper = threading.Thread(target=swap, args=(course / APP, sorted(versions), over))
    before = others(course)
    codes: list[int] = []
    swapper.start()
    try:
        for _ in range(12):
            done = throwaway.run(course, ["submit", "a1", "--force"], GRADER_LANG="en")
            codes.append(done.returncode)
            assert done.returncode in (0, 2), done.stderr
            assert b"Traceback" not in done.stderr
            assert odd(done.stdout + done.stderr) == set()
    finally:
        over.set()
        swapper.join()
    packed = {zipfile.ZipFile(path).read("app.py") for path in course.glob("handed_in/*.zip")}
    assert packed <= versions
    assert bool(packed) == (0 in codes)
    assert not list(course.glob("handed_in/.*"))
    assert others(course) == before


def swap(path: Path, versions: list[bytes], over: threading.Event) -> None:
    """Put one thing after another in the place of a file."""
    new = path.with_name(".new")

    def made(number: int) -> None:
        if number < len(versions):
            new.write_bytes(versions[number])
        elif number == len(versions):
            new.symlink_to("../../diary.txt")
        else:
            os.mkfifo(new)

    while not over.is_set():
        for number in range(len(versions) + 2):
            made(number)
            new.replace(path)
            time.sleep(0.005)
        path.unlink()
        time.sleep(0.002)
    write(path.parents[2], versions[0])


# -- serve


def url_of(screen: Terminal) -> str:
    """Return where the app is served."""
    screen.until("Ctrl-C")
    found = re.search(r"http://127\.0\.0\.1:\d+/", screen.page)
    assert found, screen.page
    return found[0]


def asked(url: str, path: str = "", seconds: float = 1.5) -> tuple[int, bytes]:
    """Ask once; return the status and the body, 0 and why there is none."""
    try:
        with requests.Session() as client:
            client.trust_env = False
            answer = client.get(url + path, timeout=seconds)
            return answer.status_code, answer.content
    except requests.RequestException as error:
        return 0, str(error).encode()


def answered(url: str) -> bytes:
    """Ask until there is a good answer."""
    deadline = time.monotonic() + PATIENCE
    while True:
        code, body = asked(url)
        if code == 200:
            return body
        assert time.monotonic() < deadline, (code, body)
        time.sleep(0.1)


def mended(screen: Terminal, course: Path, url: str) -> None:
    """Save good work, and see that it is served; then end."""
    place = screen.type("")
    write(course, good(course))
    screen.until("was saved", place)
    assert answered(url) == "影单 watch-list\n".encode()
    interrupt(screen, "serve")
    screen.until("stopped", place)
    assert screen.end() == 0


@pytest.mark.parametrize("server", ["wsgiref", "waitress", "gunicorn"])
def test_what_served_code_forges_is_shown_as_text(course: Path, tmp_path: Path, server: str) -> None:
    attack(course, "forges_what_is_served", tmp_path)
    before = others(course)
    with screen_of(course, "serve", "a1", "--port", "0", "--server", server) as screen:
        url = url_of(screen)
        for _ in range(3):
            asked(url, "?\x1b[2J")
        screen.until(r"\x1b[2J\x1b]0;100/100")
        asked(url, "still-heard")
        screen.until("GET /still-heard")
        mended(screen, course, url)
    assert odd(screen.raw) == set()
    assert "\nException in thread" not in screen.page
    assert others(course) == before


def test_served_code_that_prints_without_end_is_served_anew_after_a_save(course: Path) -> None:
    write(course, ENDLESS + good(course))
    with screen_of(course, "serve", "a1", "--port", "0") as screen:
        url = url_of(screen)
        process, deadline = process_of(screen, "serve"), time.monotonic() + UNREAD
        while time.monotonic() < deadline:
            assert resident(process) < MOST, "what nobody has read yet is kept"
            time.sleep(0.1)
        ended = threading.Event()
        reader = threading.Thread(target=drain, args=(screen, ended))
        reader.start()
        try:
            write(course, good(course))
            assert answered(url) == "影单 watch-list\n".encode()
            interrupt(screen, "serve")
            screen.process.wait(PATIENCE)
        finally:
            ended.set()
            reader.join()
    assert screen.process.returncode == 0
    assert odd(screen.raw) == set()


def drain(screen: Terminal, ended: threading.Event) -> None:
    """Read what a terminal shows, as a terminal does."""
    while not ended.is_set():
        screen.read(0.2)


@pytest.mark.parametrize("name", ["drips_over_http", "to_be_continued", "floods_over_http"])
def test_an_answer_without_end_gives_way_to_the_next_save(course: Path, tmp_path: Path, name: str) -> None:
    attack(course, name, tmp_path)
    with screen_of(course, "serve", "a1", "--port", "0") as screen:
        url = url_of(screen)
        visitor = threading.Thread(target=asked, args=(url,))
        visitor.start()
        screen.until("is there a loop without end?" if name == "drips_over_http" else "Ctrl-C")
        mended(screen, course, url)
        visitor.join()
    assert odd(screen.raw) == set()


def test_served_code_that_replaces_its_file_is_served_anew_when_the_file_is_back(course: Path, tmp_path: Path) -> None:
    attack(course, "replaces_its_file", tmp_path)
    before = others(course)
    with screen_of(course, "serve", "a1", "--port", "0") as screen:
        url = url_of(screen)
        screen.until("app.py was saved")
        assert (course / APP).is_fifo()
        screen.until("your code could not be loaded")
        assert asked(url)[0] == 500
        mended(screen, course, url)
    assert odd(screen.raw) == set()
    assert others(course) == before


def test_served_code_that_kills_the_server_leaves_nothing_running(course: Path, tmp_path: Path) -> None:
    attack(course, "kills_its_server", tmp_path)
    before = others(course)
    with screen_of(course, "serve", "a1", "--port", "0") as screen:
        url = url_of(screen)
        children = below(screen.process.pid)
        assert asked(url)[0] in (0, 200)
        assert screen.end() != 0
        deadline = time.monotonic() + PATIENCE
        while any(child.alive() for child in children):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert asked(url)[0] == 0
    assert odd(screen.raw) == set()
    assert others(course) == before
