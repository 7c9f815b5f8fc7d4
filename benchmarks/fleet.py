"""A fleet under load: 128 clients that call one server, two that are balanced, and a Ray cluster.

Everything runs on this machine, so that the cores are the same for all: what is measured is what
balancing and Ray cost, and whether calls survive the end of a server that nobody announced. Every
answer is checked to be the call's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from darebench.errors import SandboxFault
from darebench.sandbox import Executor, Program
from darebench.sandbox.balanced import BalancedExecutor
from darebench.sandbox.client import RemoteExecutor

CLIENTS = 128
SECONDS = 10.0


def main(seconds: float = SECONDS) -> None:
    with serving() as one:
        show("one server", RemoteExecutor(one.url), seconds)
    with serving("--slots", "1") as one, serving("--slots", "1") as two:
        show("two servers", BalancedExecutor([one.url, two.url]), seconds)
        end = one.process.kill
        show("two, one is killed", BalancedExecutor([one.url, two.url]), seconds, end=end)
    with serving("--cluster", "ray", "--slots", "1", port=free_port()) as ray:
        show("Ray, two replicas", RemoteExecutor(ray.url), seconds)
        show("Ray, one is killed", RemoteExecutor(ray.url), seconds, end=kill_a_replica)


@dataclass
class Served:
    """A server that runs."""

    url: str
    process: subprocess.Popen[str]


@contextlib.contextmanager
def serving(*options: str, port: int = 0) -> Iterator[Served]:
    """Run a server whose queue has room for all clients."""
    command = [sys.executable, "-m", "darebench", "sandbox", "serve", "--queue", str(CLIENTS)]
    command += ["--port", str(port), *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        yield Served(process.stdout.readline().split()[-1], process)
        process.send_signal(signal.SIGTERM)
        process.wait(120)


def show(name: str, executor: Executor, seconds: float, end=None) -> None:
    """Call from all clients for some seconds, and print the rate and the quantiles."""
    times, n_faults = asyncio.run(_load(executor, seconds, end))
    cuts = statistics.quantiles(times, n=100)
    print(
        f"{name:20} {len(times) / seconds:7.1f} calls/s, median {1000 * cuts[49]:5.0f} ms, "
        f"p99 {1000 * cuts[98]:5.0f} ms, {len(times)} calls, {n_faults} faults",
        flush=True,
    )


async def _load(executor: Executor, seconds: float, end) -> tuple[list[float], int]:
    times: list[float] = []
    faults: list[SandboxFault] = []
    await executor.execute(Program(code="print(1)"))
    last = time.perf_counter() + seconds

    async def client(number: int) -> None:
        count = 0
        while time.perf_counter() < last:
            count += 1
            start = time.perf_counter()
            try:
                outcome = await executor.execute(Program(code=f"print({number}, {count})"))
            except SandboxFault as fault:
                faults.append(fault)
                continue
            assert outcome.stdout == f"{number} {count}\n", outcome
            times.append(time.perf_counter() - start)

    async def ending() -> None:
        await asyncio.sleep(seconds / 3)
        if end is not None:
            await asyncio.to_thread(end)

    await asyncio.gather(ending(), *map(client, range(CLIENTS)))
    await executor.close()
    return times, len(faults)


def kill_a_replica() -> None:
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if b"ray::ServeReplica:darebench-sandbox" in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)
                return


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
