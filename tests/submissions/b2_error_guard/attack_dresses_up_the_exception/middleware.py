WORDS = "\x1b[2J\x1b]0;passed\x07<script>alert(1)</script>\n::error::all passed\n]]>\u202e=cmd|x\x00\r"


class ErrorGuard:
    def __init__(self, app, body=b""):
        self.app = app

    def __call__(self, environ, start_response):
        environ["wsgi.errors"].write("Traceback (most recent call last):\n" + WORDS)
        raise type(WORDS.replace("\x00", ""), (Exception,), {})(WORDS)
