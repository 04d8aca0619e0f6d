"""D2: the watch-list as a package. Here its parts are put together; each of them can be read alone."""

import logging
from collections.abc import Mapping
from typing import Any

from flask import Flask
from werkzeug.exceptions import HTTPException

from . import api, hooks, site
from .errors import refuse
from .films import CATALOG, Films
from .middleware import RequestId
from .store import MemoryStore


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Return an application of its own; the upper-case keys of ``config`` are its settings."""
    app = Flask(__name__)
    app.config.update(CATALOG=None, STORE=None, OPEN_ROWS=None, MAX_CONTENT_LENGTH=65536)
    app.config.from_mapping(config or {})
    app.logger.setLevel(logging.INFO)
    app.extensions["watchlist"] = {"finished": 0, **parts(app.config)}
    hooks.init_app(app)
    app.register_error_handler(HTTPException, refuse)
    app.register_blueprint(site.blueprint)
    app.register_blueprint(api.blueprint)
    app.wsgi_app = RequestId(app.wsgi_app)  # type: ignore[method-assign]
    return app


def parts(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the views of one app work with, from its settings."""
    catalog = CATALOG if config["CATALOG"] is None else config["CATALOG"]
    return {
        "films": Films(catalog),
        "store": MemoryStore() if config["STORE"] is None else config["STORE"],
        "open_rows": (lambda: iter(catalog)) if config["OPEN_ROWS"] is None else config["OPEN_ROWS"],
    }


application = create_app()
