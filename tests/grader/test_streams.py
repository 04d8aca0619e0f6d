"""A stream of any encoding takes any text, and columns stay where they are; the end of the process takes nothing away."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from grader import catalogues
from grader.cli import options
from grader.errors import EngineFault
from grader.streams import SIMILAR, tolerate
from tests.grader.conftest import ROOT, skip
from tests.grader.terminals import surroundings


@pytest.mark.parametrize(
    ("encoding", "text", "written"),
    [
        ("gbk", "✓ 影 é", "+ 影 é"),
        ("gbk", "✗ ö😀", "x \\xf6\\U0001f600"),
        ("ascii", "a · b – c…", "a . b - c~"),
        ("cp1252", "→ 影", "> \\u5f71"),
        ("latin-1", "\udcff", "\\udcff"),
        ("utf-8", "✓ 影😀", "✓ 影😀"),
    ],
)
def test_what_an_encoding_lacks_is_written_otherwise(encoding: str, text: str, written: str) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, newline="")
    tolerate([stream])
    stream.write(text)
    stream.flush()
    assert raw.getvalue().decode(encoding) == written


def test_a_sign_and_what_stands_for_it_are_equally_wide() -> None:
    assert all(len(sign) == len(other) == 1 and other.isascii() for sign, other in SIMILAR.items())


def test_a_stream_that_is_none_or_of_somebody_else_is_left_alone() -> None:
    other = io.StringIO()
    tolerate([None, other])
    other.write("✓")
    assert other.getvalue() == "✓"


# -- how the process ends


@pytest.mark.parametrize(
    ("ends", "code", "said"),
    [
        ("pass", 0, "said late"),
        ("sys.exit()", 0, "said late"),
        ("sys.exit(3)", 3, "said late"),
        ("sys.exit('a reason')", 1, "said late"),
        ("threading.Thread(target=lambda: (time.sleep(0.3), print('a thread'))).start(); sys.exit(1)", 1, "said a thread\nlate"),
        ("threading.Thread(target=time.sleep, args=[600], daemon=True).start(); sys.exit(1)", 1, "said late"),
        ("raise ValueError", 1, "said late"),
    ],
)
def test_the_end_of_the_process_takes_nothing_away(ends: str, code: int, said: str) -> None:
    program = (
        "import atexit, sys, threading, time\nfrom grader import cli\n"
        "def main():\n    atexit.register(print, 'late')\n    print('said', end=' ')\n"
        f"    {ends}\n"
        "cli.main = main\ncli.run()"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (code, said), done.stderr
    assert ("a reason" in done.stderr) == ("reason" in ends)


@pytest.mark.parametrize(("lang", "said"), [("en", "a fault of this machine, "), ("zh-CN", "这台机器出了问题，")])
def test_what_cannot_be_written_is_no_success(lang: str, said: str) -> None:
    if not Path("/dev/full").exists():
        skip("no /dev/full", "run this test on Linux")
    words, environment = [sys.executable, "-m", "grader", "list"], surroundings({"GRADER_LANG": lang})
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            words, cwd=ROOT, env=environment, stdout=full, stderr=subprocess.PIPE, encoding="utf-8", timeout=60
        )
    assert (done.returncode, done.stderr.startswith(f"Error: {said}")) == (3, True), done.stderr


def test_a_fault_is_said_in_english_where_the_catalogue_is_what_is_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "messages.zh-CN.po").write_text("no catalogue", encoding="utf-8")
    monkeypatch.setattr(catalogues, "ENGINE_FOLDER", tmp_path)

    @options.reporting
    def command(lang: str) -> None:
        raise EngineFault(f"in {lang}")

    with pytest.raises(options.OurFault, match="a fault of the grader, not of a submission: in zh-CN"):
        command(lang="zh-CN")
