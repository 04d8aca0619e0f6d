"""Watches a student's work: what is saved is checked by a warm worker, and keys ask for more.

One thread waits for saves, one for keys, one judges; they put what happens into one queue, and only this one prints.
"""

from __future__ import annotations

import queue
import signal
import subprocess
import time
from dataclasses import dataclass
from datetime import datetime

from rich.text import Text as Words

from grader.catalogues import catalogue_of
from grader.directories import listed
from grader.errors import Misuse, UsageError
from grader.models import Attempt, Exercise, Outcome, Submission
from grader.printable import printable
from grader.student.checking import work_of
from grader.student.hinting import give
from grader.student.judging import Judge, Judged, digest_of
from grader.student.keys import Keys
from grader.student.order import after
from grader.student.overview import show as show_overview
from grader.student.place import Place
from grader.student.remembering import recalled, remember
from grader.student.saves import Saves
from grader.student.speaking import Voice
from grader.student.verdicts import shown

AGAIN = 0.03
"""Seconds until a file that is empty or gone is looked at again: many editors write a file in two steps."""
TIMES = 5
PATIENCE = 0.7
"""Seconds of a check after which it is said that it is still going on."""
NO_KEY = ""


@dataclass(frozen=True)
class Saved:
    """Files of exercises were saved."""

    paths: dict[str, set[str]]


@dataclass(frozen=True)
class Pressed:
    """A key was pressed; none means that the terminal is gone."""

    key: str


