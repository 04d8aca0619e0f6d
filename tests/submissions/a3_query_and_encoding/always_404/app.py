import json


def query(environ):
    return {}


def path_text(environ):
    return None


def make_app(catalog=None):
    return application


def application(environ, start_response):
    if environ["PATH_INFO"].startswith("/api/"):
        kind, body = "application/json", json.dumps({"error": "404 Not Found"}).encode()
    else:
        kind, body = "text/html; charset=utf-8", b"<h1>404 Not Found</h1>"
    start_response("404 Not Found", [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
