"""A stream of any encoding takes any text, and columns stay where they are; the end of the process takes nothing away."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from grader.streams import SIMILAR, tolerate
from tests.grader.conftest import ROOT, skip


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


def test_a_verdict_that_cannot_be_written_is_no_success() -> None:
    if not Path("/dev/full").exists():
        skip("no /dev/full", "run this test on Linux")
    with Path("/dev/full").open("w") as full:
        words = [sys.executable, "-m", "grader", "list"]
        done = subprocess.run(words, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode not in (0, 1)
    assert b"Traceback" not in done.stderr
