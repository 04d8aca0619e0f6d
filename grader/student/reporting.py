"""The session of ``grader serve`` on a terminal: what each request came to, what was printed, what was saved."""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Mapping
from typing import Any

from rich.text import Text as Words

from grader.printable import printable
from grader.student.serving import POLL, SLOW, Happened, Serving
from grader.student.speaking import Voice

PATH, WORD = 200, 40
OPEN, LARGEST, LONGEST = 1000, 10**12, 10**6
"""Requests that are open at once, bytes and seconds that are told at most: what is said may come from the student's code."""


class Session:
    """Serves until somebody presses Ctrl-C, and says what happens."""

    def __init__(self, serving: Serving, voice: Voice) -> None:
        self.serving = serving
        self.console = voice.console
        self.word = voice.word
        self.looked = time.monotonic()
        self.told: set[str] = set()

    def run(self) -> None:
        """Serve; returns when Ctrl-C is pressed."""
        try:
            self.serving.start()
            while True:
                self.turn()
        except KeyboardInterrupt:
            self.say("")
            self.say(self.word("stopped"))
        finally:
            self.serving.stop()

    def turn(self) -> None:
        """Take one thing that happened, if there is one; from time to time look at the files and at the clock."""
        with contextlib.suppress(queue.Empty):
            self.take(self.serving.events.get(timeout=POLL / 2))
        now = time.monotonic()
        if now - self.looked >= POLL:
            self.looked = now
            if name := self.serving.saved():
                self.say(self.word("{file} was saved: your app is started again", file=printable(name)), "cyan")
                self.serving.start()
            self.mind(now)

    def mind(self, now: float) -> None:
        """Say what takes too long: the start, or a request."""
        serving = self.serving
        if not serving.ready and not serving.problem and now > serving.deadline:
            text = self.word("your code did not come to an end {phase}", phase=self.word("while it was imported"))
            self.trouble(text)
            serving.start(problem=text)
        for number, (began, what) in serving.open.items():
            if now - began > SLOW and number not in self.told:
                self.told.add(number)
                text = self.word("{request} has not come to an end for {seconds} seconds; is there a loop without end?",
                                 request=what, seconds=round(SLOW))  # fmt: skip
                self.say(f"✗ {text}", "red")

    def take(self, happened: Happened) -> None:
        """Say one thing that happened; what an earlier process says is of no interest any more."""
        if happened.printed:
            self.console.print(Words(f"  {printable(happened.printed.rstrip(), 1000)}", "dim"), soft_wrap=True)
        if happened.run != self.serving.run:
            return
        if happened.said is not None:
            self.heard(happened.said)
        if happened.code is not None and not self.serving.problem:
            text = self.word("your code ended its Python process (exit code {code})", code=happened.code)
            self.trouble(text)
            self.serving.start(problem=text)

    def heard(self, said: Mapping[str, Any]) -> None:
        """Take what the process says."""
        if "ready" in said:
            self.serving.ready = True
        elif "problem" in said:
            self.trouble(
                self.word("your code could not be loaded: {problem}", problem=printable(str(said["problem"]), 1000))
            )
        elif "begun" in said:
            what = f"{printable(str(said.get('method')), WORD)} {printable(str(said.get('path')), PATH)}"
            if len(self.serving.open) < OPEN:
                self.serving.open[str(said["begun"])] = time.monotonic(), what
        elif "over" in said:
            _, what = self.serving.open.pop(str(said["over"]), (0.0, "?"))
            self.answered(what, said)

    def answered(self, what: str, said: Mapping[str, Any]) -> None:
        """Say what a request came to: status, bytes, milliseconds, and the request, which may be long, last."""
        status = printable(str(said.get("status", "")), WORD).partition(" ")[0]
        count, seconds = said.get("bytes"), said.get("seconds")
        size = f"{count if type(count) is int and 0 <= count < LARGEST else '?'} B"
        took = f"{seconds * 1000:.1f} ms" if type(seconds) is float and 0 <= seconds < LONGEST else "?"
        if said.get("raised"):
            status = self.word("raised")
        style = {"2": "green", "3": "cyan", "4": "yellow"}.get(status[:1], "red")
        line = Words.assemble((status.ljust(4), style), f"{size:>12}{took:>12}  ", what)
        self.console.print(line, soft_wrap=True)

    def trouble(self, text: str) -> None:
        """Say that something is wrong, and how to go on."""
        self.say(f"✗ {text}", "red")
        self.say(f"  {self.word('the browser shows this too; mend it and save the file')}")

    def say(self, text: str, style: str = "") -> None:
        """Print one line."""
        self.console.print(Words(text, style), soft_wrap=True)
