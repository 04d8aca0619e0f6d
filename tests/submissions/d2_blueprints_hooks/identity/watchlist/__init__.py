def create_app(config=None):
    return config


application = lambda app: app
