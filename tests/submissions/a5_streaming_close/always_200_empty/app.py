def make_app(catalog=None, store=None, open_rows=None):
    return application


def application(environ, start_response):
    kind = "text/csv" if environ["PATH_INFO"].endswith(".csv") else "text/html"
    start_response("200 OK", [("Content-Type", kind + "; charset=utf-8"), ("Content-Length", "0")])
    return []
