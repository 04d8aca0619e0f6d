"""A fork that goes on as a Python program of its own would begin and end, without reading again what is read already."""

from __future__ import annotations

import atexit
import contextlib
import os
import runpy
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from typing import NoReturn

DESCRIPTORS = 1 << 12
"""Descriptors below this number are closed, but for the streams."""
UNFLUSHED = 120
"""The exit code of a Python that could not write all it had to (CPython, Py_FinalizeEx)."""


def run_module(name: str, words: Sequence[str], streams: Sequence[int], environment: Mapping[str, str]) -> NoReturn:
    """Run a module as ``python -m NAME WORDS`` does: with these descriptors as its streams, this environment, and to its end."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
    os.closerange(len(streams), DESCRIPTORS)
    os.environ.clear()
    os.environ.update(environment)
    # as where the locale is C.UTF-8, or Python's UTF-8 mode is on
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", errors="surrogateescape")  # type: ignore[misc] # noqa: SIM115
    sys.stdout = sys.__stdout__ = open(1, "w", encoding="utf-8", errors="surrogateescape")  # type: ignore[misc] # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace")  # type: ignore[misc] # noqa: SIM115
    sys.argv = [name, *words]
    code = 1
    try:
        code = run(name)
    finally:
        os._exit(code)


def run(name: str) -> int:
    """Run a module as the program, and what is to run at the end of one; return its exit code."""
    code = 0
    try:
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    except SystemExit as leaving:
        code = code_of(leaving)
    except BaseException:  # noqa: BLE001 - a program that raises says what, in its own way if it has one
        sys.excepthook(*sys.exc_info())
        code = 1
    with contextlib.suppress(Exception):
        threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError) as error:
        traceback.print_exception(error)
        return UNFLUSHED
    return code


def code_of(leaving: SystemExit) -> int:
    """Return the exit code that an exception stands for; a text is printed."""
    if leaving.code is None:
        return 0
    if isinstance(leaving.code, int):
        return leaving.code & 0xFF
    sys.stderr.write(f"{leaving.code}\n")
    return 1
