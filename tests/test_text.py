"""Text that every file can hold."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from darebench.text import clean, may_need_cleaning

ANY = st.text(st.characters(codec=None, categories=None))
JSON = st.recursive(
    ANY | st.integers() | st.none() | st.booleans() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(ANY, inner),
)


@given(JSON)
def test_whatever_is_cleaned_can_be_written(value):
    cleaned = clean(value)
    assert "\\u0000" not in json.dumps(cleaned)
    json.dumps(cleaned, ensure_ascii=False).encode()
    assert clean(cleaned) == cleaned


@given(JSON, st.booleans())
def test_what_may_not_need_cleaning_does_not(value, escaped):
    encoded = json.dumps(value, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    if not may_need_cleaning(encoded):
        read = json.loads(encoded)
        assert clean(read) == read


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_text_that_can_be_written_is_left_alone(text):
    assert clean(text) == text


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_two_halves_beside_each_other_are_their_character(text):
    data = text.encode("utf-16-le")
    units = [data[at : at + 2] for at in range(0, len(data), 2)]
    split = "".join(chr(int.from_bytes(unit, "little")) for unit in units)
    assert clean(split) == text
