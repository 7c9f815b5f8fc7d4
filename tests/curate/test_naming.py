"""Names of folders."""

from __future__ import annotations

import pytest

from darebench.curate.naming import slug


@pytest.mark.parametrize(("text", "expected"), [("My Table.csv", "my-table-csv"), ("a", "a")])
def test_plain_names_make_plain_slugs(text, expected):
    assert slug(text) == expected


def test_names_in_other_scripts_make_different_slugs():
    assert len({slug("таблица"), slug("表"), slug("таблицы"), slug("")}) == 4
