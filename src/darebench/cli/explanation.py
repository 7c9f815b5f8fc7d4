"""Prints what `darebench curate --explain` says of tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tomli_w

from darebench.cli.output import Output, print_json, print_line


def print_explanations(tables: Sequence[Mapping[str, Any]], output: Output) -> None:
    """Print what was decided about each table, as JSON or as lines of at most 80 columns."""
    if output.as_json:
        print_json({"explain": True, "tables": list(tables)})
        return
    for said in tables:
        _print_table(said)
    found = {said["key"]: said["dataset_toml"] for said in tables if said.get("dataset_toml")}
    if found:
        print_line("# dataset.toml: put it beside the data, and change what is wrong")
        print(tomli_w.dumps(found).rstrip())


def _print_table(said: Mapping[str, Any]) -> None:
    print_line(f"{said['key']}: {said['rows']} rows" if "rows" in said else f"{said['key']}:")
    for line in [*_file(said), *map(_note, said.get("notes", ()))]:
        _print_part(f"{line}")
    for column in said.get("columns", ()):
        _print_part(f"column {column['name']}: {column['role']}; {_facts(column)}")
    if "time" in said:
        _print_decision("time", [said["time"]["column"]], said["time"]["why"])
        _print_decision("groups", said["groups"]["columns"], said["groups"]["why"])
    for target in said.get("targets", ()):
        name = target["name"]
        verdict = f"target {name} ({target['family']})" if target["taken"] else f"no target {name}"
        help_ = f"; {target['help']}" if target.get("help") else ""
        _print_part(f"{verdict}: {target['why']}{help_}")
    if said.get("refused"):
        _print_part(f"refused in stage {said['refused']['stage']}: {said['refused']['reason']}")
    print_line("")


def _file(said: Mapping[str, Any]) -> list[str]:
    """Return lines on the container, the encoding, the dialect, the header and what is left out."""
    lines = [f"file: {said['file']}"] if said.get("file") else []
    if said.get("encoding"):
        lines.append(f"encoding: {said['encoding']['name']}; {said['encoding']['why']}")
    dialect = said.get("dialect")
    if dialect:
        shown = [f"{key} {dialect[key]!r}" for key in ("delimiter", "quote", "escape", "comment")
                 if dialect[key]]  # fmt: skip
        why = f"; {dialect['why']}" if dialect["why"] else ""
        lines.append(f"dialect: {', '.join(shown)}{why}")
    header = said.get("header")
    if header:
        row = f"row {header['row']}" if header["row"] is not None else "none"
        lines.append(f"header: {row}; {header['why']}")
    return lines


def _note(text: str) -> str:
    return f"note: {text}"


def _facts(column: Mapping[str, Any]) -> str:
    facts = [column["why"]] if column["why"] else []
    if "kind" in column:
        missing = f", {column['missing']:.0%} missing" if column["missing"] else ""
        facts.append(f"{column['kind']}, {column['distinct']} values{missing}")
    facts += [f"blank: {', '.join(column['examples'])}"] if column.get("examples") else []
    facts += [column["help"]] if column.get("help") else []
    return "; ".join(facts)


def _print_decision(what: str, names: Sequence[str | None], why: str) -> None:
    shown = ", ".join(name for name in names if name) or "none"
    _print_part(f"{what}: {shown}; {why}")


def _print_part(text: str) -> None:
    """Print a line of a table; what is longer than the terminal goes on below."""
    from darebench.report.terminal import fill

    print(fill(f"- {text}", indent="    "))
