"""Runs alone in the sandbox: one command of an Inspect sample.

The files arrive as a tar of the working folder and /tmp, and leave as another. The request is a
JSON file; the result is another one, written when no other process lives any more.
"""

import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
import traceback
import types
from pathlib import Path
from typing import BinaryIO

WORK = Path.cwd()
TEMPORARY = Path("/tmp")
REQUEST, STATE, CONTENT, RESULT = (
    WORK / f".darebench-{name}" for name in ("request", "state", "content", "result")
)
FOUND = {
    FileNotFoundError: "missing",
    IsADirectoryError: "folder",
    PermissionError: "forbidden",
}
"""Name of each error in the result; others are named as the first or the last of these."""


def main() -> None:
    """Do what was asked, and leave the result."""
    asked = json.loads(REQUEST.read_text())
    REQUEST.unlink()
    content = WORK / CONTENT.name
    held = content.open("rb") if content.exists() else None
    if held is not None:
        content.unlink()
    if STATE.exists():
        unpack()
    try:
        match asked["do"]:
            case "run":
                result = run(asked, held)
            case "read":
                result = read(WORK / asked["path"], asked["limit"])
            case _:
                assert held is not None
                result = write(WORK / asked["path"], held)
    except (OSError, ValueError) as error:
        result = {"error": name_of(error, asked["do"]), "message": f"{error}"}
    if asked["do"] != "read":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(-1, signal.SIGKILL)  # all but this process and the warden
        result["lost"] = pack(asked["state_mb"])
    remove(RESULT)
    RESULT.write_text(json.dumps(result))


def name_of(error: Exception, do: str) -> str:
    """Return the name under which the caller is told of an error."""
    return FOUND.get(type(error), "missing" if do == "read" else "forbidden")


def run(asked: dict, held: BinaryIO | None) -> dict:
    """Run a command to its end or its time limit; `held` is its stdin."""
    if held is not None:
        os.dup2(held.fileno(), 0)
    environment = dict(os.environ)
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    environment |= asked["env"]
    folder = WORK / asked["cwd"]
    if asked["python"] is not None:
        start = fork(asked["python"], asked["cmd"], folder, environment)
    else:
        try:
            start = subprocess.Popen(
                asked["cmd"], cwd=folder, env=environment, start_new_session=True
            )
        except FileNotFoundError as error:
            print(f"{error.filename}: not found", file=sys.stderr)
            return {"code": 127}
    try:
        code = start.wait(asked["seconds"])
    except subprocess.TimeoutExpired:
        return {"code": None}
    return {"code": code if code >= 0 else 128 - code}


def fork(code: str, command: list, folder: Path, environment: dict) -> "Forked":
    """Run Python code in a copy of this process, which has the libraries imported already."""
    child = os.fork()
    if child:
        return Forked(child)
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[:] = ["-" if command[-1] == "python3 -" else "-c"]
    sys.path[0] = ""
    name = "<stdin>" if sys.argv[0] == "-" else "<string>"
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    try:
        exec(compile(code, name, "exec"), module.__dict__)
    except SystemExit:
        raise
    except BaseException as error:
        trace = error.__traceback__
        traceback.print_exception(type(error), error, trace.tb_next if trace else None)
        sys.exit(1)
    sys.exit()


class Forked:
    """A forked child that can be waited for as `subprocess.Popen` can."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def wait(self, seconds: float) -> int:
        """Wait for the child to end, and return its exit code."""
        import select

        handle = os.pidfd_open(self._pid)
        if not select.select([handle], [], [], seconds)[0]:
            raise subprocess.TimeoutExpired([], seconds)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])


def read(path: Path, limit: int) -> dict:
    """Copy a file to where the caller finds it."""
    with path.open("rb") as source:
        if os.fstat(source.fileno()).st_size > limit:
            return {"error": "large"}
        remove(CONTENT)
        with CONTENT.open("wb") as target:
            copied = 0
            while chunk := source.read(1 << 20):
                copied += len(chunk)
                if copied > limit:  # a device has no size
                    return {"error": "large"}
                target.write(chunk)
    return {}


def write(path: Path, held: BinaryIO) -> dict:
    """Write what the caller sent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with held, path.open("wb") as target:
        shutil.copyfileobj(held, target, 1 << 20)
    return {}


def unpack() -> None:
    """Restore the files of the last command."""
    with STATE.open("rb") as stream:
        STATE.unlink()
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            tar.extractall("/", filter="fully_trusted")


def pack(limit_mb: int) -> str:
    """Pack the working folder and /tmp for the next command; return why if that fails."""
    remove(STATE)
    try:
        entries = [entry for top in (WORK, TEMPORARY) for entry in walk(top)]
        size = sum(info.st_size for _, info in entries if stat.S_ISREG(info.st_mode))
        if size > limit_mb << 20:
            return f"the files have {size >> 20} MB, the limit is {limit_mb} MB"
        with STATE.open("wb") as stream, tarfile.open(fileobj=stream, mode="w") as tar:
            for path, before in entries:
                info = tar.gettarinfo(path)
                info.mode = stat.S_IMODE(before.st_mode)
                if info.isreg():
                    with path.open("rb") as content:
                        tar.addfile(info, content)
                else:
                    tar.addfile(info)
    except (OSError, RecursionError) as error:
        remove(STATE)
        return f"{error}"
    return ""


def walk(top: Path):
    """Yield a folder's files, folders and links, made readable for us, with their old status."""
    for path in sorted(top.iterdir()):
        info = path.lstat()
        if info.st_uid != os.getuid():  # the interpreter's folder, where that is under /tmp
            continue
        kind = stat.S_IFMT(info.st_mode)
        if kind == stat.S_IFLNK:
            yield path, info
        elif kind == stat.S_IFREG:
            path.chmod(0o600)
            yield path, info
        elif kind == stat.S_IFDIR:
            path.chmod(0o700)
            yield path, info
            yield from walk(path)


def remove(path: Path) -> None:
    """Remove whatever the command wrote under a name that we need."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


main()
