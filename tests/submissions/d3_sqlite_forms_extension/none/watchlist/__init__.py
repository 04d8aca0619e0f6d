def create_app(config=None):
    return None
