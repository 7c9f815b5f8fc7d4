"""Harbor's environment over our sandbox, without Docker: `-e darebench.harbor:Environment`.

An environment is a session: commands run one after the other in a cell without network, which keeps
its files between them. It takes the task folders that `darebench convert harbor` writes: their data
become `/app`, their image is this interpreter with its libraries, and `tests/` and `solution/` are
there only from when Harbor uploads them. A separate verifier is a session of its own.

Not covered: images and what else a Dockerfile does, users, allow-lists of hosts, processes that go
on between two commands, and `cpus`. An agent that has to reach a network of its own from inside
cannot run here; one that talks to its model from outside, and sends commands, can.
"""

from __future__ import annotations

import asyncio
import base64
import io
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from harbor.environments.base import (  # pyright: ignore[reportMissingImports]
    BaseEnvironment,
    ExecResult,
    transfer_tar_filter,
)
from harbor.environments.capabilities import (  # pyright: ignore[reportMissingImports]
    EnvironmentCapabilities,
)

from darebench.errors import ConfigError
from darebench.sandbox.program import Limits, Status, StepOutcome
from darebench.sandbox.session import Session

PLACES = ("app", "logs/agent", "logs/verifier", "logs/artifacts", "tests", "solution")
"""Folders of the root that are there from the start, and that commands may write to."""
WORKDIR = "/app"
LONGEST_S = 4 * 3600.0
"""Most time of one command, where Harbor sets none."""
CHUNK = 1 << 17
"""Bytes that one step brings in."""
TRANSFER = ".transfer.tar"
"""Name of an archive on its way in or out, in the session's own folder."""
TIMED_OUT = 124
KILLED = 137
_START = """
import base64, os, signal, subprocess, sys, tarfile
HOME = os.getcwd()
for _name in {places!r}:
    os.makedirs(_name, exist_ok=True)
def run_command(words, cwd, env, seconds):
    process = subprocess.Popen(
        words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        print(f"the command was ended after {{seconds:g}} s", file=sys.stderr)
        return {timed_out}
def unpack(name, target):
    os.makedirs(target, exist_ok=True)
    with tarfile.open(os.path.join(HOME, name)) as archive:
        archive.extractall(target, filter="data")
    os.remove(os.path.join(HOME, name))
def pack(source, name):
    with tarfile.open(os.path.join(HOME, name), "w") as archive:
        archive.add(source, arcname="." if os.path.isdir(source) else "file")
"""


