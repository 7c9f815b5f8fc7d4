"""A worker that is killed in the middle costs at most the table that it worked on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from darebench.curate.curation_options import Options
from darebench.curate.pipeline import curate

ONE = Options(max_targets=1)


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def folder(tables, tmp_path_factory) -> Path:
    """Two good tables and a long one, that is open long enough to be found so."""
    folder = tmp_path_factory.mktemp("killed") / "tables"
    folder.mkdir()
    for name in ("diabetes.csv", "diabetes.metadata.txt", "cancer.parquet"):
        shutil.copy(tables / name, folder)
    rng = np.random.default_rng(5)
    x, z = rng.normal(size=(2, 400_000)).round(4)
    y = (2 * x + z + rng.normal(size=400_000)).round(4)
    pd.DataFrame({"x": x, "z": z, "y": y}).to_csv(folder / "long.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def undisturbed(folder, tmp_path_factory):
    return curate(folder, tmp_path_factory.mktemp("out"), options=ONE)


def readers(path: Path, others_than: int) -> list[int]:
    """List the processes that have a file open."""
    found = []
    for folder in Path("/proc").glob("[0-9]*/fd"):
        pid = int(folder.parent.name)
        with suppress(OSError):
            if pid != others_than and str(path) in map(os.readlink, folder.iterdir()):
                found.append(pid)
    return found


def disturbed(folder: Path, out: Path, again: Callable[[int], bool], *more: str) -> dict:
    """Curate, and kill the workers that read the long table, as often as is asked."""
    command = [sys.executable, "-m", "darebench", "curate", str(folder), "--out", str(out)]
    command += ["--max-targets", "1", "--jobs", "2", "--quiet", "--json", *more]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    killed: set[int] = set()
    try:
        while process.poll() is None:
            for pid in readers(folder / "long.csv", process.pid):
                if pid not in killed and again(len(killed)):
                    os.kill(pid, signal.SIGKILL)
                    killed.add(pid)
            time.sleep(0.01)
        printed, errors = process.communicate()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, errors
    assert killed, "no worker was found at work on the table"
    return json.loads(printed)


CLUSTERS = ["local", pytest.param("ray", marks=pytest.mark.slow)]


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_a_table_whose_worker_is_killed_once_is_tried_again(folder, undisturbed, tmp_path, cluster):
    pytest.importorskip(cluster if cluster == "ray" else "json")
    out = tmp_path / "out"
    made = disturbed(folder, out, lambda times: times < 1, "--cluster", cluster)
    assert made["tasks"] == undisturbed.n_tasks
    assert content(out / "store") == content(undisturbed.store)
    assert not (out / "work").exists()


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_a_table_whose_workers_are_always_killed_is_refused_and_the_others_go_on(
    folder, undisturbed, tmp_path, cluster
):
    pytest.importorskip(cluster if cluster == "ray" else "json")
    out = tmp_path / "out"
    disturbed(folder, out, lambda times: True, "--cluster", cluster)
    rows = [json.loads(line) for line in (out / "ledger.jsonl").read_text().splitlines()]
    (lost,) = [row for row in rows if row.get("stage") == "machine"]
    assert lost["table"] == "long-csv"
    assert "killed twice" in lost["reason"]
    others = {k: v for k, v in content(undisturbed.store).items() if "databases" in k}
    kept = {k: v for k, v in content(out / "store").items() if "databases" in k}
    assert kept == {k: v for k, v in others.items() if "_long" not in k}
