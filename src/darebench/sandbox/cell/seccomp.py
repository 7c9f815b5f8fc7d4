"""The seccomp filter: the system calls that data-science Python makes, and no other.

It needs the system's libseccomp. What the library knows and the list lacks is forbidden (EPERM);
what is newer than the library does not exist (ENOSYS), so that the C library falls back. A program
that ends itself is stopped by the filter, whose listener is the warden: see `receive`.

Names are those of linux/seccomp.h, linux/prctl.h and asm-generic/ioctls.h.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import socket
import stat
import struct
import tempfile
from collections.abc import Collection
from typing import NamedTuple

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
SECCOMP_IOCTL_NOTIF_RECV = 0xC0502100
SECCOMP_IOCTL_NOTIF_SEND = 0xC0182101
SECCOMP_USER_NOTIF_FLAG_CONTINUE = 1 << 0
_seccomp_notif = struct.Struct("=QII iIQ6Q")
"""struct seccomp_notif: id, pid, flags; data: nr, arch, instruction_pointer, args."""
_seccomp_notif_resp = struct.Struct("=QqiI")
"""struct seccomp_notif_resp: id, val, error, flags."""


def compiled(*, network: bool, notify_exit: bool) -> bytes:
    """Compile the filter to the kernel's own form, for `linux.install_filter`.

    Args:
        network: Allow internet sockets: only where a network namespace makes them harmless.
        notify_exit: Have the kernel stop a process that ends itself and notify the listener.

    Raises:
        ConfigError: The library libseccomp is not on this machine.
    """
    seccomp = library()
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.ENOSYS))
    denied = seccomp.ERRNO(errno.EPERM)
    known = _known(seccomp)
    special = {"clone", "clone3", "socket", "prctl", "ioctl", "mknod", "mknodat", "personality"}
    special |= set(ON_ITSELF)
    if notify_exit:
        rules.add_rule(seccomp.NOTIFY, "exit_group")
        special.add("exit_group")
    for name in sorted(known - special):
        rules.add_rule(seccomp.ALLOW if name in ALLOWED else denied, name)
    _allow_by_argument(seccomp, rules, known, network=network)
    rules.set_attr(seccomp.Attr.CTL_OPTIMIZE, 2)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _allow_by_argument(seccomp, rules, known: Collection[str], *, network: bool) -> None:
    """Allow what depends on the arguments of a call."""
    equal, masked = seccomp.EQ, seccomp.MASKED_EQ
    rules.add_rule(seccomp.ALLOW, "clone", seccomp.Arg(0, masked, CLONE_FLAGS_DENIED, 0))
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


class Notification(NamedTuple):
    """A call of exit_group that waits for the listener's answer."""

    id: int
    pid: int
    """The calling thread, as the listener's process sees it."""
    exit_code: int


def receive(listener: int) -> Notification | None:
    """Receive the notification that a listener has; None if its caller was killed meanwhile."""
    buffer = bytearray(_seccomp_notif.size)
    try:
        fcntl.ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, buffer)
    except OSError:
        return None
    number, pid, _flags, _nr, _arch, _pointer, status, *_ = _seccomp_notif.unpack(buffer)
    return Notification(number, pid, status & 0xFF)


def let_go(listener: int, notification: Notification) -> None:
    """Let the caller go on with its call, if it still waits."""
    answer = _seccomp_notif_resp.pack(notification.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE)
    with contextlib.suppress(OSError):
        fcntl.ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, answer)


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
