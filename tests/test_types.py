"""How a notebook shows a score: short, escaped, and as a table."""

from __future__ import annotations

import darebench

HOSTILE = "<script>alert(1)</script>"


def test_a_score_is_shown_in_short_and_as_a_table():
    truth = darebench.Truth(
        task="a/mm",
        metric=darebench.Metric.MACRO_F1,
        keys=("row_id",),
        targets=("y", HOSTILE),
        csv=f"row_id,y,{HOSTILE}\n1,a,b\n".encode(),
        hash="0" * 12,
    )
    score = darebench.score_prediction(b"row_id,y\n1,a\n", truth)
    assert repr(score).startswith(
        f"<Score a/mm: 0.5000, missing_column: the target column '{HOSTILE}'"
    )
    frame = score.to_frame()
    assert list(frame["target"]) == ["y", HOSTILE]
    assert list(frame["score"]) == [1.0, 0.0]
    html = score._repr_html_()
    assert HOSTILE not in html
    assert "&lt;script&gt;" in html
    assert repr(darebench.score_prediction(truth.csv, truth)) == "<Score a/mm: 1.0000>"
