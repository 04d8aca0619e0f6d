def query(environ):
    return {}


def path_text(environ):
    return ""


def make_app(catalog=None):
    return application


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "0")])
    return []
