application = lambda app: app


def app_generator(app):
    yield app


class AppClass:
    def __init__(self, app):
        self.app = app

    def __iter__(self):
        return iter(self.app)


class Greeting:
    def __call__(self, app):
        return app


app_instance = Greeting()
