def make_app(catalog=None, store=None, open_rows=None)
    return None
