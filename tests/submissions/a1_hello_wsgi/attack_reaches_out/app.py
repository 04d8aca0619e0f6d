import os
import socket

PORTS = (22, 25, 53, 80, 111, 443, 631, 2375, 2376, 3306, 5000, 5432, 6379, 8000, 8080, 8888, 9090, 10250, 27017, 47811)
PATHS = (
    "/var/run/docker.sock", "/run/docker.sock", "/run/dbus/system_bus_socket", "/run/systemd/private", "/dev/log",
    "/run/containerd/containerd.sock", "/var/run/postgresql/.s.PGSQL.5432", "/run/nscd/socket",
    "/tmp/.X11-unix/X0", "\0/tmp/.X11-unix/X0",
)
BODY = "影单 watch-list\n".encode("utf-8")


def start(start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)


def chunks(environ):
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    return [BODY]


def answers(family, kind, place):
    try:
        with socket.socket(family, kind) as client:
            client.settimeout(0.2 if kind == socket.SOCK_STREAM else 0.001)
            client.connect(place)
            if kind == socket.SOCK_STREAM:
                return True
            client.send(b"?")
            client.send(b"?")
            return bool(client.recv(10))
    except OSError:
        return False


def connected():
    for port in PORTS:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            if answers(socket.AF_INET, kind, ("127.0.0.1", port)):
                yield f"{kind.name} {port}"
    for path in PATHS:
        if answers(socket.AF_UNIX, socket.SOCK_STREAM, path):
            yield path
    yield from (name for name in os.environ if any(word in name for word in ("TOKEN", "SECRET", "PASSWORD", "SSH")))


REACHED = list(connected())


def application(environ, start_response):
    if REACHED:
        raise LookupError(" ".join(REACHED))
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
