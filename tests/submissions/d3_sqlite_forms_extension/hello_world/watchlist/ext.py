class WatchStats:
    def __init__(self, app=None):
        self.app = app

    def init_app(self, app):
        self.app = app

    def current(self):
        return {"requests": 0, "added": 0}
