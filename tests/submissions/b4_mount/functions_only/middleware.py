import functools
from urllib.parse import quote


def native(text):
    return text.encode("utf-8").decode("iso-8859-1")


def Mount(default, mounts):
    apps = {}
    for prefix, app in mounts.items():
        apps[native(prefix[:-1] if prefix.endswith("/") else prefix)] = app

    def dispatch(environ, start_response):
        path = environ.get("PATH_INFO", "")
        cuts = [number for number, character in enumerate(path) if character == "/"] + [len(path)]
        for cut in reversed(cuts):
            if path[:cut] in apps:
                inside = dict(environ)
                inside.update(SCRIPT_NAME=environ.get("SCRIPT_NAME", "") + path[:cut], PATH_INFO=path[cut:])
                return apps[path[:cut]](inside, start_response)
        return default(dict(environ), start_response)

    return dispatch


def url(environ, path="", external=False):
    place = environ.get("SCRIPT_NAME", "").encode("iso-8859-1").decode("utf-8")
    start = base(environ) if external else ""
    return start + quote(place + path)


def base(environ):
    name, port = environ["SERVER_NAME"], environ["SERVER_PORT"]
    scheme = environ["wsgi.url_scheme"]
    server = name if (scheme, port) in (("http", "80"), ("https", "443")) else name + ":" + port
    return scheme + "://" + environ.get("HTTP_HOST", server)


def compose(app, *layers):
    return functools.reduce(lambda inside, layer: layer(inside), layers[::-1], app)
