"""Data files of any size are read in bounded memory."""

from __future__ import annotations

import json
import resource

import numpy as np
import pandas as pd
import pytest

from darebench.curate.curation_options import Options
from darebench.curate.pipeline import curate
from darebench.store.read import open_store


@pytest.mark.slow
def test_ten_million_rows_are_sampled_in_bounded_memory(tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(2, 100_000)).round(4)
    block = pd.DataFrame({"x": x, "z": z, "y": (2 * x + z + rng.normal(size=100_000)).round(4)})
    text = block.to_csv(index=False, header=False)
    with (folder / "long.csv").open("w") as stream:
        stream.write("x,z,y\n")
        for _ in range(100):
            stream.write(text)
    made = curate(str(folder), tmp_path / "out", options=Options(max_targets=1))
    assert made.refused == ()
    (dataset,) = {t.dataset for t in open_store(made.store).tasks}
    path = made.store / "databases" / dataset / "verify" / "all_metadata.json"
    notes = json.loads(path.read_text())["question"]["source_notes"]
    assert notes == ["a sample of 100000 of 10000000 rows"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 3_000_000
