"""Tables that curation makes tasks of: real ones that libraries ship, and a made panel."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd


def bundled(name: str) -> pd.DataFrame:
    from sklearn import datasets

    data = getattr(datasets, f"load_{name}")(as_frame=True)
    frame = data.data.copy()
    frame.columns = [str(c).replace(" (cm)", "") for c in frame.columns]
    target = data.target
    if name == "wine":
        target = target.map(dict(enumerate(["first", "second", "third"])))
    return frame.assign(result=target)


def panel(n_days: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    days = pd.date_range("2022-01-01", periods=n_days).strftime("%Y-%m-%d")
    parts = []
    for number, shop in enumerate(["north", "south", "east"]):
        visitors = rng.poisson(rng.uniform(180, 260, n_days) + 10 * number)
        day = np.arange(n_days)
        sold = 2.5 * visitors + 150 * (day % 7 > 4) + 1.5 * day + 50 * number
        sold = sold + rng.normal(0, 25, n_days)
        parts.append(
            pd.DataFrame({"day": days, "shop": shop, "visitors": visitors, "sold": sold.round(2)})
        )
    return pd.concat(parts, ignore_index=True)


def write_good_tables(folder: Path) -> None:
    """Write a folder of good tables in several formats, one of them with its page."""
    folder.mkdir()
    bundled("diabetes").round(4).to_csv(folder / "diabetes.csv", index=False)
    (folder / "diabetes.metadata.txt").write_text(
        "Diabetes\n\nLicence: public domain\n\nbmi: body mass index\nbp: average blood pressure\n"
        "s1: total serum cholesterol\nresult: progression of the disease after a year\n"
    )
    cancer = bundled("breast_cancer").iloc[:, [0, 1, 4, 6, 9, -1]]
    cancer.to_parquet(folder / "cancer.parquet")
    shops = folder / "shops"
    shops.mkdir()
    panel().to_csv(shops / "sales.csv", index=False, sep=";")
    page = {
        "title": "Shops",
        "licenses": [{"name": "CC0-1.0"}],
        "lastUpdated": "2024-05-01",
        "columns": {"visitors": "number of visitors of a day", "sold": "daily sales in euros"},
    }
    (shops / "metadata.json").write_text(json.dumps(page))
