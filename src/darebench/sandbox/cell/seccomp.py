"""The seccomp filter: the system calls that data-science Python makes, and no other.

It needs the system's libseccomp. What the library knows and the list lacks is forbidden (EPERM);
what is newer than the library does not exist (ENOSYS), so that the C library falls back. Some
calls wait for the warden, who listens to the filter: see `notices`.

Names are those of linux/seccomp.h, linux/prctl.h and asm-generic/ioctls.h.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import stat
import tempfile
from collections.abc import Collection
from enum import StrEnum

from darebench.errors import ConfigError
from darebench.installing import install_command
from darebench.sandbox.cell import linux

ALLOWED = """
read write open openat openat2 close close_range creat lseek _llseek pread64 pwrite64 readv writev
preadv pwritev preadv2 pwritev2 sendfile splice tee copy_file_range readahead fadvise64 fallocate
truncate ftruncate stat fstat lstat newfstatat statx access faccessat faccessat2 chmod fchmod
fchmodat chown fchown lchown fchownat umask rename renameat renameat2 link linkat unlink unlinkat
symlink symlinkat readlink readlinkat mkdir mkdirat rmdir chdir fchdir getcwd getdents getdents64
statfs fstatfs sync fsync fdatasync syncfs sync_file_range flock utime utimes utimensat futimesat
getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr dup dup2 dup3 fcntl pipe pipe2
poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2
eventfd eventfd2 signalfd signalfd4 timerfd_create timerfd_settime timerfd_gettime
mmap mprotect munmap mremap madvise msync mincore brk mlock munlock mlock2 mlockall munlockall
pkey_alloc pkey_free pkey_mprotect get_mempolicy membarrier cachestat
fork vfork execve execveat exit exit_group wait4 waitid getpid getppid gettid getpgrp getpgid
setpgid getsid setsid set_tid_address set_robust_list get_robust_list rseq arch_prctl
futex futex_waitv sched_yield sched_getaffinity sched_getscheduler
sched_getparam sched_getattr sched_get_priority_max sched_get_priority_min
sched_rr_get_interval getcpu getpriority
rt_sigaction rt_sigprocmask rt_sigpending rt_sigtimedwait rt_sigqueueinfo rt_sigreturn rt_sigsuspend
rt_tgsigqueueinfo sigaltstack kill tkill tgkill pause alarm getitimer setitimer restart_syscall
pidfd_open pidfd_send_signal
nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time times timer_create
timer_settime timer_gettime timer_getoverrun timer_delete
getuid geteuid getgid getegid getgroups getresuid getresgid setuid setgid setreuid setregid
setresuid setresgid setfsuid setfsgid setgroups capget
getrlimit setrlimit getrusage sysinfo uname getrandom
socketpair bind listen accept accept4 connect getsockname getpeername sendto recvfrom sendmsg
recvmsg sendmmsg recvmmsg shutdown setsockopt getsockopt
""".split()  # noqa: SIM905 -- 250 quoted names would hide the names
FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)
"""Sockets that may be made; they reach no network, but libraries try."""
NO_NETWORK_FAMILIES = (socket.AF_UNIX,)
"""The same where there is no network namespace to put the program in."""
ON_ITSELF = ("prlimit64", "sched_setaffinity", "setpriority")
"""Allowed for the calling process alone: on the host, the warden is the same user."""
CLONE_FLAGS_DENIED = (
    linux.CLONE_NEWNS | linux.CLONE_NEWCGROUP | linux.CLONE_NEWUTS | linux.CLONE_NEWIPC
    | linux.CLONE_NEWUSER | linux.CLONE_NEWPID | linux.CLONE_NEWNET | linux.CLONE_NEWTIME
    | linux.CLONE_PARENT
)  # fmt: skip
"""All that make namespaces, and the one that makes a child of the zygote."""
PRCTL = {
    "PR_SET_PDEATHSIG": 1, "PR_GET_PDEATHSIG": 2, "PR_GET_DUMPABLE": 3, "PR_SET_DUMPABLE": 4,
    "PR_SET_NAME": 15, "PR_GET_NAME": 16, "PR_CAPBSET_READ": 23, "PR_GET_SECUREBITS": 27,
    "PR_SET_TIMERSLACK": 29, "PR_GET_TIMERSLACK": 30, "PR_SET_CHILD_SUBREAPER": 36,
    "PR_GET_CHILD_SUBREAPER": 37, "PR_SET_NO_NEW_PRIVS": 38, "PR_GET_NO_NEW_PRIVS": 39,
    "PR_GET_TID_ADDRESS": 40, "PR_SET_THP_DISABLE": 41, "PR_GET_THP_DISABLE": 42,
    "PR_GET_SPECULATION_CTRL": 52, "PR_SET_VMA": 0x53564D41,
}  # fmt: skip
"""Options that are allowed: none of them grants or installs anything."""
TCGETS, TIOCOUTQ, TIOCGWINSZ, FIONREAD = 0x5401, 0x5411, 0x5413, 0x541B
IOCTL = {
    "FIONBIO": 0x5421, "FIONCLEX": 0x5450, "FIOCLEX": 0x5451, "FIOASYNC": 0x5452,
    "FIOQSIZE": 0x5460, "SIOCGIFNAME": 0x8910, "SIOCGIFCONF": 0x8912, "SIOCGIFFLAGS": 0x8913,
    "SIOCGIFADDR": 0x8915, "SIOCGIFHWADDR": 0x8927, "SIOCGIFINDEX": 0x8933, "FICLONE": 0x40049409,
}  # fmt: skip
"""Requests that are allowed, beside those on terminals from TCGETS to FIONREAD.

