TEXT = (
    "\x1b[2J\x1b[31mred\x1b]0;title\x07\x1b]8;;http://127.0.0.1/\x1b\\link \u202eright-to-left\u2066 \ud800\udfff"
    "<script>alert(1)</script><img src=x onerror=alert(1)> [red]markup[/red] [link=http://127.0.0.1/]x[/link] {0} %s"
    "\n::error file=app.py::injected\n::set-output name=score::100\n##[section]x\nsection_start:0:x\r\x1b[0K"
    "\n]]><testcase name='x'/>\x00\x0b\x0c\x85\u2028\u2029 =cmd|' /C calc'!A0\n@everyone\t**bold**"
    " ![x](http://127.0.0.1/)"
)


def application(environ, start_response):
    raise ValueError(TEXT)


def app_generator(environ, start_response):
    name = TEXT.replace("\x00", "").encode("utf-8", "replace").decode()[:90]
    raise type(name, (Exception,), {"__module__": TEXT})(TEXT)
    yield b""


class AppClass:
    def __init__(self, environ, start_response):
        raise KeyError(TEXT)

    def __iter__(self):
        return iter(())


class Greeting:
    def __call__(self, environ, start_response):
        print(TEXT, flush=True)
        environ["wsgi.errors"].write(TEXT)
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, TEXT)


app_instance = Greeting()
