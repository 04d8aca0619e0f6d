"""A pytest plugin for comparison only: the same fixtures bound in the test process, as every peer does it. No walls at all."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import itertools
import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from werkzeug.test import Client

import grader.channel.remote
import grader.testing
import grader.testing.decoding
from grader.sandbox.inside.instruments import Instruments
from grader.testing.events import Recorder
from grader.testing.probes import Connections
from grader.testing.tracer import Tracer


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "points(n, category, rule='', statement='', after=()): not used here")
    config.addinivalue_line("markers", "raw_only: not used here")
    no_walls()


def no_walls() -> None:
    """Have the tests' own words mean objects of this process."""
    grader.testing.StudentObject = object  # type: ignore[misc, assignment]  # here an object is itself, not a reference
    grader.channel.remote.has_operation = can
    grader.testing.decoding.MOST_DECODED = sys.maxsize >> 1  # others decode whatever comes, however much that is
    grader.testing.decoding.MOST_MEMBERS = sys.maxsize
    INSTRUMENTS.install()


def can(thing: object, kind: str) -> bool:
    """Tell what an object says of itself that a reference would say of it."""
    return callable(thing) if kind == "call" else hasattr(thing, {"close": "close"}.get(kind, f"__{kind}__"))


class InProcess:
    """What tests ask of a submission, answered from a module in the same process."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._module, name)

    def fresh(self) -> InProcess:
        """Return the module imported once more."""
        name = f"{self._module.__name__}_again"
        inside = getattr(self._module, "__path__", None)
        spec = importlib.util.spec_from_file_location(
            name, str(self._module.__file__), submodule_search_locations=inside and list(inside)
        )
        assert spec
        assert spec.loader
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return InProcess(module)

    def part(self, name: str) -> ModuleType:
        """Return a module of the package."""
        return importlib.import_module(f"{self._module.__name__}.{name}")

    def run(self, argv: list[str], *, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
        """Run a command where the package is."""
        words = [sys.executable if word == "python" else word for word in argv]
        folder = Path(str(self._module.__file__)).parents[1]
        return subprocess.run(words, cwd=folder, env={**os.environ, **(env or {})}, capture_output=True, check=False)

    def defines(self, name: str) -> bool:
        """Tell whether the module defines a name."""
        return hasattr(self._module, name)

    def describe(self, name: str) -> dict[str, bool]:
        """Say what kind of thing a name is."""
        value = getattr(self._module, name)
        return {
            "class": inspect.isclass(value),
            "generator_function": inspect.isgeneratorfunction(value),
            "function": inspect.isroutine(value),
            "defines_call": hasattr(type(value), "__call__"),  # noqa: B004
        }


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""


def imported(path: Path) -> InProcess:
    """Return the module of a file, or the package of its ``__init__.py``, imported into this process."""
    path = path.parent if path.name == "__init__.py" else path
    sys.path.insert(0, str(path.parent))
    return InProcess(importlib.import_module(path.stem))


@pytest.fixture(scope="module")
def submission() -> InProcess:
    """The module, imported into the test process."""
    return imported(Path(os.environ["BENCH_SUBMISSION"]))


def entry(submission: InProcess) -> Any:  # noqa: ANN401
    """Return the entry, or what the factory makes."""
    return submission.application if submission.defines("application") else Maker(submission)()


@pytest.fixture
def app(submission: InProcess) -> Any:  # noqa: ANN401
    """The entry, or what the factory makes."""
    return entry(submission)


class Maker:
    """The factory, by the name that it has in part A or in part D."""

    def __init__(self, submission: InProcess) -> None:
        self._submission = submission

    def __call__(self, **settings: object) -> Any:  # noqa: ANN401
        """Make an app."""
        if not self._submission.defines("create_app"):
            return self._submission.make_app(**settings)
        new = f"app-{next(NUMBERS)}"
        usual = json.loads(os.environ.get("BENCH_SETTINGS", "{}"))
        config = {name: value.replace("{new}", new) if type(value) is str else value for name, value in usual.items()}
        config |= {name.upper(): value for name, value in settings.items()}
        return self._submission.create_app(*([config] if config else []))

    def of(self, submission: InProcess) -> Maker:
        """Return that of another module."""
        return Maker(submission)


class InProcessProbes(Instruments):
    """The same instruments, asked without a channel."""

    def flask_app(self, app: Any) -> Any:  # noqa: ANN401
        """Return a Flask app."""
        self.check_flask(app)
        return app

    def flask_view(
        self, app: Any, rule: str, *, raises: str, message: str = "added by a probe", first: Callable[[], object] | None = None  # noqa: ANN401
    ) -> None:  # fmt: skip
        """Add a view."""
        self.add_view(app, rule, ["GET"], raises, message, first, "")

    def flask_sql(self, app: Any, rule: str, get_db: Callable[[], Any]) -> None:  # noqa: ANN401
        """Add a view that runs SQL."""
        self.add_sql(app, rule, get_db)

    @contextlib.contextmanager
    def sqlite(self) -> Iterator[Connections]:  # type: ignore[override]
        """Count connections."""
        found, before = Connections(), dict(self.counts)
        yield found
        found.opened, found.closed = (self.counts[name] - before[name] for name in ("opened", "closed"))

    def in_app_context(self, app: Any, function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401
        """Call a function."""
        return super().in_app_context(app, function, list(arguments))

    def of(self, submission: InProcess) -> InProcessProbes:  # noqa: ARG002 - all modules are in this process
        """Return those of another module."""
        return self


INSTRUMENTS = InProcessProbes()
NUMBERS = itertools.count(1)


@pytest.fixture
def make_app(submission: InProcess) -> Maker:
    """The factory."""
    return Maker(submission)


@pytest.fixture
def probes() -> InProcessProbes:
    """The instruments."""
    return INSTRUMENTS


@pytest.fixture
def client(app: Any) -> Client:  # noqa: ANN401
    """Werkzeug's client."""
    return Client(app)


@pytest.fixture
def trace() -> Tracer:
    """The same driver."""
    return Tracer(Recorder())


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """The same for every run."""
    return random.Random(request.node.name)


@contextmanager
def serving() -> Iterator[Callable[..., str]]:
    """Give a function that starts the same server in a thread, and end what it started."""
    servers = []

    def start(app: Any, server: str = "wsgiref") -> str:  # noqa: ANN401
        assert server == "wsgiref"
        httpd = make_server("127.0.0.1", 0, app, handler_class=Quiet)
        servers.append(httpd)
        threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return f"http://127.0.0.1:{httpd.server_port}"

    yield start
    for httpd in servers:
        httpd.shutdown()
        httpd.server_close()


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """The same server, in a thread."""
    with serving() as start:
        yield start
