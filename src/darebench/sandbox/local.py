"""The local executor: programs on this machine, each closed in, a bounded number at a time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from darebench.errors import ConfigError, SandboxFault
from darebench.sandbox import names, wire
from darebench.sandbox.program import Outcome, Program, Refused, Saved, Status

NOBODY = 65534
START_TIMEOUT_S = 120.0
GRACE_S = 20.0
"""How long past the wall-clock limit an answer may take, before the sandbox itself is at fault."""


class LocalExecutor:
    """Runs programs through one zygote, at most `slots` at a time.

    The zygote is started at the first call and again if it dies. Safe to share between tasks and
    threads.
    """

    def __init__(self, slots: int | None = None) -> None:
        self.slots = slots or os.cpu_count() or 1
        """Programs that run at the same time."""
        self._threads = ThreadPoolExecutor(self.slots, thread_name_prefix="darebench-sandbox")
        self._lock = threading.Lock()
        self._zygote: _Zygote | None = None
        self._closed = False

    async def execute(self, program: Program) -> Outcome:
        """Run `program` to its end or limit.

        Raises:
            SandboxFault: the sandbox failed, not the program.
            ConfigError: this machine lacks what the sandbox is made of.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self.execute_now, program)

    def execute_now(self, program: Program) -> Outcome:
        """Run `program` in this thread; else as `execute`."""
        refusal = _refusal(program)
        if refusal is not None:
            return refusal
        try:
            return _run(self._ready(), program)
        except (OSError, EOFError) as error:
            raise SandboxFault(f"the sandbox failed: {error}") from None

    async def close(self) -> None:
        """Stop the zygote and all that runs in it."""
        self.close_now()

    def close_now(self) -> None:
        """Stop the zygote from code that is not async."""
        with self._lock:
            self._closed = True
            if self._zygote is not None:
                self._zygote.stop()
                self._zygote = None
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _ready(self) -> _Zygote:
        with self._lock:
            if self._closed:
                raise SandboxFault("the sandbox is closed")
            if self._zygote is None or not self._zygote.alive():
                if self._zygote is not None:
                    self._zygote.stop()
                self._zygote = _Zygote()
            return self._zygote


class _Zygote:
    """The zygote process and the socket to it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        ours.settimeout(START_TIMEOUT_S)
        self._control = ours
        self._lock = threading.Lock()
        # The cell's root is mounted here on its way to be the zygote's root; then it can go.
        self._root = Path(tempfile.mkdtemp(prefix="darebench-cell-"))
        command = [sys.executable, "-I", "-c", _START, str(theirs.fileno()), str(self._root)]
        with theirs:
            self._process = subprocess.Popen(
                command,
                env=_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                cwd="/",
            )
        try:
            self._handshake()
        except (EOFError, OSError) as error:
            self.stop()
            raise SandboxFault(f"the sandbox did not start: {error}") from None
        except ConfigError:
            self.stop()
            raise

    def _handshake(self) -> None:
        while True:
            message, _ = wire.receive(self._control)
            if "error" in message:
                last = message["error"].strip().splitlines()[-1]
                raise ConfigError(
                    f"this machine cannot run the sandbox: {last}; `darebench sandbox check` says "
                    "what it needs"
                )
            if message.get("ready"):
                self._root.rmdir()
                return
            self._map_user(message["map"])
            wire.send(self._control, {})

    def _map_user(self, pid: int) -> None:
        """Make the zygote's root nobody on the host, or ourselves if we are not root."""
        uid, gid = (NOBODY, NOBODY) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
        process = Path(f"/proc/{pid}")
        process.joinpath("setgroups").write_text("deny")
        process.joinpath("uid_map").write_text(f"0 {uid} 1")
        process.joinpath("gid_map").write_text(f"0 {gid} 1")

    def alive(self) -> bool:
        return self._process.poll() is None

    def call(self, descriptors: list[int]) -> None:
        """Ask for one more process, which gets these descriptors."""
        with self._lock:
            wire.send(self._control, {}, descriptors)

    def stop(self) -> None:
        self._control.close()
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(FileNotFoundError):  # only there if it never got ready
            self._root.rmdir()


