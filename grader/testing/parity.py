"""Which exercise a collected test belongs to, and the tests that an exercise has again from others.

A port to a framework keeps what the raw app promised: its manifest says ``same_tests_as = ["a2", …]``, and the test modules
of those exercises are collected a second time below its own node, as modules of their own. So they meet its submission,
its entry and its factory. Their ids are ``a2.test_name``; tests marked ``raw_only`` stay behind, and of an exercise that is
named by some of its tests, ``["a2.test_links", …]``, all others do.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from grader.errors import EngineFault, UsageError

if TYPE_CHECKING:
    from grader.models import Exercise

GRADED: pytest.StashKey[Exercise] = pytest.StashKey()
"""In a worker's configuration: the exercise that is graded. Only there hidden tests are collected again too."""


class ExerciseFolder(pytest.Directory):
    """The folder of an exercise that has tests again from others."""

    def __init__(self, *, exercise: Exercise, **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]
        self.exercise = exercise

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Collect what is in the folder, then the modules of the others."""
        for path in sorted(self.path.iterdir()):
            if self.ihook.pytest_ignore_collect(collection_path=path, config=self.config):
                continue
            if path.is_file():
                yield from self.ihook.pytest_collect_file(file_path=path, parent=self)
            elif path.is_dir() and (folder := self.ihook.pytest_collect_directory(path=path, parent=self)):
                yield folder
        for origin in self.exercise.origins:
            for path in modules(origin, hidden=GRADED in self.config.stash):
                yield PortedModule.of(self, origin, path)


class PortedModule(pytest.Module):
    """A test module of another exercise, imported once more: its tests, fixtures and state are this exercise's own."""

    home: Path
    short: str

    @classmethod
    def of(cls, folder: ExerciseFolder, origin: Exercise, path: Path) -> PortedModule:
        """Make the node of a module below the exercise that has its tests again."""
        place = f"{origin.name}/{path.name}"
        made: PortedModule = cls.from_parent(folder, path=path, name=place, nodeid=f"{folder.nodeid}/{place}")
        made.home, made.short = folder.path, origin.short
        return made

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Import the module, and collect its tests."""
        try:
            self.obj = import_again(self.path, f"{self.home.name}.{self.short}.{self.path.stem}")
        except ImportError as error:
            raise self.CollectError(f"{self.path} cannot be imported: {error}") from error
        marks = getattr(self.obj, "pytestmark", [])
        for mark in marks if isinstance(marks, list) else [marks]:
            self.add_marker(mark)
        yield from super().collect()


def modules(exercise: Exercise, *, hidden: bool) -> Iterator[Path]:
    """Yield the test modules of an exercise: the public ones, and on request the hidden ones."""
    folders = [exercise.folder, *([exercise.hidden_folder] if hidden and exercise.hidden_folder else [])]
    for folder in folders:
        yield from (path for path in sorted(folder.glob("test_*.py")) if path.name not in exercise.files)


def import_again(path: Path, name: str) -> ModuleType:
    """Import a file as a module of another name, by the finders that pytest has set up: its asserts are rewritten too."""
    for finder in sys.meta_path:
        spec = finder.find_spec(name, [str(path.parent)])
        if spec and spec.loader and spec.origin and Path(spec.origin) == path:
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            try:
                spec.loader.exec_module(module)
            except BaseException:
                del sys.modules[name]
                raise
            return module
    raise EngineFault(f"{path} cannot be imported a second time")


def exercise_folder(path: Path, parent: pytest.Collector) -> ExerciseFolder | None:
    """Return the node for the folder of an exercise that has tests again from others; None for any other folder."""
    graded = parent.config.stash.get(GRADED, None)
    exercise = read(path) if graded is None else graded
    if path != exercise.folder or not exercise.origins:
        return None
    made: ExerciseFolder = ExerciseFolder.from_parent(parent, path=path, exercise=exercise)
    return made


def is_handed_in(path: Path, config: pytest.Config) -> bool:
    """Tell whether a folder is a directory that an exercise asks for, in the folder of that exercise."""
    folder = next((above for above in path.parents if (above / "exercise.toml").is_file()), None)
    if folder is None:
        return False
    graded = config.stash.get(GRADED, None)
    exercise = graded if graded and graded.folder == folder else read(folder)
    return f"{path.relative_to(folder).as_posix()}/" in exercise.files


def read(folder: Path) -> Exercise:
    """Read an exercise for a student's own run."""
    from grader.course import load_exercise

    try:
        return load_exercise(folder, folder.parents[1])
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


def stays_behind(item: pytest.Item) -> bool:
    """Tell whether a test was collected for a port that does not have it again."""
    module, folder = ported(item), item.getparent(ExerciseFolder)
    if module is None or folder is None:
        return False
    chosen = folder.exercise.chosen
    left_out = test_id(item) not in chosen and any(name.startswith(f"{module.short}.") for name in chosen)
    return left_out or item.get_closest_marker("raw_only") is not None


# -- which test this is; asked again and again while it runs, so what was found out is kept


@functools.cache
def ported(item: pytest.Item) -> PortedModule | None:
    """Return the module of a test that an exercise has again from another one."""
    return item.getparent(PortedModule)


def home(item: pytest.Item) -> Path:
    """Return the folder of the exercise for which a test is collected, in the public or in the hidden tree."""
    module = ported(item)
    return module.home if module else item.path.parent


@functools.cache
def test_id(item: pytest.Item) -> str:
    """Return the id of a test: its function's name; parametrized cases share it and its points."""
    return qualified(item, getattr(item, "originalname", None) or item.name)


def qualified(item: pytest.Item, name: str) -> str:
    """Return the id that a test function of the same module has."""
    module = ported(item)
    return f"{module.short}.{name}" if module else name


@functools.cache
def prerequisites(item: pytest.Item) -> list[str]:
    """Return the ids of the tests that one builds on: functions, so that a renamed one cannot be missed."""
    mark = item.get_closest_marker("points")
    after = mark.kwargs.get("after", ()) if mark else ()
    return [
        qualified(item, function.__name__) for function in (after if isinstance(after, (tuple, list)) else (after,))
    ]


def module_of(item: pytest.Item) -> str:
    """Return what names the module of a test among all that are collected."""
    return item.nodeid.partition("::")[0]
