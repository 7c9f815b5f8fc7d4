"""Runs source text as `python main.py` would: the same module, streams, tracebacks and end."""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib.machinery
import io
import os
import signal
import sys
import threading
import types

from darebench.sandbox import linux
from darebench.sandbox.cell import Places

_EXCEPTHOOK = sys.excepthook


def environment(places: Places) -> dict[str, str]:
    """Give the environment of a program."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": places.work,
        "TMPDIR": places.temporary,
        "LANG": "C.UTF-8",
        "USER": "agent",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": places.temporary,
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def prepare(places: Places) -> None:
    """Make this interpreter look like one that was started for the program, but for its code."""
    sys.argv[:] = [places.script]
    sys.orig_argv[:] = [sys.executable, places.script]
    sys.path.insert(0, places.work)
    main = types.ModuleType("__main__")
    main.__file__ = places.script
    main.__loader__ = importlib.machinery.SourceFileLoader("__main__", places.script)
    main.__dict__.update(__builtins__=sys.modules["builtins"], __annotations__={}, __cached__=None)
    sys.modules["__main__"] = main
    _open_streams()


def _open_streams() -> None:
    """Make the standard streams on pipes, which they will be, as an interpreter does at its start."""
    saved = [os.dup(descriptor) for descriptor in range(3)]
    source, sink = os.pipe()
    for target, descriptor in enumerate((source, sink, sink)):
        os.dup2(descriptor, target)
    sys.stdin = _text(0, "r", "<stdin>", "strict")
    sys.stdout = _text(1, "w", "<stdout>", "strict")
    sys.stderr = _text(2, "w", "<stderr>", "backslashreplace")
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    for target, descriptor in enumerate(saved):
        os.dup2(descriptor, target)
    for descriptor in (source, sink, *saved):
        os.close(descriptor)


def _text(descriptor: int, mode: str, name: str, errors: str) -> io.TextIOWrapper:
    buffer = open(descriptor, f"{mode}b", closefd=False)  # noqa: PTH123, SIM115 -- lives as long as we
    buffer.raw.name = name
    stream = io.TextIOWrapper(
        buffer, "utf-8", errors, "\n" if mode == "w" else None, line_buffering=name == "<stderr>"
    )
    stream.mode = mode
    return stream


def run(code: str, places: Places, n_open: int = 3) -> int:
    """Run source text as the main module, to the end that an interpreter comes to.

    Args:
        code: The source text.
        places: Where it runs.
        n_open: Descriptors that are open before it.

    Returns:
        The exit code.
    """
    main = sys.modules["__main__"]
    if main.__file__ != places.script:
        main.__file__ = places.script
    try:
        exec(compile(code, places.script, "exec", dont_inherit=True), main.__dict__)
        status = 0
    except SystemExit as stop:
        status = _exit_code(stop)
    except BaseException as error:
        status = 1
        _report(error)
    return _finish(status, n_open)


def _exit_code(stop: SystemExit) -> int:
    if stop.code is None or isinstance(stop.code, int):
        return (stop.code or 0) & 0xFF
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    print(stop.code, file=sys.stderr)
    return 1


def _report(error: BaseException) -> None:
    """Show an exception that nobody caught, without this module's own line."""
    ours = error.__traceback__
    own = ours.tb_next if ours is not None else None
    error.__traceback__ = own
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
    hook = getattr(sys, "excepthook", _EXCEPTHOOK)
    try:
        hook(type(error), error, own)
    except SystemExit:
        raise
    except BaseException as second:
        print("Error in sys.excepthook:", file=sys.stderr)
        _EXCEPTHOOK(type(second), second, second.__traceback__)
        print("\nOriginal exception was:", file=sys.stderr)
        _EXCEPTHOOK(type(error), error, own)
    if isinstance(error, KeyboardInterrupt):
        _finish(1)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)


def _finish(status: int, n_open: int = 3) -> int:
    """Do what an interpreter does at its end: threads, exit functions, open files, streams."""
    threading._shutdown()  # pyright: ignore[reportAttributeAccessIssue]
    atexit._run_exitfuncs()
    status = _flush(status)
    _drop_globals(n_open)
    status = _flush(status)
    linux.flush_c_streams()
    return status


def _flush(status: int) -> int:
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except Exception:  # whatever stands there now is the program's; it has failed to end well
            status = 120
    return status


def _drop_globals(n_open: int) -> None:
    """Let go of the program's objects, so that open files are written and finalizers run."""
    names = sys.modules["__main__"].__dict__
    for early in (True, False):
        for name in list(names):
            is_private = name.startswith("_") and not name.startswith("__")
            if name != "__builtins__" and is_private == early:
                names[name] = None
    # One more is the listing's own. A collection touches much memory: only for what may be unwritten.
    if len(os.listdir("/proc/self/fd")) > n_open + 1:  # noqa: PTH208 -- a count is enough
        gc.collect()
        for found in gc.get_objects():
            if isinstance(found, io.IOBase) and found not in (sys.stdin, sys.stdout, sys.stderr):
                with contextlib.suppress(Exception):
                    found.flush()
