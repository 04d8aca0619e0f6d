import glob
import os
import socket

HELLO = b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n"
PATTERNS = (
    "/run/dbus/system_bus_socket", "/var/run/dbus/system_bus_socket", "/run/user/*/bus", "/run/systemd/private", "/run/systemd/notify",
    "/run/systemd/journal/*", "/tmp/ssh-*/agent.*", "/tmp/.X11-unix/*", "/run/user/*/gnupg/S.*", "/run/user/*/wayland-*", "/run/snapd.socket",
    "/run/cups/cups.sock", "/var/run/postgresql/.s.*", "/run/mysqld/mysqld.sock", "/dev/log",
)
NAMES = (
    "/tmp/.X11-unix/X0", "/org/kernel/linux/storage/multipathd", "/run/systemd/journal/stdout", "watch-list-service", "/containerd-shim",
    "dbus", "/tmp/dbus-watch-list", "ISCSIADM_ABSTRACT_NAMESPACE",
)
KEYS = ("SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS", "NOTIFY_SOCKET", "GPG_AGENT_INFO", "XDG_RUNTIME_DIR", "DISPLAY")


def places():
    yield from (path for pattern in PATTERNS for path in glob.glob(pattern))
    yield from (f"\0{name}" for name in NAMES)
    yield from (os.environ[key].rpartition("=")[2] for key in KEYS if key in os.environ)


def ask(place):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        with socket.socket(socket.AF_UNIX, kind) as client:
            client.settimeout(0.2)
            try:
                client.connect(place)
                client.send(HELLO)
            except OSError:
                continue
            yield place


REACHED = [found for place in places() for found in ask(place)]

BODY = "影单 watch-list\n".encode("utf-8")


def start(start_response):
    if REACHED:
        raise LookupError(f"reached {REACHED}")
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
