"""Memory that a process at rest could share: looked for from outside, in its maps.

Names are those of linux/fs.h.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import re
import struct
from collections.abc import Iterator

PROCMAP_QUERY = 0xC0686611
PROCMAP_QUERY_VMA_SHARED = 0x08
PROCMAP_QUERY_COVERING_OR_NEXT_VMA = 0x10
_procmap_query = struct.Struct("=9Q4I2Q")
"""struct procmap_query: size, query_flags, query_addr, vma_start, vma_end, and what is unused."""
_NAME_BYTES = 256
_SHARED = re.compile(rb" [-r][-w][-x]s .*")
_READ_ONLY = (b"/usr/", b"/lib/")
"""Where files lie that nobody can write to, and of which the C library makes shared maps."""


def shares_memory(folder: int) -> bool:
    """Check whether a process, by a descriptor of its folder in /proc, has memory to share."""
    maps = os.open("maps", os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
    try:
        return not all(
            name.startswith(_READ_ONLY) and not name.endswith(b" (deleted)")
            for name in _shared_names(maps)
        )
    finally:
        os.close(maps)


def _shared_names(maps: int) -> Iterator[bytes]:
    """Yield the path of each shared map; empty if it has none."""
    buffer = ctypes.create_string_buffer(_NAME_BYTES)
    flags = PROCMAP_QUERY_VMA_SHARED | PROCMAP_QUERY_COVERING_OR_NEXT_VMA
    at = 0
    while True:
        head = (_procmap_query.size, flags, at)
        name = (_NAME_BYTES, 0, ctypes.addressof(buffer), 0)
        query = bytearray(_procmap_query.pack(*head, *[0] * 8, *name))
        try:
            fcntl.ioctl(maps, PROCMAP_QUERY, query)
        except OSError as error:
            if error.errno == errno.ENOENT:  # that was the last
                return
            if error.errno == errno.ENAMETOOLONG:
                yield b""
                return
            if error.errno not in (errno.ENOTTY, errno.EINVAL):
                raise
            for line in _SHARED.findall(_text(maps)):  # before Linux 6.11
                yield line[line.find(b"/") :] if b"/" in line else b""
            return
        found = _procmap_query.unpack(query)
        yield buffer.value if found[11] else b""
        at = found[4]


def _text(maps: int) -> bytes:
    parts = []
    while part := os.read(maps, 1 << 20):
        parts.append(part)
    return b"".join(parts)
