"""Writes programs for the small model: right ones, and wrong ones at a given rate.

A program is a list of pieces out of a closed set, so that writing a right one is choosing them by
what the short prompt says; its constants are the prompt's own words. Each choice goes wrong by
itself with probability `mistakes`; that is how the base learns to write Python that seldom works.
The corrupt rows of a written workflow are found without its ranges: in all of their columns they
lie outside what the file to predict holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from darebench.agents.protocol import Reply, Stop
from darebench.agents.short_prompt import BETWEEN, COLUMNS, SLOTS, listed
from darebench.agents.tools import NAME
from darebench.store.layout import PREDICTION
from darebench.types import Message, Role, ToolCall

MODELS = {
    "class": {
        "LogisticRegression": "linear_model",
        "DecisionTreeClassifier": "tree",
        "GaussianNB": "naive_bayes",
        "LinearSVC": "svm",
        "MLPClassifier": "neural_network",
        "RandomForestClassifier": "ensemble",
        "DummyClassifier": "dummy",
    },
    "reg": {
        "LinearRegression": "linear_model",
        "DecisionTreeRegressor": "tree",
        "Ridge": "linear_model",
        "Lasso": "linear_model",
        "MLPRegressor": "neural_network",
        "RandomForestRegressor": "ensemble",
        "DummyRegressor": "dummy",
    },
}
SEEDLESS = ("GaussianNB", "LinearRegression", "DummyRegressor")
SLOW = ("MLPClassifier", "MLPRegressor")
"""Not drawn where the method is free: they take most of the time and seldom win."""
IMPUTERS = ("mean", "median", "most_frequent")
SUFFIXES = ("csv", "parquet", "sqlite")
FILES = tuple(f"{side}_v{n}.{s}" for side in ("train", "val") for n in (0, 1, 2) for s in SUFFIXES)
"""The tasks' files, and those of version 0, which is a mistake: no such file exists."""
HEAD = """import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline as pipe
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler
"""
READS = {
    "csv": "\nread = lambda f: pd.read_csv(f, keep_default_na=False, na_values=[''])\n",
    "parquet": "\nread = pd.read_parquet\n",
    "sqlite": """
import sqlite3
def read(f):
 db = sqlite3.connect(f)
 names = db.execute('SELECT name FROM sqlite_master ORDER BY length(name), name')
 first, *others = [pd.read_sql(f'SELECT * FROM [{n}]', db) for (n,) in names.fetchall()]
 for table in others: first = first.merge(table, on='row_id')
 return first
""",
}
LOAD = """clean = lambda c: c.where(c.notna(), np.nan) if c.dtype == object else c
t, v = read(train).apply(clean), read(val).apply(clean)
names = [*v.columns.drop('row_id')]
"""
TARGET = "target, = set(t) - set(v)\n"
WRONG_TARGET = "target = names[0]\n"
FREE = """numeric = [c for c in names if v[c].dtype.kind in 'iuf']
text = [c for c in names if c not in numeric and v[c].nunique() < 16]
"""
STATED = """numeric, text = ([names[i] for i in k if i is not None] for k in (numeric, text))
"""
FILTER = """def odd(c):
 inside = t[c].between(v[c].min(), v[c].max()) if v[c].dtype.kind in 'iuf' else t[c].isin(v[c])
 return t[c].notna() & ~inside
t = t[~np.logical_and.reduce([odd(c) for c in names])]
"""
FIT = """t = t[t[target].notna()]
n = pipe(SimpleImputer(strategy=impute), StandardScaler())
onehot = OneHotEncoder(handle_unknown='ignore', sparse_output=False)
c = pipe(SimpleImputer(strategy='most_frequent'), onehot)
x = ColumnTransformer([('n', n, numeric), ('c', c, text)])
v[target] = pipe(x, m).fit(t[numeric + text], t[target]).predict(v[numeric + text])
"""
SAVES = (
    "v[['row_id', target]].to_csv('prediction.csv', index=False)",
    "v[[target]].to_csv('prediction.csv')",
    "v.to_csv('predictions.csv', index=False)",
    "print(v[target])",
)
SEEDS = 100
DONE = "Saved."
_NONE_LEFT = "\nTurns left: 0."
LEFT = (
    f"\nTurns left: 1. {PREDICTION} is not saved yet.",
    "\nTurns left: 1.",
    _NONE_LEFT,
    _NONE_LEFT,
)
"""How the tool's answers end after the first of two turns, without and with a prediction, and after
the second."""


