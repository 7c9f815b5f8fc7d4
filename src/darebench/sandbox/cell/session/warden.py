"""The warden of sessions: the first process of their cell, which alone talks to the executor.

A session is a number that stands for a state; a fork of it is one more number for the same state,
which costs nothing. A step runs in a fork of the state's process, and what it becomes is the next
state. The steps of one warden's sessions take turns, since they see the same folders.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import select
import signal
import socket
import stat
import time
from dataclasses import replace

from darebench.sandbox.cell import linux, notices, process_tree, rootfs
from darebench.sandbox.cell.cells import NamespaceCell
from darebench.sandbox.cell.child import Kind
from darebench.sandbox.cell.session.folder import Folder
from darebench.sandbox.cell.session.saved import Saved, Shelf
from darebench.sandbox.cell.session.state import State, look_at
from darebench.sandbox.cell.session.step import Step, StepResult, Surroundings
from darebench.sandbox.cell.session.words import Word
from darebench.sandbox.cell.warden import create
from darebench.sandbox.channel import close_all, receive, send
from darebench.sandbox.messages import (
    MOST_SESSIONS,
    CallFailed,
    ClosedIn,
    CloseSession,
    FileRead,
    FilesListed,
    ForkSession,
    ListFiles,
    OpenSession,
    ReadFile,
    RunProgram,
    RunStep,
    SessionOpened,
    StepEnded,
    StopStep,
)
from darebench.sandbox.program import Status

MOST_FILES = 20_000
"""Most files and folders of a session, which are all looked at after each step."""
START_S = 10.0
"""How long the first process may take to come to rest."""
_WORK = "work/"


def serve(reply: socket.socket, cell: NamespaceCell) -> None:
    """Open sessions in a cell, and run their steps until the executor is gone."""
    try:
        with contextlib.suppress(EOFError, ConnectionError):
            sessions = _open(reply, cell)
            send(reply, SessionOpened(session=0))
            sessions.serve()
    except Exception as error:  # whatever it is, the executor has to hear of it before the end
        with contextlib.suppress(OSError):
            send(reply, CallFailed(why=f"a session failed: {error!r}"))
        raise
    finally:
        reply.close()
        process_tree.kill(own_namespace=True)
        cell.close()


def _open(reply: socket.socket, cell: NamespaceCell) -> _Sessions:
    """Start the first process of a session, and take it as its state.

    Raises:
        EOFError: The executor or the process is gone.
        OSError: The kernel does not offer what a session needs.
    """
    linux.set_dumpable(True)  # for the process to step in; none is here yet that could look
    program = cell.start(Kind.SESSION)
    closed_in, (listener,) = receive(program.channel, ClosedIn)
    linux.set_dumpable(False)
    request, files = receive(reply, OpenSession)
    limits = replace(request.limits, processes=request.limits.processes + MOST_SESSIONS)
    cell.places.resize(limits.disk_mb + request.input_mb, MOST_FILES)
    shelf = Shelf(rootfs.CODE, 2 * (limits.disk_mb + request.input_mb))
    linux.mount("tmpfs", rootfs.CODE, "tmpfs", linux.MS_RDONLY, "size=4k")
    for name, descriptor in zip(request.load, files, strict=True):
        create(f"{cell.places.work}/{name}", descriptor)
    close_all(files)
    if cell.isolation.groups.descriptors:
        cell.isolation.groups.limit(program.group, limits.memory_mb, limits.processes)
    nothing = os.open("/dev/null", os.O_RDWR)
    order = RunProgram(code="", limits=limits, cpu_s=request.cpu_s)
    send(program.channel, order, [nothing] * 3)
    program.channel.close()
    os.close(nothing)
    call = _first_rest(listener)
    folder = Folder(rootfs.BOX, shelf, (*cell.initial.folders, *cell.initial.entries))
    state = look_at(call.pid, call.id, folder.save(), program.release)
    around = Surroundings(
        isolation=cell.isolation,
        places=cell.places,
        group=program.group,
        listener=listener,
        reply=reply,
        inherited_kb=closed_in.inherited_kb,
        limits=limits,
        cpu_s=request.cpu_s,
    )
    return _Sessions(around, folder, state)


def _first_rest(listener: int) -> notices.Notification:
    deadline = time.monotonic() + START_S
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while (left := deadline - time.monotonic()) > 0:
        if poll.poll(left * 1000):
            call = notices.receive(listener)
            if call is not None and call.arguments[0] == Word.REST:
                return call
    raise EOFError("the first process has not come to rest")


class _Sessions:
    """The sessions of one warden."""

    def __init__(self, around: Surroundings, folder: Folder, first: State) -> None:
        self._around = around
        self._reply = around.reply
        self._folder = folder
        self._numbers = itertools.count()
        self._state_of: dict[int, State] = {}
        self._n_steps = itertools.count(1)
        self._take(first)

    def serve(self) -> None:
        """Do what the executor asks for.

        Raises:
            EOFError: It is gone.
        """
        kinds = (RunStep, ForkSession, CloseSession, ListFiles, ReadFile, StopStep)
        while True:
            message, descriptors = receive(self._reply, *kinds)
            match message:
                case RunStep():
                    try:
                        answer = self._run(message, descriptors)
                    finally:
                        close_all(descriptors)
                    send(self._reply, answer)
                case ForkSession(session=number):
                    self._fork(number)
                case CloseSession(session=number):
                    self._state_of.pop(number).let_go()
                case ListFiles(session=number):
                    send(self._reply, FilesListed(names=self._names(number)))
                case ReadFile(session=number, name=name):
                    self._read(number, name)
                case StopStep():  # that one has ended by itself meanwhile
                    pass

    def _take(self, state: State) -> int:
        number = next(self._numbers)
        self._state_of[number] = state
        state.holders += 1
        return number

    def _fork(self, number: int) -> None:
        send(self._reply, SessionOpened(session=self._take(self._state_of[number])))

    def _run(self, request: RunStep, streams: list[int]) -> StepEnded:
        state = self._state_of[request.session]
        self._folder.put_back(state.tree)
        states = {id(one): one for one in self._state_of.values() if one.is_alive()}
        order = _memory_file({"code": request.code, "number": next(self._n_steps)})
        start = time.monotonic()
        try:
            step = Step(self._around, self._folder, state, states.values())
            result = step.run([*streams, order], request.seconds, keep_failed=request.keep_failed)
        finally:
            os.close(order)
        seconds = time.monotonic() - start
        result, kept = self._kept(request, state, result)
        return StepEnded(
            status=result.status,
            detail=result.detail,
            exit_code=result.exit_code,
            seconds=seconds,
            kept=kept,
        )

    def _kept(self, request: RunStep, state: State, result: StepResult) -> tuple[StepResult, bool]:
        """Let the session go on from the step, or from before it."""
        rested = result.rested
        if rested is None:
            return result, False
        try:
            tree = self._folder.save()
            new = look_at(rested.pid, rested.waiting, tree)
        except (OSError, ValueError) as error:
            with contextlib.suppress(ProcessLookupError):
                os.kill(rested.pid, signal.SIGKILL)
            why = str(error) if isinstance(error, ValueError) else f"too many files ({error})"
            detail = f"the step left {why}, which a session cannot keep"
            return StepResult(Status.KILLED, detail, result.exit_code, None), False
        new.holders = 1
        self._state_of[request.session] = new
        state.let_go()
        return result, True

    def _names(self, number: int) -> tuple[str, ...]:
        tree = self._state_of[number].tree
        names = [
            path.removeprefix(_WORK)
            for path, entry in tree.items()
            if path.startswith(_WORK) and stat.S_ISREG(entry.mode) and path.isprintable()
        ]
        return tuple(sorted(names))

    def _read(self, number: int, name: str) -> None:
        entry = self._state_of[number].tree.get(_WORK + name)
        if entry is None or not isinstance(entry.content, Saved):
            send(self._reply, FileRead(refused="the session has no such file"))
            return
        descriptor = entry.content.open()
        try:
            size, limit_mb = os.fstat(descriptor).st_size, self._around.limits.file_mb
            if size > limit_mb << 20:
                why = f"it has {size} bytes, the limit is {limit_mb} MB"
                send(self._reply, FileRead(refused=why))
            else:
                send(self._reply, FileRead(refused=""), [descriptor])
        finally:
            os.close(descriptor)


def _memory_file(content: dict[str, object]) -> int:
    descriptor = os.memfd_create("order")
    os.write(descriptor, json.dumps(content).encode())
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