class Watch:
    """One watch over a course. ``trace`` is the command that shows a request, if there is one."""

    def __init__(self, place: Place, exercise: Exercise, lang: str, trace: list[str] | None = None) -> None:
        self.place = place
        self.lang = lang
        self.trace = trace
        self.events: queue.SimpleQueue[Saved | Pressed | Judged] = queue.SimpleQueue()
        self.keys = Keys(lambda key: self.events.put(Pressed(key)))
        self.saves = Saves(place, lambda paths: self.events.put(Saved(paths)))
        self.judge = Judge(place, self.events.put)
        self.seen: dict[str, str] = {}
        self.waiting: float | None = None
        self.turn_to(exercise)

    def turn_to(self, exercise: Exercise) -> None:
        """Make an exercise the one that keys are about."""
        self.exercise = exercise
        self.voice = Voice(self.lang, catalogue_of(exercise))

    def run(self) -> None:
        """Watch until somebody wants to stop; from then on Ctrl-C means nothing any more."""
        try:
            with self.saves, self.keys:
                try:
                    self.check(self.exercise, time.monotonic())
                    while self.step():
                        pass
                finally:  # who presses Ctrl-C once more must not disturb what puts the terminal back and ends processes
                    signal.signal(signal.SIGINT, signal.SIG_IGN)
        finally:
            self.judge.close()

    def step(self) -> bool:
        """Wait for one event and do what it asks for; tell whether to go on."""
        self.judge.hurry()
        try:
            event = self.events.get(timeout=PATIENCE)
        except queue.Empty:
            self.say_waiting()
            return True
        if isinstance(event, Saved):
            self.saved(event)
        elif isinstance(event, Judged):
            self.judged(event)
        else:
            return self.pressed(event.key)
        return True

    # -- saves and verdicts

    def saved(self, event: Saved) -> None:
        """Check what was saved, if it is something that is handed in."""
        now = time.monotonic()
        for name, paths in event.paths.items():
            exercise = self.judge.find(name)
            if exercise and any(listed(path, exercise.files) or f"{path}/" in exercise.files for path in paths):
                self.check(exercise, now)

    def check(self, exercise: Exercise, since: float) -> None:
        """Have an exercise checked, unless its files are the same as before."""
        submission = self.settled(exercise)
        digest = digest_of(submission)
        if self.seen.get(exercise.name) == digest:
            return
        self.seen[exercise.name] = digest
        if exercise.name != self.exercise.name:
            self.turn_to(exercise)
        if submission.missing:
            self.begin_page()
            self.say_missing(submission.missing)
            self.end_page()
            return
        self.waiting = since
        self.judge.ask(exercise, submission, since)

    def settled(self, exercise: Exercise) -> Submission:
        """Read the work; what is empty or gone for a moment only is read again."""
        for _ in range(TIMES):
            submission = work_of(exercise)
            if not submission.missing and all(submission.files.values()):
                break
            time.sleep(AGAIN)
        return submission

    def judged(self, event: Judged) -> None:
        """Show a verdict."""
        if self.judge.jobs.empty():
            self.waiting = None
        if event.exercise.name != self.exercise.name or event.digest != self.seen.get(event.exercise.name):
            return  # something else was saved meanwhile
        self.begin_page()
        if isinstance(event.came_to, UsageError):
            self.voice.say(printable(str(event.came_to), 2000), "red")
        else:
            self.voice.console.print(shown(event.came_to, event.exercise, self.voice, event.more))
        if event.more:
            return
        moment = datetime.now().astimezone().strftime("%H:%M:%S")
        self.voice.say()
        self.voice.say(
            self.voice.word("checked at {time} in {seconds} s", time=moment, seconds=f"{event.seconds:.2f}"), "dim"
        )
        self.end_page()
        if isinstance(event.came_to, Attempt) and event.came_to.outcome is Outcome.GRADED:
            remember(self.place, event.came_to, self.voice)

    def say_missing(self, missing: tuple[str, ...]) -> None:
        """Say that a file is gone."""
        text = self.voice.word("{files} of {exercise} is gone: save it again, or take the starter with grader reset {exercise}",
                               files=", ".join(missing), exercise=self.exercise.short)  # fmt: skip
        self.voice.say(text, "red")

    def say_waiting(self) -> None:
        """Say once that a check takes long; it will come to an end, for each call has a deadline."""
        if self.waiting is not None:
            self.waiting = None
            self.voice.say(self.voice.word("{exercise} is being checked; code that does not come to an end is stopped …",
                                           exercise=self.exercise.short), "dim")  # fmt: skip

    # -- pages

    def begin_page(self) -> None:
        """Begin a new page: on a clear screen, or after a line where there is no screen."""
        console = self.voice.console
        if console.is_terminal and not console.is_dumb_terminal:
            console.clear()
        else:
            console.print("-" * min(console.width, 72))

    def end_page(self) -> None:
        """Say which keys there are."""
        if not self.keys.there:
            return
        names = [("h", self.voice.word("hint")), ("n", self.voice.word("next")), ("l", self.voice.word("list"))]
        names += [("t", self.voice.word("trace"))] if self.trace else []
        line = Words()
        for key, name in [*names, ("q", self.voice.word("quit"))]:
            line.append(f"[{key}]", "bold").append(f" {name}   ")
        self.voice.console.print(line)

    # -- keys

    def pressed(self, key: str) -> bool:
        """Do what a key asks for; tell whether to go on."""
        if key in ("q", "Q", NO_KEY):
            return False
        actions = {"h": self.hint, "n": self.next, "l": self.list, "t": self.show_trace}
        action = actions.get(key.lower())
        if action:
            try:
                action()
            except Misuse as error:
                self.voice.say(self.voice.word(error.key, **error.values), "red")
            if key.lower() != "n":
                self.end_page()
        return True

    def hint(self) -> None:
        """Show one more hint."""
        self.begin_page()
        with self.keys.lines():
            give(self.place, self.exercise, self.voice, None, asking=True)
        self.voice.say()

    def next(self) -> None:
        """Go on to the next exercise."""
        self.turn_to(after(self.place, self.exercise))
        self.seen.pop(self.exercise.name, None)
        self.check(self.exercise, time.monotonic())

    def list(self) -> None:
        """Show how far everything is."""
        self.begin_page()
        show_overview(self.place, recalled(self.place, self.voice), self.voice)
        self.voice.say()

    def show_trace(self) -> None:
        """Show a request at its layers, by the command for that."""
        if not self.trace:
            return
        self.begin_page()
        with self.keys.lines():
            subprocess.run([*self.trace, self.exercise.short, "GET", "/", "--lang", self.voice.lang], cwd=self.place.folder,
                           check=False)  # fmt: skip
