"""An extension: counts what an app does. One object may serve any number of apps, for all it knows is kept with the app."""

from threading import Lock
from typing import Any

from flask import Flask, Response, current_app, request


class WatchStats:
    """Counts the requests of an app, and the entries that were added to its list.

    Args:
        app: an app to begin with; others, or this one too, may be given to ``init_app``.
    """

    def __init__(self, app: Flask | None = None) -> None:
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Count for an app from now on."""
        app.extensions["watchstats"] = {"lock": Lock(), "requests": 0, "added": 0}
        app.after_request(self.count)

    def count(self, response: Response) -> Response:
        """Count one request, threads or no threads."""
        state: dict[str, Any] = current_app.extensions["watchstats"]
        with state["lock"]:
            state["requests"] += 1
            state["added"] += request.method == "POST" and response.status_code == 303
        return response

    def current(self) -> dict[str, int]:
        """Return the counts of the app whose context this is."""
        state = current_app.extensions["watchstats"]
        with state["lock"]:
            return {"requests": state["requests"], "added": state["added"]}
