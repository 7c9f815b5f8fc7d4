"""A designer that asks a language model, behind the protocol of the rules."""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

from dataclasses import dataclass

from darebench.curate.designing.rules import check_size
from darebench.curate.language.ask import LanguageModel, ask_for
from darebench.curate.language.plan import Plan, find_problems, to_designs
from darebench.curate.profiling.resample import AGGREGATIONS, INTERVALS
from darebench.curate.records import Column, Design, Table
from darebench.curate.writing.domains import DOMAINS, OTHER
from darebench.errors import CurationReject
from darebench.types import Message, Role

ABOUT_CHARACTERS = 4_000
PREVIEW_ROWS = 6
VALUE_CHARACTERS = 40
_ROLE = (
    "You plan prediction tasks for data scientists. You are shown one table: what its publisher "
    "says of it, its columns, and some of its rows. You decide what is worth predicting from it, "
    "and from which columns. You answer with one JSON object and nothing else."
)
_ASKED = """Decide whether this table can be the basis of prediction tasks, and plan them.

A good target is what the page speaks of as response, outcome or purpose, or what is measured \
after the rest or at a cost; somebody wants to know it; it can be predicted from other columns of \
the same row (or, for forecasting, from the past), and is not computed from one of them. Never a \
target: identifiers, codes, row numbers, what an experiment sets (arm, dose, treatment, block), \
what describes a person (sex, age, race), parts of a total, parts of a date, and the logarithm, \
square or label of a better target. Where no column is a good target, the table is not suitable. \
Rows that follow each other in time are forecast, never classified or regressed. Leave out \
features that are known only after the target, that restate it, or that are outcomes beside it.

Answer with this JSON object:
{{
 "suitable": true or false,
 "reason": "one sentence; why not, if it is not suitable",
 "domain": one of {domains},
 "column_types": {{column: "numerical" | "categorical" | "timestamp" | "other"}} for every column; \
codes that only look like numbers are categorical,
 "tasks": a list with at most one object for each family that the table is fit for, the best first:
  {{"family": "classification" | "regression" | "forecasting",
   "targets": one to three alternative target columns, the best first,
   "features": the columns to predict from; for forecasting the exogenous ones,
   "time": null, or for forecasting
    {{"column": the column of times,
     "format": its format in strptime's letters,
     "entities": columns that together name one series, [] if all rows are one series,
     "interval": null, or one of {intervals} if the rows are irregular in time,
     "aggregation": null, or one of {aggregations} for the rows of one interval}}}}
}}
Spell every column exactly as it is listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDesigner:
    """Designs what a language model plans, once the plan fits the columns."""

    model: LanguageModel

    def identity(self) -> dict[str, str | None]:
        """Describe the designer as plain values."""
        return {"kind": "model", "model": self.model.name, "base_url": self.model.base_url}

    def design(self, table: Table) -> list[Design]:
        """List the model's candidate designs in its order.

        Raises:
            CurationReject: The table is too small, the model finds it unfit, or its plans do not
                fit the columns.
            ProviderFault: The model's provider failed.
        """
        check_size(table.profile)
        asked = [
            Message(role=Role.SYSTEM, content=_ROLE),
            Message(role=Role.USER, content=f"{describe(table)}\n\n{_question()}"),
        ]
        plan = ask_for(self.model, asked, Plan, lambda p: find_problems(p, table), "design")
        if not plan.suitable:
            raise CurationReject(f"the model finds it unfit: {plan.reason.strip()[:300]}")
        return to_designs(plan, table)


def describe(table: Table) -> str:
    """Show a table in text: its page, its columns, its first rows."""
    raw = table.raw
    shown = table.frame.head(PREVIEW_ROWS).map(_short)
    columns = "\n".join(_line(column, table) for column in table.profile.columns)
    parts = [
        f"Title: {raw.title}",
        f"Keywords: {', '.join(raw.keywords)}" if raw.keywords else "",
        raw.about[:ABOUT_CHARACTERS],
        f"The table has {table.profile.n_rows} rows. Its columns:\n{columns}",
        f"Its first rows:\n{shown.to_csv(index=False)}",
    ]
    return "\n\n".join(part for part in parts if part)


def _question() -> str:
    return _ASKED.format(
        domains=", ".join((*DOMAINS, OTHER)),
        intervals=", ".join(INTERVALS),
        aggregations=", ".join(AGGREGATIONS),
    )


def _line(column: Column, table: Table) -> str:
    facts = [f"{column.n_distinct} values"]
    if column.low is not None:
        whole = "whole numbers" if column.whole else "numbers"
        facts.append(f"{whole} from {column.low:g} to {column.high:g}")
    else:
        known = table.frame[column.name].dropna()
        common = known.value_counts().sort_index().sort_values(ascending=False, kind="stable")
        facts.append("such as " + ", ".join(map(_short, common.index[:4])))
    if column.missing:
        facts.append(f"{column.missing:.1%} missing")
    if column.time_format:
        facts.append(f"times as {column.time_format}")
    meaning = table.describe(column.name)
    return f"- {column.name}: {'; '.join(facts)}{f'. {meaning}' if meaning else ''}"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= VALUE_CHARACTERS else text[:VALUE_CHARACTERS] + "..."
