"""Pages at scale: a run of 20,000 attempts reported, 10,000 and 18,900 opened, 6,300 clicked.

`view.py [FOLDER]`: the attempts have four turns with a thought, code and an output each, 23 kB
together; their words are drawn at random, so that they do not compress better than real ones. The
browser's memory is what its page needs beyond an empty one. Chromium and `playwright` are needed.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from darebench.evals.attempts_file import ATTEMPTS
from darebench.evals.trajectory import to_json
from darebench.sandbox.http.listen import listen_on, url_of
from darebench.store.write import DatasetFiles, write_store
from darebench.types import (
    CallRecord,
    CallStatus,
    Family,
    Message,
    Reason,
    ReasonCode,
    Role,
    StopReason,
    Timing,
    Tokens,
    ToolCall,
    Track,
    Trajectory,
)
from darebench.view.app import build_app
from darebench.view.serve import PageServer
from darebench.view.shelf import Shelf

REPORTED, OPENED, MOST_OPENED, TASKS, TURNS = 20_000, 10_000, 18_900, 6_300, 4
VOCABULARY = 3_000
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = ["".join(random.Random(k).choices(LETTERS, k=3 + k % 7)) for k in range(VOCABULARY)]
SYSTEM = "You are a data scientist. " * 60


def write_run(folder: Path, n: int) -> Path:
    """Write a run of n attempts, four at each task."""
    folder.mkdir(parents=True)
    draw = random.Random(0)
    tasks = [f"table{k:05}_class/mm" for k in range(n // 4)]
    config = {"model": "bench", "turns": 5, "seconds": 200.0, "epochs": 4}
    record = {"schema": 3, "config": config, "store": {"root": "s", "hash": "0"}, "task_ids": tasks}
    (folder / "config.json").write_text(json.dumps(record))
    (folder / "env.json").write_text(json.dumps({"schema": 1, "environment": {}, "scorer": "0"}))
    with (folder / ATTEMPTS).open("w", encoding="utf-8") as stream:
        for task in tasks:
            question = prose(draw, 200)
            for epoch in range(1, 5):
                stream.write(json.dumps(to_json(_attempt(draw, task, epoch, question))) + "\n")
    return folder


def prose(draw: random.Random, n: int) -> str:
    """Return n words."""
    return " ".join(draw.choices(WORDS, k=n))


def _attempt(draw: random.Random, task: str, epoch: int, question: str) -> Trajectory:
    messages = [
        Message(role=Role.SYSTEM, content=SYSTEM),
        Message(role=Role.USER, content=question),
    ]
    calls = []
    for turn in range(TURNS):
        names = [draw.choices(WORDS, k=2) for _ in range(30)]
        code = "\n".join(f"{name} = df['{column}'].mean()" for name, column in names)
        output = prose(draw, 120)
        said = f"<think>\n{prose(draw, 120)}\n</think>\n\n{prose(draw, 20)}"
        call = ToolCall(id=str(turn), name="python_executor", arguments={"code": code})
        messages += [
            Message(role=Role.ASSISTANT, content=said, tool_calls=(call,)),
            Message(role=Role.TOOL, content=output, tool_call_id=str(turn)),
        ]
        calls.append(
            CallRecord(
                code=code,
                files_to_load=("train.csv",),
                files_to_save=("prediction.csv",),
                stdout=output,
                stderr="",
                status=draw.choice([CallStatus.OK, CallStatus.OK, CallStatus.ERROR]),
                seconds=2.0,
            )
        )
    score = draw.choice([0.0, 1.0, round(draw.random(), 3)])
    reason = Reason(code=ReasonCode.NO_ROW_RIGHT, message="no row is right") if not score else None
    return Trajectory(
        task=task,
        track=Track.CLASS_MM,
        cluster=task.partition("_")[0],
        epoch=epoch,
        model="bench",
        messages=tuple(messages),
        calls=tuple(calls),
        stop_reason=StopReason.ANSWER,
        score=score,
        strict_score=score,
        targets={"y": score},
        reason=reason,
        seconds=40.0,
        timing=Timing(model=30.0, tool=8.0),
        tokens=Tokens(input=9000, output=2000, total=11000),
    )


def write_big_store(folder: Path, n: int) -> Path:
    """Write a store of n modelling tasks with small files."""
    draw = random.Random(0)
    train = pd.DataFrame({"a": range(40), "b": range(40), "y": ["u", "v"] * 20})
    val = pd.DataFrame({"row_id": range(20), "a": range(20), "b": range(20)})
    truth = pd.DataFrame({"row_id": range(20), "y": ["u", "v"] * 10})
    datasets = (
        DatasetFiles(
            name=f"owner_table{k:05}_class",
            family=Family.CLASS,
            question_v1="",
            question_v2=prose(draw, 250),
            metadata=prose(draw, 300),
            sources={"train_v2.csv": train, "val_v2.csv": val},
            truths={"ground_truth.csv": truth},
            needed_v1=(),
            needed_v2=("train_v2.csv", "val_v2.csv", "metadata.txt"),
            settings={"target": ["y"]},
            info={"ref": f"owner/table{k:05}", "licenseName": "CC0"},
            domain=f"domain {k % 12}",
            extra={"variants": ["mm"]},
        )
        for k in range(n)
    )
    write_store(list(datasets), folder)
    return folder


@contextmanager
def served(*paths: Path) -> Iterator[str]:
    """Serve some paths, and yield the address."""
    shelf = Shelf(paths)
    start = time.perf_counter()
    shelf.look()
    print(
        f"a first look at {', '.join(p.name for p in paths)}: {time.perf_counter() - start:.1f} s"
    )
    with listen_on("127.0.0.1", 0) as listening:
        server = PageServer(build_app(shelf))
        serving = threading.Thread(target=server.run, args=([listening],))
        serving.start()
        yield url_of(listening)
        server.should_exit = True
        serving.join()


def memory_of(browser: Browser, page: Page) -> float:
    """Return the private memory of a page's process in MB, after what can be freed is freed."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    info = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    renderers = [p["id"] for p in info if p["type"] == "renderer"]
    return max(psutil.Process(pid).memory_full_info().uss for pid in renderers) / 1e6


