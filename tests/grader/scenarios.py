"""What tests try at every isolation level. At level confined submissions run as another user, who must be able to run Python.

    python tests/grader/scenarios.py confined serve '{"server": "waitress"}'

prints as JSON what came out; `at_level` does the same, in a Python that every user may run if this one may not be.
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from grader.models import Exercise, Limits
from grader.sandbox.plain import Ahead, Plain
from grader.sandbox.view import FRAMEWORKS
from grader.testing.events import Recorder
from grader.testing.finding import LimitReached
from grader.testing.outcome import NeedsIsolation
from grader.testing.probes import Probes
from grader.testing.runtime import Runtime
from grader.testing.serve import Serve
from grader.testing.submission import Submission
from grader.testing.tracer import Tracer

LEVELS = ("none", "confined", "full")
PATIENT = Limits(call=10.0, load=30.0, test=60.0, attempt=120.0)


def spawner_at(level: str, limits: Limits) -> Any:  # noqa: ANN401 - a `Box` or a `Plain`
    """Start the box of a level; ``nursery`` is level none where processes are forked."""
    if level in ("none", "nursery"):
        return Ahead(limits, FRAMEWORKS) if level == "nursery" else Plain(limits)
    from grader.sandbox.box import Box  # Linux only
    from grader.sandbox.confined import Confined

    return Box(limits, walls=Confined(limits, 0) if level == "confined" else None)


def private_python(level: str) -> bool:
    """Tell whether this Python cannot be run by the user that a level gives to submissions."""
    if level != "confined":
        return False
    from grader.sandbox.confined import Confined  # Linux only

    return bool(Confined(PATIENT, 0).missing())


@contextmanager
def runtime_at(level: str, source: str, limits: Limits = PATIENT) -> Iterator[Runtime]:
    """Make a runtime for one submission behind the walls of a level."""
    spawner = spawner_at(level, limits)
    names = {"en": "Tried", "zh-CN": "试一试"}
    exercise = Exercise("t1_tried", names, ("app.py",), "app:application", Path("/"), None, None, limits=limits)
    serving = None if level in ("none", "nursery") else frozenset({"tests"})
    runtime = Runtime(spawner, exercise, {"app.py": source.encode()}, 0, serving)
    try:
        yield runtime
    finally:
        runtime.close()
        spawner.stop()


def at_level(level: str, name: str, **arguments: Any) -> Any:  # noqa: ANN401 - JSON
    """Return what a scenario came to at a level."""
    if private_python(level):
        python = str(readable_python())
        words = [python, __file__, level, name, json.dumps(arguments)]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout.splitlines()[-1])
    return json.loads(json.dumps(SCENARIOS[name](level, **arguments)))


@functools.cache
def readable_python() -> Path:
    """Return a Python that every user may run, made once and removed at the end of the tests."""
    import atexit

    from tests.grader.ordinary import readable_copy

    copy = readable_copy()
    place = copy.__enter__()
    atexit.register(copy.__exit__, None, None, None)
    return place.python


def serve_for(submission: Submission, runtime: Runtime) -> Serve:
    """Return what the fixture ``serve`` gives a test."""
    return Serve(submission._student, submission._listener, runtime.ports, runtime.begin_test)


# -- serving

SERVED = """
import errno, json, os, socket, threading
together = threading.Barrier(2)

def application(environ, start_response):
    found = PATHS[environ["PATH_INFO"]](environ)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(found).encode()]

def meet(environ):
    try:
        together.wait(2)
    except threading.BrokenBarrierError:
        together.reset()
        return False
    return True

def about(environ):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
    return {"server": environ["SERVER_SOFTWARE"], "body": body}

def sockets(environ):
    done = {}
    for name, attempt in ATTEMPTS.items():
        try:
            attempt()
            done[name] = "done"
        except Exception as error:
            done[name] = errno.errorcode.get(getattr(error, "errno", 0), type(error).__name__)
    return done

def leave(environ):
    os._exit(0)

def new(*words):
    return socket.socket(*words)

ATTEMPTS = {
    "tcp": lambda: new(),
    "unix": lambda: new(socket.AF_UNIX),
    "datagrams": lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM),
    "bind": lambda: listener().bind("elsewhere"),
    "connect": lambda: listener().connect("elsewhere"),
    "judge": lambda: new().connect(("127.0.0.1", judge)),
}

