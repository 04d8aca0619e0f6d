from flask import Flask


def create_app(config=None):
    app = Flask(__name__)
    app.config.from_mapping(config)

    @app.errorhandler(404)
    def nothing(error):
        return "<h1>404</h1>", 404

    return app
