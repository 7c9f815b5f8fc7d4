"""Reads the files of a task; the other programs import it, and their text carries it along."""

import re
import sqlite3
from contextlib import closing

import pandas as pd


def read_tables(name):
    """Read every table of a csv (only the empty string is missing), parquet or sqlite file."""
    if name.endswith(".csv"):
        return {"": pd.read_csv(name, keep_default_na=False, na_values=[""], low_memory=False)}
    if name.endswith(".parquet"):
        return {"": pd.read_parquet(name)}
    with closing(sqlite3.connect(name)) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        names = sorted((t for (t,) in found), key=lambda t: [int(n) for n in re.findall(r"\d+", t)])
        return {t: pd.read_sql_query(f'SELECT * FROM "{t}"', connection) for t in names}


def read_table(name):
    """Read one table; the tables of a sqlite file are joined on row_id, in their numbers' order."""
    frame = None
    for part in read_tables(name).values():
        frame = part if frame is None else frame.merge(part, on="row_id")
    return frame
