"""Text files of cells are read in any dialect, and what is no row of them is left out and told."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from darebench.curate.reading.delimited import read_delimited
from darebench.curate.reading.evidence import ReadTable
from darebench.errors import CurationReject

NAMES = ["area", "age", "kind", "price"]


def rows(n: int = 60) -> list[list[str]]:
    rng = random.Random(2)
    kinds = ["flat", "house", "loft"]
    return [
        [
            f"{rng.uniform(40, 160):.1f}",
            str(rng.randint(1, 60)),
            rng.choice(kinds),
            str(rng.randint(9, 999)),
        ]
        for _ in range(n)
    ]


def joined(mark: str, lines: list[list[str]]) -> str:
    return "".join(mark.join(line) + "\n" for line in lines)


def read(tmp_path: Path, text: str, name: str = "t.csv") -> ReadTable:
    path = tmp_path / name
    path.write_text(text, newline="")
    return read_delimited(path)


BODY = joined(",", rows())
HEAD = ",".join(NAMES) + "\n"
QUOTED = joined(",", [[a, b, f'"{k}"', p] for a, b, k, p in rows()])
READ = {
    "plain": HEAD + BODY,
    "carriage returns": (HEAD + BODY).replace("\n", "\r\n"),
    "old Macintosh": (HEAD + BODY).replace("\n", "\r"),
    "semicolons": (HEAD + BODY).replace(",", ";"),
    "tabs": (HEAD + BODY).replace(",", "\t"),
    "bars": (HEAD + BODY).replace(",", "|"),
    "blanks": (HEAD + BODY).replace(",", " "),
    "columns of blanks": (HEAD + BODY).replace(",", "    "),
    "blanks after commas": (HEAD + BODY).replace(",", ", "),
    "sep=;": "sep=;\n" + (HEAD + BODY).replace(",", ";"),
    "quoted sep=,": '"sep=,"\n' + HEAD + BODY,
    "single quotes": HEAD + BODY.replace("flat", "'flat'").replace("house", "'house'").replace("loft", "'loft'"),
    "one title": "Homes of the district\n" + HEAD + BODY,
    "titles and blank lines": "Homes\nof the district\n\n\n" + HEAD + BODY,
    "a title padded with commas": "Homes of the district,,,\n,,,\n" + HEAD + BODY,
    "a title with a comma": "Homes, all of them\n" + HEAD + BODY,
    "remarks": "# made by an instrument\n# in 2020\n" + HEAD + BODY,
    "remarks within": "# made in 2020\n" + HEAD + joined(",", rows()[:30]) + "# a pause\n" + joined(",", rows()[30:]),
    "a header in a remark": "# area,age,kind,price\n" + BODY,
    "per cent remarks": "% made in 2020\n" + HEAD + BODY,
    "units below": HEAD + "m2,years,,EUR\n" + BODY,
    "units in brackets": HEAD + "(m2),(years),,(EUR)\n" + BODY,
    "types below": HEAD + "float,int,str,int\n" + BODY,
    "blank rows at the end": HEAD + BODY + ",,,\n,,,\n",
    "blank rows within": HEAD + BODY.replace("\n", "\n,,,\n", 3),
    "a total": HEAD + BODY + "Total,,,12345\n",
    "a total in German": HEAD + BODY + "Summe,1234,,12345\n",
    "a footer": HEAD + BODY + "\nSource: the office\n",
    "two footers": HEAD + BODY + "Source: the office,,,\n* estimated,,,\n",
    "the header again": HEAD + BODY + HEAD,
    "a comma after each row": HEAD + BODY.replace("\n", ",\n"),
    "commas at all ends": (HEAD + BODY).replace("\n", ",\n"),
    "a broken line": HEAD + BODY + "1,2,flat,4,5,6\n",
    "an index": ",area,age,kind,price\n" + "".join(f"{i},{line}\n" for i, line in enumerate(BODY.splitlines())),
    "Unnamed": "Unnamed: 0,area,age,kind,price\n" + "".join(f"{i},{line}\n" for i, line in enumerate(BODY.splitlines())),
    "R's write.table": " ".join(f'"{n}"' for n in NAMES) + "\n"
    + "".join(f'"{i}" ' + " ".join([a, b, f'"{k}"', p]) + "\n" for i, (a, b, k, p) in enumerate(rows(), 1)),
    "quoted kinds": HEAD + QUOTED,
}  # fmt: skip


@pytest.mark.parametrize("how", READ)
def test_the_same_table_comes_back_however_it_is_written(tmp_path, how):
    read_table = read(tmp_path, READ[how])
    frame = read_table.frame
    assert [name for name in frame.columns if name] == NAMES
    assert frame[NAMES].to_numpy().tolist() == rows()


TOLD = {
    "one title": "left out 1 title row: 'Homes of the district'",
    "remarks": "left out 2 comment lines",
    "units below": "left out 1 unit row",
    "blank rows at the end": "left out 2 blank rows",
    "a total": "left out 1 total row: 'Total, 12345'",
    "a footer": "left out 1 footer row: 'Source: the office'",
    "the header again": "left out 1 repeated header",
    "a broken line": "left out 1 line with too many cells",
}


@pytest.mark.parametrize("how", TOLD)
def test_what_is_left_out_is_told(tmp_path, how):
    notes = read(tmp_path, READ[how]).reading.notes
    assert any(note.startswith(TOLD[how]) for note in notes), notes


def test_units_below_the_header_are_kept(tmp_path):
    assert dict(read(tmp_path, READ["units below"]).units) == {
        "area": "m2",
        "age": "years",
        "price": "EUR",
    }


@pytest.mark.parametrize("name", ["t.data", "t.csv", "t.txt"])
@pytest.mark.parametrize("mark", [",", " ", ";", "\t"])
def test_a_table_without_a_header_loses_no_row(tmp_path, name, mark):
    table = read(tmp_path, joined(mark, rows()), name)
    assert list(table.frame.columns) == ["column_1", "column_2", "column_3", "column_4"]
    assert table.frame.to_numpy().tolist() == rows()
    assert any("no header" in note for note in table.reading.notes)


def test_letters_that_recur_are_no_header(tmp_path):
    rng = random.Random(3)
    lines = [
        [rng.choice("pe"), rng.choice("xbs"), rng.choice("nyw"), rng.choice("tf")]
        for _ in range(80)
    ]
    table = read(tmp_path, joined(",", lines), "mushroom.data")
    assert len(table.frame) == 80


NOT_LEFT_OUT = {
    "a word at the top of a column of words": "kind,note\n" + "flat,a\nloft,b\nhouse,c\n" * 20,
    "years as names": "country,1990,1991,1992,1993\n" + "".join(f"c{i},{i},{i + 1},{i * 2},{i}\n" for i in range(60)),
    "counted names": "0,1,2,3,4\n" + "".join(f"{i}.5,{i}.25,{i}.1,{i}.9,{i}.7\n" for i in range(60)),
    "a level called Total": "sex,age,n\n" + "Total,1,5\nmale,1,2\nfemale,1,3\n" * 20,
    "a hole in the last row": "day,rain,sun\n" + "".join(f"2020-01-{d:02d},1.5,2.5\n" for d in range(1, 31)) + "2020-01-31,,\n",
    "colours with a hash": "colour,price\n" + "".join(f"#f{i:02d},{i}\n" for i in range(60)),
    "a comment column": "text,n\n" + "".join(f'"a, b; c {i}",{i}\n' for i in range(60)),
}  # fmt: skip


@pytest.mark.parametrize("what", NOT_LEFT_OUT)
def test_rows_that_only_look_odd_are_kept(tmp_path, what):
    text = NOT_LEFT_OUT[what]
    table = read(tmp_path, text)
    assert len(table.frame) == text.count("\n") - 1
    assert list(table.frame.columns) == text.split("\n", 1)[0].split(",")


def test_mysql_escapes_are_escapes(tmp_path):
    lines = [f'{i},"he said \\"no\\", then {i}",\\N\n' for i in range(40)]
    table = read(tmp_path, "id,text,other\n" + "".join(lines))
    assert table.frame["text"].tolist() == [f'he said "no", then {i}' for i in range(40)]
    assert table.frame["other"].isna().all()


def test_decimal_commas_do_not_part_cells(tmp_path):
    lines = "".join(f"{i},5;{i},25;{i}\n" for i in range(40))
    table = read(tmp_path, "a;b;c\n" + lines)
    assert table.frame.shape == (40, 3)


def test_groups_above_names_are_put_before_them(tmp_path):
    lines = "".join(f"c{i},{i},{i + 1},{i + 2},{i + 3}\n" for i in range(40))
    table = read(tmp_path, ",2019,,2020,\ncity,rain,sun,rain,sun\n" + lines)
    assert list(table.frame.columns) == ["city", "2019 rain", "2019 sun", "2020 rain", "2020 sun"]


def test_another_number_of_names_than_cells_is_refused(tmp_path):
    with pytest.raises(CurationReject, match="header has 2 names, and most rows have 4 cells"):
        read(tmp_path, "a,b\n" + "1,2,3,4\n" * 50)


def test_many_lines_that_do_not_fit_are_refused(tmp_path):
    text = HEAD + BODY + "1,2,flat,4,5\n" * 20
    with pytest.raises(CurationReject, match="20 lines with more cells than its 4 columns"):
        read(tmp_path, text)
