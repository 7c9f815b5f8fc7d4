"""Packages are found, read and described as they are installed; what is absent is named."""

from __future__ import annotations

import gzip
import pickle
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from darebench.curate.pipeline import curate
from darebench.curate.sources.packages.installed import find_installed
from darebench.curate.sources.packages.shipped import PACKAGES, Shipped
from darebench.curate.sources.packages.source import PackagesSource, open_packages
from darebench.errors import ConfigError, CurationReject

GARDEN = Shipped(name="gardendata", data=("garden/data/*",), pages=("garden/data.py",))
PAGES = '''raise SystemExit("this package has run")

DATA = {
    "roses": {"license": "CC0", "description": "Roses of one summer."},
    "toys": {"description": "Simulated petals, to try methods."},
}

def load_soil():
    """Load the soil of the garden.

    depth    in centimetres
    acid     pH
    """
    return read("soil.csv.gz")
'''


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Install a package in a folder of its own, as an installer lays it."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"depth": rng.normal(30, 9, 200).round(2), "acid": rng.normal(6, 1, 200)})
    text = frame.to_csv(index=False)
    data = tmp_path / "garden" / "data"
    data.mkdir(parents=True)
    for name in ("roses", "toys", "weeds"):
        (data / f"{name}.csv").write_text(text, encoding="utf-8")
    (data / "soil.csv.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    (data / "tiny.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (tmp_path / "garden" / "data.py").write_text(PAGES, encoding="utf-8")
    info = tmp_path / "gardendata-1.2.dist-info"
    info.mkdir()
    files = [path.relative_to(tmp_path) for path in tmp_path.rglob("*.*") if path.is_file()]
    (info / "RECORD").write_text("".join(f"{file.as_posix()},,\n" for file in files))
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: gardendata\nVersion: 1.2\nLicense: MIT\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return tmp_path


def source() -> PackagesSource:
    found = find_installed(GARDEN)
    assert found is not None
    return PackagesSource(packages=(found,), absent=("lost",), rdatasets="")


def test_a_table_comes_with_what_its_package_says(site):
    raw = pickle.loads(pickle.dumps(source())).load("gardendata/soil")
    assert raw.title == "Soil of the garden"
    assert raw.descriptions == {"depth": "in centimetres", "acid": "pH"}
    assert raw.licence == "MIT (of the package gardendata 1.2)"
    assert len(raw.frame) == 200
    assert source().load("gardendata/roses").licence == "CC0 (as gardendata 1.2 says of this table)"


def test_a_package_without_a_licence_says_so(site):
    (site / "gardendata-1.2.dist-info" / "METADATA").write_text("Name: gardendata\nVersion: 1.2\n")
    assert source().load("gardendata/soil").licence == "unknown (of the package gardendata 1.2)"


def test_tables_are_listed_before_what_is_absent(site):
    names = ["roses", "soil", "toys", "weeds"]
    assert source().keys() == [*(f"gardendata/{name}" for name in names), "lost"]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("gardendata/weeds", "does not say what it is"),
        ("gardendata/toys", "made up"),
        ("lost", "not installed: .*install.* --no-deps lost"),
    ],
)
def test_refusals_are_named(site, key, words):
    with pytest.raises(CurationReject, match=words):
        source().load(key)


def test_identity_is_of_versions_and_content(site):
    before = source().identity()
    assert source().identity() == before
    (site / "garden" / "data.py").write_text(PAGES + "\n", encoding="utf-8")
    after = source().identity()
    assert after != before
    assert replace(source(), rdatasets="0.2").identity() != after


def test_the_only_package_that_is_asked_for_must_be_there():
    absent = Shipped(name="no-such-package-of-tables")
    with pytest.raises(ConfigError, match=r"is not installed: .*--no-deps no-such-package"):
        open_packages([absent])


@pytest.mark.parametrize(
    ("name", "words"),
    [("packages://statsmodel", "did you mean statsmodels"), ("packages://zzz", "known are agri")],
)
def test_unknown_packages_are_named(tmp_path, name, words):
    with pytest.raises(ConfigError, match=words):
        curate(name, tmp_path / "out")


def test_names_are_unique_and_sorted_for_people():
    names = [package.name for package in PACKAGES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("key", "title", "column", "meaning"),
    [
        ("statsmodels/macrodata", "United States Macroeconomic data", "unemp", "unemployment"),
        ("statsmodels/fair", "Affairs dataset", "rate_marriage", "very poor"),
        ("scikit-learn/diabetes", "Diabetes dataset", "bp", "average blood pressure"),
    ],
)
def test_libraries_that_are_always_there(key, title, column, meaning):
    name, _, table = key.partition("/")
    found = find_installed(next(p for p in PACKAGES if p.name == name))
    assert found is not None
    raw = PackagesSource(packages=(found,), absent=(), rdatasets="").load(f"{name}/{table}")
    assert raw.title.startswith(title)
    assert meaning in raw.descriptions[column]
