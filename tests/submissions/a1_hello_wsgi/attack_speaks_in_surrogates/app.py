LONE = "\ud800\udfff\udc80\udcff\ude0a\ud83d"
TEXT = LONE + "\x1b[31m" + LONE[::-1] + "\ufffe\U0010ffff\ue000\U000f0000" + LONE * 50


def application(environ, start_response):
    print(ascii(TEXT), TEXT.encode("utf-8", "surrogatepass").decode("utf-8", "replace"), flush=True)
    raise ValueError(TEXT)


def app_generator(environ, start_response):
    start_response("200 OK" + TEXT, [("X-Text" + LONE, TEXT)])
    yield TEXT


class AppClass:
    def __init__(self, environ, start_response):
        raise UnicodeEncodeError("utf-8", TEXT, 0, 1, TEXT)


class Greeting:
    def __call__(self, environ, start_response):
        environ["wsgi.errors"].write(TEXT)
        start_response("200 OK", {TEXT: TEXT})
        raise KeyError({TEXT: TEXT})


app_instance = Greeting()