def listener():
    for number in range(3, 64):
        try:
            found = socket.socket(fileno=os.dup(number))
            if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                return found
        except OSError:
            continue
    raise LookupError("there is no listening socket")

PATHS = {"/meet": meet, "/about": about, "/sockets": sockets, "/leave": leave}
judge = 0

def set_judge(port):
    global judge
    judge = port

class Wrapped:
    def __init__(self, app):
        self.app = app
    def __call__(self, environ, start_response):
        return self.app(environ, start_response)

wrapped_twice = lambda app: Wrapped(Wrapped(app))
"""


def serve(level: str, server: str) -> dict[str, Any]:
    """Serve with a real server: what it says of itself, whether two requests are in it at once, which sockets it may make."""
    with runtime_at(level, SERVED) as runtime, judges_port() as port:
        submission = runtime.submission("tests")
        start = serve_for(submission, runtime)
        submission.set_judge(port)
        url = start(submission.application, server)
        found = {"about": requests.post(f"{url}/about", data="影", timeout=30).json(), "meet": both(f"{url}/meet")}
        found["sockets"] = requests.get(f"{url}/sockets", timeout=30).json()
        url = start(submission.wrapped_twice(lambda _environ, _start: [b"the judge's"]), server)
        refused = requests.get(url, timeout=30)
        start.close()
        found["again"] = submission.describe("application")["callable"]
        runtime.end_test()
        runtime.close()
        found["judge"] = (refused.status_code, "no object of the test can be used" in runtime.output.decode())
        return found


@contextmanager
def judges_port() -> Iterator[int]:
    """Open a port of the judge's that nothing inside may reach."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def both(url: str) -> list[bool]:
    """Make two requests at the same time and return what came."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda _: requests.get(url, timeout=30).json(), range(2)))


# -- commands

COMMANDED = """
import os
from flask import Flask

os.environ["LEFT_BY_THE_SUBMISSION"] = "1"
app = Flask(__name__)

@app.cli.command("init-db")
def init_db():
    open("made.db", "w").close()
    print("made 影")

def files():
    return sorted(name for name in os.listdir() if not name.startswith("_"))

def who():
    return os.getuid() if hasattr(os, "getuid") else 0
"""
ABOUT = """
import json, os, socket, sys
def refused(function, *arguments):
    try:
        function(*arguments)
    except OSError:
        return True
    return False
judge, secret = int(sys.argv[1]), sys.argv[2]
print(json.dumps({
    "cwd": sorted(name for name in os.listdir() if name[0] != "_"), "user": os.getuid() if hasattr(os, "getuid") else 0,
    "given": sys.stdin.read(), "variable": os.environ["FILM"], "left": "LEFT_BY_THE_SUBMISSION" in os.environ,
    "network": refused(socket.create_connection, ("127.0.0.1", judge), 1), "secret": refused(open, secret),
}))
sys.stderr.write("aside")
sys.exit(7)
"""


def run(level: str) -> dict[str, Any]:
    """Run commands: with input and a variable, Flask's own, and one that leaves a process behind."""
    secret = Path(__file__).parents[1] / "hidden" / "a1_hello_wsgi" / "test_contract.py"
    with runtime_at(level, COMMANDED) as runtime, judges_port() as port:
        submission = runtime.submission("tests")
        before = submission.files()
        words = ["python", "-c", ABOUT, str(port), str(secret)]
        about = submission.run(words, stdin="影".encode(), env={"FILM": "Léon"})
        made = submission.run([sys.executable, "-m", "flask", "--app", "app", "init-db"])
        start = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(40)'])"
        began = time.monotonic()
        left = submission.run(["python", "-c", start])
        return {
            "about": json.loads(about.stdout),
            "aside": about.stderr.decode(),
            "code": about.returncode,
            "before": before,
            "made": (made.returncode, made.stdout.decode()),
            "after": submission.files(),
            "user": submission.who(),
            "left": (left.returncode, time.monotonic() - began < 20),
            "killed": submission.run(["python", "-c", "import os; os.kill(os.getpid(), 9)"]).returncode
            if level != "none"
            else -9,
        }


