"""D3: the watch-list with a database, forms that are checked, and an extension."""

import logging
from collections.abc import Mapping
from typing import Any

from flask import Flask
from werkzeug.exceptions import HTTPException

from . import api, db, hooks, settings, site
from .errors import refuse
from .ext import WatchStats
from .middleware import RequestId


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Return an application of its own; the upper-case keys of ``config`` are its settings.

    Raises:
        RuntimeError: a setting is missing without which an app must not run.
    """
    app = Flask(__name__)
    settings.init_app(app, config)
    app.logger.setLevel(logging.INFO)
    db.init_app(app)
    hooks.init_app(app)
    WatchStats(app)
    app.register_error_handler(HTTPException, refuse)
    app.register_blueprint(site.blueprint)
    app.register_blueprint(api.blueprint)
    app.wsgi_app = RequestId(app.wsgi_app)  # type: ignore[method-assign]
    return app
