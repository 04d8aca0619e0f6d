"""The fixture ``probes``: fixed, public helpers that run in the student process and say what cannot be seen from outside.

They are installed before the submission is imported (`grader.sandbox.inside.instruments`), take plain data and objects of the
submission, and answer with plain data. They run beside the submission, which may do to them what it likes: what they say
is testimony, and never the only ground of a point for correctness or for the protocol.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from grader.channel.remote import StudentError, StudentObject, builtin_type
from grader.testing.finding import Unsuited
from grader.testing.submission import Submission, checked_description
from grader.testing.wsgi import Proxy

SLOWEST = 2.0
"""Seconds that a slow app may wait at once."""


@dataclass
class Connections:
    """Connections of sqlite3: how many were opened, and how many of them closed by ``close()``."""

    opened: int = 0
    closed: int = 0


@dataclass
class Templates:
    """The rendered templates in order, each with those that it extends, from the inside out."""

    rendered: list[list[str]] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The names of the rendered templates."""
        return [chain[0] for chain in self.rendered]


@dataclass
class Log:
    """What an app logged at INFO or higher: (level, message)."""

    records: list[tuple[str, str]] = field(default_factory=list)


class Probes:
    """Looks into one student process. ``with probes.sqlite() as found: …`` fills ``found`` when the block has ended."""

    def __init__(self, submission: Submission) -> None:
        self.submission = submission
        self.peer = submission._student.peer
        if not submission._student.probed:
            raise TypeError("probes are installed before the import: name the fixture probes in the test's arguments")

    def of(self, submission: Submission) -> Probes:
        """Return the probes in the process of ``submission.fresh()``."""
        return Probes(submission)

    def describe(self, value: StudentObject) -> dict[str, bool]:
        """Say what kind of thing an object of the submission's is, as `Submission.describe` does for a name."""
        return checked_description(self.peer, self.peer.ask("read", "describe", 0, object_of(value)))

    @contextlib.contextmanager
    def sqlite(self) -> Iterator[Connections]:
        """Count the connections of sqlite3 that the block opens and closes."""
        found, before = Connections(), self.counts()
        yield found
        now = self.counts()
        found.opened, found.closed = now["opened"] - before["opened"], now["closed"] - before["closed"]

    def counts(self) -> dict[str, int]:
        """Return the counts since the process began."""
        said = self.ask("sqlite")
        if (
            type(said) is not dict
            or set(said) != {"opened", "closed"}
            or not all(type(n) is int for n in said.values())
        ):
            self.peer.violated("counts of unknown shape")
        return said

    @contextlib.contextmanager
    def flask_templates(self) -> Iterator[Templates]:
        """Write down which templates Flask renders in the block."""
        found = Templates()
        self.ask("watch_templates")
        yield found
        found.rendered = self.rows("rendered_templates", list)

    @contextlib.contextmanager
    def flask_log(self, app: object) -> Iterator[Log]:
        """Write down what is logged on ``app.logger`` at INFO or higher in the block, whatever its level is else."""
        found = Log()
        number = self.ask("watch_log", object_of(app))
        yield found
        found.records = [(str(level), str(text)) for level, text in self.rows("logged", tuple, number, length=2)]

    def flask_app(self, app: object) -> StudentObject:
        """Return a Flask app to read from, such as ``debug`` and ``config``: testimony like everything that is read."""
        found: StudentObject = object_of(app)
        self.ask("check_flask", found)
        return found

    def flask_view(
        self, app: object, rule: str, *, methods: Sequence[str] = ("GET",), raises: str = "RuntimeError",
        message: str = "added by a probe", first: Callable[[], object] | None = None, tells: str = "",
    ) -> None:  # fmt: skip
        """Add a view to a Flask app before its first request: it calls ``first``, a function, then raises.

        ``raises`` names a builtin exception; if it is empty the view answers with the message, or with what ``tells`` names:
        ``g.user`` is an attribute of ``flask.g``, ``environ.REMOTE_ADDR`` a key of the environ. What is no text, or is not
        there, is told as an empty body.
        """
        if raises and not builtin_type(raises):
            raise TypeError(f"{raises!r} is not the name of a builtin exception")
        if tells and tells.partition(".")[0] not in ("g", "environ"):
            raise TypeError(f"a view tells g.name or environ.KEY, not {tells!r}")
        self.ask("add_view", object_of(app), rule, list(methods), raises, message, first, tells)

    def flask_sql(self, app: object, rule: str, get_db: Callable[..., Any]) -> None:
        """Add a view to a Flask app that runs SQL on the connection of ``get_db``, a function of the submission's.

        ``GET {rule}?run=SELECT+1`` answers with JSON: ``{"rows": [[1]], "held": 0}``. Further parameters: ``commit``; ``hold``
        (the request lasts until another one says ``go``, at most 2 seconds; ``held`` counts those that do); ``raises``.
        """
        self.ask("add_sql", object_of(app), rule, object_of(get_db))

    def bare_flask(self) -> StudentObject:
        """Return a new Flask app in the student process, to which an extension of the submission's can be given."""
        made: StudentObject = object_of(self.ask("bare_flask"))
        return made

    def in_app_context(self, app: object, function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401
        """Call a function of the submission's inside an application context of a Flask app, and return what it returned."""
        return self.ask("in_app_context", object_of(app), object_of(function), list(arguments))

    def slow_app(self, seconds: float = 0.2, chunks: Sequence[bytes] = (b"slow\n",)) -> StudentObject:
        """Return a WSGI app inside the student process that waits before it answers, and between its chunks."""
        if not 0 <= seconds <= SLOWEST or not chunks:
            raise TypeError(f"a slow app waits at most {SLOWEST:g} seconds at once, and has at least one chunk")
        made = self.ask("slow_app", float(seconds), [bytes(chunk) for chunk in chunks])
        if not isinstance(made, StudentObject):
            self.peer.violated("an app that is none")
        return made

    # -- asking

    def ask(self, name: str, *arguments: object) -> Any:  # noqa: ANN401 - as the instrument
        """Use an instrument; an app that is no Flask app skips the test."""
        try:
            return self.peer.ask("call", "instrument", 0, name, *arguments)
        except StudentError as error:
            if error.type == "NoFlask":
                raise Unsuited(
                    "the app is no Flask app, so this test cannot look inside",
                    "what your factory returns: the Flask object?",
                ) from None
            raise

    def rows(self, name: str, kind: Any, *arguments: object, length: int = 0) -> list[Any]:  # noqa: ANN401 - a class
        """Return what an instrument wrote down: a list of lists or tuples of text."""
        said: Any = self.ask(name, *arguments)
        rows = said if type(said) is list else [None]
        for row in rows:
            if type(row) is not kind or not row or length not in (0, len(row)) or not all(type(t) is str for t in row):
                self.peer.violated("a record of unknown shape")
        return rows


def object_of(thing: object) -> Any:  # noqa: ANN401 - a reference
    """Return the reference to an object of the submission's, whatever it is wrapped in.

    Raises:
        TypeError: it is no object of the submission's.
    """
    found = thing.target if isinstance(thing, Proxy) else thing
    if not isinstance(found, StudentObject):
        raise TypeError(f"a probe looks at objects of the submission's, not at {type(found).__name__}")
    return found