FLASKED = """
import atexit, json, os, subprocess, sys, threading, time
import click
from flask import Flask

app = Flask(__name__)

def open_files():
    for number in range(3, 64):
        try:
            os.fstat(number)
        except OSError:
            continue
        yield number

@app.cli.command("tell")
def tell():
    main, found = sys.modules["__main__"], {name: value for name, value in os.environ.items() if name != "PYTHONUTF8"}
    streams = [(stream.encoding, stream.errors, stream.line_buffering) for stream in (sys.stdin, sys.stdout, sys.stderr)]
    print(json.dumps([
        "grader.sandbox.inside.student" in sys.modules, sys.argv[1:], os.path.basename(sys.argv[0]), main.__spec__.name,
        os.path.samefile(sys.path[0], "."), found, streams, list(open_files()), sys.stdin.read(), sorted(os.listdir()),
        sys.__stdout__ is sys.stdout, threading.active_count(), sys.dont_write_bytecode,
    ]))

@app.cli.command("end")
@click.argument("how")
def end(how):
    print("begun", end="")
    if how == "text":
        sys.exit("said at the end \u5f71")
    if how.isdigit():
        sys.exit(int(how))
    if how == "raise":
        raise RuntimeError("raised")
    if how == "hook":
        sys.excepthook = lambda *about: print(about[0].__name__, "was hooked", file=sys.stderr)
        raise KeyError
    if how == "leave":
        os._exit(9)
    if how == "kill":
        os.kill(os.getpid(), 9)
    if how == "full":
        os.close(1)
    if how == "late":
        atexit.register(print, "at the very end")
        threading.Thread(target=lambda: (time.sleep(0.3), print(" and a thread"))).start()
    if how == "leaves":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(40)"])

@app.cli.command("much")
def much():
    while True:
        click.echo("the same again and again\\n" * 100)

@app.cli.command("keep")
def keep():
    open("kept.db", "w").close()

def files():
    return sorted(name for name in os.listdir() if not name.startswith("_"))
"""
ENDS = ("text", "3", "256", "raise", "hook", "leave", "kill", "full", "late", "leaves", "unknown", "")


def flask(level: str) -> dict[str, Any]:
    """Run commands of Flask in a fork and as a program, which is what a variable for Python asks for."""
    with runtime_at("nursery" if level == "none" else level, FLASKED) as runtime:
        submission = runtime.submission("tests", fresh=True)
        submission.load()
        both: list[dict[str, Any]] = []
        much = ""
        for more in ({}, {"PYTHONUTF8": "1"}):
            told = submission.run([*FLASK, "tell"], stdin="影".encode(), env={"FILM": "Léon", **more})
            ends = {}
            for how in ENDS:
                words = [*FLASK, "end", how] if how else FLASK
                done = submission.run(words, env=more)
                last = done.stderr.decode().splitlines()[-1:]
                ends[how] = done.returncode, done.stdout.decode(), last
            both.append({"told": json.loads(told.stdout), "ends": ends})
        try:
            submission.run([*FLASK, "much"])
        except LimitReached as reached:
            much = str(reached)
        before = submission.files()
        kept = submission.run([*FLASK, "keep"]).returncode
        return {"both": both, "much": much, "kept": [before, kept, submission.files()], "processes": len(runtime.own)}


FLASK = ["python", "-m", "flask", "--app", "app"]


# -- connections to the submission's own servers

OWN_SERVER = """
import os, socket, struct, threading, time

def echo(client):
    while data := client.recv(1 << 16):
        client.sendall(data.upper())

def drip(client):
    while True:
        client.sendall(b"x")
        time.sleep(.05)

def silent(client):
    time.sleep(60)

def flood(client):
    while True:
        client.sendall(b"x" * (1 << 16))

def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()

def start(behaviour, late=0.0):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    def serve():
        time.sleep(late)
        listener.listen()
        while True:
            client, _ = listener.accept()
            threading.Thread(target=globals()[behaviour], args=(client,), daemon=True).start()
    threading.Thread(target=serve, daemon=True).start()
    return port

def closed_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]

def hand_out():
    right = os.write
    def write(descriptor, data):
        mine = [os.open("/dev/null", os.O_RDONLY), socket.socket().detach(), *os.pipe()]
        try:
            with socket.socket(fileno=os.dup(descriptor)) as channel:
                return socket.send_fds(channel, [bytes(data)], mine * 20)
        except OSError:  # no socket, so that nothing can be sent with the bytes
            return right(descriptor, data)
        finally:
            for one in mine:
                os.close(one)
    os.write = write
"""