TIOCSTI and TIOCLINUX are not: they type into a terminal that the caller may share.
"""
FCNTL = {
    "F_DUPFD": 0, "F_GETFD": 1, "F_SETFD": 2, "F_GETFL": 3, "F_SETFL": 4, "F_GETLK": 5,
    "F_SETLK": 6, "F_SETLKW": 7, "F_GETOWN": 9, "F_GETSIG": 11, "F_OFD_GETLK": 36,
    "F_OFD_SETLK": 37, "F_OFD_SETLKW": 38, "F_DUPFD_CLOEXEC": 1030, "F_SETPIPE_SZ": 1031,
    "F_GETPIPE_SZ": 1032, "F_GET_SEALS": 1034,
}  # fmt: skip
"""Commands that a session allows: without those that have the kernel send a process signals."""
BY_PID = ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open")
"""Calls that name a process, which a session's warden looks at: it may be another state's."""
_SHARED = 0x100 | 0x200 | 0x400 | 0x800
"""CLONE_VM, CLONE_FS, CLONE_FILES, CLONE_SIGHAND."""
_CLONE_VM, _CLONE_VFORK, _CLONE_THREAD = 0x100, 0x4000, 0x10000


class Notify(StrEnum):
    """Which system calls wait for the listener's answer."""

    NOTHING = "nothing"
    EXIT = "exit"
    """A program's end."""
    SESSION = "session"
    """What a session's processes say to their warden, and what could reach other states."""


