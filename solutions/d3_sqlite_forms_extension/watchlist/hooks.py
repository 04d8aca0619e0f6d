"""What happens before and after every request. The functions are the app's and not a blueprint's, so no request is missed."""

from threading import Lock
from time import perf_counter

from flask import Flask, Response, g, request

from .middleware import KEY


def init_app(app: Flask) -> None:
    """Hang the hooks on an app; the state they share is in ``app.extensions["watchlist"]``."""
    state, lock = app.extensions["watchlist"], Lock()

    @app.before_request
    def begin() -> None:
        g.request_id, g.began = request.environ[KEY], perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        """Report; an answer to a failure comes by here too, unless the config asks for its exception."""
        elapsed = (perf_counter() - g.began) * 1000
        response.headers["Server-Timing"] = f"app;dur={elapsed:.1f}"
        app.logger.info(f"{g.request_id} {request.method} {request.path!r} {response.status_code}")
        return response

    @app.teardown_request
    def count(_error: BaseException | None) -> None:
        with lock:
            state["finished"] += 1
