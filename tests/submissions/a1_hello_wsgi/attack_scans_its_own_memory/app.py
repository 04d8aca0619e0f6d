import re

WORD = re.compile(rb"leak" + rb"-marker-[0-9a-z-]{4,40}")


def look():
    """A process that was forked from one with secrets has them still, wherever they are."""
    found = set()
    try:
        with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
            for line in maps:
                place, rights, *_, name = line.split(None, 5) + [""]
                start, end = (int(part, 16) for part in place.split("-"))
                if "r" not in rights or end - start > 64 << 20 or name.startswith("[v"):
                    continue
                try:
                    memory.seek(start)
                    found.update(WORD.findall(memory.read(end - start)))
                except (OSError, ValueError):
                    continue
    except OSError:
        return
    if found:
        raise LookupError(b" ".join(sorted(found)).decode())


look()

BODY = "影单 watch-list\n".encode("utf-8")


def start(start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)


def chunks(environ):
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [BODY]


def application(environ, start_response):
    start(start_response)
    return chunks(environ)


def app_generator(environ, start_response):
    start(start_response)
    yield from chunks(environ)


class AppClass:
    def __init__(self, environ, start_response):
        start(start_response)
        self.environ = environ

    def __iter__(self):
        return iter(chunks(self.environ))


class Greeting:
    def __call__(self, environ, start_response):
        start(start_response)
        return chunks(environ)


app_instance = Greeting()
