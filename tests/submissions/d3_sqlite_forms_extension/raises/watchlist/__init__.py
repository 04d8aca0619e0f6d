def create_app(config=None):
    raise NotImplementedError
