import json

FILMS = []


def query(environ):
    raise LookupError(environ["QUERY_STRING"])


def path_text(environ):
    raise LookupError(environ["PATH_INFO"])


def make_app(catalog=None):
    FILMS.extend(catalog or [])
    return application


def application(environ, start_response):
    text = json.dumps(FILMS, ensure_ascii=False)
    print(text, flush=True)
    environ["wsgi.errors"].write(text)
    raise type(str(FILMS and FILMS[0]["director"]), (ValueError,), {})(text)


application.films = FILMS
