def answer(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return []


def Mount(default, mounts):
    return answer


def url(environ, path="", external=False):
    return "/"


def compose(app, *layers):
    return answer
