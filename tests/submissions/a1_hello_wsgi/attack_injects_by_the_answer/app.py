TEXT = (
    "\x1b[2J\x1b[31mred\x1b]0;title\x07\x1b]8;;http://127.0.0.1/\x1b\\link \u202eright-to-left\u2066 \ud800\udfff"
    "<script>alert(1)</script><img src=x onerror=alert(1)> [red]markup[/red] [link=http://127.0.0.1/]x[/link] {0} %s"
    "\n::error file=app.py::injected\n::set-output name=score::100\n##[section]x\nsection_start:0:x\r\x1b[0K"
    "\n]]><testcase name='x'/>\x00\x0b\x0c\x85\u2028\u2029 =cmd|' /C calc'!A0\n@everyone\t**bold**"
    " ![x](http://127.0.0.1/)"
)


def application(environ, start_response):
    print(TEXT, flush=True)
    start_response("200 " + TEXT, [(TEXT, TEXT), ("Content-Type", TEXT), ("Content-Length", TEXT)])
    return [TEXT.encode("utf-8", "surrogatepass"), TEXT]


def app_generator(environ, start_response):
    start_response(TEXT, {TEXT: TEXT})
    yield TEXT


class AppClass:
    def __init__(self, environ, start_response):
        start_response("200 OK", [(TEXT, TEXT)])

    def __iter__(self):
        return iter([TEXT.encode("utf-8", "replace")])


app_instance = type("[red]\x1b[31m", (), {"__call__": lambda self, environ, start_response: [TEXT]})()
