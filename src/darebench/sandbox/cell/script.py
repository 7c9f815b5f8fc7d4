"""Runs source text as `python main.py` would: the same module, streams, tracebacks and end."""

from __future__ import annotations

import atexit
import contextlib
import errno
import functools
import gc
import importlib.machinery
import io
import itertools
import os
import signal
import sys
import threading
import types
from typing import TYPE_CHECKING

from darebench.sandbox.cell import linux
from darebench.sandbox.cell.rootfs import Places

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_EXCEPTHOOK = sys.excepthook
_INTERRUPTED = 256 + signal.SIGINT
"""Stands for an end by that signal, which is not an exit code."""
THREADS = ("OMP_NUM_THREADS",)
"""What a program's environment has from the zygote's, in which the libraries have read it."""
_known: set[str] = set()
"""Names of the modules that are imported before the program runs."""
_streams: list[io.TextIOWrapper] = []
"""The first stdout and stderr, flushed at the end even if the program has replaced them."""


def environment(places: Places) -> dict[str, str]:
    """Return the environment variables of a program."""
    threads = {name: os.environ[name] for name in THREADS if name in os.environ}
    return threads | {
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
        "OMP_WAIT_POLICY": "PASSIVE",
    }


def prepare(places: Places) -> None:
    """Make this interpreter look like one that was started for the program."""
    sys.argv[:] = [places.script]
    sys.orig_argv[:] = [sys.executable, places.script]
    sys.path.insert(0, places.work)
    main = types.ModuleType("__main__")
    main.__file__ = places.script
    main.__loader__ = importlib.machinery.SourceFileLoader("__main__", places.script)
    main.__dict__.update(__builtins__=sys.modules["builtins"], __annotations__={}, __cached__=None)
    sys.modules["__main__"] = main
    _known.update(sys.modules)
    _open_streams()


def _open_streams() -> None:
    """Make the standard streams as an interpreter does on pipes, which they will be."""
    saved = [os.dup(descriptor) for descriptor in range(3)]
    source, sink = os.pipe()
    for target, descriptor in enumerate((source, sink, sink)):
        os.dup2(descriptor, target)
    sys.stdin = _text(0, "r", "<stdin>", "surrogateescape")
    sys.stdout = _text(1, "w", "<stdout>", "surrogateescape")
    sys.stderr = _text(2, "w", "<stderr>", "backslashreplace")
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    _streams[:] = [sys.stdout, sys.stderr]
    for target, descriptor in enumerate(saved):
        os.dup2(descriptor, target)
    for descriptor in (source, sink, *saved):
        os.close(descriptor)


def _text(descriptor: int, mode: str, name: str, errors: str) -> io.TextIOWrapper:
    raw = io.FileIO(descriptor, mode, closefd=False)
    raw.name = name  # pyright: ignore[reportAttributeAccessIssue]
    is_output = mode == "w"
    buffer = io.BufferedWriter(raw) if is_output else io.BufferedReader(raw)
    if isinstance(buffer, io.BufferedWriter):  # holds nothing back: a program may be killed anytime
        buffer.write = functools.partial(_write_all, raw)
    stream = io.TextIOWrapper(
        buffer,
        "utf-8",
        errors,
        "\n" if is_output else None,
        line_buffering=name == "<stderr>",
        write_through=is_output,
    )
    stream.mode = mode  # pyright: ignore[reportAttributeAccessIssue] -- as an interpreter sets it
    return stream


def _write_all(raw: io.FileIO, data: ReadableBuffer) -> int:
    """Write to the descriptor at once, as a buffered writer does when it is full.

    Raises:
        BlockingIOError: The program has made the descriptor non-blocking, and its pipe is full.
    """
    size = len(data) if isinstance(data, bytes) else memoryview(data).nbytes
    written = _written(raw.write(data), 0)
    while written < size:  # a signal came in between
        written += _written(raw.write(memoryview(data).cast("B")[written:]), written)
    return size


def _written(count: int | None, before: int) -> int:
    if count is None:
        raise BlockingIOError(errno.EAGAIN, "write could not complete without blocking", before)
    return count


def write_whole_lines() -> None:
    """Have forks of a program write line by line, so that their lines do not mix."""
    for stream in _streams:
        with contextlib.suppress(ValueError):  # the program has closed or detached it
            stream.reconfigure(line_buffering=True, write_through=False)


def write_at_once() -> None:
    """Undo `write_whole_lines`, in a fork that takes the program's place."""
    for stream in _streams:
        with contextlib.suppress(ValueError):
            stream.reconfigure(line_buffering=stream.name == "<stderr>", write_through=True)


def run(code: str, places: Places) -> int:
    """Run source text as the main module, and end as an interpreter does.

    Returns:
        The exit code.
    """
    main = sys.modules["__main__"]
    if main.__file__ != places.script:
        main.__file__ = places.script
    raised = None
    try:
        exec(compile(code, places.script, "exec", dont_inherit=True), main.__dict__)
    except BaseException as error:  # shown below, where it is not the context of what else happens
        raised = error
    status = 0 if raised is None else _exit_code(raised)
    del raised
    return _finish(status, places)


def _exit_code(stop: BaseException) -> int:
    if not isinstance(stop, SystemExit):
        return _report(stop)
    if stop.code is None or isinstance(stop.code, int):
        return (stop.code or 0) & 0xFF
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    print(stop.code, file=sys.stderr)
    return 1


def _report(error: BaseException) -> int:
    """Print an exception that was not caught, without the line of this module."""
    ours = error.__traceback__
    error.__traceback__ = own = ours.tb_next if ours is not None else None
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
    hook = getattr(sys, "excepthook", _EXCEPTHOOK)
    try:
        hook(type(error), error, own)
    except SystemExit as stop:
        return _exit_code(stop)
    except BaseException as second:  # the hook is the program's, and may raise anything
        print("Error in sys.excepthook:", file=sys.stderr)
        second.__traceback__ = second.__traceback__ and second.__traceback__.tb_next
        _EXCEPTHOOK(type(second), second, second.__traceback__)
        print("\nOriginal exception was:", file=sys.stderr)
        _EXCEPTHOOK(type(error), error, own)
    return _INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1


def _finish(status: int, places: Places) -> int:
    """Do what an interpreter does at its end: threads, exit functions, open files, streams."""
    threading._shutdown()  # pyright: ignore[reportAttributeAccessIssue]
    atexit._run_exitfuncs()
    status = _flush(status)
    _drop_globals(places)
    status = _flush(status)
    linux.flush_c_streams()
    if status == _INTERRUPTED:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    return status


def _flush(status: int) -> int:
    for stream in dict.fromkeys((sys.stdout, sys.stderr, *_streams)):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except Exception:  # the program may have put any object there, which may raise anything
            status = 120
    return status


def _drop_globals(places: Places) -> None:
    """Drop the program's objects, so that open files are written and finalizers run."""
    # Only those that it has imported: to look at all would copy much of the zygote's memory.
    n_new = max(0, len(sys.modules) - len(_known))
    new = list(itertools.islice(reversed(sys.modules.values()), n_new))
    own = [sys.modules["__main__"], *(m for m in new if _is_below(m, places.work))]
    for names in (vars(module) for module in own if isinstance(module, types.ModuleType)):
        for early in (True, False):
            for name in list(names):
                is_private = name.startswith("_") and not name.startswith("__")
                if name != "__builtins__" and is_private == early:
                    names[name] = None
    gc.collect()


def _is_below(module: object, folder: str) -> bool:
    return str(getattr(module, "__file__", "")).startswith(folder)
