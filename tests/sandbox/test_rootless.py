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
def test_the_attacks_fail_without_root_too(home):
    command = [sys.executable, "-m", "pytest", str(HERE / "test_attacks.py"), "-q", "--maxfail=3"]
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
