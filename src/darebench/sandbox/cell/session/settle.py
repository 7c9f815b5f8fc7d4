"""Makes a process fit for rest: one thread, and no memory that another process could write to."""

from __future__ import annotations

import ctypes
import mmap
import os
import random
import re
import sys
import time
import warnings

from darebench.sandbox.cell import rootfs, script
from darebench.sandbox.cell.session import descriptors

PATIENCE_S = 0.2
"""How long the threads of a pool may take to end."""
_OMP_PAUSE_HARD = 2
_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_MAPPING = re.compile(r"^(\w+)-(\w+) (\S{3})([ps]) \w+ (\w+:\w+) \d+ *(.*)$", re.M)
"""Start, end, rights, kind, device and path of a line in /proc/self/maps."""


def settle() -> None:
    """Give up what the warden has found: threads, descriptors, shared memory."""
    end_pools()
    own_memory()
    if _n_threads() > 1:
        _leave_threads()
    descriptors.park()


def end_pools() -> None:
    """End the pools of threads that a fork would wait for in vain: joblib's and OpenMP's."""
    if _n_threads() == 1:
        return
    loky = sys.modules.get("joblib.externals.loky.reusable_executor")
    executor = getattr(loky, "_executor", None)
    if executor is not None:
        executor.shutdown(wait=True, kill_workers=True)
    import threadpoolctl

    for library in threadpoolctl.threadpool_info():
        if library["user_api"] == "openmp":
            end = getattr(ctypes.CDLL(library["filepath"]), "omp_pause_resource_all", None)
            if end is not None:
                end(_OMP_PAUSE_HARD)
    deadline = time.monotonic() + PATIENCE_S
    while _n_threads() > 1 and time.monotonic() < deadline:
        time.sleep(0.002)


def own_memory() -> None:
    """Replace shared memory, and maps of files that can change, by private copies."""
    own = os.stat(rootfs.BOX).st_dev
    device = f"{os.major(own):02x}:{os.minor(own):02x}"
    memory = os.open("/proc/self/mem", os.O_RDONLY)
    try:
        with open("/proc/self/maps") as stream:
            lines = stream.read()
        for start, end, rights, kind, found, path in _MAPPING.findall(lines):
            if found == device or (kind == "s" and not path.startswith("/usr/")):
                first = int(start, 16)
                _replace(memory, first, int(end, 16) - first, rights)
    finally:
        os.close(memory)


def _replace(memory: int, start: int, size: int, rights: str) -> None:
    """Replace a mapping by a private copy."""
    pages: list[bytes] = []
    step = 256 * mmap.PAGESIZE
    for offset in range(start, start + size, step):
        length = min(step, start + size - offset)
        try:
            pages.append(os.pread(memory, length, offset))
        except OSError:  # beyond the end of the file, or not readable
            pages.append(b"")
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x10  # MAP_FIXED
    both = mmap.PROT_READ | mmap.PROT_WRITE
    size_t = ctypes.c_size_t(size)
    _libc.mmap(ctypes.c_void_p(start), size_t, both, flags, -1, ctypes.c_long(0))
    for number, page in enumerate(pages):
        ctypes.memmove(start + number * step, page, len(page))
    bits = {"r": mmap.PROT_READ, "w": mmap.PROT_WRITE, "x": mmap.PROT_EXEC, "-": 0}
    _libc.mprotect(ctypes.c_void_p(start), size_t, sum(bits[right] for right in rights))


def _leave_threads() -> None:
    """Go on as a fork, which has this thread only."""
    state = random.getstate()  # which Python seeds anew in a fork
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pid = os.fork()
    if pid:
        os._exit(0)
    random.setstate(state)
    script.write_at_once()


def _n_threads() -> int:
    return len(os.listdir("/proc/self/task"))
