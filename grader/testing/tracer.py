"""The fixture ``trace``: makes conversations with WSGI callables and drives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from grader.testing.events import Recorder
from grader.testing.trace import Trace
from grader.testing.wsgi import make_environ


class Tracer:
    """Makes and drives conversations.

    ``trace(app, "GET", "/")`` calls the app, takes every chunk and closes. ``stop_after=n`` takes n chunks at most,
    ``close=False`` leaves closing to the test. ``trace.start(…)`` only calls: go on with `Trace.step`, `Trace.finish` and
    `Trace.close`, in any order with other conversations. ``before_read`` is called before the app's first read of
    wsgi.input: a second request can be made there. ``input_ends=True`` is for tests that are not about reading: whoever
    reads past the body gets what is left, as on many servers, and only `rules.INPUT` tells.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    def start(
        self, app: Callable[..., Any], method: str = "GET", path: str = "/", *, query: str = "", body: bytes = b"",
        headers: Mapping[str, str] | None = None, environ: Mapping[str, object] | None = None,
        before_read: Callable[[], object] | None = None, input_ends: bool = False,
    ) -> Trace:  # fmt: skip
        """Call the app and return the conversation before its first chunk."""
        made = make_environ(method, path, query=query, body=body, headers=headers, environ=environ)
        return Trace(self.recorder, made, body, before_read, input_ends=input_ends).call(app)

    def __call__(
        self, app: Callable[..., Any], method: str = "GET", path: str = "/", *, stop_after: int | None = None,
        close: bool = True, **request: Any,  # noqa: ANN401 - as for start
    ) -> Trace:  # fmt: skip
        """Drive a whole conversation, or its beginning."""
        seen = self.start(app, method, path, **request)
        try:
            if stop_after is None:
                seen.finish()
            else:
                for _ in range(stop_after):
                    seen.step()
        finally:
            if close:
                seen.close()
        return seen
