"""Makes a Python on Linux lack what only Unix has, before anything else is imported (see the module `site`).

The standard library's own way of starting processes keeps what it needs on this system. The platform has a name that
nobody knows, so that whatever asks for its name takes no shortcut; that it is not Windows cannot be helped.

What the standard library and other packages open without an encoding is their own affair; what this project does is an error.
"""

import os
import select
import signal
import sys
import types
import warnings

MODULES = """
    fcntl resource pwd grp spwd termios tty pty syslog readline curses _curses nis crypt
""".split()  # noqa: SIM905 - a list of words is easier to read
OF_OS = """
    fork forkpty killpg setsid setpgid getpgid getpgrp getsid getuid geteuid getgid getegid getgroups getresuid getresgid setuid
    seteuid setgid setegid setreuid setregid setresuid setresgid setgroups initgroups chown lchown fchown fchmod lchmod chroot
    fchdir mkfifo mknod nice uname wait wait3 wait4 waitid waitpid WNOHANG WIFEXITED WEXITSTATUS WIFSIGNALED WTERMSIG WIFSTOPPED
    WSTOPSIG WCOREDUMP pidfd_open sched_getaffinity sched_setaffinity sched_yield sysconf confstr pathconf fpathconf statvfs
    fstatvfs getloadavg ttyname openpty tcgetpgrp tcsetpgrp ctermid pread preadv pwrite pwritev readv writev sendfile splice
    copy_file_range memfd_create eventfd posix_spawn posix_spawnp register_at_fork getpriority setpriority getrandom
    pipe2 major minor makedev fdatasync sync lockf posix_fallocate posix_fadvise getxattr setxattr
    listxattr removexattr O_NOFOLLOW O_DIRECTORY O_PATH O_TMPFILE O_NONBLOCK O_CLOEXEC O_NOCTTY O_SYNC O_DSYNC O_ASYNC
    SCHED_OTHER P_PIDFD unshare setns plock
""".split()  # noqa: SIM905
OF_SIGNAL = """
    SIGKILL SIGALRM SIGCHLD SIGCONT SIGHUP SIGPIPE SIGPROF SIGQUIT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2
    SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ SIGIO SIGBUS SIGSYS SIGTRAP alarm setitimer getitimer ITIMER_REAL ITIMER_VIRTUAL
    ITIMER_PROF pause pthread_kill pthread_sigmask sigpending sigwait sigwaitinfo sigtimedwait siginterrupt pidfd_send_signal
    SIG_BLOCK SIG_UNBLOCK SIG_SETMASK
""".split()  # noqa: SIM905
OF_SELECT = (
    "poll",
    "epoll",
    "kqueue",
    "devpoll",
    *(name for name in dir(select) if name.startswith(("POLL", "EPOLL"))),
)
OF_SOCKET = ("AF_UNIX", "AF_NETLINK", "AF_PACKET", "AF_VSOCK", "SOCK_SEQPACKET", "SO_PEERCRED", "SCM_RIGHTS", "CMSG_LEN",
             "CMSG_SPACE", "SOCK_CLOEXEC", "SOCK_NONBLOCK", "SO_REUSEPORT", "sethostname", "if_nameindex",
             "send_fds", "recv_fds")  # fmt: skip
PLATFORM = "elsewhere"
OURS = r"(grader|exercises|solutions|tests|test_\w+)(\.|$)"


def take_away(module: types.ModuleType, names: "tuple[str, ...] | list[str]") -> None:
    """Make a module lack some names."""
    for name in names:
        vars(module).pop(name, None)


def private(module: types.ModuleType) -> types.ModuleType:
    """Return a copy of a module that keeps what the module will lack."""
    copy = types.ModuleType(module.__name__)
    vars(copy).update(vars(module))
    return copy


take_away(select, OF_SELECT)
import socket  # noqa: E402 - it has to find a poorer select
import subprocess  # noqa: E402
import sysconfig  # noqa: E402

sysconfig.get_config_vars()  # they are kept in a file named for the platform
subprocess.os, subprocess.signal = private(os), private(signal)  # type: ignore[attr-defined]
subprocess._signal_enum = signal.Signals  # type: ignore[attr-defined]
take_away(os, OF_OS)
take_away(signal, OF_SIGNAL)
take_away(socket, OF_SOCKET)
os.supports_dir_fd, os.supports_fd = set(), set()
for blocked in MODULES:
    sys.modules[blocked] = None  # type: ignore[assignment]
sys.platform = PLATFORM
warnings.filterwarnings("ignore", category=EncodingWarning)
warnings.filterwarnings("error", category=EncodingWarning, module=OURS)
