"""D2: the watch-list as a package. Fill in every TODO, here and in the other files.

Names may be changed and modules added, but for those that the task asks for: create_app, application, and the two blueprints.
"""

from flask import Flask

from . import api, site


def create_app(config=None):
    """Return a new Flask app; the upper-case keys of config are its settings."""
    app = Flask(__name__)
    # TODO: the settings, as in D1
    app.extensions["watchlist"] = {}  # TODO: what the views of this app need, and the number of its finished requests

    # 1. Read the request.
    # TODO: put your RequestId around the door of the app, and its id into g.request_id before each request

    # 2. Decide: Flask finds the view in one of the blueprints.
    app.register_blueprint(site.blueprint)
    app.register_blueprint(api.blueprint)

    # 3. Build the body: the views do, with the templates.
    # TODO: the function for everything that is refused, as in D1. On what does it hang, so that it sees every error?

    # 4. Announce (start_response): Flask does, after it has called certain functions with the response.
    # TODO: say in a header how long it took, and log the id

    # 5. Deliver & release.
    # TODO: count the requests that are over, whatever became of them

    return app


application = create_app()
