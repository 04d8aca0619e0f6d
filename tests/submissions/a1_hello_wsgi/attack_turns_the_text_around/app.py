TURNED = "\u202e001/001 :erocs\u202c \u2067100/100\u2069 \u200f\u061c\u0627\u06442/0\u05d0"
UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u115f\u1160\u17b4\u180b\u180e\u2800\u3164\uffa0\ufe0f\ufff9\ufffb\U000e0041\U000e0100"
ALIKE = "\u0440\u0430ssed \uff11\uff10\uff10\u2215\uff11\uff10\uff10 \u2044 \u01c3 \u0391\u0555\u212a"
TEXT = TURNED + UNSEEN + ALIKE


def application(environ, start_response):
    print(TEXT, flush=True)
    raise ValueError(TEXT)


def app_generator(environ, start_response):
    start_response("200 OK" + UNSEEN, [("Content-Type" + UNSEEN, TURNED), ("Content-Length", "\uff11\uff18")])
    yield "\u5f71\u5355 watch-list\n".encode() + UNSEEN.encode()


class AppClass:
    def __init__(self, environ, start_response):
        raise type("Passed" + TURNED, (Exception,), {"__module__": "builtins" + UNSEEN})(TEXT)


class Greeting:
    def __call__(self, environ, start_response):
        start_response("\uff12\uff10\uff10 OK", [("Content-Type", "text/plain; charset=utf\u20118")])
        return ["\u5f71\u5355 watch\u2010list\n"]


app_instance = Greeting()
