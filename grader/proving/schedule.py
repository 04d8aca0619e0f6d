"""Shares gradings out among several graders: each stays with the exercises for which it has a warm worker."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

WORTH = 8
"""Gradings that must be waiting before one more worker is started for an exercise."""

Task = TypeVar("Task")


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass
class Schedule(Generic[Task]):
    """What is waiting to be graded, by exercise."""

    waiting: dict[str, deque[Task]] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, exercise: str, tasks: Iterable[Task]) -> None:
        """Add what is to be done for an exercise."""
        self.waiting.setdefault(exercise, deque()).extend(tasks)

    def take(self, own: set[str]) -> tuple[str, Task] | None:
        """Take a task, of one's ``own`` exercises if there is one; None when there is nothing worth another worker."""
        with self.lock:
            left = {name: len(tasks) for name, tasks in self.waiting.items() if tasks}
            choice = next((name for name in left if name in own), None)
            choice = choice or next((name for name in left if name not in self.begun), None)
            choice = choice or max((name for name in left if left[name] >= WORTH), key=left.__getitem__, default=None)
            if choice is None:
                return None
            own.add(choice)
            self.begun.add(choice)
            return choice, self.waiting[choice].popleft()

    def drop(self, exercise: str | None = None) -> None:
        """Forget what is waiting for an exercise, or for all."""
        with self.lock:
            for name in [exercise] if exercise else list(self.waiting):
                self.waiting[name].clear()


def side_by_side(hands: int, work: Callable[[], None], stop: Callable[[], None]) -> None:
    """Have several threads work; when one of them breaks or somebody presses Ctrl-C, the others are told to stop."""
    with ThreadPoolExecutor(hands) as pool:
        futures = [pool.submit(work) for _ in range(hands)]
        try:
            for future in futures:
                future.result()
        except BaseException:
            stop()
            raise