class Environment(BaseEnvironment):
    """A session of our sandbox as Harbor's environment."""

    _session: Session | None = None

    @staticmethod
    def type() -> str:
        """Return the name of this kind of environment."""
        return "darebench"

    @property
    def capabilities(self) -> EnvironmentCapabilities:
        """What a task may ask for: that there is no network."""
        return EnvironmentCapabilities(disable_internet=True)

    @property
    def _data(self) -> Path:
        return self.environment_dir / "data"

    def _validate_definition(self) -> None:
        if not self._data.is_dir():
            raise ConfigError(
                f"{self.environment_dir} has no data/; this environment builds no image and runs "
                "the tasks that `darebench convert harbor` writes"
            )
        if not self._network_disabled:
            raise ConfigError(
                "this environment has no network; set network_mode = 'no-network' in task.toml"
            )

    async def start(self, force_build: bool) -> None:
        """Open the session, with the task's files in its working folder."""
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder, TRANSFER)
            archive.write_bytes(_packed(self._data, "."))
            self._session = await asyncio.to_thread(Session, {TRANSFER: archive}, self._limits())
        start = _START.format(places=PLACES, timed_out=TIMED_OUT)
        await self._step(f"{start}\nunpack({TRANSFER!r}, {WORKDIR!r})")

    async def stop(self, delete: bool) -> None:
        """End the session and all that it holds."""
        if self._session is not None:
            await asyncio.to_thread(self._session.close)
            self._session = None

    async def exec(
        self,
        command: str,
        cwd: str | None = None,
        env: dict[str, str] | None = None,
        timeout_sec: int | None = None,
        user: str | int | None = None,
    ) -> ExecResult:
        """Run a shell command; all of its processes have ended when this returns.

        A command that runs out of time leaves what it has written, and returns 124. One that goes
        over another limit is undone, and returns 137.
        """
        place = cwd or self.task_env_config.workdir or WORKDIR
        words = ["/bin/bash", "-c", command]
        seconds = float(timeout_sec or LONGEST_S)
        outcome = await self._run(
            f"run_command({words!r}, {place!r}, {self._variables(env)!r}, {seconds!r})"
        )
        if outcome.status is not Status.OK or outcome.result is None:
            why = outcome.detail or "the command has ended its session's step"
            return ExecResult(
                stdout=outcome.stdout, stderr=f"{outcome.stderr}{why}\n", return_code=KILLED
            )
        return ExecResult(
            stdout=outcome.stdout, stderr=outcome.stderr, return_code=int(outcome.result)
        )

    async def upload_file(self, source_path: Path | str, target_path: str) -> None:
        """Copy a file of the host to a path inside."""
        target = Path(target_path)
        await self._send(_packed(Path(source_path), target.name), str(target.parent))

    async def upload_dir(self, source_dir: Path | str, target_dir: str) -> None:
        """Copy what is in a folder of the host into a folder inside."""
        await self._send(_packed(Path(source_dir), "."), target_dir)

    async def download_file(self, source_path: str, target_path: Path | str) -> None:
        """Copy a file from inside to the host.

        Raises:
            FileNotFoundError: There is no such file.
        """
        target = Path(target_path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(fileobj=io.BytesIO(await self._fetch(source_path))) as archive:
            stream = next((archive.extractfile(m) for m in archive if m.isfile()), None)
            if stream is None:
                raise FileNotFoundError(f"{source_path} is not a regular file")
            target.write_bytes(stream.read())

    async def download_dir(self, source_dir: str, target_dir: Path | str) -> None:
        """Copy what is in a folder inside to a folder of the host, but for devices and pipes.

        Raises:
            FileNotFoundError: There is no such folder.
        """
        target = Path(target_dir)
        target.mkdir(parents=True, exist_ok=True)
        with tarfile.open(fileobj=io.BytesIO(await self._fetch(source_dir))) as archive:
            archive.extractall(target, filter=transfer_tar_filter)

    def _limits(self) -> Limits:
        known = Limits()
        return Limits(
            wall_s=LONGEST_S,
            memory_mb=self._effective_memory_mb or known.memory_mb,
            disk_mb=min(self._effective_storage_mb or known.disk_mb, known.disk_mb),
        )

    def _variables(self, env: dict[str, str] | None) -> Mapping[str, str]:
        return {
            "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
            "HOME": "/tmp",
            "LANG": "C.UTF-8",
            "MPLBACKEND": "Agg",
            "MPLCONFIGDIR": "/tmp",
            **(self._merge_env(env) or {}),
        }

    async def _send(self, archive: bytes, target: str) -> None:
        for start in range(0, len(archive), CHUNK):
            text = base64.b64encode(archive[start : start + CHUNK]).decode()
            mode = "ab" if start else "wb"
            await self._step(
                f"with open(os.path.join(HOME, {TRANSFER!r}), {mode!r}) as _stream:\n"
                f"    _stream.write(base64.b64decode({text!r}))"
            )
        await self._step(f"unpack({TRANSFER!r}, {target!r})")

    async def _fetch(self, path: str) -> bytes:
        outcome = await self._run(f"pack({path!r}, {TRANSFER!r})")
        if outcome.status is not Status.OK:
            raise FileNotFoundError(f"{path} cannot be packed: {_last(outcome)}")
        content = await asyncio.to_thread(self._opened().read, TRANSFER)
        await self._step(f"os.remove(os.path.join(HOME, {TRANSFER!r}))")
        return content

    async def _step(self, code: str) -> None:
        outcome = await self._run(code)
        if outcome.status is not Status.OK:
            raise RuntimeError(f"the environment failed: {_last(outcome)}")

    async def _run(self, code: str) -> StepOutcome:
        session = self._opened()
        task = asyncio.ensure_future(asyncio.to_thread(session.run, code))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            session.stop()
            await asyncio.wait([task])
            raise

    def _opened(self) -> Session:
        if self._session is None:
            raise RuntimeError("the environment is not started, or has been stopped")
        return self._session


def _packed(source: Path, name: str) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        archive.add(source, arcname=name)
    return content.getvalue()


def _last(outcome: StepOutcome) -> str:
    lines = outcome.stderr.strip().splitlines()
    return outcome.detail or (lines[-1] if lines else str(outcome.status))
