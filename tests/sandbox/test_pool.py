"""Which zygote a program is forked off."""

from __future__ import annotations

import pytest

from darebench.sandbox.host.pool import is_light


@pytest.mark.parametrize(
    ("code", "light"),
    [
        ("print(1)", True),
        ("import os, json as j\nfrom collections.abc import Mapping", True),
        ("import numpy as np; x = np.ones(3)", True),
        ("import os; import pandas as pd", False),
        (
            "try:\n    from sklearn.svm import (\n        SVC,\n    )\nexcept ImportError: pass",
            False,
        ),
        ("import helper", False),
        ("m = __import__('pan' + 'das')", False),
        ("import pickle", False),
        ("exec(open('x.py').read())", False),
        ("import ,", True),
    ],
)
def test_what_names_no_library_is_light(code, light):
    assert is_light(code) is light
