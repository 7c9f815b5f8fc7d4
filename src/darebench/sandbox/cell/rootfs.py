"""The root folder that all cells of one keeper share, and the folders that each has of its own.

The root is built once, when the keeper starts. Covered: a program sees no file of the host but the
interpreter, its libraries and the system's (all read-only), no network and no process of the host.
Not covered: a kernel exploit; for that, run darebench in a virtual machine, or use a remote sandbox
that is one.
"""

from __future__ import annotations

import contextlib
import functools
import os
import site
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from darebench.sandbox.cell import linux

SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin")
SETTINGS = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives",
            "/etc/fonts")  # fmt: skip
DEVICES = ("null", "zero", "full", "random", "urandom")
MASKED = ("darebench",)
"""Our own packages, which are hidden from programs."""
SECRET_PROC = ("cmdline", "keys", "key-users")
"""What /proc shows to everybody about the host; the rest is for its root alone."""
N_INODES = 200_000
BOX = "/sandbox"
WORK = f"{BOX}/work"
CODE = f"{BOX}/code"
NAMED = ("app", "logs", "tests", "solution")
"""Folders of a working folder that are also found at the root, where Harbor's tasks name them."""
FOLDERS = ("work", "code", "tmp", "shm")
"""The folders that each cell has of its own."""
NAMESPACES = linux.CLONE_NEWNS | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS | linux.CLONE_NEWNET
"""Namespaces that the keeper makes for all its cells."""
_OWN = linux.MS_NOSUID | linux.MS_NODEV
_READ_ONLY = linux.MS_REMOUNT | linux.MS_BIND | linux.MS_RDONLY | linux.MS_NOSUID


