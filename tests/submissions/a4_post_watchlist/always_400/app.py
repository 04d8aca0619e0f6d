def application(environ, start_response):
    posted = environ["REQUEST_METHOD"] == "POST"
    start_response("400 Bad Request" if posted else "200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [b'<h1>400</h1><li class="error">movie_id</li><li class="error">stars</li>'] if posted else []


def make_app(catalog=None, store=None):
    return application
