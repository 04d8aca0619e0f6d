"""The system calls that a box may not make, as a filter program that bubblewrap loads (seccomp(2), by libseccomp)."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import tempfile
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyseccomp

DENIED = [
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "kcmp",
    "pidfd_getfd",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "keyctl",
    "add_key",
    "request_key",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "unshare",
    "setns",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "name_to_handle_at",
    "open_by_handle_at",
    "fanotify_init",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "reboot",
    "swapon",
    "swapoff",
    "acct",
    "quotactl",
    "quotactl_fd",
    "shmget",
    "shmat",
    "shmctl",
    "shmdt",
    "msgget",
    "msgsnd",
    "msgrcv",
    "msgctl",
    "semget",
    "semop",
    "semctl",
    "semtimedop",
    "mq_open",
    "mq_unlink",
    "iopl",
    "ioperm",
    "modify_ldt",
    "uselib",
    "ustat",
    "sysfs",
    "lookup_dcookie",
    "personality",
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "adjtimex",
    "sethostname",
    "setdomainname",
    "syslog",
    "vhangup",
    "mbind",
    "set_mempolicy",
    "migrate_pages",
    "move_pages",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "memfd_secret",
    "memfd_create",
    "chown",
    "fchown",
    "lchown",
    "fchownat",
    "setpriority",
    "ioprio_set",
    "sched_setattr",
    "sched_setscheduler",
    "inotify_init",
    "inotify_init1",
    "io_setup",
    "sync",
    "syncfs",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "setxattrat",
    "removexattr",
    "lremovexattr",
    "fremovexattr",
    "removexattrat",
]
OF_OTHERS = ("prlimit64", "sched_setaffinity")
"""Calls that change another process of the same user, the zygote for one, unless the process is 0: oneself."""
NEW_NAMESPACES = (0x10000000, 0x00020000, 0x20000000, 0x40000000, 0x08000000, 0x04000000, 0x02000000)
"""clone(2): CLONE_NEWUSER, NEWNS, NEWPID, NEWNET, NEWIPC, NEWUTS, NEWCGROUP."""
INT = 0xFFFFFFFF
"""The kernel reads 32 bits of an argument that is an int; a filter compares 64, so that the upper half could deceive it."""
AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
F_SETLEASE, F_NOTIFY = 1024, 1026
SHARED_ANONYMOUS = 0x21
"""mmap(2): MAP_SHARED | MAP_ANONYMOUS, memory that can be let go of and still stays, so that no process is charged."""
SOL_SOCKET, BUFFER_SIZES = 1, (7, 8, 32, 33)
"""SO_SNDBUF, SO_RCVBUF and their FORCE forms: the kernel's memory is not the submission's to hold."""
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
NETWORK = ("socket", "connect", "bind", "listen")
"""What a box without a network of its own may not do; a listening socket that was passed in can be accepted from."""
SOCK_TYPE, CONNECTED_ONLY = 0xF, (2, 3, 4)
"""socketpair(2): a pair of datagram or raw sockets could be connected to somewhere else."""
SIGNALS = ("kill", "tkill", "tgkill", "pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo")
OWNER_OF_SIGNALS = (8, 15)
"""fcntl(2): F_SETOWN, F_SETOWN_EX; who a file's signals go to."""
FIOSETOWN, SIOCSPGRP = 0x8901, 0x8902
TO_OTHERS = (
    "pidfd_send_signal",
    "rt_sigqueueinfo",
    "rt_tgsigqueueinfo",
    "process_madvise",
    "process_mrelease",
    "sched_setparam",
)
ATTRIBUTES = tuple(
    """
    chmod fchmod fchmodat fchmodat2 utime utimes utimensat futimesat file_setattr
    """.split()  # noqa: SIM905
)
"""What Landlock does not look at: a submission of the same user could change files that it cannot even read."""
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36


class NoFilter(Exception):
    """libseccomp is not there, or is too old for this filter."""


@functools.cache
def program(*, network: bool = True, attributes: bool = True, signals: bool = True) -> bytes:
    """Return the filter as BPF.

    Without namespaces there is no ``network`` of the box's own; without a user of its own, ``attributes`` of files and, on
    older kernels, ``signals`` to other processes are forbidden too.

    Raises:
        NoFilter: pyseccomp or libseccomp is missing.
    """
    try:
        import pyseccomp
    except (ImportError, OSError, RuntimeError) as error:
        raise NoFilter(f"libseccomp cannot be used ({error}); install it (Debian: libseccomp2)") from None
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    deny(rules, DENIED)
    add_conditions(rules)
    if not network:
        deny(rules, NETWORK + TO_OTHERS)
        add_own_group_only(rules)
    if not attributes:
        deny(rules, ATTRIBUTES)
    if not signals:
        deny(rules, SIGNALS)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        return os.read(file.fileno(), 1 << 20)


def deny(rules: pyseccomp.SyscallFilter, names: Iterable[str]) -> None:
    """Deny calls altogether; names that this kernel or architecture does not have are passed over."""
    import pyseccomp

    for name in names:
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            rules.add_rule(pyseccomp.ERRNO(errno.EPERM), name)


def add_conditions(rules: pyseccomp.SyscallFilter) -> None:
    """Deny calls with some arguments."""
    import pyseccomp

    denied = pyseccomp.ERRNO(errno.EPERM)
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")  # its flags are behind a pointer; libc falls back to clone
    for flag in NEW_NAMESPACES:
        rules.add_rule(denied, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
    shared = pyseccomp.Arg(3, pyseccomp.MASKED_EQ, SHARED_ANONYMOUS, SHARED_ANONYMOUS)
    rules.add_rule(denied, "mmap", shared)
    for option in BUFFER_SIZES:
        chosen = [
            pyseccomp.Arg(place, pyseccomp.MASKED_EQ, INT, word) for place, word in ((1, SOL_SOCKET), (2, option))
        ]
        rules.add_rule(pyseccomp.ERRNO(0), "setsockopt", *chosen)
    for name in OF_OTHERS:  # another upper half than 0 is denied too, which deceives nobody
        rules.add_rule(denied, name, pyseccomp.Arg(0, pyseccomp.NE, 0))
    for family in range(64):
        chosen = [pyseccomp.Arg(0, pyseccomp.MASKED_EQ, INT, family)]
        if family != AF_UNIX:
            rules.add_rule(pyseccomp.ERRNO(errno.EAFNOSUPPORT), "socketpair", *chosen)
        if family not in (AF_UNIX, AF_INET, AF_INET6):
            rules.add_rule(pyseccomp.ERRNO(errno.EAFNOSUPPORT), "socket", *chosen)
    for command in (F_SETLEASE, F_NOTIFY):
        rules.add_rule(denied, "fcntl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, INT, command))
    for request in (TIOCSTI, TIOCLINUX):
        rules.add_rule(denied, "ioctl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, INT, request))


def add_own_group_only(rules: pyseccomp.SyscallFilter) -> None:
    """Deny what would reach beyond the box where processes are not in a namespace of their own."""
    import pyseccomp

    denied = pyseccomp.ERRNO(errno.EPERM)
    for kind in CONNECTED_ONLY:
        rules.add_rule(denied, "socketpair", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, SOCK_TYPE, kind))
    for command in OWNER_OF_SIGNALS:
        rules.add_rule(denied, "fcntl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, INT, command))
    for request in (FIOSETOWN, SIOCSPGRP):
        rules.add_rule(denied, "ioctl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, INT, request))
    for option in (PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER):
        rules.add_rule(denied, "prctl", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, INT, option))
