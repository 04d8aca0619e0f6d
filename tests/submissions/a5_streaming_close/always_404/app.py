def make_app(catalog=None, store=None, open_rows=None):
    return application


def application(environ, start_response):
    body = b"<h1>404 Not Found</h1>"
    start_response("404 Not Found", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
