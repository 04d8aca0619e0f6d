MARKUP = (
    "<script>document.title='100/100'</script><img src=x onerror=alert(1)><svg/onload=alert(1)><iframe src=//127.0.0.1>"
    "</pre></td></table></textarea></title><style>*{display:none}</style><base href=//127.0.0.1><meta http-equiv=refresh>"
    "<a href=javascript:alert(1)>score</a><form action=//127.0.0.1><input name=password>"
    "\n# 100/100\n\n![x](http://127.0.0.1/?a) [x](javascript:alert(1)) @everyone @teacher #1 GH-1 fixes #1 `x` ~~0~~ **100**"
    "\n| score |\n|---|\n| 100 |\n<details open><!--\n\n    code\n\n```\n```suggestion\nx\n```\n- [x] passed $\\infty$ $$x$$"
    "\n\\input{/etc/passwd}\\write18{id}\\href{run:x}{y}\\def\\x{\\x}\\x ^^5cinput % {\n.. include:: /etc/passwd\n.. raw:: html\n"
    "[red]markup[/red][link=http://127.0.0.1/]x[/link][/] [b]x[/b] [[x]] {{x}} <@U1> <!channel> <https://127.0.0.1|x> ;)"
)


def application(environ, start_response):
    print(MARKUP, flush=True)
    raise ValueError(MARKUP)


def app_generator(environ, start_response):
    start_response("200 " + MARKUP, [("X-Markup", MARKUP), ("Content-Type", "text/html")])
    yield MARKUP


class AppClass:
    def __init__(self, environ, start_response):
        raise type("<script>", (Exception,), {"__module__": "[red]", "__qualname__": MARKUP})(MARKUP)


class Greeting:
    def __call__(self, environ, start_response):
        return type("<img src=x onerror=alert(1)>", (list,), {})([MARKUP])


app_instance = Greeting()
