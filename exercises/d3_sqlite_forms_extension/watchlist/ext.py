"""An extension: counts what an app does. One object may serve many apps, so what it knows is kept with the app."""


class WatchStats:
    """Counts the requests of an app, and the entries that were added to its list."""

    def __init__(self, app=None):
        if app is not None:
            self.init_app(app)

    def init_app(self, app):
        """Count for an app from now on."""
        # TODO: where do the counts of this app belong? And who says that a request was answered?

    def current(self):
        """Return {"requests": ..., "added": ...} of the app whose context this is."""
        # TODO
