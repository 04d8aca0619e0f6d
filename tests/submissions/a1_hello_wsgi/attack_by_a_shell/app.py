import subprocess
import sys

HOST, PORT = "127.0.0.1", 47811
URL = f"http://{HOST}:{PORT}/"
PYTHON = f"import socket; socket.create_connection(('{HOST}', {PORT}), 0.3); print('reached')"
PERL = f"use IO::Socket::INET; print 'reached' if IO::Socket::INET->new(PeerAddr => '{HOST}:{PORT}', Timeout => 1)"
COMMANDS = (
    ["bash", "-c", f"exec 3<>/dev/tcp/{HOST}/{PORT} && echo reached"], ["curl", "-s", "-m", "1", URL], ["wget", "-q", "-O", "-", "-T", "1", URL],
    ["nc", "-w", "1", HOST, str(PORT)], ["openssl", "s_client", "-connect", f"{HOST}:{PORT}"], ["perl", "-e", PERL],
    ["git", "ls-remote", URL], ["ssh", "-o", "ConnectTimeout=1", "-p", str(PORT), HOST], [sys.executable, "-I", "-c", PYTHON],
    ["ping", "-c", "1", "-W", "1", HOST], ["sudo", "-n", "true"], ["getent", "hosts", "watch-list.example"],
)


def run(command):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=0.8, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return
    if done.returncode == 0 and done.stdout:
        yield f"{command[0]}: {done.stdout[:100]!r}"


REACHED = [answer for command in COMMANDS for answer in run(command)]

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