def estimator(family: str, name: str) -> tuple[str, str]:
    """Return the lines that import an estimator as M, and the line that makes one."""
    made = "m = M()\n" if name in SEEDLESS else "m = M(random_state=int(seed))\n"
    return f"from sklearn.{MODELS[family][name]} import {name} as M\n", made


def pieces() -> Iterator[str]:
    """List the closed set of statements and blocks, and what a prompt is made of."""
    yield from (HEAD, *READS.values(), LOAD, TARGET, WRONG_TARGET, FREE, STATED, FILTER, FIT)
    yield from SAVES
    for family, names in MODELS.items():
        for name in names:
            yield from estimator(family, name)
    yield from (f"train = '{name}'" for name in FILES if name.startswith("train"))
    yield from (f"{BETWEEN}val = '{name}'" for name in FILES if name.startswith("val"))
    yield from (f"{BETWEEN}{name} = [" for name in SLOTS)
    yield from (f"{column}, " for column in (*range(COLUMNS), None))
    yield "]"
    yield from (f"{BETWEEN}impute = '{name}'" for name in IMPUTERS)
    yield from (f"{BETWEEN}seed = '", *"0123456789", "'")
    yield from (f"{BETWEEN}model = '{name}'" for names in MODELS.values() for name in names)
    yield from (f"{BETWEEN}kind = '{v} {family}'" for v in ("if", "mm") for family in MODELS)


@dataclass(slots=True, kw_only=True)
class Writer:
    """Writes programs for short prompts; the generator is its own."""

    rng: np.random.Generator
    mistakes: float = 0.0
    """Probability that a choice goes wrong."""

    def arguments(self, prompt: str) -> dict[str, Any]:
        """Write one call of the tool."""
        asked = read_short_prompt(prompt)
        names = [asked["train"].strip("'"), asked["val"].strip("'")]
        if self._slips():
            names = [name.replace("_v1", "_v0").replace("_v2", "_v1") for name in names]
        load = names[: 1 if self._slips() else 2]
        save = [] if self._slips() else [PREDICTION]
        return {"code": self._code(asked, names), "files_to_load": load, "files_to_save": save}

    def _slips(self) -> bool:
        return bool(self.rng.random() < self.mistakes)

    def _pick(self, items: Sequence[str]) -> str:
        return str(items[int(self.rng.integers(len(items)))])

    def _code(self, asked: Mapping[str, str], names: Sequence[str]) -> str:
        family = asked["kind"].strip("'").split()[1]
        suffix = names[0].rpartition(".")[2]
        read = READS[self._pick(SUFFIXES) if self._slips() else suffix]
        target = WRONG_TARGET if self._slips() else TARGET
        constants, prepared = (
            self._workflow(asked, family) if "model" in asked else self._free(family)
        )
        stated = BETWEEN.join([f"train = '{names[0]}'", f"val = '{names[1]}'", *constants])
        parts = [HEAD, stated, read, LOAD, target, *prepared, FIT]
        return "".join([*parts, self._pick(SAVES[1:]) if self._slips() else SAVES[0]])

    def _free(self, family: str) -> tuple[list[str], list[str]]:
        """Choose a method: any will do, and some do better."""
        if self._slips():
            family = self._pick(list(MODELS))
        name = self._pick([n for n in MODELS[family] if n not in SLOW])
        constants = [f"impute = '{self._pick(IMPUTERS)}'", "seed = '00'"]
        return constants, [FREE, *estimator(family, name)]

    def _workflow(self, asked: Mapping[str, str], family: str) -> tuple[list[str], list[str]]:
        """Follow what is written."""
        features = {name: _columns(asked[name]) for name in SLOTS}
        if self._slips():
            features = {k: c[: int(self.rng.integers(len(c) + 1))] for k, c in features.items()}
        slots = [f"{name} = {listed(c, SLOTS[name])}" for name, c in features.items()]
        impute = f"'{self._pick(IMPUTERS)}'" if self._slips() else asked["impute"]
        seed = f"'{self.rng.integers(SEEDS):02}'" if self._slips() else asked["seed"]
        name = self._pick(list(MODELS[family])) if self._slips() else asked["model"].strip("'")
        prepared = [FREE] if self._slips() else [STATED]
        prepared += [] if self._slips() else [FILTER]
        constants = [*slots, f"impute = {impute}", f"seed = {seed}"]
        return constants, [*prepared, *estimator(family, name)]


