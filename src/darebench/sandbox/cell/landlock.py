"""Landlock: a second layer in the kernel, around files, sockets and signals, that needs no root.

The mounts already hide what a program must not see. This layer holds even if a mount were wrong: a
program writes only below the given folders, makes no TCP connection, and reaches neither abstract
sockets nor processes outside. Older kernels can do less; `abi` returns how much.

Names are those of linux/landlock.h.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Sequence

SYS_landlock_create_ruleset = 444
SYS_landlock_add_rule = 445
SYS_landlock_restrict_self = 446
LANDLOCK_CREATE_RULESET_VERSION = 1 << 0
LANDLOCK_RULE_PATH_BENEATH = 1
LANDLOCK_ACCESS_FS_EXECUTE = 1 << 0
LANDLOCK_ACCESS_FS_WRITE_FILE = 1 << 1
LANDLOCK_ACCESS_FS_READ_FILE = 1 << 2
LANDLOCK_ACCESS_FS_READ_DIR = 1 << 3
LANDLOCK_ACCESS_FS_REMOVE_DIR = 1 << 4
LANDLOCK_ACCESS_FS_REMOVE_FILE = 1 << 5
LANDLOCK_ACCESS_FS_MAKE_CHAR = 1 << 6
LANDLOCK_ACCESS_FS_MAKE_DIR = 1 << 7
LANDLOCK_ACCESS_FS_MAKE_REG = 1 << 8
LANDLOCK_ACCESS_FS_MAKE_SOCK = 1 << 9
LANDLOCK_ACCESS_FS_MAKE_FIFO = 1 << 10
LANDLOCK_ACCESS_FS_MAKE_BLOCK = 1 << 11
LANDLOCK_ACCESS_FS_MAKE_SYM = 1 << 12
LANDLOCK_ACCESS_FS_REFER = 1 << 13
LANDLOCK_ACCESS_FS_TRUNCATE = 1 << 14
LANDLOCK_ACCESS_FS_IOCTL_DEV = 1 << 15
LANDLOCK_ACCESS_NET_BIND_TCP = 1 << 0
LANDLOCK_ACCESS_NET_CONNECT_TCP = 1 << 1
LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET = 1 << 0
LANDLOCK_SCOPE_SIGNAL = 1 << 1

_READ = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR
_WRITE = (
    LANDLOCK_ACCESS_FS_WRITE_FILE
    | LANDLOCK_ACCESS_FS_REMOVE_DIR
    | LANDLOCK_ACCESS_FS_REMOVE_FILE
    | LANDLOCK_ACCESS_FS_MAKE_DIR
    | LANDLOCK_ACCESS_FS_MAKE_REG
    | LANDLOCK_ACCESS_FS_MAKE_SOCK
    | LANDLOCK_ACCESS_FS_MAKE_FIFO
    | LANDLOCK_ACCESS_FS_MAKE_SYM
)
_NEVER = LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK
_SINCE_ABI = (
    (LANDLOCK_ACCESS_FS_REFER, 2),
    (LANDLOCK_ACCESS_FS_TRUNCATE, 3),
    (LANDLOCK_ACCESS_FS_IOCTL_DEV, 5),
)
_path_beneath_attr = struct.Struct("=Qi")
"""struct landlock_path_beneath_attr: allowed_access, parent_fd."""

_libc = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """Return the version of Landlock that this kernel offers, or 0 for none."""
    size = ctypes.c_size_t(0)
    found = _libc.syscall(SYS_landlock_create_ruleset, None, size, LANDLOCK_CREATE_RULESET_VERSION)
    return max(0, found)


def restrict(version: int, writable: Sequence[str], devices: Sequence[str]) -> None:
    """Let this process read everything, and write only below `writable` and to `devices`.

    Raises:
        OSError: The kernel refuses.
    """
    optional = sum(access for access, since in _SINCE_ABI if version >= since)
    # struct landlock_ruleset_attr: handled_access_fs, handled_access_net, scoped
    handled = [_READ | _WRITE | _NEVER | optional]
    if version >= 4:
        handled.append(LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP)
    if version >= 6:
        handled.append(LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL)
    attributes = struct.pack(f"={len(handled)}Q", *handled)
    size = ctypes.c_size_t(len(attributes))
    ruleset = _checked(_libc.syscall(SYS_landlock_create_ruleset, attributes, size, 0))
    try:
        moved = optional & (LANDLOCK_ACCESS_FS_REFER | LANDLOCK_ACCESS_FS_TRUNCATE)
        used = optional & (LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_IOCTL_DEV)
        _allow(ruleset, "/", _READ)
        for path in writable:
            _allow(ruleset, path, _READ | _WRITE | moved)
        for path in devices:
            both = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE
            _allow(ruleset, path, both | used)
        _checked(_libc.syscall(SYS_landlock_restrict_self, ruleset, 0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, access: int) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = _path_beneath_attr.pack(access, descriptor)
        kind = LANDLOCK_RULE_PATH_BENEATH
        _checked(_libc.syscall(SYS_landlock_add_rule, ruleset, kind, rule, 0))
    finally:
        os.close(descriptor)


def _checked(result: int) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"Landlock: {os.strerror(error)}")
    return result
