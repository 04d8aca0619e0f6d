def answer(environ, start_response):
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"404"]


def Mount(default, mounts):
    return answer


def url(environ, path="", external=False):
    return "/"


def compose(app, *layers):
    return answer
