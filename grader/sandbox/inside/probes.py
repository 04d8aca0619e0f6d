"""Tries, from inside a student process, what a submission must not be able to do, and reports what happened.

Runs before any submission does, with the same rights: what it says is what the walls let through.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import sys
import tempfile
from collections.abc import Callable
from typing import Any

PTRACE_SEIZE = 0x4206


def run(facts: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Return what each probe could do although it must not; an empty list is a wall that holds.

    What stands under ``reach`` is against every level with walls: something of the machine's can be read, changed, signalled
    or talked to. What stands under ``sight`` is against the level full only: that something exists can be seen from inside,
    or the box lacks something of its own.

    ``facts``: secret (paths that must not be readable), outside (folders that must not be writable), foreign (files whose
    attributes must not be changed), judge (process id and start time of the judge), port (of a TCP and a UDP socket of
    the judge's on the loopback), unix (path and abstract name of listening sockets of the judge's).
    """
    reach: dict[str, Callable[[dict[str, Any]], list[str]]] = {
        "secrets": readable_secrets,
        "writes": writable_places,
        "attributes": changeable_attributes,
        "processes": reachable_processes,
        "network": reachable_network,
        "rights": rights_left,
        "limits": limits_missing,
    }
    sight: dict[str, Callable[[dict[str, Any]], list[str]]] = {
        "files": visible_secrets,
        "processes": visible_processes,
        "network": network_missing,
    }
    return {
        "reach": {name: guarded(probe, facts) for name, probe in reach.items()},
        "sight": {name: guarded(probe, facts) for name, probe in sight.items()},
    }


def guarded(probe: Callable[[dict[str, Any]], list[str]], facts: dict[str, Any]) -> list[str]:
    """Run one probe; one that fails in an unforeseen way proves nothing."""
    try:
        return probe(facts)
    except Exception as error:  # noqa: BLE001 - a probe that breaks is a wall unproven
        return [f"the probe failed: {type(error).__name__}: {error}"]


def readable_secrets(facts: dict[str, Any]) -> list[str]:
    """Try to read the private half and the judge's own files and folders."""
    return [path for path in facts["secret"] if can_read(path)]


def can_read(path: str) -> bool:
    """Tell whether a file can be opened or a folder listed."""
    try:
        if os.path.isdir(path):
            os.listdir(path)
        else:
            with open(path, "rb"):
                pass
    except OSError:
        return False
    return True


def writable_places(facts: dict[str, Any]) -> list[str]:
    """Try to make a file in places that are not the submission's own."""
    found = []
    for folder in facts["outside"]:
        path = os.path.join(folder, f"probe-{os.getpid()}")
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except OSError:
            continue
        os.unlink(path)
        found.append(folder)
    return found


def changeable_attributes(facts: dict[str, Any]) -> list[str]:
    """Try to set the modes that files have already, which only their owner may."""
    found = []
    for path in facts["foreign"]:
        try:
            os.chmod(path, os.stat(path).st_mode & 0o7777)
        except OSError:
            continue
        found.append(path)
    return found


def reachable_processes(facts: dict[str, Any]) -> list[str]:
    """Try to signal, trace and read the judge's process and the parent, which as PID 1 gets no signals from inside."""
    found = []
    judge, started, namespace = facts["judge"]
    here = namespace == process_namespace()  # elsewhere the same number is another process
    if here and can_signal(judge) and start_time(judge) in ("", started):
        found.append("the judge's process can be signalled")
    if sys.platform != "linux":
        return found
    parent = os.getppid()
    if parent != 1 and can_signal(parent):
        found.append("the parent can be signalled")
    if can_trace(parent):
        found.append("the parent can be traced")
    secrets = [f"/proc/{parent}/mem", f"/proc/{parent}/environ"]
    return [*found, *(f"{path} can be read" for path in secrets if can_read(path))]


def can_trace(pid: int) -> bool:
    """Tell whether a process can be traced; a child tries, without stopping it, and lets go by ending at once."""
    child = os.fork()
    if child == 0:
        os._exit(ctypes.CDLL(None).ptrace(PTRACE_SEIZE, pid, None, None) & 1)
    return os.waitpid(child, 0)[1] == 0


