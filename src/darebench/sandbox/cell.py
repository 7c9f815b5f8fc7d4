"""The cell that all programs of one zygote live in: a root folder with the interpreter in it.

Built once, at the zygote's start. Covered: no host file but the interpreter, its libraries and
the system's (all read-only), no network, no host processes. Not covered: a kernel exploit; for
that, run darebench in a virtual machine, or use a remote sandbox that is one.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from pathlib import Path

from darebench.sandbox import linux

SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin")
SETTINGS = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives")
DEVICES = ("null", "zero", "full", "random", "urandom")
MASKED = ("darebench",)
"""Packages of ours that a program has no business with."""
BOX = "/sandbox/box"
WORK = "/sandbox/work"
CODE = "/sandbox/code"


def build(root: str) -> None:
    """Leave the host's files: make the minimal root on the empty folder `root` and step into it.

    Raises:
        OSError: the kernel or the container around us forbids one of the steps.
    """
    linux.set_hostname("sandbox")
    linux.mount("none", "/", None, linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("tmpfs", root, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "size=1m,mode=755")
    for path in (*SYSTEM, *SETTINGS, *_interpreter()):
        _bind(root, path)
    for name in DEVICES:
        _bind(root, f"/dev/{name}", read_only=False)
    _links(root)
    for path in ("proc", BOX, WORK, CODE, "tmp", "dev/shm", "old", "var/tmp"):
        Path(root, path.lstrip("/")).mkdir(parents=True, exist_ok=True)
    Path(root, "etc").mkdir(exist_ok=True)
    Path(root, "etc/passwd").write_text(f"agent:x:1000:1000::{WORK}:/bin/sh\n")
    linux.mount("/proc", f"{root}/proc", None, linux.MS_BIND | linux.MS_REC)
    _mask(root)
    os.chdir(root)
    linux.pivot_root(".", "old")
    os.chdir("/")
    linux.unmount("/old")
    os.rmdir("/old")  # noqa: PTH106 -- the host's folder of that name is out of reach by now
    linux.mount("none", "/", None, linux.MS_REMOUNT | linux.MS_BIND | linux.MS_RDONLY)


def furnish(disk_mb: int) -> None:
    """Give one call its own files: working folder, /tmp and shared memory on one sized tmpfs."""
    linux.mount("none", "/", None, linux.MS_REC | linux.MS_PRIVATE)
    flags = linux.MS_NOSUID | linux.MS_NODEV
    inodes = 200_000
    linux.mount("tmpfs", BOX, "tmpfs", flags, f"size={disk_mb}m,nr_inodes={inodes},mode=755")
    # An interpreter that lives under /tmp must stay visible when /tmp becomes the call's own.
    kept = {path: os.open(path, os.O_PATH) for path in _interpreter() if path.startswith("/tmp/")}
    for folder, place in (("work", WORK), ("tmp", "/tmp"), ("code", CODE), ("shm", "/dev/shm")):
        Path(BOX, folder).mkdir()
        linux.mount(f"{BOX}/{folder}", place, None, linux.MS_BIND)
    for path, descriptor in kept.items():
        Path(path).mkdir(parents=True)
        linux.mount(f"/proc/self/fd/{descriptor}", path, None, linux.MS_BIND | linux.MS_REC)
        os.close(descriptor)
    linux.mount("proc", "/proc", "proc", flags | linux.MS_NOEXEC)
    linux.unmount(BOX)


def _interpreter() -> list[str]:
    """Name the folders that this interpreter and its packages live in, outermost only."""
    paths = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    paths |= {os.path.realpath(sys.executable).rsplit("/bin/", 1)[0]}
    paths |= {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    paths |= set(site.getsitepackages())
    kept = [p for p in sorted(paths) if Path(p).is_dir()]
    inside = [p for p in kept if any(p != q and Path(p).is_relative_to(q) for q in kept)]
    return [p for p in kept if p not in inside and not _is_in_system(p)]


def _is_in_system(path: str) -> bool:
    return any(Path(path).is_relative_to(folder) for folder in SYSTEM)


def _bind(root: str, path: str, *, read_only: bool = True) -> None:
    source = Path(path)
    if source.is_symlink():
        return  # `_links` makes these
    if not source.exists():
        return
    target = Path(root + path)
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        target.mkdir(exist_ok=True)
    else:
        target.touch()
    linux.mount(path, str(target), None, linux.MS_BIND | linux.MS_REC)
    if read_only:
        flags = linux.MS_REMOUNT | linux.MS_BIND | linux.MS_RDONLY | linux.MS_NOSUID
        linux.mount("none", str(target), None, flags | linux.MS_NODEV)


def _links(root: str) -> None:
    for path in SYSTEM:
        if Path(path).is_symlink():
            Path(root + path).symlink_to(Path(path).readlink())
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0")):
        Path(root, "dev", name).symlink_to(target)


def _mask(root: str) -> None:
    for folder in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for name in MASKED:
            path = Path(root + folder, name)
            if path.is_dir():
                linux.mount("tmpfs", str(path), "tmpfs", linux.MS_RDONLY, "size=4k")
