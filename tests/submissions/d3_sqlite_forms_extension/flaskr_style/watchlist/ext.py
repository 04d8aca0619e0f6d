from flask import current_app, request


class WatchStats:
    def __init__(self, app=None):
        if app is not None:
            self.init_app(app)

    def init_app(self, app):
        app.extensions["watchstats"] = [0, 0]

        @app.after_request
        def after(response):
            counts = app.extensions["watchstats"]
            counts[0] += 1
            if request.method == "POST" and response.status_code == 303:
                counts[1] += 1
            return response

    def current(self):
        requests, added = current_app.extensions["watchstats"]
        return dict(requests=requests, added=added)


stats = WatchStats()