def opened(browser: Browser, url: str, n: int, what: str, empty: float) -> None:
    """Print how long a page of attempts takes to open, and what it needs."""
    page = browser.new_page()
    start = time.perf_counter()
    page.goto(url)
    page.locator(".row").first.wait_for(state="attached")
    took = time.perf_counter() - start
    frames = scrolled(page)
    page.locator(".row a").first.evaluate("row => row.scrollIntoView()")
    needed = memory_of(browser, page) - empty
    print(
        f"{n:,} attempts, {what}: opens in {took:.2f} s, {needed:.0f} MB "
        f"(goals of {OPENED:,}: 2 s, 100 MB)"
    )
    print(f"  scrolling: {frames}")
    print(f"  a click on an attempt: {clicked(page, '.row a', 'section.turn'):.0f} ms")
    page.go_back()
    page.locator(".row").first.wait_for(state="attached")
    start = time.perf_counter()
    page.get_by_label("Text in attempts").fill("no such words")
    status = page.get_by_role("status").filter(has_text=f"0 of {n:,} attempts with this text")
    status.wait_for(timeout=120_000)
    took, needed = time.perf_counter() - start, memory_of(browser, page) - empty
    print(f"  a search through all texts: {took:.1f} s, then {needed:.0f} MB")
    page.close()


def scrolled(page: Page) -> str:
    """Scroll from the first to the last row in 240 frames, and say how long frames take."""
    page.locator(".row a").first.evaluate("row => row.scrollIntoView()")
    times = page.evaluate(
        """async () => {
          const times = [], end = document.documentElement.scrollHeight, from = scrollY;
          const frame = () => new Promise(requestAnimationFrame);
          let last = await frame();
          for (let k = 1; k <= 240; k += 1) {
            scrollTo({ top: from + ((end - from) * k) / 240, behavior: "instant" });
            const now = await frame();
            if (!document.querySelector(".row")) throw new Error("no row is in sight");
            times.push(now - last);
            last = now;
          }
          return times.sort((a, b) => a - b);
        }"""
    )
    return f"median {times[120]:.0f} ms a frame, longest {times[-1]:.0f} ms"


def clicked(page: Page, what: str, sign: str) -> float:
    """Click, and return after how many milliseconds the sign is drawn."""
    return page.evaluate(
        """async ([what, sign]) => {
          const start = performance.now();
          document.querySelector(what).click();
          while (!document.querySelector(sign)) await new Promise(requestAnimationFrame);
          await new Promise(requestAnimationFrame);
          return performance.now() - start;
        }""",
        [what, sign],
    )


def report(run: Path, out: Path) -> None:
    """Print what `darebench report` takes for a page."""
    command = [sys.executable, "-m", "darebench", "report", str(run), "--format", "html"]
    start = time.perf_counter()
    subprocess.run([*command, "--out", str(out)], check=True, stderr=subprocess.DEVNULL)
    took = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
    read, written = ((path.stat().st_size / 1e6) for path in (run / ATTEMPTS, out))
    print(
        f"{run.name} of {read:.0f} MB: a page of {written:.0f} MB in {took:.1f} s (goal: 20), "
        f"{peak:.0f} MB (goal: 1000)"
    )


def main(root: Path) -> None:
    """Measure."""
    runs = {n: root / f"run-{n}" for n in (OPENED, MOST_OPENED, REPORTED)}
    for n, run in runs.items():
        if not run.exists():
            write_run(run, n)
        report(run, root / f"page-{n}.html")
    store = root / f"store-{TASKS}"
    if not store.exists():
        write_big_store(store, TASKS)
    with sync_playwright() as player:
        browser = player.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        blank = browser.new_page()
        blank.goto("about:blank")
        empty = memory_of(browser, blank)
        blank.close()
        for n in (OPENED, MOST_OPENED):
            opened(browser, (root / f"page-{n}.html").as_uri(), n, "a file", empty)
        with served(runs[OPENED], runs[MOST_OPENED], store) as url:
            for n in (OPENED, MOST_OPENED):
                opened(browser, f"{url}/#/run/run-{n}", n, "served", empty)
            shown = browser.new_page()
            shown.goto(f"{url}/#/store/store-{TASKS}")
            shown.locator(".row").first.wait_for()
            took = clicked(shown, ".row a", "[aria-label=Question]")
            print(f"{TASKS:,} tasks: a click takes {took:.0f} ms (goal: 200)")
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as place:
            main(Path(place))
