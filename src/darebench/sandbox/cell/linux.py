"""The few Linux calls that Python 3.11 does not have, made with ctypes; each raises OSError."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

CLONE_NEWTIME = 0x00000080
CLONE_PARENT = 0x00008000
CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

PF_EXITING = 0x4
"""Flag of a thread in /proc: it is on its way out and never runs its own code again."""
PF_FORKNOEXEC = 0x40
"""Flag of a thread in /proc: it still has the memory image of the process that forked it."""

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
_LINUX_CAPABILITY_VERSION_3 = 0x20080522
_IONBF = 2
MADV_POPULATE_WRITE = 23
MADV_COLLAPSE = 25
SECCOMP_SET_MODE_FILTER = 1
SECCOMP_FILTER_FLAG_NEW_LISTENER = 1 << 3
SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV = 1 << 5
"""Once the listener has the notification, the caller's own signals cannot make it go on."""
SYS_pivot_root = {"x86_64": 155, "aarch64": 41}
SYS_seccomp = {"x86_64": 317, "aarch64": 277}

_libc = ctypes.CDLL(None, use_errno=True)
_fork = ctypes.PyDLL(None, use_errno=True).fork
"""Called with the interpreter's lock held, which the fork then holds as well."""
_machine = os.uname().machine


class sock_fprog(ctypes.Structure):
    """A compiled filter, as the kernel takes it."""

    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_char_p))


_cap_user_header = (ctypes.c_uint32 * 2)(_LINUX_CAPABILITY_VERSION_3, 0)
_cap_user_data = (ctypes.c_uint32 * 6)()
"""No capability: effective, permitted and inheritable, twice 32 bits of each."""


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def fork() -> int:
    """Fork this process, which has one thread, without what Python does at a fork for others.

    That writes to hundreds of pages in every child, each of which is copied.
    """
    return _checked(_fork(), "fork")


def settle_as_fork() -> None:
    """Do once, for all forks to come, what Python and libraries do in each.

    The two are a pair: from Python 3.13 on, the second aborts if the first has not taken its locks.
    """
    before, after = ctypes.pythonapi.PyOS_BeforeFork, ctypes.pythonapi.PyOS_AfterFork_Child
    before()
    after()


def unshare(flags: int) -> None:
    """Move this process into new namespaces."""
    _checked(_libc.unshare(flags), "unshare")


def setns(descriptor: int, flags: int) -> None:
    """Move this process into another one's namespaces, by a pidfd or a namespace's descriptor."""
    _checked(_libc.setns(descriptor, flags), "setns")


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """Mount a file system or bind a folder."""
    result = _libc.mount(
        source.encode(),
        target.encode(),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )
    _checked(result, f"mount {source} on {target}")


def unmount(target: str) -> None:
    """Detach a mount, which ends as soon as nothing uses it."""
    _checked(_libc.umount2(target.encode(), MNT_DETACH), f"unmount {target}")


def pivot_root(new: str, old: str) -> None:
    """Make `new` the root folder and move the former one to `old`."""
    _checked(_libc.syscall(SYS_pivot_root[_machine], new.encode(), old.encode()), "pivot_root")


def set_hostname(name: str) -> None:
    """Set the host name of this UTS namespace."""
    _checked(_libc.sethostname(name.encode(), len(name)), "sethostname")


def die_with_parent() -> None:
    """Have this process killed when the thread that forked it ends."""
    _checked(_libc.prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0), "prctl(PR_SET_PDEATHSIG)")


def adopt_orphans() -> None:
    """Make this process the parent of every descendant whose own parent ends."""
    _checked(_libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl(PR_SET_CHILD_SUBREAPER)")


def set_dumpable(value: bool) -> None:
    """Allow or forbid processes of the same user to look into this one."""
    _checked(_libc.prctl(PR_SET_DUMPABLE, int(value), 0, 0, 0), "prctl(PR_SET_DUMPABLE)")


def no_new_privileges() -> None:
    """Make set-user-id bits and file capabilities powerless from here on."""
    _checked(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS)")


def install_filter(program: bytes, *, listen: bool) -> int:
    """Install a compiled seccomp filter in this process and all that it will start.

    Returns:
        With `listen`, the descriptor that gets the filter's notifications; else 0.
    """
    prog = sock_fprog(len(program) // 8, program)
    flags = 0
    if listen:
        flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
    number = SYS_seccomp[_machine]
    return _checked(
        _libc.syscall(number, SECCOMP_SET_MODE_FILTER, flags, ctypes.byref(prog)), "seccomp"
    )


def drop_capabilities() -> None:
    """Drop every capability, the bounding set included."""
    for capability in range(64):
        if _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            break  # past the last one that this kernel knows
    _checked(_libc.capset(_cap_user_header, _cap_user_data), "capset")


def prefault(start: int, size: int) -> bool:
    """Copy pages that are shared since a fork, ahead of the first write to them.

    Returns:
        Whether the kernel could do it (Linux 5.14).
    """
    address = ctypes.c_void_p(start)
    return _libc.madvise(address, ctypes.c_size_t(size), MADV_POPULATE_WRITE) == 0


def collapse(start: int, size: int) -> bool:
    """Move memory of this process to huge pages.

    Returns:
        Whether the kernel could do it (Linux 6.1).
    """
    address = ctypes.c_void_p(start)
    return _libc.madvise(address, ctypes.c_size_t(size), MADV_COLLAPSE) == 0


def write(path: str, content: bytes, folder: int | None = None) -> None:
    """Write to an existing file at once, without the cost of a Python file object."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC, dir_fd=folder)
    try:
        os.write(descriptor, content)
    finally:
        os.close(descriptor)


def read(path: str, folder: int | None = None) -> bytes:
    """Read a small file of the kernel's in the same way."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
    try:
        return os.read(descriptor, 4096)
    finally:
        os.close(descriptor)


def flush_c_streams() -> None:
    """Write out what C code has printed and not flushed."""
    _libc.fflush(None)


def unbuffer_c_output() -> None:
    """Have what C code prints written at once, as Python's output is."""
    stdout = ctypes.c_void_p.in_dll(_libc, "stdout")
    _libc.setvbuf(stdout, None, _IONBF, ctypes.c_size_t(0))


def trim_heap() -> None:
    """Return memory that the C library holds unused to the kernel, where the library can."""
    if hasattr(_libc, "malloc_trim"):
        _libc.malloc_trim(0)


_CAP_SYS_ADMIN = 21


def may_administer() -> bool:
    """Check whether this process may make namespaces as it is: a container's root often may not."""
    status = Path("/proc/self/status").read_text()
    return bool(int(status.partition("CapEff:")[2].split(maxsplit=1)[0], 16) >> _CAP_SYS_ADMIN & 1)
