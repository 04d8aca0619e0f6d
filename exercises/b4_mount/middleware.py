"""B4: several applications under one address. Fill in every TODO."""

from wsgiref.simple_server import demo_app, make_server


class Mount:
    """Hands each request to one of several WSGI applications; the instance is a WSGI application itself.

    One instance serves all requests, several of them at the same time: keep nothing of a request on self.
    """

    def __init__(self, default, mounts):
        self.default = default
        self.mounts = mounts  # TODO: how does a prefix have to be written to be compared with what is in environ?

    def __call__(self, environ, start_response):
        # 1. Read the request: where do we stand, and what is wanted from here? A server may leave out an empty value.
        # TODO

        # 2. Decide: which application is it for, and what will be its own SCRIPT_NAME and PATH_INFO?
        app = self.default  # TODO: the app with the longest prefix that fits the path, if there is one
        inside = environ  # TODO: an environ for that app, in which the prefix has moved from one value to the other

        # 3. Build the body: that is the business of the app inside.
        # 4. Announce (start_response): so is this.
        # 5. Deliver & release: what the app inside returns belongs to the server now.
        return app(inside, start_response)


def url(environ, path="", external=False):
    """Return a link to a path within the application that got this environ; an absolute one if external is true."""
    return path  # TODO: where does the application stand? What has to be quoted, and how? What comes before it all?


def compose(app, *layers):
    """Return the application with all layers around it; the first layer is the outermost."""
    return app  # TODO


def place(environ, start_response):
    """A small application that tells where it stands, and links to a page of its own."""
    link = url(environ, "/千与千寻")
    lines = [f"SCRIPT_NAME {environ.get('SCRIPT_NAME')!r}", f"PATH_INFO {environ.get('PATH_INFO')!r}"]
    text = f'<pre>{"<br>".join(lines)}</pre><p><a href="{link}">{link}</a></p>'
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [text.encode("utf-8")]


application = Mount(demo_app, {"/films": place, "/films/new": place, "/影单": place})

if __name__ == "__main__":  # python middleware.py, then open http://127.0.0.1:8000/films/7; Ctrl+C ends it
    with make_server("127.0.0.1", 8000, application) as server:
        server.serve_forever()
