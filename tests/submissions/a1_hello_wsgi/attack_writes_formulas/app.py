FORMULAS = (
    "=cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0", "+1+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "\t=1+1", "\r=1+1",
    '=HYPERLINK("http://127.0.0.1/?x="&A1,"100")', '=IMPORTXML("http://127.0.0.1/","//a")', '"","100","passed"\r\n"x",=1+1',
    "\uff1d1+1", "1e9999", "0x10", "TRUE", "1/2", "-", "NULL", "'", '"', ";=1+1;", "DDE(\"cmd\";\"/C calc\")",
)


def application(environ, start_response):
    print(*FORMULAS, sep="\n", flush=True)
    raise ValueError(*FORMULAS)


def app_generator(environ, start_response):
    start_response(FORMULAS[0], [(formula, formula) for formula in FORMULAS])
    yield FORMULAS[0]


class AppClass:
    def __init__(self, environ, start_response):
        raise type(FORMULAS[0], (Exception,), {})(FORMULAS[0])


class Greeting:
    def __call__(self, environ, start_response):
        raise ValueError(FORMULAS[0])


app_instance = Greeting()
