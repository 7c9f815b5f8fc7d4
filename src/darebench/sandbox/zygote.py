"""The zygote: a fresh interpreter in its cell, with the libraries imported, that forks per call.

It is started by the executor as a program of its own, builds the cell before it has threads, and
then only waits for calls. Each call goes to a fork (`warden`), which answers the executor over a
socket of its own; the zygote never sees a program, and a program never sees the zygote.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import socket
import sys
import traceback

from darebench.sandbox import cell, filters, linux, wire
from darebench.sandbox.warden import guard

PRELOADED = (
    "numpy",
    "pandas",
    "pyarrow.parquet",
    "scipy.stats",
    "sklearn.compose",
    "sklearn.ensemble",
    "sklearn.impute",
    "sklearn.linear_model",
    "sklearn.metrics",
    "sklearn.model_selection",
    "sklearn.multioutput",
    "sklearn.naive_bayes",
    "sklearn.neighbors",
    "sklearn.neural_network",
    "sklearn.pipeline",
    "sklearn.preprocessing",
    "sklearn.svm",
    "sklearn.tree",
    "sqlite3",
)


def main() -> None:
    """Build the cell, say that it is ready, serve calls until the executor is gone."""
    control = socket.socket(fileno=int(sys.argv[1]))
    try:
        rules = filters.compiled()
        _enter_cell(control, sys.argv[2])
        for name in PRELOADED:
            importlib.import_module(name)
        _require_one_thread()
    except Exception:  # the executor turns it into an error of its own, with this text
        wire.send(control, {"error": traceback.format_exc(limit=4)})
        raise
    wire.send(control, {"ready": True})
    _serve(control, rules)


def _enter_cell(control: socket.socket, root: str) -> None:
    """Shed the host step by step; the executor maps our user, which only an outsider may."""
    namespaces = linux.CLONE_NEWNET | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS | linux.CLONE_NEWNS
    if os.geteuid() == 0:
        linux.unshare(namespaces)
        cell.build(root)
        linux.unshare(linux.CLONE_NEWUSER | linux.CLONE_NEWNS)
        _be_mapped(control)
    else:
        linux.unshare(linux.CLONE_NEWUSER | namespaces)
        _be_mapped(control)
        cell.build(root)
    linux.die_with_parent()


def _be_mapped(control: socket.socket) -> None:
    wire.send(control, {"map": os.getpid()})
    wire.receive(control)
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


def _require_one_thread() -> None:
    """Insist on one thread: a fork of several would carry locks that nobody releases."""
    n_threads = len(os.listdir("/proc/self/task"))  # noqa: PTH208 -- names are enough
    if n_threads != 1:
        raise RuntimeError(f"the zygote has {n_threads} threads after its imports")


def _serve(control: socket.socket, rules: bytes) -> None:
    while True:
        try:
            _, descriptors = wire.receive(control)
        except (EOFError, OSError):
            return
        _reap()
        if os.fork() == 0:
            control.close()
            status = 1
            try:
                guard(descriptors, rules)
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        wire.close_all(descriptors)


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    main()
