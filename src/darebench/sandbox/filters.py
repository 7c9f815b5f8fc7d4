"""The seccomp filter: the system calls that data-science Python makes, and no other.

It needs the system's libseccomp. What the library knows and the list lacks is forbidden (EPERM);
what is newer than the library does not exist (ENOSYS), so that the C library falls back.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import stat
import tempfile

from darebench.errors import ConfigError

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
"""Sockets that may be made; they find no network, but libraries try."""
NO_NETWORK_FAMILIES = (socket.AF_UNIX,)
"""The same where there is no network namespace to put the program in."""
ON_ITSELF = ("prlimit64", "sched_setaffinity", "setpriority")
"""Allowed for the caller alone: on the host, the warden is the same user."""
_NOT_CLONED = 0x7E020080 | 0x8000
"""The bits of clone's flags that make namespaces, and the one that makes a child of the zygote."""
_PRCTL = (1, 2, 3, 4, 15, 16, 23, 27, 29, 30, 36, 37, 38, 39, 40, 41, 42, 52, 0x53564D41)
"""Names, death signals, timers, huge pages, questions; nothing that gives or installs."""
_IOCTL = (
    *range(0x5401, 0x5412), *range(0x5413, 0x541C), 0x5421, 0x5450, 0x5451, 0x5452, 0x5460,
    0x8910, 0x8912, 0x8913, 0x8915, 0x8927, 0x8933, 0x40049409,
)  # fmt: skip
"""Questions about terminals, pipes and interfaces, descriptor flags, clones of files.

Not TIOCSTI and TIOCLINUX, which type into a terminal that the caller may share.
"""


def compiled(*, network: bool, ask_at_exit: bool) -> bytes:
    """Compile the filter to the kernel's own form, for `linux.install_filter`.

    Args:
        network: Allow internet sockets: only where a network namespace makes them harmless.
        ask_at_exit: Have the kernel stop a process that ends itself and ask the filter's listener.

    Raises:
        ConfigError: libseccomp is not on this machine.
    """
    seccomp = library()
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.ENOSYS))
    denied = seccomp.ERRNO(errno.EPERM)
    known = _known(seccomp)
    special = {"clone", "clone3", "socket", "prctl", "ioctl", "mknod", "mknodat", "personality"}
    special |= set(ON_ITSELF)
    if ask_at_exit:
        rules.add_rule(seccomp.NOTIFY, "exit_group")
        special.add("exit_group")
    for name in sorted(known - special):
        rules.add_rule(seccomp.ALLOW if name in ALLOWED else denied, name)
    equal, masked = seccomp.EQ, seccomp.MASKED_EQ
    rules.add_rule(seccomp.ALLOW, "clone", seccomp.Arg(0, masked, _NOT_CLONED, 0))
    for option in _PRCTL:
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
    for request in _IOCTL:  # the kernel looks at the lower half of the argument only
        rules.add_rule(seccomp.ALLOW, "ioctl", seccomp.Arg(1, masked, 0xFFFFFFFF, request))
    rules.set_attr(seccomp.Attr.CTL_OPTIMIZE, 2)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _known(seccomp) -> set[str]:
    """Name the system calls that the library knows on this kind of machine."""
    found = set()
    for number in range(1024):
        with contextlib.suppress(ValueError):
            found.add(seccomp.resolve_syscall(seccomp.Arch.NATIVE, number).decode())
    return found


def library():
    """Load pyseccomp, which loads libseccomp.

    Raises:
        ConfigError: one of them is not there.
    """
    try:
        import pyseccomp
    except ModuleNotFoundError:
        raise ConfigError("the sandbox needs the package pyseccomp; pip install it") from None
    except (ImportError, RuntimeError, OSError) as error:
        raise ConfigError(
            f"the sandbox needs the system library libseccomp.so.2 ({error}); install the package "
            "libseccomp2 (Debian, Ubuntu) or libseccomp (Fedora, Arch)"
        ) from None
    return pyseccomp
