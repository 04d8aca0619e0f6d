"""What is left on poorer machines, of the walls and, without anything of Unix, of the grader.

Namespaces, Landlock or capabilities are really taken away (`poorer`), and the level is what the probes prove then. Where there
are walls at all, the tests of the box, of the engine and of serving run again behind them, as root and as an ordinary user, in
a copy of this environment that every user may read.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.grader.conftest import IN_CI, ROOT, skip
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


# -- no Unix: macOS and Windows have no walls, Windows not even fork

A1 = "exercises/a1_hello_wsgi"
RIGHT, WRONG = "solutions/a1_hello_wsgi", "tests/submissions/a1_hello_wsgi/bare_bytes"
PYTEST = ("-m", "pytest", "-p", "no:cacheprovider", "-p", "grader.testing.plugin")
GRADER = ("-m", "grader")
NONE = ("--min-isolation", "none", "--no-store")
COMMANDS: list[tuple[tuple[str, ...], int, str]] = [
    ((*PYTEST, A1, "--submission", RIGHT), 0, "public 40/40 points"),
    ((*PYTEST, A1, "--submission", WRONG), 1, "your app returned bytes itself"),
    ((*GRADER, "list"), 0, "a1_hello_wsgi"),
    ((*GRADER, "doctor"), 0, "isolation level: none"),
    ((*GRADER, "predict", "a1", "--answers", "abc"), 0, "3 predictions came true"),
    ((*GRADER, "grade", RIGHT, *NONE), 0, "100/100"),
    ((*GRADER, "grade", "solutions/d1_flask_port", *NONE), 0, "100/100"),
    ((*GRADER, "grade", "{work}/class", *NONE), 0, "stuck"),
    ((*GRADER, "grade", RIGHT, "--no-store"), 3, "sandbox unavailable"),
    ((*GRADER, "release", "{work}/release"), 0, "repository for students"),
    ((*GRADER, "leaks", "exercises"), 0, "found 0"),
]
"""Commands, their exit codes and what they say in English. ``{work}`` is a folder of the test's own; `work` fills it."""
SLOW = ("solutions/d1_flask_port", "{work}/class")
SOME = [row for row in COMMANDS if IN_CI or not set(SLOW) & set(row[0])]
"""Those that are tried everywhere."""


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with a class: an archive, a folder, and an app that never ends."""
    folder = tmp_path / "课程"
    for student in ("ada", "影", "stuck"):
        (folder / "class" / student).mkdir(parents=True)
    shutil.make_archive(str(folder / "class" / "ada" / "a1_hello_wsgi"), "zip", ROOT / RIGHT)
    shutil.copytree(ROOT / RIGHT, folder / "class" / "影" / "a1_hello_wsgi")
    (folder / "class" / "stuck" / "a1_hello_wsgi").mkdir()
    endless = "def application(environ, start_response):\n    while True:\n        pass\n"
    (folder / "class" / "stuck" / "a1_hello_wsgi" / "app.py").write_text(endless, encoding="utf-8")
    return folder


def started(
    words: tuple[str, ...], work: Path, options: tuple[str, ...] = (), environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run Python in the course, on a poorer machine if there are options, with temporary files in a folder named in Chinese."""
    launcher = [sys.executable, str(ROOT / "tests" / "grader" / "poorer.py"), *options, "--"]
    filled = [word.format(work=work) for word in words]
    return subprocess.run(
        [*launcher, sys.executable, *filled], capture_output=True, check=False, cwd=ROOT, stdin=subprocess.DEVNULL, timeout=300,
        env={**os.environ, "COLUMNS": "200", "GRADER_LANG": "en", "TMPDIR": str(work),
             "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **(environment or {})},
    )  # fmt: skip


@pytest.mark.parametrize(("words", "code", "said"), SOME, ids=[" ".join(row[0][1:]) for row in SOME])
def test_nothing_is_needed_that_only_unix_has(words: tuple[str, ...], code: int, said: str, work: Path) -> None:
    done = started(words, work, ("--no-unix",))
    output = done.stdout.decode() + done.stderr.decode()
    assert done.returncode == code, output
    assert said in output
    assert not list(work.glob("submission-*"))


def test_unix_is_really_away(work: Path) -> None:
    source = (
        "import os, select, signal, socket, sys\n"
        "assert not [n for n in ('fork', 'killpg', 'getuid', 'O_NOFOLLOW') if hasattr(os, n)]\n"
        "assert not hasattr(signal, 'SIGKILL') and not hasattr(signal, 'setitimer')\n"
        "assert not hasattr(select, 'poll') and not hasattr(socket, 'AF_UNIX')\n"
        "for name in ('fcntl', 'resource', 'pwd', 'termios', 'pty'):\n"
        "    try: __import__(name)\n"
        "    except ImportError: continue\n"
        "    sys.exit(name)\n"
        "import grader.output as ours, types\n"
        "try: exec('open(0, closefd=False)', vars(ours))\n"
        "except EncodingWarning: sys.exit(7)\n"
    )
    done = started(("-c", source), work, ("--no-unix",))
    assert done.returncode == 7, done.stderr.decode()


# -- a Chinese console that knows GBK and nothing else

FOREIGN = "ö😀影"
"""GBK has the last of these characters only."""
RAISES = f"""def application(environ, start_response):
    start_response("200 OK", [("X-{{}}", "1")])
    raise LookupError("{FOREIGN}")
"""


CONSOLE = {"PYTHONIOENCODING": "gbk", "GRADER_LANG": "zh-CN"}


@pytest.fixture(scope="module")
def gbk(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The environment of a real GBK locale, or what Python makes of it where none can be made."""
    folder = tmp_path_factory.mktemp("locale")
    made = shutil.which("localedef") and subprocess.run(
        ["localedef", "-i", "zh_CN", "-f", "GBK", str(folder / "zh_CN.GBK")], capture_output=True, check=False
    )
    if made and (folder / "zh_CN.GBK").is_dir():
        return {"LOCPATH": str(folder), "LC_ALL": "zh_CN.GBK", "GRADER_LANG": "", "PYTHONUTF8": "0"}
    return CONSOLE


IN_GBK: list[tuple[tuple[str, ...], int, str]] = [
    ((*PYTEST, A1, "--submission", WRONG), 1, "发生了什么"),
    ((*PYTEST, A1, "--submission", "{work}/foreign"), 1, "发生了什么"),
    ((*GRADER, "list"), 0, "你好"),
    ((*GRADER, "doctor"), 0, "Python 3"),
    ((*GRADER, "predict", "a1", "--answers", "abc"), 0, "猜对"),
    ((*GRADER, "grade", WRONG, *NONE), 0, "x test_body_is_bytes"),
    ((*GRADER, "grade", "{work}/foreign", "--exercise", "a1", "--audience", "staff", *NONE), 0, "a1"),
    ((*GRADER, "nosuch"), 2, ""),
]
"""Commands, their exit codes and what they say in Chinese, or at all."""


@pytest.mark.parametrize(("words", "code", "said"), IN_GBK, ids=[" ".join(row[0][1:]) for row in IN_GBK])
@pytest.mark.parametrize("console", ["the locale", "the console"] if IN_CI else ["the locale"])
def test_a_console_that_lacks_characters_gets_all_others(
    words: tuple[str, ...], code: int, said: str, console: str, work: Path, gbk: Mapping[str, str]
) -> None:
    (work / "foreign").mkdir()
    (work / "foreign" / "app.py").write_text(RAISES, encoding="utf-8")
    (work / "foreign" / f"{FOREIGN}.txt").write_text("", encoding="utf-8")
    environment = gbk if console == "the locale" else CONSOLE
    done = started(words, work, environment=environment)
    output = done.stdout.decode("gbk")
    assert done.returncode == code, output + done.stderr.decode("gbk", "replace")
    assert said in output
    assert "UnicodeEncodeError" not in output + done.stderr.decode("gbk", "replace")


def test_json_is_utf_8_on_every_console(work: Path) -> None:
    done = started((*GRADER, "grade", WRONG, *NONE, "--format", "json"), work, environment=CONSOLE)
    (attempt,) = json.loads(done.stdout.decode("utf-8"))
    assert attempt["language"] == "zh-CN"
    assert "直接返回了 bytes" in json.dumps(attempt, ensure_ascii=False)
