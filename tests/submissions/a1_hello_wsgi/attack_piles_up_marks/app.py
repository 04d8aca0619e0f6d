import unicodedata

MARKS = [chr(number) for number in range(0x300, 0x370)]
HEAP = "o" + "".join(MARKS) * 3 + "\u0e47" * 60 + "\u20dd" * 20 + "\U0001d165" * 20
WIDE = "\ufdfd\U00012219\ua9c5\u0bf5\u2e3b\u2031" * 30
JOINED = "\u202e" + "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 40 + "\U0001f1e6" * 99
TEXT = HEAP + WIDE + JOINED + unicodedata.normalize("NFD", "\u1e69\ud7a3" * 100)


def application(environ, start_response):
    print(TEXT, flush=True)
    raise ValueError(TEXT)


def app_generator(environ, start_response):
    start_response("200 " + HEAP, [("X-Heap", HEAP)])
    yield TEXT


class AppClass:
    def __init__(self, environ, start_response):
        raise type(HEAP, (Exception,), {})(WIDE)


class Greeting:
    def __call__(self, environ, start_response):
        raise RuntimeError(WIDE)


app_instance = Greeting()
