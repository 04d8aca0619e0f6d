from flask import Flask, jsonify, request


def create_app(config=None):
    app = Flask(__name__)
    app.config.update(config or {})

    @app.errorhandler(404)
    def nothing(error):
        return (jsonify(error="404") if request.path.startswith("/api/") else "<h1>404</h1>"), 404

    return app


application = create_app()