def refusal(submission: Submission) -> str:
    """Return why a port cannot be connected to."""
    try:
        submission.connect(80)
    except NeedsIsolation as needs:
        return needs.reason
    return ""


def connect(level: str) -> list[str]:
    """Talk to an echo server of the submission's own that begins to listen late; say why not where there is no loopback."""
    with runtime_at(level, OWN_SERVER) as runtime:
        said = []
        try:
            submission = runtime.submission("tests", loopback=True)
        except NeedsIsolation as needs:
            return [needs.reason, refusal(runtime.submission("tests"))]
        clients = [submission.connect(submission.start("echo", late)) for late in (0.3, 0.0)]
        for word, client in zip((b"one", b"two"), clients, strict=True):
            client.sendall(word)
            said.append(client.makefile("rb").read(3).decode())
        runtime.end_test()
        return [*said, *(str(client.fileno()) for client in clients)]


# -- probes

FLASKY = """
import sqlite3
from sqlite3 import connect as kept

from flask import Flask, current_app, g, render_template
from jinja2 import DictLoader

TEMPLATES = {
    "base.html": "<main>{% block body %}{% endblock %}</main>",
    "list.html": "{% extends 'base.html' %}{% block body %}films{% endblock %}",
    "film.html": "{% extends 'list.html' %}",
    "odd.html": "{% extends layout %}",
    "text.txt": "alone",
}
noted = []

class Own(sqlite3.Connection):
    pass

def create_app(config=None):
    app = Flask(__name__)
    app.config.update(PROPAGATE_EXCEPTIONS=False, TITLE="Films")
    app.jinja_loader = DictLoader(TEMPLATES)
    @app.get("/<name>")
    def page(name):
        app.logger.info("page %s", name)
        app.logger.debug("too much")
        return render_template(name, layout="base.html")
    return app

application = create_app()

def raw(environ, start_response):
    start_response("200 OK", [])
    return [b"raw"]

def note():
    noted.append(1)
    return len(noted)

def remember():
    g.note, g.count = "remembered", 1

def title(*arguments):
    return [current_app.config["TITLE"], *arguments]

def level(app):
    return app.logger.level

def use(how):
    if how == "close":
        kept(":memory:").close()
    if how == "close twice":
        made = sqlite3.connect(":memory:")
        made.close()
        made.close()
    if how == "forget":
        sqlite3.dbapi2.connect(":memory:")
    if how == "own kind":
        made = kept(":memory:", factory=Own)
        made.close()
        return type(made).__name__, isinstance(made, Own)
    if how == "by position":
        made = kept(":memory:", 5.0, 0, None, True, Own)
        made.close()
        return type(made).__name__, isinstance(made, Own)
    if how == "made by a function":
        kept(":memory:", factory=lambda *words, **more: Own(*words, **more)).close()

class Slow:
    def __init__(self, app):
        self.app = app
    def __call__(self, environ, start_response):
        return self.app(environ, start_response)
"""


def probes(level: str) -> dict[str, Any]:
    """Use every probe once."""
    with runtime_at(level, FLASKY) as runtime:
        submission = runtime.submission("tests", probes=True)
        probe, trace = Probes(submission), Tracer(Recorder())
        app = submission.application
        probe.flask_view(app, "/added", first=submission.note)
        with probe.sqlite() as connections:
            submission.use("close")
            submission.use("forget")
        with probe.flask_log(app) as log, probe.flask_templates() as templates:
            code = trace(app, "GET", "/film.html").code
        return {
            "connections": (connections.opened, connections.closed),
            "templates": templates.rendered,
            "log": log.records,
            "codes": (code, trace(app, "GET", "/added").code, submission.note()),
            "title": probe.in_app_context(app, submission.title, 1, "影"),
            "slow": trace(submission.Slow(probe.slow_app(0.01, [b"a", b"b"])), "GET", "/").chunks == [b"a", b"b"],
            "described": probe.describe(submission.Slow)["class"],
        }


SCENARIOS: dict[str, Callable[..., Any]] = {"serve": serve, "run": run, "flask": flask, "connect": connect, "probes": probes}

if __name__ == "__main__":
    print(json.dumps(SCENARIOS[sys.argv[2]](sys.argv[1], **json.loads(sys.argv[3]))))  # noqa: T201
