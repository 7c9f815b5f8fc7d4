"""The sandbox for a user without root, and for interpreters that live in odd places."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import pytest

from darebench.sandbox import LocalExecutor, Program

UID = 4321
HERE = Path(__file__).parent
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def home():
    """A folder that others may enter, as pytest's own are not."""
    path = Path(tempfile.mkdtemp(prefix="rootless-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def _without_root(command: list[str], home: Path) -> list[str]:
    """Run a command as another user who may enter the folders of this interpreter.

    In a mount namespace of its own, each folder on the way that others may not enter is replaced by
    an empty one that they may, with the next step on the way inside.
    """
    steps = []
    for goal in {sys.prefix, os.path.realpath(sys.base_prefix), str(HERE)}:
        closed = [p for p in reversed(Path(goal).parents) if not p.stat().st_mode & 0o001]
        if closed:
            kept, top = home / f"kept-{len(steps)}", closed[0]
            steps.append(
                f"mkdir -p {kept} && mount --bind {goal} {kept} && mount -t tmpfs -o mode=755 x {top}"
                f" && mkdir -p {goal} && mount --bind {kept} {goal}"
            )
    user = f"exec setpriv --reuid={UID} --regid={UID} --clear-groups {shlex.join(command)}"
    return ["unshare", "-m", "sh", "-ec", "\n".join([*steps, user])]


def _run_as_user(command: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    own = home / "own"
    own.mkdir()
    os.chown(own, UID, UID)
    environment = {"PATH": os.defpath, "HOME": str(own), "TMPDIR": str(own)}
    return subprocess.run(
        _without_root(command, home),
        capture_output=True,
        text=True,
        cwd=own,
        env={**environment, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": _source()},
        timeout=900,
    )


def _source() -> str:
    import darebench

    return str(Path(darebench.__file__).parents[1])


@as_root
def test_a_call_without_root(home):
    code = (
        "from darebench.sandbox import LocalExecutor, Program\n"
        "import os\n"
        "e = LocalExecutor(1)\n"
        "o = e.execute_now(Program(code='import os, pandas; print(os.getuid())'))\n"
        "print(os.geteuid(), o.stdout, sorted(e.missing()), o.stderr)\n"
        "e.close_now()"
    )
    done = _run_as_user([sys.executable, "-c", code], home)
    assert done.stdout.startswith(f"{UID} 1000\n"), done
    assert "namespaces" not in done.stdout
    assert "seccomp" not in done.stdout


@as_root
@pytest.mark.slow
@pytest.mark.parametrize("file", ["test_attacks.py", "test_session_attacks.py"])
def test_the_attacks_fail_without_root_too(home, file):
    command = [sys.executable, "-m", "pytest", str(HERE / file), "-q", "--maxfail=3"]
    command += [
        "--basetemp",
        str(home / "own" / "t"),
        "--rootdir",
        str(HERE),
        "-c",
        "/dev/null",
    ]
    done = _run_as_user(command, home)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def _numbers_from(python: Path) -> subprocess.CompletedProcess[str]:
    code = (
        "from darebench.sandbox import run_python\n"
        "o = run_python('import numpy, pandas, sys, subprocess; print(numpy.arange(3).sum(), '\n"
        '    \'subprocess.run([sys.executable, "-c", "import numpy; print(7)"], capture_output=True).stdout)\')\n'
        "print(o.stdout, o.stderr)"
    )
    return subprocess.run(
        [str(python), "-c", code], capture_output=True, text=True, env={"PATH": os.defpath}
    )


@pytest.mark.parametrize("where", ["tmp", "beside"])
def test_an_environment_behind_a_link(tmp_path, where):
    folder = tmp_path if where == "tmp" else Path(sys.prefix).parent / f".linked-{os.getpid()}"
    folder.mkdir(exist_ok=True)
    try:
        folder.joinpath("one").symlink_to(sys.prefix)
        folder.joinpath(".venv").symlink_to("one")
        done = _numbers_from(folder / ".venv" / "bin" / "python")
        assert done.stdout.startswith("3 b'7\\n'"), done
    finally:
        if where == "beside":
            shutil.rmtree(folder)


def test_an_environment_of_links_below_tmp(tmp_path):
    """A virtual environment that lives in /tmp, with its packages elsewhere."""
    venv.create(tmp_path / "v", symlinks=True, with_pip=False)
    site = next((tmp_path / "v" / "lib").glob("python*/site-packages"))
    packages = next(Path(sys.prefix, "lib").glob("python*/site-packages"))
    site.rmdir()
    site.symlink_to(packages)
    done = _numbers_from(tmp_path / "v" / "bin" / "python")
    assert done.stdout.startswith("3 b'7\\n'"), done


@pytest.mark.skipif(os.geteuid() != 0, reason="root's own folders are the private ones here")
def test_an_interpreter_in_a_private_folder():
    """Root's interpreter may live where others cannot go; the program, who is another, still runs."""
    closed = [p for p in Path(sys.base_prefix).resolve().parents if not p.stat().st_mode & 0o001]
    if not closed:
        pytest.skip("this interpreter is open to all")
    executor = LocalExecutor(1)
    try:
        outcome = executor.execute_now(Program(code="import os, pandas; print(os.getuid())"))
        assert outcome.stdout == "1000\n"
    finally:
        executor.close_now()


UNSAFE = """
from darebench.errors import ConfigError
from darebench.sandbox import Limits, LocalExecutor, Program
import os, pathlib, tempfile
try:
    LocalExecutor(1).execute_now(Program(code="print(1)"))
except ConfigError as error:
    print("refused:", error)
e = LocalExecutor(1, allow_unsafe=True)
out = pathlib.Path(tempfile.mkdtemp())
def run(code, **limits):
    return e.execute_now(Program(code=code, save=("x",), save_to=out, limits=Limits(wall_s=20, **limits)))
o = run("import os, sys, pandas; open('x', 'w').write('3'); print(os.getcwd() == os.environ['HOME'], sys.argv)")
print(o.stdout, o.stderr, o.exit_code, out.joinpath("x").read_text())
print(sorted(e.missing()))
o = run("import socket; socket.socket()")
print("socket", o.exit_code)
o = run("open('/tmp/outside', 'w')")
print("outside", o.exit_code)
o = run("import os, time\\nif os.fork() == 0:\\n    os.setsid()\\n    os.execvp('sleep', ['sleep', '983'])\\ntime.sleep(0.3)")
print("daemon", o.exit_code)
o = e.execute_now(Program(code="while True: pass", limits=Limits(wall_s=1)))
print(o.status)
e_root = e._pool._root.name
e.close_now()
print("left", [p for p in os.listdir("/tmp") if p == e_root])
"""


def test_without_namespaces_it_refuses_or_does_what_it_can():
    command = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$0" -c "$1"'
    done = subprocess.run(
        ["unshare", "-Ur", "sh", "-ec", command, sys.executable, UNSAFE],
        capture_output=True,
        text=True,
        timeout=300,
    )
    if "unshare" in done.stderr and done.returncode:
        pytest.skip("this machine has no user namespaces to take away")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("refused:"), done
    assert "user namespaces are not available" in lines[0]
    assert lines[1].startswith("True ['/tmp/darebench-cell-"), done
    assert lines[2] == "  0 3", done
    assert "namespaces" in lines[3]
    assert lines[4] == "socket 1"
    assert lines[5] == "outside 1" or "landlock" in lines[3]
    assert lines[6:9] == ["daemon 0", "timeout", "left []"], done
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert "sleep 983" not in running
