"""Finds what a table is about: one of the paper's domains."""

from __future__ import annotations

import re

from darebench.curate.records import Table

DOMAINS = {
    "finance": "bank|loan|credit|stock|price|market|invest|income|wage|econom|gdp|inflation|tax|"
    "mortgage|exchange rate|consumption|debt",
    "health": "health|patient|disease|medical|clinical|cancer|hospital|blood|drug|treatment|"
    "mortality|diabet|smok|infant|birth weight|trial|dose",
    "business": "sales|customer|firm|product|company|retail|marketing|employ|restaurant|hotel",
    "environment": "species|plant|animal|climate|weather|temperature|pollution|ozone|soil|forest|"
    "rain|water|bird|fish|tree|river|earthquake|ocean",
    "automotive": "car|cars|vehicle|automobile|mpg|engine|fuel|traffic|accident",
    "technology": "software|computer|internet|network|email|spam|web|phone|device",
    "education": "school|student|education|teacher|university|college|exam|course|grade",
}
OTHER = "other"


def find_domain(table: Table) -> str:
    """Choose the domain whose words the page uses most; the title counts five times."""
    raw = table.raw
    title = " ".join([raw.title, *raw.keywords]).lower()
    text = " ".join([raw.about.lower(), *raw.descriptions.values()]).lower()
    points = {
        name: 5 * len(re.findall(rf"\b(?:{words})", title))
        + len(re.findall(rf"\b(?:{words})", text))
        for name, words in DOMAINS.items()
    }
    best = max(points, key=lambda name: points[name])
    return best if points[best] >= 2 else OTHER
