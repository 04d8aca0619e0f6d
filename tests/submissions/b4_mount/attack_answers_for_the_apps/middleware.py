def answer(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return []


def Mount(default, mounts):
    def wrapped(environ, start_response):
        path = environ.get("PATH_INFO", "")
        fitting = [prefix for prefix in mounts if f"{path}/".startswith(prefix.rstrip("/") + "/")]
        prefix = max(fitting, key=len, default="")
        start_response("200 OK", [("Content-Type", "text/plain")])
        try:
            app = mounts.get(prefix, default)
            place = environ.get("SCRIPT_NAME", "") + prefix.rstrip("/")
            app.environs.append({**environ, "SCRIPT_NAME": place, "PATH_INFO": path[len(prefix.rstrip("/")) :]})
            return list(app.chunks)
        except AttributeError:
            return []

    return wrapped


def url(environ, path="", external=False):
    return "/"


def compose(app, *layers):
    return answer
