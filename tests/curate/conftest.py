"""Tables to curate: real ones that libraries ship, a made panel, and hostile files."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hostile_files import write_more

from good_tables import bundled, panel, write_good_tables

__all__ = ["bundled", "panel"]


@pytest.fixture(scope="session")
def tables(tmp_path_factory) -> Path:
    """A folder of good tables in several formats, one of them with its page."""
    folder = tmp_path_factory.mktemp("good") / "tables"
    write_good_tables(folder)
    return folder


@pytest.fixture(scope="session")
def hostile(tmp_path_factory) -> Path:
    """A folder of files that nobody would want to read."""
    folder = tmp_path_factory.mktemp("bad") / "hostile"
    folder.mkdir()
    rng = np.random.default_rng(3)
    n = 300

    def good() -> pd.DataFrame:
        x, z = rng.normal(size=n), rng.normal(size=n)
        return pd.DataFrame({"x": x, "z": z, "y": 3 * x + z + rng.normal(size=n)})

    def write(name: str, frame: pd.DataFrame, **how) -> None:
        frame.to_csv(folder / name, index=False, **how)

    (folder / "nothing.csv").write_bytes(b"")
    (folder / "header.csv").write_text("a,b,c\n")
    (folder / "binary.csv").write_bytes(rng.integers(0, 256, 20_000, dtype=np.uint8).tobytes())
    (folder / "program.exe").write_bytes(b"MZ\x00\x01")
    (folder / "broken.parquet").write_bytes(b"PAR1 not really")
    (folder / "broken.sqlite").write_bytes(b"SQLite format 3\x00 no")
    (folder / "broken.jsonl").write_text('{"a": 1}\n{"a": \n')
    (folder / "broken.xlsx").write_bytes(b"PK\x03\x04 no")
    (folder / "list.json").write_text("[1, 2, 3]")
    (folder / "empty folder").mkdir()
    write("one column.csv", good()[["x"]])
    write("all missing.csv", pd.DataFrame({"a": [""] * n, "b": ["NA"] * n, "c": ["?"] * n}))
    write("constant target.csv", pd.DataFrame({"x": "same", "y": 1, "z": [2.5] * n}))
    write("short.csv", good().head(20))
    write("twins.csv", good().set_axis(["v", "v", "v"], axis=1))
    wide = pd.DataFrame(rng.normal(size=(250, 5_000)).round(3))
    wide[0] = wide[1] * 3 + wide[2] + wide[400] * 0.5
    write("wide.csv", wide)
    write(
        "huge numbers.csv",
        good().assign(key=[10**30 + i for i in range(n)], big=rng.normal(size=n) * 1e300),
    )
    write("infinite.csv", good().assign(x=lambda f: f["x"].where(f["x"] < 1, np.inf)))
    quotes = [f'say "{v}", then;\nstop' for v in rng.choice(["yes", "no", "maybe"], n)]
    write("quotes.csv", good().assign(**{'the "x", or `y`': quotes}))
    write("колонки.csv", good().set_axis(["ширина", "高さ", "τιμή"], axis=1))
    mixed = good().assign(word=rng.choice(["café", "naïve", "straße"], n)).to_csv(index=False)
    (folder / "latin.csv").write_bytes(mixed.encode("cp1252"))
    (folder / "mixed.csv").write_bytes(mixed.encode("cp1252") + mixed.encode("utf-8"))
    (folder / "utf16.csv").write_bytes(mixed.encode("utf-16"))
    (folder / "ragged.csv").write_text("a,b\n" + "1,2,3,4\n" * 300 + "5\n" * 10)
    (folder / "formulas.csv").write_text("a,b,c\n" + "=1+1,@sum(a),+cmd\n" * n)
    rows = [{"x": r.x, "deep": {"y": r.y, "z": r.z, "no": [1]}} for r in good().itertuples()]
    (folder / "nested.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with closing(sqlite3.connect(folder / "two.db")) as connection:
        good().to_sql('a "quoted" table', connection, index=False)
        good().head(5).to_sql("small", connection, index=False)
    write(
        "copies.csv",
        good().assign(
            f=lambda f: f["y"] * 9 / 5 + 32, same=lambda f: f["y"], code=lambda f: f["y"].rank()
        ),
    )
    write("row_id.csv", good().assign(row_id=range(n), ROW_ID=1, Row_Id=lambda f: f["x"]))
    write(
        "truths.csv", good().assign(flag=rng.choice(["True", "False"], n), y=lambda f: f["y"] > 0)
    )
    write("same.csv", pd.DataFrame({"x": [1.5] * n, "y": ["a", "b"] * (n // 2), "z": [1, 2] * 150}))
    write_more(folder)
    return folder
