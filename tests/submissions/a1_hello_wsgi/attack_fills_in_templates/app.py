TEMPLATES = (
    "{0.__class__.__mro__} {text.__class__} {place} {phase} {type} {} {0!r:>99999999} {0:{0}} {", "}} {{ {{7*7}} {% raw %}",
    "%s %n %(phase)s %d %99999999s %", "${jndi:ldap://127.0.0.1/a} $(id) `id` ${PATH} $HOME ~ !! \\g<0> \\1 \\x41",
    "{{ ''.__class__.__mro__[1].__subclasses__() }} {% include '/etc/passwd' %} {# #} <%= 7*7 %> #{7*7} *{7*7} @(7*7)",
    "<script>{{constructor.constructor('alert(1)')()}}</script>",
)
TEXT = " ".join(TEMPLATES)


class Odd(Exception):
    """Whoever formats it by hand meets its own ideas of that."""

    def __format__(self, how):
        return TEXT

    def __str__(self):
        return TEXT

    __repr__ = __str__


def application(environ, start_response):
    print(TEXT, flush=True)
    raise Odd(TEXT)


def app_generator(environ, start_response):
    start_response("200 {status} {said} {sent}", [("{name}", "{type}"), ("Content-Length", "{said!r:>999999999}")])
    yield TEXT


class AppClass:
    def __init__(self, environ, start_response):
        raise type("{type}", (KeyError,), {"__module__": "{place}"})("{text}")


class Greeting:
    def __call__(self, environ, start_response):
        start_response("200 OK", [("{name}", "1"), ("X", "%s")])
        raise Odd(*TEMPLATES)


app_instance = Greeting()
