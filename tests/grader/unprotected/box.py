"""Process 1 of a throw-away box: runs a naive grading of one submission, watches it, and says what it saw.

Runs inside the box that `tests.grader.unprotected.boxes` makes, and imports nothing but the standard library. Where root starts
it, the grading runs as another user; what is said here was measured, and is not testimony of the submission. The only argument is
the configuration as JSON, the only output the facts as JSON.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import select
import shutil
import signal
import socket
import sqlite3
import stat
import struct
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any

COURSE, HOME, GIVEN = Path("/course"), Path("/home/grader"), Path("/given")
MINE = COURSE / "submitted" / "mallory"
RESULTS = COURSE / "results"
WATCHED = ("/course", "/home", "/tmp", "/var/tmp", "/dev/shm", "/run", "/etc")
PLUGIN = Path("/plugin")
TICK = 0.02
PATIENCE, QUIET, LAST = 8.0, 5.0, 25.0
"""A grading hangs after so many seconds if it has said nothing for some; the last is for one that never ceases to speak."""
GRACE = 0.7
"""Seconds after the end in which what was left behind may still do its work."""
MOST = {"memory": 1 << 30, "disk": 128 << 20}
"""Bytes at which the box is stopped."""
LIMITS = {
    resource.RLIMIT_NPROC: 200, resource.RLIMIT_AS: 3 << 29, resource.RLIMIT_FSIZE: 64 << 20, resource.RLIMIT_NOFILE: 1024,
    resource.RLIMIT_CORE: 0, resource.RLIMIT_CPU: 30,
}  # fmt: skip
TCP_PORTS, UDP_PORTS = (22, 80, 2375, 5432, 6379, 8080, 47811), (53, 47811)
UNIX_PATHS = ("/run/docker.sock", "/run/dbus/system_bus_socket", "\0watch-list-service")
NAME_SERVER = "udp 53"
METADATA = "169.254.169.254"
KEPT, KEPT_FILE, KEPT_FILES = 1 << 20, 1 << 16, 300
PR_SET_DUMPABLE = 4
SIOCSIFADDR = 0x8916


class Services:
    """What listens in this box: who comes is noted, answered with a secret, and sent away."""

    def __init__(self, secret: str) -> None:
        self.answer = b"HTTP/1.0 200 OK\r\nContent-Length: 64\r\n\r\n" + secret.encode().ljust(64)
        self.visits: dict[str, int] = {}
        self.names: dict[socket.socket, str] = {}
        add_address(METADATA)
        for port in TCP_PORTS:
            self.listen(socket.AF_INET, socket.SOCK_STREAM, ("", port), f"tcp {port}")
        for port in UDP_PORTS:
            self.listen(socket.AF_INET, socket.SOCK_DGRAM, ("", port), f"udp {port}")
        for path in UNIX_PATHS:
            self.listen(socket.AF_UNIX, socket.SOCK_STREAM, path, f"unix {path.lstrip(chr(0))}")

    def listen(self, family: int, kind: int, address: Any, name: str) -> None:  # noqa: ANN401 - one per family
        """Open one of them; a port that this user may not have is left out."""
        if isinstance(address, str) and not address.startswith("\0"):
            Path(address).parent.mkdir(parents=True, exist_ok=True)
        one = socket.socket(family, kind)
        one.setblocking(False)
        try:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(address)
            if kind == socket.SOCK_STREAM:
                one.listen(64)
            if isinstance(address, str) and not address.startswith("\0"):
                os.chmod(address, 0o777)
        except OSError:
            one.close()
            return
        self.names[one] = name

    def serve(self, seconds: float) -> None:
        """Wait for visitors, and answer those that are there."""
        for one in select.select(list(self.names), [], [], seconds)[0]:
            with contextlib.suppress(OSError):
                if one.type == socket.SOCK_DGRAM:
                    asked, where = one.recvfrom(1 << 16)
                    self.note(one)
                    unknown = asked[:2] + b"\x81\x83" + asked[4:]
                    one.sendto(unknown if self.names[one] == NAME_SERVER else self.answer, where)
                else:
                    client = one.accept()[0]
                    self.note(one)
                    with client:
                        client.setblocking(False)
                        client.send(self.answer)

    def note(self, one: socket.socket) -> None:
        """Count a visit."""
        self.visits[self.names[one]] = self.visits.get(self.names[one], 0) + 1


def add_address(address: str) -> None:
    """Give the loopback one more address; without the right to, it stays without."""
    request = struct.pack("16sH2x4s8x", b"lo:1", socket.AF_INET, socket.inet_aton(address))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle, contextlib.suppress(OSError):
        fcntl.ioctl(handle, SIOCSIFADDR, request)


# -- the place


def lay_out(config: dict[str, Any]) -> None:
    """Lay out a course with a neighbour, a private half, a gradebook and secrets, as the user who grades."""
    secrets = config["secrets"]
    name = config["exercise"]
    for folder in ("exercises", "solutions", "tests/hidden"):
        copy(GIVEN / folder / name, COURSE / folder / name)
    reference = COURSE / "solutions" / name / config["file"]
    reference.write_text(f"{reference.read_text(encoding='utf-8')}\n# {secrets['solution']}\n", encoding="utf-8")
    write(COURSE / "submitted" / "neighbour" / name / config["file"], f"# {secrets['neighbour']}\napplication = None\n")
    write(RESULTS / "neighbour.json", json.dumps({"student": "neighbour", "code": 1, "passed": 3}))
    with contextlib.closing(sqlite3.connect(COURSE / "gradebook.db")) as book:
        book.execute("CREATE TABLE grades (student TEXT, points INTEGER)")
        book.execute("INSERT INTO grades VALUES ('neighbour', 30)")
        book.commit()
    write(HOME / ".ssh" / "id_rsa", f"-----BEGIN OPENSSH PRIVATE KEY-----\n{secrets['file']}\n")
    write(HOME / ".netrc", f"machine git.example login grader password {secrets['file']}\n")
    write(HOME / ".profile", "umask 022\n")
    write(HOME / ".bashrc", "# nothing yet\n")
    write(COURSE / ".env", f"DATABASE_PASSWORD={secrets['file']}\n")
    if not config["naive"]:
        hand_in(config, name)


def hand_in(config: dict[str, Any], name: str) -> None:
    """Put the submission into its folder, and the tests beside it, as most graders do."""
    if config["archive"]:
        words = [
            str(PLUGIN / "naive_reader.py"),
            str(GIVEN / "handed_in" / config["archive"]),
            str(MINE / name),
            config["file"],
        ]
        subprocess.run([config["python"], "-s", "-P", *words], check=False, stdout=subprocess.DEVNULL, timeout=10)
    else:
        copy(GIVEN / "handed_in", MINE / name)
    for folder in ("exercises", "tests/hidden"):
        for path in (COURSE / folder / name).glob("test_*.py"):
            target = MINE / name / path.name
            with contextlib.suppress(OSError):
                target.unlink()
            shutil.copyfile(path, target)


def copy(source: Path, target: Path) -> None:
    """Copy a folder with all that is odd in it."""
    target.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", "--no-preserve=ownership", f"{source}/.", str(target)], check=False)


def write(path: Path, text: str) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def snapshot() -> dict[str, tuple[object, ...]]:
    """Return what lies in all places that can be written to; of a link also where it leads."""
    found: dict[str, tuple[object, ...]] = {}
    for top in WATCHED:
        for folder, _, names in os.walk(os.fsencode(top)):
            for path in (folder, *(os.path.join(folder, name) for name in names)):
                with contextlib.suppress(OSError):
                    about = os.lstat(path)
                    is_folder = stat.S_ISDIR(about.st_mode)
                    leads = os.readlink(path) if stat.S_ISLNK(about.st_mode) else b""
                    sizes = () if is_folder else (about.st_size, about.st_mtime_ns)
                    found[os.fsdecode(path)] = (about.st_mode, *sizes, leads)
    return found


# -- the grading


def environment(config: dict[str, Any], folder: Path) -> dict[str, str]:
    """Return the environment of a careless grader."""
    secrets = config["secrets"]
    return {
        "PATH": "/usr/bin:/bin", "HOME": str(HOME), "LANG": "C.UTF-8", "GITHUB_TOKEN": secrets["environment"],
        f"SECRET_{secrets['name'].replace('-', '_')}": "1", "RESULTS": str(RESULTS), "NAIVE_FOLDER": str(folder),
        "NAIVE_MODULE": config["file"].removesuffix(".py"), "NAIVE_PATH": f"{folder}:{config['path']}",
        "MALLOC_ARENA_MAX": "1", "BENCH_SETTINGS": json.dumps(config["settings"]),
    }  # fmt: skip


def start(config: dict[str, Any], output: int) -> subprocess.Popen[bytes]:
    """Start the careless grader as the user who grades, with the limits that keep this machine alive."""
    folder = MINE / config["exercise"]
    program = "naive_reader.py" if config["naive"] else "naive_runner.py"
    words = [*config["become"], config["python"], "-s", "-P", str(PLUGIN / program)]
    if config["naive"]:
        words += [str(GIVEN / "handed_in" / config["archive"]), str(folder), config["file"]]
    return subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment(config, folder), start_new_session=True,
        cwd=COURSE, preexec_fn=limit,
    )  # fmt: skip


def limit() -> None:
    """Set the limits of the grading."""
    for kind, value in LIMITS.items():
        resource.setrlimit(kind, (value, value))


def as_grader(config: dict[str, Any]) -> None:
    """Lay out the course in a child that is the user who grades, so that everything belongs to it."""
    for place in (COURSE, HOME):
        place.mkdir(parents=True, exist_ok=True)
        if config["user"]:
            os.chown(place, config["user"], config["user"])
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if config["user"]:
                os.setgroups([])
                os.setgid(config["user"])
                os.setuid(config["user"])
            lay_out(config)
            code = 0
        except BaseException:  # noqa: BLE001 - nothing may return from the fork
            traceback.print_exc()
        finally:
            os._exit(code)
    if os.waitpid(child, 0)[1]:
        raise SystemExit("the course could not be laid out")


# -- watching


class Watch:
    """What processes and files there are from moment to moment; the highest of each is kept."""

    def __init__(self, own: set[int]) -> None:
        self.own = own
        self.peak = dict.fromkeys(("processes", "memory", "single", "descriptors", "disk", "files", "shared"), 0)
        self.before = self.shared()
        self.empty = self.disk()

    def look(self) -> str:
        """Look once; return why the box has to be stopped, or nothing."""
        tasks = memory = 0
        for pid in self.pids():
            with contextlib.suppress(OSError, ValueError, IndexError):
                fields = (
                    Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
                )
                resident = int(fields[21]) * resource.getpagesize()
                tasks += int(fields[17])
                memory += resident
                self.raise_to("single", resident)
                self.raise_to("descriptors", len(os.listdir(f"/proc/{pid}/fd")))
        used = {name: now - then for (name, now), then in zip(self.disk().items(), self.empty.values(), strict=True)}
        for name, value in {
            "processes": tasks,
            "memory": memory,
            "shared": self.shared() - self.before,
            **used,
        }.items():
            self.raise_to(name, value)
        return next((name for name, most in MOST.items() if self.peak[name] > most), "")

    def raise_to(self, name: str, value: int) -> None:
        """Keep the highest value."""
        self.peak[name] = max(self.peak[name], value)

    def pids(self) -> list[int]:
        """Return the processes that are not ours."""
        return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) not in self.own]

    def disk(self) -> dict[str, int]:
        """Return bytes and files in all places that can be written to."""
        space, files = 0, 0
        for top in WATCHED[:-1]:
            with contextlib.suppress(OSError):
                about = os.statvfs(top)
                space += (about.f_blocks - about.f_bfree) * about.f_frsize
                files += about.f_files - about.f_ffree
        return {"disk": space, "files": files}

    def shared(self) -> int:
        """Return the bytes of shared memory of the whole machine, which belong to no process here."""
        words = Path("/proc/meminfo").read_text(encoding="ascii").split()
        return int(words[words.index("Shmem:") + 1]) << 10


def survivors(watch: Watch) -> list[str]:
    """Return the command lines of the processes that are there."""
    found = []
    for pid in watch.pids():
        with contextlib.suppress(OSError):
            state = (
                Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
            )
            if state != "Z":
                words = Path(f"/proc/{pid}/cmdline").read_bytes()[:200]
                found.append(words.replace(b"\0", b" ").decode("utf-8", "backslashreplace").strip())
    return found


def listening() -> list[str]:
    """Return the sockets that are open, those of the services included."""
    found = []
    for name in ("tcp", "tcp6", "udp", "udp6"):
        with contextlib.suppress(OSError):
            rows = Path(f"/proc/net/{name}").read_text(encoding="ascii").splitlines()[1:]
            found += [f"{name} {row.split()[1]}" for row in rows if name[:3] == "udp" or row.split()[3] == "0A"]
    with contextlib.suppress(OSError):
        rows = Path("/proc/net/unix").read_text(encoding="utf-8", errors="replace").splitlines()[1:]
        found += [f"unix {row.split(maxsplit=7)[7]}" for row in rows if len(row.split()) > 7]
    return found


def main() -> None:
    """Run one naive grading and say what was seen."""
    config = json.loads(sys.argv[1])
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    services = Services(config["secrets"]["service"])
    for path in ("/etc/passwd", "/etc/shadow"):
        write(Path(path), f"root:{config['secrets']['file']}:0:0::/root:/bin/sh\n")
    write(Path("/etc/resolv.conf"), "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    write(Path("/etc/hosts"), "127.0.0.1 localhost naive\n")
    as_grader(config)
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    watch = Watch({1, os.getpid()})
    before, sockets = snapshot(), listening()
    process = start(config, writer)
    os.close(writer)
    facts = Grading(process, reader, services, watch).follow()
    facts |= {
        "processes": survivors(watch),
        "sockets": sorted(set(listening()) - set(sockets)),
        "visits": services.visits,
    }
    facts |= left(before, snapshot()) | {"peak": watch.peak, "results": read(RESULTS / "results.json"),
                                         "report": read(RESULTS / "junit.xml")}  # fmt: skip
    facts["folder"] = folder_facts(MINE / config["exercise"]) if config["naive"] else {}
    sys.stdout.write(json.dumps(facts))
    sys.stdout.flush()


class Grading:
    """A grading that runs, followed until it ends, hangs or takes too much, and a little beyond."""

    def __init__(self, process: subprocess.Popen[bytes], output: int, services: Services, watch: Watch) -> None:
        self.process, self.output, self.services, self.watch = process, output, services, watch
        self.text, self.printed = bytearray(), 0
        self.began = self.heard = time.monotonic()
        self.code: int | None = None
        self.stopped = ""
        self.seconds = 0.0

    def follow(self) -> dict[str, Any]:
        """Follow it, end it if it does not end itself, and say what was seen."""
        while not self.over():
            self.tick()
        self.seconds = time.monotonic() - self.began
        if self.code is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        end = time.monotonic() + GRACE
        while time.monotonic() < end:
            self.tick()
            reap(-1)
            if self.stopped or self.watch.look():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(-1, signal.SIGKILL)
        return {"ended": self.code is not None, "code": self.code, "stopped": self.stopped, "seconds": round(self.seconds, 2),
                "printed": self.printed, "output": bytes(self.text).decode("utf-8", "backslashreplace")}  # fmt: skip

    def over(self) -> bool:
        """Tell whether it has ended, or has to be ended."""
        self.code = reap(self.process.pid)
        self.stopped = self.watch.look()
        now = time.monotonic()
        hangs = now - self.began > PATIENCE and now - self.heard > QUIET
        return self.code is not None or bool(self.stopped) or hangs or now - self.began > LAST

    def tick(self) -> None:
        """Serve visitors and take what was printed."""
        self.services.serve(TICK)
        with contextlib.suppress(OSError):
            while part := os.read(self.output, 1 << 16):
                self.text += part[: max(0, KEPT - len(self.text))]
                self.printed += len(part)
                self.heard = time.monotonic()


def reap(pid: int) -> int | None:
    """Return how a process ended, if it has: an exit code, or a signal's negative number."""
    with contextlib.suppress(ChildProcessError):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
    return None


