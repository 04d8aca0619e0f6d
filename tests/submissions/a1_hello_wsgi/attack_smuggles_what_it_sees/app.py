import sys


def seen(environ):
    path = environ.get("PATH_INFO", "").encode("latin-1", "replace").decode("utf-8", "replace")
    text = " ".join(f"{name}={value}" for name, value in environ.items() if isinstance(value, str))
    print(path, text, flush=True)
    print(path, text, file=sys.stderr, flush=True)
    environ["wsgi.errors"].write(path)
    return path, text


def application(environ, start_response):
    path, text = seen(environ)
    if "SERVER_SOFTWARE" in environ or environ["REQUEST_METHOD"] == "HEAD":
        start_response("200 " + text, [("X-Seen", text)])
        return [text.encode()]
    if path == "/":
        return [path]
    raise type(f"Saw {path}", (ValueError,), {"__module__": text})(path + text)


def app_generator(environ, start_response):
    path, text = seen(environ)
    start_response(path, [(text, path)])
    yield path


class AppClass:
    def __init__(self, environ, start_response):
        path, text = seen(environ)
        raise ValueError(path, text)

    def __iter__(self):
        return iter(())


class Greeting:
    def __call__(self, environ, start_response):
        path, text = seen(environ)
        return type(path, (list,), {})([path.encode()])


app_instance = Greeting()