def start_time(pid: int) -> str:
    """Return when a process started, in the kernel's ticks, or nothing where it cannot be seen."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return ""


def process_namespace() -> str:
    """Return the namespace that process ids are of (namespaces(7)), nothing where there is none."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def can_signal(pid: int) -> bool:
    """Tell whether a signal would reach a process, without sending one."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def reachable_network(facts: dict[str, Any]) -> list[str]:
    """Try the judge's sockets on the loopback and in the file system; it says itself whether datagrams arrive."""
    path, abstract = facts["unix"]
    loopback = ("127.0.0.1", facts["port"])
    connect("AF_INET", "SOCK_DGRAM", loopback)
    found = ["the host's loopback can be reached"] if connect("AF_INET", "SOCK_STREAM", loopback) else []
    reached = [address for address in (path, abstract) if connect("AF_UNIX", "SOCK_STREAM", address)]
    return [*found, *(f"the Unix socket {address!r} can be reached" for address in reached)]


def connect(family: str, kind: str, address: object) -> bool:
    """Tell whether a socket can be connected to, and greet whoever is there."""
    try:
        with socket.socket(getattr(socket, family), getattr(socket, kind)) as client:
            client.settimeout(0.5)
            client.connect(address)  # type: ignore[arg-type]
            client.send(b"?")
    except (OSError, AttributeError):
        return False
    return True


def visible_secrets(facts: dict[str, Any]) -> list[str]:
    """Look whether names of the private half can be seen."""
    return [f"that {path} exists can be seen" for path in facts["secret"] if os.path.lexists(path)][:1]


def visible_processes(facts: dict[str, Any]) -> list[str]:
    """Look for the judge's process: a signal that is refused says that there is one."""
    judge, started, namespace = facts["judge"]
    if namespace != process_namespace():
        return []
    try:
        os.kill(judge, 0)
    except ProcessLookupError:
        return []
    except PermissionError:
        return ["that the judge's process exists can be seen"]
    return ["the judge's process is visible"] if start_time(judge) in ("", started) else []


def network_missing(_facts: dict[str, Any]) -> list[str]:
    """Look for a loopback of the box's own, on which a server that the submission starts can be reached from inside."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), 0.5).close()
    except OSError as error:
        return [f"the box has no loopback of its own ({error.strerror or error})"]
    return []


def rights_left(_facts: dict[str, Any]) -> list[str]:
    """Look for root's identity, capabilities, and a way to gain rights."""
    found = [] if os.getuid() else ["runs as root"]
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        status = dict(line.split(":", 1) for line in file)
    if int(status["CapEff"], 16) or int(status["CapPrm"], 16):
        found.append("has capabilities")
    if status["NoNewPrivs"].strip() != "1":
        found.append("programs with the set-uid bit work")
    return found


def limits_missing(_facts: dict[str, Any]) -> list[str]:
    """Run into the limits of memory, file size and processes."""
    import resource  # not on every system

    found = []
    try:
        bytearray(resource.getrlimit(resource.RLIMIT_DATA)[0] + 1 if has_limit(resource.RLIMIT_DATA) else 1 << 29)
        found.append("memory")
    except MemoryError:
        pass
    if not has_limit(resource.RLIMIT_CPU):
        found.append("processor time")
    return found + file_size_missing() + processes_missing()


def has_limit(kind: int) -> bool:
    """Tell whether a resource limit is set at all."""
    import resource

    return resource.getrlimit(kind)[1] != resource.RLIM_INFINITY


def file_size_missing() -> list[str]:
    """Try to make a file longer than any submission needs."""
    with tempfile.TemporaryFile() as file:
        try:
            file.truncate(16 << 20)
        except OSError as error:
            return [] if error.errno == errno.EFBIG else [f"file size ({error})"]
    return ["file size"]


def processes_missing(enough: int = 200) -> list[str]:
    """Fork until it fails; more than enough forks mean that nothing would stop a fork bomb."""
    children = []
    reader, writer = os.pipe()
    try:
        for _ in range(enough):
            pid = os.fork()
            if pid == 0:
                os.close(writer)
                os.read(reader, 1)  # until the parent lets go; it may not be allowed to send signals
                os._exit(0)
            children.append(pid)
    except OSError:
        return []
    finally:
        os.close(writer)
        os.close(reader)
        for pid in children:
            os.waitpid(pid, 0)
    return ["number of processes"]
