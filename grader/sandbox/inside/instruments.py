"""What helps a test to look at a submission from within: fixed and public, installed before the submission is imported.

They run beside the submission, in its process, where it may do to them what it likes: all that they say is testimony. Plain
data goes in, plain data comes out, but for the objects of the submission that they are about.
"""

from __future__ import annotations

import builtins
import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

MOST = 1000
"""Entries that one recording keeps."""
LONGEST = 2000
"""Characters of one text that are told."""
LONGEST_HOLD = 2.0
"""Seconds for which a request may be held."""
LAYOUTS = 10
"""Templates that one may extend, one after another."""


class NoFlask(TypeError):
    """The object is no Flask app; the judge says it kindly."""


class Instruments:
    """The instruments of one process."""

    def __init__(self) -> None:
        self.counts = {"opened": 0, "closed": 0}
        self.rendered: list[Any] = []
        self.handlers: dict[int, tuple[Recording, logging.Logger, int]] = {}

    def install(self) -> None:
        """Do what has to be done before the submission is imported: later it may hold sqlite3.connect under its own name."""
        connect = counting(self.counts)
        for module in (sqlite3, sqlite3.dbapi2):
            vars(module)["connect"] = connect

    def ask(self, name: str, *arguments: Any) -> Any:  # noqa: ANN401 - what each of them returns
        """Use one instrument."""
        return USED[name](self, *arguments)

    # -- sqlite

    def sqlite(self) -> dict[str, int]:
        """Return how many connections were opened so far, and how many of them closed by ``close()``."""
        return dict(self.counts)

    # -- Flask

    def watch_templates(self) -> None:
        """Begin to write down which templates are rendered."""
        from flask import template_rendered

        self.rendered = []
        template_rendered.connect(self.note_template)

    def note_template(self, _sender: object, template: Any, **_more: object) -> None:  # noqa: ANN401 - Jinja's
        """Take Flask's signal."""
        if len(self.rendered) < MOST:
            self.rendered.append(template)

    def rendered_templates(self) -> list[list[str]]:
        """Stop; return for each rendered template its name and those that it extends, from the inside out."""
        from flask import template_rendered

        template_rendered.disconnect(self.note_template)
        found, self.rendered = self.rendered, []
        return [list(layouts(template)) for template in found]

    def check_flask(self, app: Any) -> None:  # noqa: ANN401
        """Refuse what is no Flask app."""
        flask_app(app)

    def add_view(
        self, app: Any, rule: str, methods: list[str], raises: str, message: str, first: Callable[[], object] | None,  # noqa: ANN401
        tells: str = "",
    ) -> None:  # fmt: skip
        """Add a view that calls ``first``, then raises a builtin exception, tells something, or answers with the message."""

        def view(**_arguments: object) -> str:
            if first is not None:
                first()
            if raises:
                raise getattr(builtins, raises)(message)
            return told(tells) if tells else message

        flask_app(app).add_url_rule(rule, f"added {rule}", view, methods=methods)

    def add_sql(self, app: Any, rule: str, get_db: Callable[[], Any]) -> None:  # noqa: ANN401
        """Add a view that runs SQL on the connection of the submission's ``get_db``, and says what came back.

        Its parameters: ``run`` (any number of statements), ``commit``, ``hold`` (do not end before somebody asks with ``go``),
        ``raises``. It answers with JSON: ``rows``, and how many requests are ``held`` at the moment.
        """
        from flask import request

        held: list[threading.Event] = []

        def view() -> dict[str, object]:
            asked, rows = request.args, []
            for waiting in held if "go" in asked else ():
                waiting.set()
            for statement in asked.getlist("run"):
                rows = [list(row.values() if isinstance(row, dict) else row) for row in get_db().execute(statement)]
            if "commit" in asked:
                get_db().commit()
            if "hold" in asked:
                gate = threading.Event()
                held.append(gate)
                gate.wait(LONGEST_HOLD)
                held.remove(gate)
            if "raises" in asked:
                raise RuntimeError("added by a probe")
            return {"rows": rows, "held": len(held)}

        flask_app(app).add_url_rule(rule, f"added {rule}", view)

    def bare_flask(self) -> Any:  # noqa: ANN401
        """Return a Flask app that nobody has done anything to."""
        from flask import Flask

        return Flask("bare")

    def watch_log(self, app: Any) -> int:  # noqa: ANN401
        """Begin to write down what the app logs at INFO or higher."""
        logger: logging.Logger = flask_app(app).logger
        recording, level = Recording(), logger.level
        if logger.getEffectiveLevel() > logging.INFO:
            logger.setLevel(logging.INFO)
        logger.addHandler(recording)
        self.handlers[id(recording)] = recording, logger, level
        return id(recording)

    def logged(self, number: int) -> list[tuple[str, str]]:
        """Stop; return (level, message) of each record."""
        recording, logger, level = self.handlers.pop(number)
        logger.removeHandler(recording)
        logger.setLevel(level)
        return recording.entries

    def in_app_context(self, app: Any, function: Callable[..., Any], arguments: list[Any]) -> Any:  # noqa: ANN401
        """Call a function inside an application context."""
        with flask_app(app).app_context():
            return function(*arguments)

    # -- apps

    def slow_app(self, seconds: float, chunks: list[bytes]) -> Callable[..., Iterable[bytes]]:
        """Return a WSGI app that takes its time before its announcement and between its chunks."""

        def app(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
            time.sleep(seconds)
            start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(sum(map(len, chunks))))])
            yield chunks[0]
            for chunk in chunks[1:]:
                time.sleep(seconds)
                yield chunk

        return app


