"""Landlock: a second wall in the kernel, around files, sockets and signals, that needs no root.

The mounts already hide what a program must not see. This one holds even if a mount were wrong: a
program writes only below the given folders, makes no TCP connection, and reaches neither abstract
sockets nor processes outside. Older kernels know less; `abi` says how much.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Sequence

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_READ = 0b1101
"""Execute, read a file, list a folder."""
_WRITE = 0b1_0111_1011_0010
"""Write, remove and make: files, folders, links, sockets, FIFOs; no devices."""
_DEVICE_NODES = 0b1000_0100_0000
_REFER, _TRUNCATE, _IOCTL = 1 << 13, 1 << 14, 1 << 15
_NEEDS_ABI = ((_REFER, 2), (_TRUNCATE, 3), (_IOCTL, 5))
_TCP = 0b11
_SCOPES = 0b11
"""Abstract unix sockets, signals."""

_libc = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """Give the version of Landlock that this kernel offers; 0 for none."""
    return max(0, _libc.syscall(_CREATE, None, ctypes.c_size_t(0), 1))


def restrict(version: int, writable: Sequence[str], devices: Sequence[str]) -> None:
    """Allow this process to read all, and to write only below `writable` and to `devices`.

    Raises:
        OSError: the kernel refuses.
    """
    optional = sum(bit for bit, since in _NEEDS_ABI if version >= since)
    handled = _READ | _WRITE | _DEVICE_NODES | optional
    fields = [handled]
    if version >= 4:
        fields.append(_TCP)
    if version >= 6:
        fields.append(_SCOPES)
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    ruleset = _called(_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0)
    try:
        _allow(ruleset, "/", _READ)
        for path in writable:
            _allow(ruleset, path, _READ | _WRITE | optional & (_REFER | _TRUNCATE))
        for path in devices:
            _allow(ruleset, path, 0b0110 | optional & (_TRUNCATE | _IOCTL))
        _called(_RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, access: int) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        _called(_ADD_RULE, ruleset, 1, struct.pack("=Qi", access, descriptor), 0)
    finally:
        os.close(descriptor)


def _called(number: int, *arguments: object) -> int:
    result = _libc.syscall(number, *arguments)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"Landlock: {os.strerror(error)}")
    return result