def compiled(*, network: bool, notify: Notify) -> bytes:
    """Compile the filter to the kernel's own form, for `linux.install_filter`.

    Args:
        network: Allow internet sockets: only where a network namespace makes them harmless.
        notify: Have the kernel stop a process that makes certain calls and notify the listener.

    Raises:
        ConfigError: The library libseccomp is not on this machine.
    """
    seccomp = library()
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.ENOSYS))
    denied = seccomp.ERRNO(errno.EPERM)
    known = _known(seccomp)
    special = {"clone", "clone3", "socket", "prctl", "ioctl", "mknod", "mknodat", "personality"}
    special |= set(ON_ITSELF)
    waiting: set[str] = set()
    if notify is Notify.EXIT:
        waiting = {"exit_group"}
    elif notify is Notify.SESSION:
        waiting = {"acct", "vfork", *BY_PID} & known
        special.add("fcntl")
    for name in sorted(waiting):
        rules.add_rule(seccomp.NOTIFY, name)
    special |= waiting
    for name in sorted(known - special):
        rules.add_rule(seccomp.ALLOW if name in ALLOWED else denied, name)
    _allow_by_argument(seccomp, rules, known, network=network)
    if notify is Notify.SESSION:
        _keep_apart(seccomp, rules)
    else:
        bits = seccomp.Arg(0, seccomp.MASKED_EQ, CLONE_FLAGS_DENIED, 0)
        rules.add_rule(seccomp.ALLOW, "clone", bits)
    rules.set_attr(seccomp.Attr.CTL_OPTIMIZE, 2)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _allow_by_argument(seccomp, rules, known: Collection[str], *, network: bool) -> None:
    """Allow what depends on the arguments of a call."""
    equal, masked = seccomp.EQ, seccomp.MASKED_EQ
    for option in PRCTL.values():
        rules.add_rule(seccomp.ALLOW, "prctl", seccomp.Arg(0, equal, option))
    for family in FAMILIES if network else NO_NETWORK_FAMILIES:
        rules.add_rule(seccomp.ALLOW, "socket", seccomp.Arg(0, equal, family))
    for name, argument in (("mknod", 1), ("mknodat", 2)):
        if name in known:
            fifo = seccomp.Arg(argument, masked, 0o170000, stat.S_IFIFO)
            rules.add_rule(seccomp.ALLOW, name, fifo)
    for name in ON_ITSELF:
        whom = seccomp.Arg(int(name == "setpriority"), masked, 0xFFFFFFFF, 0)
        rules.add_rule(seccomp.ALLOW, name, whom)
    rules.add_rule(seccomp.ALLOW, "personality", seccomp.Arg(0, equal, 0xFFFFFFFF))
    terminals = (*range(TCGETS, TIOCOUTQ + 1), *range(TIOCGWINSZ, FIONREAD + 1))
    for request in (
        *terminals,
        *IOCTL.values(),
    ):  # the kernel looks at the lower half of the argument only
        rules.add_rule(seccomp.ALLOW, "ioctl", seccomp.Arg(1, masked, 0xFFFFFFFF, request))


def _keep_apart(seccomp, rules) -> None:
    """Allow forks that share nothing, and threads; a fork that borrows memory has to wait.

    A state of a session must not share its memory or its descriptors with a step that goes on.
    """
    masked = seccomp.MASKED_EQ
    forks = CLONE_FLAGS_DENIED | _SHARED | _CLONE_THREAD
    rules.add_rule(seccomp.ALLOW, "clone", seccomp.Arg(0, masked, forks, 0))
    threads = CLONE_FLAGS_DENIED | _CLONE_THREAD | _CLONE_VM
    both = _CLONE_THREAD | _CLONE_VM
    rules.add_rule(seccomp.ALLOW, "clone", seccomp.Arg(0, masked, threads, both))
    borrowed = _CLONE_VFORK | _CLONE_VM
    rules.add_rule(seccomp.NOTIFY, "clone", seccomp.Arg(0, masked, forks | _CLONE_VFORK, borrowed))
    for command in FCNTL.values():
        rules.add_rule(seccomp.ALLOW, "fcntl", seccomp.Arg(1, masked, 0xFFFFFFFF, command))


def _known(seccomp) -> set[str]:
    """Return the names of the system calls that the library knows on this kind of machine."""
    found = set()
    for number in range(1024):
        with contextlib.suppress(ValueError):
            found.add(seccomp.resolve_syscall(seccomp.Arch.NATIVE, number).decode())
    return found


def library():
    """Import pyseccomp, which loads libseccomp.

    Raises:
        ConfigError: One of them is not installed.
    """
    try:
        import pyseccomp
    except ModuleNotFoundError:
        raise ConfigError(
            f"the sandbox needs the package pyseccomp: {install_command('pyseccomp')}"
        ) from None
    except (ImportError, RuntimeError, OSError) as error:
        raise ConfigError(
            f"the sandbox needs the system library libseccomp.so.2 ({error}); install the package "
            "libseccomp2 (Debian, Ubuntu) or libseccomp (Fedora, Arch)"
        ) from None
    return pyseccomp
