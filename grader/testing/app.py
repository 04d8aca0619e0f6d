"""The fixture ``app``: the submission's entry as a WSGI callable that any library may be given.

It checks the shape of the answer (PEP 3333) before a library sees it: Werkzeug's client takes int statuses and str chunks,
and raises errors of its own on others. What is wrong ends the test with a `Finding`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from grader.models import Factory
from grader.testing import rules
from grader.testing.events import Recorder
from grader.testing.submission import Submission
from grader.testing.trace import Trace
from grader.testing.wsgi import Errors, Proxy, Stream

SHAPE = (
    rules.START_ARGUMENTS, rules.STATUS_LINE, rules.HEADER_LIST, rules.ITERABLE, rules.NOT_BARE, rules.BODY_BYTES,
    rules.START_FIRST, rules.START_ONCE,
)  # fmt: skip
"""What libraries rely on; whether the answer is right beyond that is for the test to ask."""
PLAIN = (str, int, bool, float, tuple, list)


class App(Proxy):
    """A WSGI callable of the submission's, strict about every answer."""

    def __init__(self, target: Callable[..., Any], recorder: Recorder) -> None:
        super().__init__(target)
        self.recorder = recorder

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Answer:
        """Call the submission with a plain environ and return its checked answer."""
        passed: dict[str, object] = {key: value for key, value in environ.items() if type(value) in PLAIN}
        seen = Trace(self.recorder, passed | {"wsgi.input": Stream(environ["wsgi.input"])})
        seen.environ["wsgi.errors"] = Errors(seen.problems)
        return Answer(seen, start_response).begin(self.target)


class Answer:
    """The checked iterable of one answer; hands status and headers on as soon as they are known to be right."""

    def __init__(self, seen: Trace, start_response: Callable[..., Any]) -> None:
        self.seen = seen
        self.start_response = start_response
        self.announced = False

    def begin(self, target: Callable[..., Any]) -> Answer:
        """Call the submission."""
        self.seen.call(target)
        self.announce()
        return self

    def announce(self) -> None:
        """Check what is known so far, and tell the library status and headers once."""
        self.seen.check(*SHAPE)
        if self.seen.starts and not self.announced:
            self.announced = True
            write = self.start_response(self.seen.status, list(self.seen.headers))
            for data in self.seen.written:
                write(data)

    def __iter__(self) -> Answer:
        return self

    def __next__(self) -> bytes:
        more = self.seen.step()
        self.announce()
        if not more:
            raise StopIteration
        return self.seen.chunks[-1]

    def close(self) -> None:
        """Close the submission's result."""
        self.seen.close()


class AppMaker:
    """The fixture ``make_app``: makes apps with the submission's factory, whatever the exercise calls it.

    ``make_app(catalog=FILMS)`` calls ``make_app(catalog=FILMS)`` or ``create_app({"CATALOG": FILMS})``, as the manifest
    says; what is not given is not passed, but for what the manifest gives to every app. Lists and dicts are copied first: what
    the submission does to its arguments comes back, and must not change what the test compares with. Each app is checked for
    the shape of its answers, like ``app``.
    """

    def __init__(
        self, submission: Submission, factory: Factory, recorder: Recorder, numbers: Iterator[int] | None = None
    ) -> None:
        self.submission = submission
        self.factory = factory
        self.recorder = recorder
        self.numbers = count(1) if numbers is None else numbers

    def __call__(self, **settings: object) -> App:
        """Make an app."""
        function = getattr(self.submission, self.factory.name)
        settings = self.usual() | {name: copied(value) for name, value in settings.items()}
        if self.factory.takes == "keywords":
            made = function(**settings)
        else:
            made = function(*([{name.upper(): value for name, value in settings.items()}] if settings else []))
        return App(made, self.recorder)

    def of(self, submission: Submission) -> AppMaker:
        """Return the maker of apps in the process of ``submission.fresh()``."""
        return AppMaker(submission, self.factory, self.recorder, self.numbers)

    def usual(self) -> dict[str, object]:
        """Return the settings that the manifest gives to every app, for one more app."""
        new = f"app-{next(self.numbers)}"
        return {
            name.lower() if self.factory.takes == "settings" else name: (
                value.replace("{new}", new) if isinstance(value, str) else value
            )
            for name, value in self.factory.settings.items()
        }


def copied(value: object) -> object:
    """Return plain data with lists, tuples and dicts of its own, all the way down; everything else as it is."""
    if type(value) is dict:
        return {key: copied(item) for key, item in value.items()}
    if type(value) is list:
        return [copied(item) for item in value]
    return tuple(copied(item) for item in value) if type(value) is tuple else value
