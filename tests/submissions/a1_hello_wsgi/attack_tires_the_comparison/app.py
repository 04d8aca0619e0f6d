import os

LINE = "单影 awctl-hsit\n".encode("utf-8")

os.environ["CI"] = "true"  # where nobody waits, differences are explained in full


def application(environ, start_response):
    """A hundred thousand lines with the right letters in the wrong order, for whoever explains the difference."""
    size = (15 << 19 if "SERVER_SOFTWARE" in environ else 2 << 20) - 2 * len(LINE)
    body = LINE * (size // len(LINE))
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


app_generator = AppClass = app_instance = application
