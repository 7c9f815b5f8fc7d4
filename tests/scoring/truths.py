"""Small truths that scoring tests compare with."""

from __future__ import annotations

import hashlib

from darebench.types import Metric, Truth


def truth(csv: str, metric: Metric, *, keys=("row_id",), targets=("y",), **more) -> Truth:
    content = csv.encode()
    digest = hashlib.sha256(content).hexdigest()[:12]
    return Truth(
        task="t", metric=metric, keys=keys, targets=targets, csv=content, hash=digest, **more
    )


NUMBERS = truth("row_id,y\n1,1\n2,2\n3,3\n", Metric.CLIPPED_R2)
CLOSE = truth("row_id,y\n1,1\n2,2\n3,3\n", Metric.CLOSE_NUMBERS)
LABELS = truth("row_id,y\n1,a\n2,a\n3,b\n4,b\n", Metric.MACRO_F1)
BITS = truth("row_id,y\n1,1\n2,0\n3,1\n", Metric.EXACT_LABELS)
GOOD = "row_id,y\n1,1\n2,2\n3,3\n"
"""A prediction that is NUMBERS itself."""
DAYS = truth(
    "when,shop,y\n2020-01-01,a,1\n2020-01-02,a,2\n2020-01-02,b,3\n",
    Metric.CLIPPED_R2, keys=("when", "shop"), time_column="when",
)  # fmt: skip
