def create_app(config=None):
    return config
