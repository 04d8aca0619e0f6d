from flask import Flask


def create_app(config=None):
    app = Flask(__name__)

    @app.route("/")
    def hello():
        return "<p>Hello, World!</p>"

    return app


application = create_app()
