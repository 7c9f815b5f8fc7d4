"""The HTTP server under load: 32 clients with trivial calls, and what of a call is HTTP's share.

Three rates in one run: calls through a server process, the same calls at the executor, and calls
through a server whose executor answers at once. Every answer is checked to be the call's own.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from darebench.sandbox import LocalExecutor, Outcome, Program, Status

CLIENTS = 32
HEADERS = {"Content-Type": "application/json"}


def main(seconds: float = 10.0) -> None:
    command = [sys.executable, "-m", "darebench", "sandbox", "serve", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline().rsplit(":", 1)[1])
        load(lambda: http_call(port), 1.0)
        over_http = show("server", load(lambda: http_call(port), seconds))
        server.terminate()
    direct = show("executor", asyncio.run(executor_load(seconds)))
    print(f"over HTTP: {100 * over_http / direct:.0f} % of the executor's rate")
    ports = multiprocessing.get_context("spawn").Queue()
    instant = multiprocessing.get_context("spawn").Process(target=serve_instant, args=(ports,))
    instant.start()
    port = ports.get(timeout=60)
    load(lambda: http_call(port), 1.0)
    before = cpu_seconds(instant.pid)
    times = load(lambda: http_call(port), seconds)
    show("server alone", times)
    own = (cpu_seconds(instant.pid) - before) / len(times)
    print(f"server alone: {1000 * own:.2f} ms of processor time a call")
    instant.terminate()
    instant.join()


def load(make: Callable[[], Callable[[str], str]], seconds: float) -> list[float]:
    """Call from as many threads as there are clients, and return the seconds of each call."""
    times: list[float] = []
    end = time.perf_counter() + seconds

    def client(number: int) -> None:
        call = make()
        count = 0
        while (start := time.perf_counter()) < end:
            count += 1
            mark = f"{number}.{count}"
            printed = call(f"print({mark!r})")
            assert printed == f"{mark}\n", f"asked for {mark}, got {printed!r}"
            times.append(time.perf_counter() - start)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(client, range(CLIENTS)))
    return times


def http_call(port: int) -> Callable[[str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def call(code: str) -> str:
        body = json.dumps({"code": code, "language": "python"})
        connection.request("POST", "/run_code", body, HEADERS)
        return json.loads(connection.getresponse().read())["run_result"]["stdout"]

    return call


async def executor_load(seconds: float) -> list[float]:
    executor = LocalExecutor()
    times: list[float] = []

    async def client(end: float) -> None:
        while (start := time.perf_counter()) < end:
            outcome = await executor.execute(Program(code="print(1)"))
            assert outcome.stdout == "1\n", outcome
            times.append(time.perf_counter() - start)

    await asyncio.gather(*(client(time.perf_counter() + 1.0) for _ in range(CLIENTS)))
    times.clear()
    await asyncio.gather(*(client(time.perf_counter() + seconds) for _ in range(CLIENTS)))
    await executor.close()
    return times


def cpu_seconds(pid: int | None) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Instant:
    """An executor that runs nothing and prints what a trivial program would."""

    async def execute(self, program: Program) -> Outcome:  # noqa: D102
        printed = program.code.split("'")[1] + "\n" if program.code else ""
        return Outcome(status=Status.OK, exit_code=0, stdout=printed, stderr="", seconds=0.0)

    async def close(self) -> None:  # noqa: D102
        pass


def serve_instant(ports: multiprocessing.Queue) -> None:
    from darebench.sandbox.http import listen
    from darebench.sandbox.http.server import ServerSettings

    listen.LocalExecutor = lambda slots: Instant()  # type: ignore[assignment]
    listen.serve(
        "127.0.0.1",
        0,
        ServerSettings(slots=4),
        ready=lambda url: ports.put(int(url.rsplit(":", 1)[1])),
    )


def show(what: str, times: list[float]) -> float:
    ranked = sorted(times)
    p99 = ranked[int(0.99 * (len(ranked) - 1))]
    rate = CLIENTS / statistics.fmean(times)
    print(
        f"{what}: {len(times)} calls, {rate:.0f} a second, median "
        f"{1000 * statistics.median(times):.1f} ms, p99 {1000 * p99:.1f} ms"
    )
    return rate


if __name__ == "__main__":
    threading.stack_size(1 << 18)
    main(*map(float, sys.argv[1:2]))