def build(root: str) -> None:
    """Leave the host's files: make a minimal root on the empty folder `root` and step into it.

    Raises:
        OSError: The kernel or the container around us forbids one of the steps.
    """
    linux.set_hostname("sandbox")
    linux.mount("none", "/", None, linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("tmpfs", root, "tmpfs", _OWN, "size=1m,mode=755")
    for path in ("proc", BOX, "tmp", "dev/shm", "old", "var/tmp", "etc"):
        Path(root, path.lstrip("/")).mkdir(parents=True, exist_ok=True)
    # The zygote's own, for what libraries try at their import; /tmp before what may live in it.
    for path in ("tmp", "dev/shm"):
        linux.mount("tmpfs", f"{root}/{path}", "tmpfs", _OWN, "size=64m,mode=1777")
    system = [_resolve(path) for path in (*SYSTEM, *SETTINGS)]
    for path in dict.fromkeys([*(way.end for way in system), *_folders()]):
        _bind(root, path)
    _link(root, (*system, *_interpreter()))
    for name in DEVICES:
        _bind(root, f"/dev/{name}", read_only=False)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0")):
        Path(root, "dev", name).symlink_to(target)
    for name in NAMED:
        Path(root, name).symlink_to(f"{WORK}/{name}")
    Path(root, "etc/passwd").write_text(f"agent:x:1000:1000::{WORK}:/bin/sh\n")
    Path(root, "etc/group").write_text("agent:x:1000:\n")
    linux.mount("/proc", f"{root}/proc", None, linux.MS_BIND | linux.MS_REC)
    _mask(root)
    os.chdir(root)
    linux.pivot_root(".", "old")
    os.chdir("/")
    linux.unmount("/old")
    os.rmdir("/old")  # noqa: PTH106 -- the host's folder of that name is out of reach by now
    linux.mount("none", "/", None, linux.MS_REMOUNT | linux.MS_BIND | linux.MS_RDONLY)


def furnish() -> int:
    """Make a cell's own files: working folder, /tmp and shared memory on one small tmpfs.

    Returns:
        Descriptor of ns_last_pid, or -1 if this kernel does not have it.
    """
    linux.mount("tmpfs", BOX, "tmpfs", _OWN, f"{_quota(1)},mode=755")
    for folder in FOLDERS:
        os.mkdir(f"{BOX}/{folder}")  # noqa: PTH102 -- a Path costs more than the folder
    # An interpreter that lives under /tmp must stay visible when /tmp becomes the call's own.
    kept = {path: os.open(path, os.O_PATH) for path in _folders() if path.startswith("/tmp/")}
    linux.mount(f"{BOX}/tmp", "/tmp", None, linux.MS_BIND)
    linux.mount(f"{BOX}/shm", "/dev/shm", None, linux.MS_BIND)
    for path, descriptor in kept.items():
        Path(path).mkdir(parents=True)
        linux.mount(f"/proc/self/fd/{descriptor}", path, None, linux.MS_BIND | linux.MS_REC)
        os.close(descriptor)
    _link("", _interpreter(), below="/tmp/")
    linux.mount("proc", "/proc", "proc", _OWN | linux.MS_NOEXEC)
    for name in SECRET_PROC:
        with contextlib.suppress(FileNotFoundError):  # this kernel has no such list
            linux.mount("/dev/null", f"/proc/{name}", None, linux.MS_BIND)
    last_pid = -1
    with contextlib.suppress(OSError):  # a kernel without checkpoints
        last_pid = os.open("/proc/sys/kernel/ns_last_pid", os.O_WRONLY | os.O_CLOEXEC)
    linux.mount("/proc/sys", "/proc/sys", None, linux.MS_BIND)
    linux.mount("none", "/proc/sys", None, _READ_ONLY | linux.MS_NOEXEC)
    return last_pid


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where one call's files are, as its program sees them."""

    work: str = WORK
    code: str = CODE
    temporary: str = "/tmp"
    shared: str = "/dev/shm"

    @property
    def script(self) -> str:
        """Path of the program's own file."""
        return f"{self.code}/main.py"

    def resize(self, disk_mb: int, n_inodes: int = N_INODES) -> None:
        """Set how much the call may write in all, its inputs included, and in how many files."""
        linux.mount("none", BOX, None, linux.MS_REMOUNT | _OWN, _quota(disk_mb, n_inodes))

    def used_mb(self) -> int:
        """Return what the call has written, inputs included; without namespaces, the whole disk."""
        files = os.statvfs(self.work)
        return (files.f_blocks - files.f_bfree) * files.f_bsize >> 20


def _quota(disk_mb: int, n_inodes: int = N_INODES) -> str:
    return f"size={disk_mb}m,nr_inodes={n_inodes}"


class _Resolved(NamedTuple):
    """How a path is reached: the symbolic links on the way, and the real path at its end."""

    links: tuple[tuple[str, Path], ...]
    end: str


@functools.cache
def _interpreter() -> tuple[_Resolved, ...]:
    """Return the folders that this interpreter and its packages live in, and the interpreter."""
    paths = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    paths |= {os.path.realpath(sys.executable).rsplit("/bin/", 1)[0]}
    paths |= {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    paths |= set(site.getsitepackages())
    ways = [_resolve(path) for path in sorted(paths) if Path(path).is_dir()]
    return (*ways, _resolve(sys.executable))


@functools.cache
def _folders() -> tuple[str, ...]:
    """Return the real folders of the interpreter, outermost only."""
    ends = {way.end for way in _interpreter() if Path(way.end).is_dir()}
    inside = {p for p in ends if any(p != q and Path(p).is_relative_to(q) for q in ends)}
    return tuple(p for p in sorted(ends - inside) if not _is_in_system(p))


def _is_in_system(path: str) -> bool:
    return any(Path(path).is_relative_to(folder) for folder in SYSTEM)


def _resolve(path: str) -> _Resolved:
    links = []
    rest, here = Path(path).parts[1:], Path("/")
    while rest:
        part, rest = rest[0], rest[1:]
        here = here.parent if part == ".." else here / part
        if here.is_symlink():
            target = here.readlink()
            links.append((str(here), target))
            rest = (*(p for p in target.parts if p != "/"), *rest)
            here = Path("/") if target.is_absolute() else here.parent
    return _Resolved(tuple(links), str(here))


def _link(root: str, ways: Iterable[_Resolved], below: str = "/") -> None:
    """Make the links of these paths in the new root, but for those in a folder that is bound."""
    for link, target in (pair for way in ways for pair in way.links if pair[0].startswith(below)):
        copy = Path(f"{root}{link}")
        if not os.path.lexists(copy):
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.symlink_to(target)


def _bind(root: str, path: str, *, read_only: bool = True) -> None:
    source, target = Path(path), Path(root + path)
    if not source.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        target.mkdir(exist_ok=True)
    else:
        target.touch()
    linux.mount(path, str(target), None, linux.MS_BIND | linux.MS_REC)
    if read_only:
        linux.mount("none", str(target), None, _READ_ONLY | linux.MS_NODEV)


def _mask(root: str) -> None:
    for folder in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for name in MASKED:
            path = Path(root + os.path.realpath(folder), name)
            if path.is_dir():
                linux.mount("tmpfs", str(path), "tmpfs", linux.MS_RDONLY, "size=4k")
