"""The tables of scikit-learn; its files do not name their columns, so its own loaders read them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from darebench.curate.sources.descriptions import find_descriptions
from darebench.curate.sources.documentation import Page
from darebench.curate.sources.packages.markup import plain_lines

if TYPE_CHECKING:
    import pandas as pd

TABLES = ("breast_cancer", "diabetes", "iris", "wine")
"""Those of its tables that have rows enough and columns with names."""
_TARGETS = {
    "breast_cancer": "diagnosis",
    "diabetes": "progression",
    "iris": "species",
    "wine": "cultivar",
}


def load_bundled(name: str) -> tuple[pd.DataFrame, Page]:
    """Load a table of scikit-learn, with its page."""
    from sklearn import datasets

    asked: dict[str, Any] = {"scaled": False} if name == "diabetes" else {}
    found: Any = getattr(datasets, f"load_{name}")(as_frame=True, **asked)
    labels = found.get("target_names")
    target = found.target if labels is None else found.target.map(dict(enumerate(labels)))
    frame = found.data.assign(**{_TARGETS[name]: target if labels is None else target.astype(str)})
    title = re.search(r"(?m)^(.+)\n-{3,}", found.DESCR)
    about = plain_lines(re.sub(r"(?m)^\.\. _.*\n|^\|details.*\n", "", found.DESCR))
    said = find_descriptions(plain_lines(found.DESCR, frame.columns), frame.columns)
    page = Page(title=title[1] if title else name, about=about, descriptions=said)
    return frame, page
