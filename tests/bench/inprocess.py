"""A pytest plugin for comparison only: the same fixtures bound in the test process, as every peer does it. No walls at all."""

from __future__ import annotations

import importlib
import inspect
import os
import random
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from werkzeug.test import Client

from grader.testing.events import Recorder
from grader.testing.tracer import Tracer


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "points(n, category, rule='', statement='', after=()): not used here")


class InProcess:
    """What tests ask of a submission, answered from a module in the same process."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._module, name)

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


@pytest.fixture(scope="module")
def submission() -> InProcess:
    """The module, imported into the test process."""
    path = Path(os.environ["BENCH_SUBMISSION"])
    sys.path.insert(0, str(path.parent))
    return InProcess(importlib.import_module(path.stem))


@pytest.fixture
def app(submission: InProcess) -> Any:  # noqa: ANN401
    """The entry."""
    return submission.application


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


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """The same server, in a thread."""
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
