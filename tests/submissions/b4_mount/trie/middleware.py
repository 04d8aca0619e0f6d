from urllib.parse import quote


class Node:
    def __init__(self):
        self.app = None
        self.children = {}


class Mount:
    def __init__(self, default, mounts):
        self.root = Node()
        self.root.app = default
        for prefix, app in mounts.items():
            node = self.root
            for segment in prefix.strip("/").split("/"):
                node = node.children.setdefault(segment.encode("utf-8").decode("latin-1"), Node())
            node.app = app

    def __call__(self, environ, start_response):
        segments = environ.get("PATH_INFO", "").split("/")
        node, best, depth = self.root, self.root.app, 1
        for number, segment in enumerate(segments[1:], start=2):
            node = node.children.get(segment)
            if node is None:
                break
            if node.app is not None:
                best, depth = node.app, number
        inside = environ.copy()
        if depth > 1:
            inside["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + "/".join(segments[:depth])
            inside["PATH_INFO"] = "".join("/" + segment for segment in segments[depth:])
        return best(inside, start_response)


def url(environ, path="", external=False):
    link = quote(environ.get("SCRIPT_NAME", ""), encoding="latin-1") + quote(path)
    if not external:
        return link
    scheme = environ["wsgi.url_scheme"]
    host = environ.get("HTTP_HOST")
    if not host:
        usual = "443" if scheme == "https" else "80"
        host = environ["SERVER_NAME"]
        if environ["SERVER_PORT"] != usual:
            host += ":" + environ["SERVER_PORT"]
    return scheme + "://" + host + link


def compose(app, *layers):
    return compose(layers[-1](app), *layers[:-1]) if layers else app
