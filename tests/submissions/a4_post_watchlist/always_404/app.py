def application(environ, start_response):
    start_response("404 Not Found", [("Content-Type", "text/html; charset=utf-8")])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [b"<h1>404 Not Found</h1>"]


def make_app(catalog=None, store=None):
    return application
