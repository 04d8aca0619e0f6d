def Mount(default, mounts):
    return [default, *mounts.values()][-1]


def url(environ, path="", external=False):
    return environ.get("SCRIPT_NAME", "") + path


def compose(app, *layers):
    return app
