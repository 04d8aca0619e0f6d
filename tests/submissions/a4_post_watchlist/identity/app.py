def make_app(catalog=None, store=None):
    return catalog


application = lambda app: app
