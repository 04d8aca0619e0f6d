"""A file whose own lines, names and comments are the payload: whoever quotes them says what they say."""

BODY = "影单 watch-list\n".encode("utf-8")


class Ｓcore𝟙00:
    def ｐassed(self, environ, start_response):
        raise ValueError("x")  # [2J]0;title ::error:: ‮<script>alert(1)</script> =cmd|

    def ﻻ(self, environ, start_response):
        """[1A[2K15 passed31m"""
        self.ｐassed(environ, start_response)  # ⁦⁩ ]]> 


def renamed(function, name):
    """The name of a function in a traceback is what its code says."""
    function.__code__ = function.__code__.replace(
        co_name=name, co_qualname=name, co_filename=__file__ + ("" if len(name) < 9 else "\n::error::")
    )
    return function


def fail(environ, start_response):
    return Ｓcore𝟙00().ﻻ(environ, start_response)


application = renamed(lambda *args: fail(*args), "\x1b[31m\n::error::<script>" + "x" * 5000)
app_generator = renamed(lambda *args: fail(*args), "\u202e")


class AppClass:
    def __init__(self, environ, start_response):
        exec(compile("\n" * 99 + "raise KeyError('far below')", __file__, "exec"))


class Greeting:
    def __call__(self, environ, start_response):
        exec(compile("raise KeyError('elsewhere')", __file__ + "/../../\x1b[31m/app.py", "exec"))


app_instance = Greeting()
