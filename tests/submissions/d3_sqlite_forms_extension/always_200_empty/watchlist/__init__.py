from flask import Flask


def create_app(config=None):
    app = Flask(__name__)
    app.config.from_mapping(config)

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST"])
    @app.route("/<path:path>", methods=["GET", "POST"])
    def page(path):
        return ""

    return app
