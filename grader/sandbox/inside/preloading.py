"""Imports what submissions use into a process that student processes are forked from."""

from __future__ import annotations

import sys
from collections.abc import Iterable


def preload(modules: Iterable[str]) -> None:
    """Import what submissions use, and warm what is made lazily, so that forks start hot."""
    for name in modules:
        try:
            __import__(name)
        except ImportError:
            continue
    if "flask" in sys.modules:
        import flask

        app = flask.Flask("warm")
        app.add_url_rule("/<int:number>", "view", lambda number: {"number": number})
        app.add_url_rule("/page/<name>", "page", lambda name: flask.render_template_string("{{ name }}", name=name))
        with app.test_client() as client:
            client.get("/1")
            client.get("/page/warm")
            client.get("/missing")
