"""The program's own process: gives up everything, then runs the code as a new interpreter would."""

from __future__ import annotations

import atexit
import io
import linecache
import os
import random
import resource
import sys
import threading
import traceback
import types
from typing import Any, NoReturn

from darebench.sandbox import cell, linux

SCRIPT = f"{cell.CODE}/main.py"
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": cell.WORK,
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "USER": "agent",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": "/tmp",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def run_program(code: str, streams: list[int], limits: dict[str, Any], rules: bytes) -> NoReturn:
    """Close this process in, run `code`, and end with its exit code."""
    status = 1
    try:
        _close_in(streams, limits, rules)
        _become_fresh()
        status = _run(code)
        status = _finish(status)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _close_in(streams: list[int], limits: dict[str, Any], rules: bytes) -> None:
    for target, descriptor in enumerate(streams):
        os.dup2(descriptor, target)
    os.closerange(3, 1 << 16)
    os.setsid()
    os.chdir(cell.WORK)
    _set_limits(limits)
    linux.set_dumpable(True)
    linux.unshare(linux.CLONE_NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", "1000 0 1"), ("gid_map", "1000 0 1")):
        with open(f"/proc/self/{name}", "w") as stream:  # noqa: PTH123 -- no Path needed here
            stream.write(text)
    linux.drop_capabilities()
    linux.no_new_privileges()
    linux.install_filter(rules)


def _set_limits(limits: dict[str, Any]) -> None:
    for kind, value in (
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_FSIZE, limits["disk_mb"] << 20),
        (resource.RLIMIT_DATA, limits["memory_mb"] << 20),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(kind, (value, value))


def _become_fresh() -> None:
    """Undo what a fork inherits and a new interpreter would not have."""
    os.environ.clear()
    os.environ.update(ENVIRONMENT)
    sys.argv[:] = [SCRIPT]
    sys.path[:0] = [cell.WORK]
    for name in [name for name in sys.modules if name.split(".")[0] == "darebench"]:
        del sys.modules[name]
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), encoding="utf-8")
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(1, "w", closefd=False)), encoding="utf-8"
    )
    sys.stderr = io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(2, "w", closefd=False)),
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=True,
    )
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    random.seed()
    sys.modules["numpy"].random.seed()


def _run(code: str) -> int:
    main = types.ModuleType("__main__")
    main.__file__ = SCRIPT
    main.__dict__["__builtins__"] = __builtins__
    sys.modules["__main__"] = main
    linecache.cache[SCRIPT] = (len(code), None, code.splitlines(keepends=True), SCRIPT)
    try:
        exec(compile(code, SCRIPT, "exec"), main.__dict__)
    except SystemExit as stop:
        return _exit_code(stop)
    except BaseException as error:
        ours = error.__traceback__
        own = ours.tb_next if ours is not None else None
        traceback.print_exception(type(error), error, own)
        return 1
    return 0


def _exit_code(stop: SystemExit) -> int:
    if stop.code is None or isinstance(stop.code, int):
        return (stop.code or 0) & 0xFF
    print(stop.code, file=sys.stderr)
    return 1


def _finish(status: int) -> int:
    """Do what an interpreter does at its end: threads, exit functions, flushing."""
    threading._shutdown()  # pyright: ignore[reportAttributeAccessIssue]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        return 120
    return status
