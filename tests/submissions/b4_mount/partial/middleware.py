from functools import partial
from itertools import accumulate
from urllib.parse import quote_from_bytes


def dispatch(default, apps, environ, start_response):
    environ = environ | {"SCRIPT_NAME": environ.get("SCRIPT_NAME", ""), "PATH_INFO": environ.get("PATH_INFO", "")}
    head, *segments = environ["PATH_INFO"].split("/")
    beginnings = list(accumulate(segments, "{}/{}".format, initial=head))
    found = next((beginning for beginning in reversed(beginnings) if beginning in apps), "")
    environ["SCRIPT_NAME"] += found
    environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(found)
    return apps.get(found, default)(environ, start_response)


def Mount(default, mounts):
    apps = {"/" + bytes(prefix.strip("/"), "utf-8").decode("latin-1"): app for prefix, app in mounts.items()}
    return partial(dispatch, default, apps)


def url(environ, path="", external=False):
    link = quote_from_bytes(environ.get("SCRIPT_NAME", "").encode("latin-1") + path.encode())
    if external:
        match environ:
            case {"HTTP_HOST": host}:
                pass
            case {"wsgi.url_scheme": "http", "SERVER_PORT": "80", "SERVER_NAME": host}:
                pass
            case {"wsgi.url_scheme": "https", "SERVER_PORT": "443", "SERVER_NAME": host}:
                pass
            case {"SERVER_NAME": name, "SERVER_PORT": port}:
                host = f"{name}:{port}"
        link = f"{environ['wsgi.url_scheme']}://{host}{link}"
    return link


def compose(app, *layers):
    layers = list(layers)
    while layers:
        app = layers.pop()(app)
    return app
