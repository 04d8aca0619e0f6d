from flask import Flask


def create_app(config=None):
    app = Flask(__name__)
    app.config.update(config or {})
    app.url_map.strict_slashes = False

    @app.route("/", defaults={"path": ""})
    @app.route("/<path:path>")
    def page(path):
        return ""

    return app


application = create_app()