USED: dict[str, Callable[..., Any]] = {
    name: getattr(Instruments, name)
    for name in (
        "sqlite", "watch_templates", "rendered_templates", "check_flask", "add_view", "add_sql", "bare_flask", "watch_log",
        "logged", "in_app_context", "slow_app",
    )
}  # fmt: skip


class Recording(logging.Handler):
    """Keeps the beginning of what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.entries: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take one record; one that cannot be written is none."""
        with contextlib.suppress(Exception):
            if len(self.entries) < MOST:
                self.entries.append((str(record.levelname)[:20], str(record.getMessage())[:LONGEST]))


def told(name: str) -> str:
    """Return a text that a request has with it: ``g.name`` or ``environ.KEY``."""
    from flask import g, request

    place, _, key = name.partition(".")
    value = g.get(key) if place == "g" else request.environ.get(key)
    return value if type(value) is str else ""


def flask_app(app: Any) -> Any:  # noqa: ANN401 - a Flask app
    """Return a Flask app.

    Raises:
        NoFlask: it is none.
    """
    from flask import Flask

    if not isinstance(app, Flask):
        raise NoFlask(type(app).__name__[:100])
    return app


def layouts(template: Any) -> Iterator[str]:  # noqa: ANN401 - Jinja's
    """Yield the name of a template and of those that it extends by a constant name."""
    from jinja2 import nodes

    environment, name = template.environment, template.name
    for _ in range(LAYOUTS):
        yield str(name or "")[:LONGEST]
        if not name:
            return
        source, _file, _fresh = environment.loader.get_source(environment, name)
        extended = [node.template for node in environment.parse(source).find_all(nodes.Extends)]
        if not extended or not isinstance(extended[0], nodes.Const):
            return
        name = extended[0].value


def counting(counts: dict[str, int]) -> Callable[..., Any]:
    """Return sqlite3's ``connect`` with connections that count; nothing keeps them alive longer than without."""
    right = sqlite3.connect
    kinds: dict[type, type] = {}

    def kind_of(factory: Any) -> Any:  # noqa: ANN401 - a class of connections, or what makes them
        if not isinstance(factory, type):
            return factory
        if factory not in kinds:
            kinds[factory] = type(factory.__name__, (factory,), members(factory, counts))
        return kinds[factory]

    def connect(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as sqlite3.connect
        if len(args) > 5:
            args = (*args[:5], kind_of(args[5]), *args[6:])
        else:
            kwargs["factory"] = kind_of(kwargs.get("factory", sqlite3.Connection))
        connection = right(*args, **kwargs)
        counts["opened"] += 1
        return connection

    return connect


def members(factory: Any, counts: dict[str, int]) -> dict[str, Any]:  # noqa: ANN401 - a class of connections
    """Return the members with which a class of connections counts."""

    def close(self: Any) -> None:  # noqa: ANN401
        factory.close(self)
        counts["closed"] += not self.counted
        self.counted = True

    return {"counted": False, "close": close}
