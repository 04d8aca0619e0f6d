"""Tries, from inside a student process, what a submission must not be able to do, and reports what happened.

Runs before any submission does, with the same rights: what it says is what the walls let through.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from typing import Any

PTRACE_SEIZE = 0x4206


def run(facts: dict[str, Any]) -> dict[str, list[str]]:
    """Return, for each probe, what it could do although it must not; an empty list is a wall that holds.

    ``facts``: secret (paths that must not be readable), outside (folders that must not be writable), judge (process id
    and start time of the judge), port (of a listener of the judge's on the loopback).
    """
    probes: dict[str, Callable[[dict[str, Any]], list[str]]] = {
        "secrets": readable_secrets,
        "writes": writable_places,
        "processes": reachable_processes,
        "network": reachable_network,
        "rights": rights_left,
        "limits": limits_missing,
    }
    return {name: guarded(probe, facts) for name, probe in probes.items()}


def guarded(probe: Callable[[dict[str, Any]], list[str]], facts: dict[str, Any]) -> list[str]:
    """Run one probe; one that fails in an unforeseen way proves nothing."""
    try:
        return probe(facts)
    except Exception as error:  # noqa: BLE001 - a probe that breaks is a wall unproven
        return [f"the probe failed: {type(error).__name__}: {error}"]


def readable_secrets(facts: dict[str, Any]) -> list[str]:
    """Look for the private half and the judge's own files."""
    return [path for path in facts["secret"] if os.path.exists(path)]


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


def reachable_processes(facts: dict[str, Any]) -> list[str]:
    """Look for the judge's process, and try to signal, trace and read PID 1 or the parent."""
    found = []
    pid, started = facts["judge"]
    if start_time(pid) == started:
        found.append("the judge's process is visible")
        if can_signal(pid):
            found.append("the judge's process can be signalled")
    parent = os.getppid()
    if sys.platform == "linux":
        if can_trace(parent):
            found.append("the parent can be traced")
        try:
            os.close(os.open(f"/proc/{parent}/mem", os.O_RDONLY))
            found.append("the parent's memory can be read")
        except OSError:
            pass
    return found


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


def can_signal(pid: int) -> bool:
    """Tell whether a signal would reach a process, without sending one."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def reachable_network(facts: dict[str, Any]) -> list[str]:
    """Try the judge's listener on the loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
        client.settimeout(0.5)
        try:
            client.connect(("127.0.0.1", facts["port"]))
        except OSError:
            return []
    return ["the host's loopback can be reached"]


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


def processes_missing(enough: int = 64) -> list[str]:
    """Fork until it fails; more than enough forks mean that nothing would stop a fork bomb."""
    children = []
    try:
        for _ in range(enough):
            pid = os.fork()
            if pid == 0:
                signal.pause()
                os._exit(0)
            children.append(pid)
    except OSError:
        return []
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return ["number of processes"]