_ENVIRONMENT = {
    "PATH": os.defpath,
    "PYTHONHASHSEED": "0",
    # Both keep the zygote single-threaded, which a fork must be.
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
_START = "from darebench.sandbox.zygote import main; main()"


def _refusal(program: Program) -> Outcome | None:
    """Say why a program is not run, if its files may not go in."""
    why = ""
    for name, path in program.load.items():
        problem = names.problem_with(name)
        if problem is None and not path.is_file():
            problem = "it does not exist or is not a regular file"
        elif problem is None and path.stat().st_size > program.limits.file_mb << 20:
            problem = f"it is over the limit of {program.limits.file_mb} MB"
        if problem is not None:
            why = f"file to load {name[:80]!r}: {problem}"
            break
    if not why and program.save and program.save_to is None:
        raise ValueError("a program with files to save needs save_to")
    if not why:
        return None
    return Outcome(
        status=Status.REFUSED, exit_code=None, stdout="", stderr="", seconds=0.0, detail=why
    )


def _run(zygote: _Zygote, program: Program) -> Outcome:
    with contextlib.ExitStack() as stack:
        inputs = [stack.enter_context(path.open("rb")).fileno() for path in program.load.values()]
        reply, theirs = map(stack.enter_context, socket.socketpair())
        ends = _Streams(program)
        stack.callback(ends.close)
        try:
            zygote.call([theirs.fileno(), *ends.theirs])
        finally:
            theirs.close()
            wire.close_all(ends.theirs)
        wire.send(reply, _request(program), inputs)
        result, descriptors = ends.pump(reply)
        files = [stack.enter_context(os.fdopen(descriptor, "rb")) for descriptor in descriptors]
        if "fault" in result:
            raise SandboxFault(result["fault"])
        return _outcome(program, result, files, ends)


def _request(program: Program) -> dict[str, Any]:
    size = sum(path.stat().st_size for path in program.load.values())
    return {
        "code": program.code,
        "load": list(program.load),
        "save": list(program.save),
        "limits": asdict(program.limits),
        "disk_mb": program.limits.disk_mb,
        "input_mb": (size >> 20) + len(program.load) + 1,
    }


def _outcome(
    program: Program, result: dict[str, Any], opened: Sequence[BinaryIO], ends: _Streams
) -> Outcome:
    files: dict[str, Saved | Refused] = {}
    for name, found in result["files"].items():
        if isinstance(found, str):
            files[name] = Refused(why=found)
        else:
            files[name] = _take_out(opened[found], name, program)
    return Outcome(
        status=Status(result["status"]),
        exit_code=result["exit_code"],
        stdout=ends.stdout.text(),
        stderr=ends.stderr.text(),
        seconds=result["seconds"],
        files=files,
        detail=result["detail"],
    )


def _take_out(source: BinaryIO, name: str, program: Program) -> Saved:
    assert program.save_to is not None
    target = program.save_to / name
    part = program.save_to / f".{os.getpid()}-{threading.get_ident()}.part"
    try:
        with part.open("wb") as stream:
            shutil.copyfileobj(source, stream, 1 << 20)
            n_bytes = stream.tell()
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return Saved(path=target, n_bytes=n_bytes)


class _Kept:
    """The head and the tail of an output stream."""

    def __init__(self, limit_kb: int) -> None:
        self._half = limit_kb * 1024 // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0

    def add(self, chunk: bytes) -> None:
        room = self._half - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        self._tail += chunk
        surplus = len(self._tail) - self._half
        if surplus > self._half:
            del self._tail[:surplus]
            self._dropped += surplus

    def text(self) -> str:
        surplus = max(0, len(self._tail) - self._half)
        tail = bytes(self._tail[surplus:])
        dropped = self._dropped + surplus
        cut = f"\n[... {dropped} bytes left out ...]\n".encode() if dropped else b""
        return (bytes(self._head) + cut + tail).decode("utf-8", errors="replace")


class _Streams:
    """A program's standard streams, seen from our side."""

    def __init__(self, program: Program) -> None:
        stdin, self._stdin = os.pipe()
        our_stdout, stdout = os.pipe()
        our_stderr, stderr = os.pipe()
        self.theirs = (stdin, stdout, stderr)
        """The program's ends: the caller's to hand over and close."""
        self._pending = program.stdin
        self._deadline_s = program.limits.wall_s + GRACE_S
        self.stdout = _Kept(program.limits.output_kb)
        self.stderr = _Kept(program.limits.output_kb)
        self._open = {our_stdout: self.stdout, our_stderr: self.stderr}

    def pump(self, reply: socket.socket) -> tuple[dict[str, Any], list[int]]:
        """Feed stdin and read both outputs until the warden's answer; then read what is left.

        Raises:
            EOFError: the warden ended without an answer.
            TimeoutError: it gave none in time.
        """
        with selectors.DefaultSelector() as selector:
            for descriptor in self._open:
                selector.register(descriptor, selectors.EVENT_READ)
            selector.register(reply, selectors.EVENT_READ)
            if self._pending:
                os.set_blocking(self._stdin, False)
                selector.register(self._stdin, selectors.EVENT_WRITE)
            else:
                self._close_stdin()
            answer: tuple[dict[str, Any], list[int]] | None = None
            while answer is None or self._open:
                events = selector.select(self._deadline_s)
                if not events:
                    raise TimeoutError("no answer from the sandbox in time")
                for key, _ in events:
                    if key.fileobj is reply:
                        answer = wire.receive(reply)
                        selector.unregister(reply)
                    elif key.fd == self._stdin:
                        self._feed(selector)
                    else:
                        self._read(selector, key.fd)
        return answer

    def _read(self, selector: selectors.BaseSelector, descriptor: int) -> None:
        chunk = os.read(descriptor, 1 << 16)
        if chunk:
            self._open[descriptor].add(chunk)
            return
        selector.unregister(descriptor)
        del self._open[descriptor]
        os.close(descriptor)

    def _feed(self, selector: selectors.BaseSelector) -> None:
        try:
            written = os.write(self._stdin, self._pending[: 1 << 16])
        except BrokenPipeError:
            written = len(self._pending)
        self._pending = self._pending[written:]
        if not self._pending:
            selector.unregister(self._stdin)
            self._close_stdin()

    def _close_stdin(self) -> None:
        if self._stdin >= 0:
            os.close(self._stdin)
            self._stdin = -1

    def close(self) -> None:
        """Close what is still open."""
        self._close_stdin()
        wire.close_all(list(self._open))
        self._open.clear()
