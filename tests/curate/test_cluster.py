"""The same work on a Ray cluster gives the same bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from darebench.curate.curation_options import Options
from darebench.curate.pipeline import curate


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.slow
def test_a_ray_cluster_makes_the_same_bytes(tables, tmp_path):
    pytest.importorskip("ray")
    here = curate(str(tables), tmp_path / "here", options=Options(max_targets=1))
    command = [sys.executable, "-m", "darebench", "curate", str(tables), "--max-targets", "1"]
    command += ["--out", str(tmp_path / "there"), "--cluster", "ray", "--jobs", "2", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ}, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tasks"] == here.n_tasks
    assert content(tmp_path / "there" / "store") == content(here.store)
