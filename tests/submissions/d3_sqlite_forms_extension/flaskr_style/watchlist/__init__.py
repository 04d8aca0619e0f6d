import os
import secrets
import tempfile

from flask import Flask, request
from werkzeug.exceptions import HTTPException

from .films import CATALOG


def create_app(test_config=None):
    app = Flask(__name__)
    app.config.from_mapping(MAX_CONTENT_LENGTH=65536, CSRF=False)
    if test_config is None:
        app.config.from_prefixed_env()
    else:
        app.config.from_mapping(test_config)
    if app.config.get("SECRET_KEY") is None:
        if not app.config["TESTING"]:
            raise KeyError("SECRET_KEY")
        app.config["SECRET_KEY"] = secrets.token_bytes()
    if app.config.get("DATABASE") is None:
        if not app.config["TESTING"]:
            raise KeyError("DATABASE")
        handle, app.config["DATABASE"] = tempfile.mkstemp()
        os.close(handle)
    if app.config.get("CATALOG") is None:
        app.config["CATALOG"] = CATALOG

    from . import api, db, ext, movies, watch

    db.init_app(app)
    ext.stats.init_app(app)
    for part in (api, movies, watch):
        app.register_blueprint(part.bp)

    @app.errorhandler(HTTPException)
    def failed(error):
        answer = error.get_response()
        if request.path.startswith("/api/"):
            answer.data = '{"error": "%d"}' % error.code
            answer.content_type = "application/json"
        return answer

    return app
