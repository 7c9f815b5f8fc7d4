"""Pages beside several tables: each table takes what is said of it alone."""

from __future__ import annotations

import json

import pandas as pd

from darebench.curate.sources.local_folder import read_dataset

WINES = pd.DataFrame({"alcohol": [12.5, 13.5, 14.0], "ash": [2.1, 2.2, 2.3]})


def test_a_page_that_names_no_column_is_of_another_table(tmp_path):
    WINES.to_csv(tmp_path / "wines.csv", index=False)
    pd.DataFrame({"wage": [1.5, 2.5], "school": [3, 4]}).to_csv(tmp_path / "pay.csv", index=False)
    (tmp_path / "README.md").write_text("# Pay of 1985\n\nLicense: MIT\n\n- wage: by the hour\n")
    pay, wines = read_dataset(tmp_path / "pay.csv"), read_dataset(tmp_path / "wines.csv")
    assert (pay.title, pay.descriptions) == ("Pay of 1985", {"wage": "by the hour"})
    assert (wines.title, wines.about, wines.descriptions) == ("wines", "", {})
    assert (pay.licence, wines.licence) == ("MIT", "MIT")


def test_a_page_with_the_name_of_the_file_is_of_this_table(tmp_path):
    WINES.to_csv(tmp_path / "wines.csv", index=False)
    (tmp_path / "wines.metadata.txt").write_text("Three growers\n\nMeasured in a laboratory.\n")
    assert read_dataset(tmp_path / "wines.csv").title == "Three growers"


def test_metadata_without_columns_is_of_what_lies_beside_it(tmp_path):
    WINES.to_csv(tmp_path / "wines.csv", index=False)
    (tmp_path / "metadata.json").write_text(json.dumps({"title": "Growers", "licence": "MIT"}))
    assert read_dataset(tmp_path).title == "Growers"


def test_metadata_of_other_columns_alone_is_of_another_table(tmp_path):
    WINES.to_csv(tmp_path / "wines.csv", index=False)
    page = {"title": "Pay", "columns": {"wage": "by the hour"}}
    (tmp_path / "metadata.json").write_text(json.dumps(page))
    assert read_dataset(tmp_path).title == tmp_path.name.replace("_", " ")


def test_the_path_in_the_folder_tells_files_of_one_name_apart(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        WINES.assign(**{folder: 1}).to_csv(tmp_path / folder / "w.csv", index=False)
    entries = [
        {"path": f"{folder}/w.csv", "columns": [{"name": "ash", "description": f"of {folder}"}]}
        for folder in ("a", "b")
    ]
    (tmp_path / "dataset-metadata.json").write_text(json.dumps({"resources": entries}))
    table = read_dataset(tmp_path)
    (own,) = {"a", "b"} & set(table.frame.columns)
    assert table.descriptions == {"ash": f"of {own}"}
