def Mount(default, mounts):
    raise NotImplementedError


def url(environ, path="", external=False):
    raise NotImplementedError


def compose(app, *layers):
    raise NotImplementedError
