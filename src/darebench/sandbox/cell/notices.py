"""Notifications of the filter: system calls that wait in the kernel for the warden's answer.

The kernel says who calls and with which arguments, so that no program can speak for another one,
and a process that waits runs nothing, not even a signal handler. Names are those of
linux/seccomp.h.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import struct
from typing import NamedTuple

SECCOMP_IOCTL_NOTIF_RECV = 0xC0502100
SECCOMP_IOCTL_NOTIF_SEND = 0xC0182101
SECCOMP_IOCTL_NOTIF_ADDFD = 0x40182103
SECCOMP_USER_NOTIF_FLAG_CONTINUE = 1 << 0
SECCOMP_ADDFD_FLAG_SETFD = 1 << 0
_seccomp_notif = struct.Struct("=QII iIQ6Q")
"""struct seccomp_notif: id, pid, flags; data: nr, arch, instruction_pointer, args."""
_seccomp_notif_resp = struct.Struct("=QqiI")
"""struct seccomp_notif_resp: id, val, error, flags."""
_seccomp_notif_addfd = struct.Struct("=QIIII")
"""struct seccomp_notif_addfd: id, flags, srcfd, newfd, newfd_flags."""
SYS_acct = {"x86_64": 163, "aarch64": 89}[os.uname().machine]
"""A call that no program needs: a session's processes speak to their warden by it."""
_libc = ctypes.CDLL(None, use_errno=True)


class Notification(NamedTuple):
    """A system call that waits for the listener's answer."""

    id: int
    pid: int
    """The calling thread, as the listener's process sees it."""
    number: int
    """Which system call."""
    arguments: tuple[int, ...]
    """Six unsigned registers, of which the call may use the lower halves only."""


def receive(listener: int) -> Notification | None:
    """Receive the notification that a listener has; None if its caller was killed meanwhile."""
    buffer = bytearray(_seccomp_notif.size)
    try:
        fcntl.ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, buffer)
    except OSError:
        return None
    found, pid, _flags, number, _arch, _pointer, *arguments = _seccomp_notif.unpack(buffer)
    return Notification(found, pid, number, tuple(arguments))


def let_go(listener: int, notification: int) -> None:
    """Let the caller go on with its call, if it still waits."""
    answer = _seccomp_notif_resp.pack(notification, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE)
    with contextlib.suppress(OSError):
        fcntl.ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, answer)


def answer(listener: int, notification: int, value: int = 0, error: int = 0) -> None:
    """End the call with a result or an error number, without the kernel doing it.

    Raises:
        OSError: The caller does not wait any more.
    """
    body = _seccomp_notif_resp.pack(notification, value, -error, 0)
    fcntl.ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, body)


def hand_over(listener: int, notification: int, descriptor: int, target: int) -> None:
    """Copy a descriptor to the caller, under the number `target`.

    Raises:
        OSError: The caller does not wait any more, or may not have that number.
    """
    body = _seccomp_notif_addfd.pack(notification, SECCOMP_ADDFD_FLAG_SETFD, descriptor, target, 0)
    fcntl.ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, body)


def ask(word: int, value: int = 0) -> int:
    """Send a word to the warden, from a session's process, and return its answer; -1 for an error.

    Until the answer comes, this process is stopped in the kernel.
    """
    return _libc.syscall(SYS_acct, ctypes.c_long(word), ctypes.c_long(value))
