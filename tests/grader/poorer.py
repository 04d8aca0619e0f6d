"""Runs a command as on a poorer machine: without namespaces, with an old Landlock or none, as root without rights, no Unix.

    python tests/grader/poorer.py --no-namespaces --landlock 3 --user 65534 -- grader doctor
    python tests/grader/poorer.py --no-unix -- python -m grader doctor

What containers deny by a seccomp filter is denied by one here too (Docker's default profile: EPERM for unshare(2) and
for clone(2) with new namespaces, ENOSYS for clone3(2)). An old Landlock is played by a supervisor that answers the
question for the ABI with a smaller number (seccomp_unotify(2)) and refuses the larger structures of later kernels. Without
Unix every Python below lacks the modules and names that only Unix has (`elsewhere/sitecustomize.py`), and what this project
opens without naming an encoding is an error.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import os
import signal
import sys
from pathlib import Path

import pyseccomp

NEW_NAMESPACES = (0x10000000, 0x00020000, 0x20000000, 0x40000000, 0x08000000, 0x04000000, 0x02000000)
NAMESPACE_CALLS = ("unshare", "setns", "mount", "umount2", "pivot_root", "move_mount", "open_tree", "fsopen", "fsmount")
LANDLOCK_CALLS = {"create": 444, "add": 445, "restrict": 446}
ASK_VERSION = 1
STRUCTURE = {1: 8, 2: 8, 3: 8, 4: 16, 5: 16}
"""Bytes of landlock_ruleset_attr by ABI."""
PR_SET_PDEATHSIG = 1
CONTINUE = 1
"""SECCOMP_USER_NOTIF_FLAG_CONTINUE: the kernel answers itself."""


def main() -> None:
    """Load the filters, then become the command."""
    arguments = parse(sys.argv[1:])
    filters(arguments)
    if arguments.landlock:
        supervise_landlock(arguments.landlock, arguments.user)
    if arguments.no_unix:
        leave_unix()
    words = [*rights(arguments), *arguments.command]
    os.execvp(words[0], words)


def parse(words: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Run a command as on a poorer machine.")
    parser.add_argument("--no-namespaces", action="store_true")
    parser.add_argument("--no-landlock", dest="landlock", action="store_const", const=0)
    parser.add_argument("--landlock", type=int, choices=sorted(STRUCTURE), help="the newest ABI that there is")
    parser.add_argument("--no-capabilities", action="store_true")
    parser.add_argument("--user", type=int, help="the user (and group) to become")
    parser.add_argument("--no-unix", action="store_true", help="Python has only what there is on every system")
    parser.add_argument("command", nargs="+")
    return parser.parse_args(words)


def rights(arguments: argparse.Namespace) -> list[str]:
    """Return the beginning of a command line that gives up identity or capabilities."""
    words = []
    if arguments.no_capabilities:
        words += ["--bounding-set", "-all", "--inh-caps", "-all"]
    if arguments.user is not None:
        words += ["--reuid", str(arguments.user), "--regid", str(arguments.user), "--clear-groups"]
    return ["setpriv", *words, "--"] if words else []


def leave_unix() -> None:
    """Have every Python begin with what takes Unix away; plugins of pytest that others installed may need it."""
    search = [str(Path(__file__).with_name("elsewhere")), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, search))
    os.environ["PYTHONWARNDEFAULTENCODING"] = os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"


def filters(arguments: argparse.Namespace) -> None:
    """Deny system calls, for this process and all that it will become and start."""
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    if arguments.no_namespaces:
        for name in NAMESPACE_CALLS:
            rules.add_rule(pyseccomp.ERRNO(errno.EPERM), name)
        for flag in NEW_NAMESPACES:
            chosen = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag)
            rules.add_rule(pyseccomp.ERRNO(errno.EPERM), "clone", chosen)
        rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    if arguments.landlock == 0:
        for number in LANDLOCK_CALLS.values():
            rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), number)
    rules.load()


def supervise_landlock(abi: int, user: int | None) -> None:
    """Fork a supervisor that answers for the kernel; it ends with this process, whose user must be allowed to end it."""
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    rules.add_rule(pyseccomp.NOTIFY, LANDLOCK_CALLS["create"])
    rules.load()
    pid = os.getpid()
    if os.fork() == 0:
        if user is not None:
            os.setresuid(user, user, user)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        while os.getppid() == pid:
            answer(rules, abi)
        os._exit(0)


def answer(rules: pyseccomp.SyscallFilter, abi: int) -> None:
    """Answer one call of landlock_create_ruleset(2) as a kernel with this ABI would."""
    asked = rules.receive_notify()
    _, size, flags = asked.syscall_args[:3]
    if flags == ASK_VERSION:
        response = pyseccomp.NotificationResponse(0, 0, asked.id, abi)
    elif size > STRUCTURE[abi]:
        response = pyseccomp.NotificationResponse(-errno.E2BIG, 0, asked.id, 0)
    else:
        response = pyseccomp.NotificationResponse(0, CONTINUE, asked.id, 0)
    rules.respond_notify(response)


if __name__ == "__main__":
    main()