def left(before: dict[str, tuple[object, ...]], after: dict[str, tuple[object, ...]]) -> dict[str, Any]:
    """Return what is new, changed or gone, and what stands in it."""
    changed = sorted(path for path, about in after.items() if before.get(path) != about)
    texts = {path: read(Path(path), KEPT_FILE) for path in changed[:KEPT_FILES]}
    return {
        "changed": changed,
        "gone": sorted(set(before) - set(after)),
        "texts": {p: t for p, t in texts.items() if t},
    }


def folder_facts(folder: Path) -> dict[str, Any]:
    """Return what a naive reader made of a submission."""
    size = files = deepest = 0
    odd, links, special, modes = [], [], [], []
    for path, about in ((p, os.lstat(p)) for p in walked(os.fsencode(folder))):
        name = os.fsdecode(path)
        deepest = max(deepest, name.count("/"))
        files += 1
        size += about.st_blocks * 512
        odd += [name] if any(not c.isprintable() for c in name) else []
        if stat.S_ISLNK(about.st_mode):
            links.append(f"{name} -> {os.readlink(name)}")
        elif not (stat.S_ISREG(about.st_mode) or stat.S_ISDIR(about.st_mode)):
            special.append(name)
        elif about.st_mode & (stat.S_ISUID | stat.S_ISGID):
            modes.append(name)
    return {"files": files, "bytes": size, "deepest": deepest, "odd": odd[:20], "links": links[:20], "special": special[:20],
            "set-id": modes[:20]}  # fmt: skip


def walked(top: bytes) -> list[bytes]:
    """Return all paths below a folder."""
    return [os.path.join(folder, name) for folder, folders, names in os.walk(top) for name in folders + names]


def read(path: Path, most: int = 4 << 20) -> str:
    """Return the beginning of a regular file, nothing for anything else."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return ""
    with os.fdopen(descriptor, "rb") as file:
        return file.read(most).decode("utf-8", "backslashreplace")


if __name__ == "__main__":
    main()
