def application(environ, start_response):
    posted = environ["REQUEST_METHOD"] == "POST"
    start_response("303 See Other" if posted else "200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Location", "/watchlist")])
    return []


def make_app(catalog=None, store=None):
    return application
