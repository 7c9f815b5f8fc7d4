"""A session's own process: rests, forks itself for each step, and runs the step as a notebook does.

All of this lives in the memory of a program that may be hostile. It keeps honest programs right;
what holds hostile ones is the warden, which checks each process at rest from outside.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import json
import linecache
import os
import signal
import sys
import threading
import traceback
import warnings
from typing import NoReturn

from darebench.sandbox.cell import linux, notices
from darebench.sandbox.cell.session import descriptors, settle
from darebench.sandbox.cell.session.words import (
    DISPLAY,
    GIVEN,
    IMAGE,
    NOT_FORKED,
    ORDER,
    TEXT,
    Answer,
    Word,
)

MOST_IMAGES = 20
"""Most figures of one step that are shown."""


def live() -> NoReturn:
    """Rest and fork, as the warden asks, until this process is killed."""
    warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive")
    sys.argv[:] = [""]
    main = sys.modules["__main__"]
    del main.__file__, main.__loader__
    os.closerange(0, GIVEN)
    status = 0
    try:
        while True:
            told = notices.ask(Word.REST, status)
            if told == Answer.SETTLE:
                settle.settle()
            elif told != Answer.FORK:
                break
            elif (child := _fork()) == 0:
                status = _live_step()
            else:
                os.closerange(0, GIVEN)
                status = NOT_FORKED if child < 0 else 0
    except BaseException:  # nothing may leave the loop
        traceback.print_exc()
    finally:
        os._exit(1)


def _fork() -> int:
    """Fork this process; return 0 in the fork, and -1 if there may be no more processes."""
    with contextlib.suppress(ChildProcessError):  # reap what has failed since the last time
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    try:
        return linux.fork()
    except OSError:
        return -1


def _live_step() -> int:
    """Run one step in this fork, and make it fit for rest; return the exit code."""
    os.setsid()
    own = os.getpid()
    order, display = _take_order()
    threading.main_thread()._set_native_id()  # pyright: ignore[reportAttributeAccessIssue]
    descriptors.reopen()
    if notices.ask(Word.BEGIN) != 0:
        os._exit(1)
    frames: list[tuple[bytes, bytes]] = []
    status = _run(order["code"], f"<step {order['number']}>", frames)
    status = _flush(status)
    if os.getpid() != own:  # the step has forked, and this is the child, which ends here
        os._exit(status)
    _show(display, frames)
    for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
        signal.setitimer(timer, 0)
    settle.end_pools()
    os.closerange(0, DISPLAY)
    with contextlib.suppress(OSError):
        os.close(display)
    descriptors.park()
    return status


def _take_order() -> tuple[dict[str, str], int]:
    """Read the order, and move the display out of the way of descriptors that are reopened."""
    with open(ORDER, "rb") as stream:
        order = json.load(stream)
    display = descriptors.move_away(DISPLAY)
    return order, display


def _run(code: str, name: str, frames: list[tuple[bytes, bytes]]) -> int:
    """Run code in the main module, gather what a notebook would show, and return the exit code."""
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    raised = None
    try:
        value = _evaluate(code, name)
        if value is not None:
            builtins.__dict__["_"] = value
            frames.append((TEXT, repr(value).encode(errors="replace")))
        frames.extend((IMAGE, png) for png in _figures())
    except BaseException as error:  # shown below, where it is not the context of what else happens
        raised = error
    if raised is None:
        return 0
    if isinstance(raised, SystemExit):
        if raised.code is None or isinstance(raised.code, int):
            return (raised.code or 0) & 0xFF
        print(raised.code, file=sys.stderr)
        return 1
    _report(raised)
    return 1


def _evaluate(code: str, name: str) -> object:
    """Run code, and return the value of its last expression; None if a semicolon ends it."""
    tree = ast.parse(code, name)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr) and not _is_muted(code):
        last = tree.body.pop()
    names = sys.modules["__main__"].__dict__
    exec(compile(tree, name, "exec", dont_inherit=True), names)
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), name, "eval", dont_inherit=True), names)


def _is_muted(code: str) -> bool:
    return code.rstrip().endswith(";")


def _figures() -> list[bytes]:
    """Draw the open figures as PNG, and close them."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None or not pyplot.get_fignums():
        return []
    images = []
    try:
        for number in pyplot.get_fignums()[:MOST_IMAGES]:
            buffer = io.BytesIO()
            pyplot.figure(number).savefig(buffer, format="png", bbox_inches="tight")
            images.append(buffer.getvalue())
    finally:
        pyplot.close("all")
    return images


def _report(error: BaseException) -> None:
    """Print an exception that was not caught, without the lines of this module."""
    here = error.__traceback__
    while here is not None and here.tb_frame.f_code.co_filename == __file__:
        here = here.tb_next
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
    traceback.print_exception(type(error), error, here)
    error.__traceback__ = None


def _flush(status: int) -> int:
    with contextlib.suppress(Exception):  # the program may have put any object there
        sys.stdout.flush()
        sys.stderr.flush()
    linux.flush_c_streams()
    return status


def _show(display: int, frames: list[tuple[bytes, bytes]]) -> None:
    with contextlib.suppress(OSError):  # the program has closed it
        for kind, body in frames:
            rest = memoryview(kind + len(body).to_bytes(8) + body)
            while rest:
                rest = rest[os.write(display, rest) :]