class WriterModel:
    """A writer as a chat model: a program, and another if the first left no prediction."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def reply(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> Reply:
        """Return the next turn."""
        if any(f"Saved: '{PREDICTION}'" in m.content for m in messages if m.role == Role.TOOL):
            return Reply(message=Message(role=Role.ASSISTANT, content=DONE))
        prompt = next(m.content for m in messages if m.role == Role.USER)
        arguments = self._writer.arguments(prompt)
        call = ToolCall(id=f"call_{len(messages)}", name=NAME, arguments=arguments)
        return Reply(
            message=Message(role=Role.ASSISTANT, content="", tool_calls=(call,)),
            stop=Stop.TOOL_CALLS,
        )


def read_short_prompt(prompt: str) -> dict[str, str]:
    """Read a short prompt back: name -> what follows the equals sign."""
    return dict(said.split(" = ", 1) for said in prompt.split(BETWEEN))


def _columns(text: str) -> list[int]:
    return [int(word) for word in text.strip("[]").split(", ") if word.isdigit()]


def made_up_prompt(rng: np.random.Generator) -> str:
    """Write a short prompt about a table that does not exist."""
    variant = ("if", "mm")[int(rng.integers(2))]
    family = ("class", "reg")[int(rng.integers(2))]
    suffix = SUFFIXES[int(rng.integers(3))]
    version = 1 if variant == "if" else 2
    said = [f"{side} = '{side}_v{version}.{suffix}'" for side in ("train", "val")]
    if variant == "if":
        counts = [int(rng.integers(slots + 1)) for slots in SLOTS.values()]
        counts[0] += not any(counts)
        n_columns = int(rng.integers(sum(counts), COLUMNS + 1))
        columns = np.split(rng.permutation(n_columns)[: sum(counts)], [counts[0]])
        for (name, slots), chosen in zip(SLOTS.items(), columns, strict=True):
            said.append(f"{name} = {listed(chosen.tolist(), slots)}")
        models = [m for m in MODELS[family] if not m.startswith(("Random", "Dummy"))]
        said += [
            f"impute = {IMPUTERS[int(rng.integers(3))]!r}",
            f"seed = '{rng.integers(SEEDS):02}'",
            f"model = {models[int(rng.integers(len(models)))]!r}",
        ]
    return BETWEEN.join([*said, f"kind = '{variant} {family}'"])


def document(writer: Writer, results: Sequence[str]) -> list[dict[str, Any]]:
    """Write a whole made-up conversation: a program, a result, and at times a second try."""
    prompt = made_up_prompt(writer.rng)
    turns: list[dict[str, Any]] = [{"role": "user", "content": prompt}]
    for urgent, last in (LEFT[:2], LEFT[2:]):
        arguments = writer.arguments(prompt)
        function = {"name": NAME, "arguments": json.dumps(arguments, ensure_ascii=False)}
        call = {"type": "function", "function": function}
        turns.append({"role": "assistant", "content": "", "tool_calls": [call]})
        if arguments["files_to_save"] and writer.rng.random() < 0.7:
            size = int(writer.rng.integers(200, 20_000))
            saved = f"{results[0]}{size // 10} rows x 2 columns, {size} bytes)"
            turns.append({"role": "tool", "content": f"{saved}{last}"})
            turns.append({"role": "assistant", "content": DONE})
            break
        failed = results[1 + int(writer.rng.integers(len(results) - 1))]
        turns.append({"role": "tool", "content": f"{failed}{urgent}"})
    return turns
