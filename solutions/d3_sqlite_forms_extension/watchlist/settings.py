"""The settings of an app: from its config, else from variables of the environment. Some must not be missing."""

import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from .films import CATALOG
from .store import SqliteStore

REMEDY = "the setting {0} is missing: pass it to create_app, or set FLASK_{0} in the environment"


def init_app(app: Flask, config: Mapping[str, Any] | None) -> None:
    """Set what was asked for, see that the rest can be done without, and make what the views work with."""
    app.config.update(CATALOG=None, STORE=None, OPEN_ROWS=None, MAX_CONTENT_LENGTH=65536, DATABASE=None, CSRF=False)
    app.config.from_prefixed_env()
    app.config.from_mapping(config or {})
    for key, replacement in (("SECRET_KEY", secrets.token_hex), ("DATABASE", temporary_file)):
        if not app.config[key]:
            if not app.testing:
                raise RuntimeError(REMEDY.format(key))
            app.config[key] = replacement()
    app.extensions["watchlist"] = {
        "finished": 0,
        "catalog": CATALOG if app.config["CATALOG"] is None else app.config["CATALOG"],
        "store": SqliteStore() if app.config["STORE"] is None else app.config["STORE"],
    }


def temporary_file() -> str:
    """Return the path of a database that nobody has used before."""
    return str(Path(tempfile.mkdtemp(), "films"))
