import sys

EVENTS = ("yield", "write", "start_response")
SEEN = []


def failure():
    try:
        raise ValueError
    except ValueError:
        return sys.exc_info()


class Telling:
    """Each event says one bit: which of the two that differ from the one before it is."""

    def __init__(self, environ, start_response):
        self.start_response = start_response
        self.write = start_response("200 OK", [])
        path = environ["PATH_INFO"]
        SEEN.append(path)
        at = sum(one == path for one in SEEN) - 1
        self.bits = f"{ord((path * 40)[at]):08b}" if path != "/" else ""

    def __iter__(self):
        last = 0
        yield b"-"
        for bit in self.bits:
            last = (last + 1 + int(bit)) % 3
            if last == 0:
                yield b"-"
                continue
            try:
                self.write(b"-") if last == 1 else self.start_response("200 OK", [], failure())
            except Exception:
                continue
        if SEEN[-1] != "/":
            print(SEEN[-1])


def application(environ, start_response):
    return Telling(environ, start_response)


app_generator = AppClass = app_instance = application
