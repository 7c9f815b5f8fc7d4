"""Tables and sentences in a terminal of 80 columns."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from darebench.report.load import load_run
from darebench.report.table import ReportTable
from darebench.report.tables import all_tables
from darebench.report.terminal import as_text, fill, plain, shorten_line
from runs import attempt, write_run

NAMES = tuple(f"a long column {n}" for n in range(10))
TEXT = st.one_of(
    st.text(max_size=200),
    st.sampled_from(
        ["模型" * 60, "word " * 40, "x" * 150, "[red]a[/red]", "\x1b[31mred", "😀" * 50]
    ),
)


def widest(text: str) -> int:
    return max(map(cell_len, text.split("\n")))


def letters(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


@st.composite
def tables(draw):
    n = draw(st.integers(1, 12))
    row = st.tuples(*(draw(st.sampled_from([TEXT, st.sampled_from(["1", "43.3 [0.0–95.0]"])])) for _ in range(n)))  # fmt: skip
    rows = tuple(draw(st.lists(row, max_size=6)))
    return ReportTable(
        title=draw(TEXT), note=draw(TEXT), columns=draw(st.tuples(*[TEXT] * n)), rows=rows
    )


@given(tables())
def test_every_table_fits_whatever_stands_in_it(table):
    text = as_text(table)
    assert widest(text) <= 80
    assert text.replace("\n", "").isprintable()


@given(st.text(), st.sampled_from(["", "  ", "        "]))
def test_a_text_is_filled_without_losing_a_word(text, indent):
    filled = fill(text, indent=indent)
    assert letters(filled) == letters(plain(text))
    for line in filled.split("\n"):
        assert cell_len(line) <= 80 or line.lstrip()[:1] in "./~" or "://" in line


def test_a_path_is_not_cut():
    path = "/work/" + "x" * 100
    assert path in fill(f"source: {path}", indent="  ").splitlines()[1]
    assert "x" * 100 not in fill("x" * 100)


@given(st.text(), st.integers(2, 40))
def test_a_shortened_line_is_one_line_that_fits(text, width):
    line = shorten_line(text, width)
    assert "\n" not in line
    assert cell_len(line) <= width


def test_a_table_that_is_too_wide_is_turned():
    values = tuple(f"value {n}" for n in range(10))
    text = as_text(ReportTable(title="Wide", note="", columns=NAMES, rows=(values,)))
    assert widest(text) <= 80
    assert all(word in text for word in (*NAMES, *values))


def test_a_narrow_table_is_left_alone():
    table = ReportTable(title="Narrow", note="", columns=("run", "all"), rows=(("a", "1"),))
    head = as_text(table).splitlines()[2]
    assert "run" in head
    assert "all" in head


def test_many_runs_with_long_names_are_cut_into_blocks_that_name_each_row(tmp_path):
    runs = [
        load_run(write_run(tmp_path / f"openai-api-local-{'模型' * 20}-{n}", [attempt("a_class/mm", 1, 0.5)]))
        for n in range(9)
    ]  # fmt: skip
    for table in all_tables(runs).values():
        text = as_text(table)
        assert widest(text) <= 80
    text = as_text(all_tables(runs)["scores"])
    assert text.count("class-MM") > 1
    assert text.count("50.0*") == 2 * 9
