import base64

LOOT = base64.b64encode(b"rm -rf ~\n").decode()
SEQUENCES = (
    f"\x1b]52;c;{LOOT}\x07", f"\x9d52;p;{LOOT}\x9c",
    "\x1b]0;100/100\x07", "\x1b]2;100/100\x1b\\", "\x1b]8;;file:///etc/passwd\x07open\x1b]8;;\x07",
    "\x1b]4;0;rgb:ff/ff/ff\x07", "\x1b]10;#000000\x07", "\x1b]9;4;1;100\x07", "\x1b]777;notify;score;100\x07",
    "\x1b]1337;File=inline=1:AAAA\x07", "\x1bP+q544e\x1b\\", "\x1bP$q\"p\x1b\\", "\x1b_Gf=100;AAAA\x1b\\", "\x1b^pm\x1b\\",
    "\x1b[6n\x1b[c\x1b[>c\x1b[5n\x1b[21t", "\x1b[?2004l\x1b[?1000h\x1b[?1003h", "\x1b[4i\x1b[5i", "\x1b(0lqqk\x1b(B",
    "\x9b2J\x9b31m\x90q\x9c\x9fG\x9c", "\x85\x8d\x88", "\x0e\x0f\x05\x07\x07\x07",
)
TEXT = "".join(SEQUENCES)


def application(environ, start_response):
    print(TEXT, flush=True)
    raise OSError(5, TEXT, TEXT)


def app_generator(environ, start_response):
    environ["wsgi.errors"].write(TEXT)
    start_response("200 " + TEXT, [("X-Text", TEXT)])
    yield TEXT


class AppClass:
    def __init__(self, environ, start_response):
        raise type(TEXT, (SystemError,), {})(TEXT)


class Greeting:
    def __call__(self, environ, start_response):
        return type(TEXT[:60], (tuple,), {"close": self.close})([TEXT])

    def close(self, *args):
        raise UnicodeEncodeError("utf-8", TEXT, 0, 1, TEXT)


app_instance = Greeting()
