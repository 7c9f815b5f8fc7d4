"""Programs of our own writing for the small model: right ones, and wrong ones at a given rate.

A program is a list of lines. Lines of the short prompt are taken over word for word, the rest is
fixed text, so that writing a right program is choosing and copying. Each choice goes wrong by
itself with probability `mistakes`; that is how the base learns to write Python that seldom works.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from darebench.agents.protocol import Reply
from darebench.agents.tools import NAME
from darebench.store.layout import PREDICTION
from darebench.types import Message, ToolCall

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
IMPUTERS = ("mean", "median", "most_frequent")
SUFFIXES = ("csv", "parquet", "sqlite")
READS = {
    "csv": ["read = lambda name: pd.read_csv(name, keep_default_na=False, na_values=[''])"],
    "parquet": ["read = pd.read_parquet"],
    "sqlite": [
        "import sqlite3",
        "def read(name):",
        " db = sqlite3.connect(name)",
        " names = db.execute('SELECT name FROM sqlite_master ORDER BY length(name), name')",
        " first, *others = [pd.read_sql(f'SELECT * FROM [{n}]', db) for (n,) in names.fetchall()]",
        " for table in others: first = first.merge(table, on='row_id')",
        " return first",
    ],
}
HEAD = [
    "import numpy as np",
    "import pandas as pd",
    "from sklearn.pipeline import make_pipeline as pipe",
    "from sklearn.compose import ColumnTransformer",
    "from sklearn.impute import SimpleImputer",
    "from sklearn.preprocessing import OneHotEncoder, StandardScaler",
]
LOAD = [
    "clean = lambda c: c.where(c.notna(), np.nan) if c.dtype == object else c",
    "t, v = read(train).apply(clean), read(val).apply(clean)",
]
RULE = ["def rule(c, a, b):", " global t", " t = t[t[c].isna() | t[c].between(a, b)]"]
FIT = [
    "t = t[t[target].notna()]",
    "n = pipe(SimpleImputer(strategy=impute), StandardScaler())",
    "c = pipe(SimpleImputer(strategy='most_frequent'),"
    " OneHotEncoder(handle_unknown='ignore', sparse_output=False))",
    "x = ColumnTransformer([('n', n, numeric), ('c', c, text)])",
    "v[target] = pipe(x, m).fit(t[numeric + text], t[target]).predict(v[numeric + text])",
]
SAVES = (
    "v[['row_id', target]].to_csv('prediction.csv', index=False)",
    "v[[target]].to_csv('prediction.csv')",
    "v.to_csv('predictions.csv', index=False)",
    "print(v[target])",
)
DONE = "Saved."


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """A short prompt, read back."""

    variant: str
    family: str
    settings: Mapping[str, str]
    """Name -> what stands right of the equals sign."""
    rules: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Writer:
    """Writes programs for short prompts; the generator is its own."""

    rng: np.random.Generator
    mistakes: float = 0.0
    """Probability that a choice goes wrong."""
    modelling: Mapping[str, Sequence[str]] = field(
        default_factory=lambda: {family: tuple(models) for family, models in MODELS.items()}
    )
    """Estimators that are drawn from where the method is free."""

    def arguments(self, prompt: str) -> dict[str, Any]:
        """Write one call of the tool."""
        asked = read_brief(prompt)
        names = [_bare(asked.settings["train"]), _bare(asked.settings["val"])]
        load = names[: 1 if self._slips() else 2]
        save = [] if self._slips() else [PREDICTION]
        return {"code": self._code(asked), "files_to_load": load, "files_to_save": save}

    def _slips(self) -> bool:
        return bool(self.rng.random() < self.mistakes)

    def _pick(self, items: Sequence[str]) -> str:
        return str(items[int(self.rng.integers(len(items)))])

    def _code(self, asked: Brief) -> str:
        given = dict(asked.settings)
        suffix = _bare(given["train"]).rpartition(".")[2]
        read = READS[self._pick(SUFFIXES) if self._slips() else suffix]
        if self._slips():
            given["target"] = self._pick([*_items(given["numeric"]), *_items(given["text"])])
        if self._slips():
            items = _items(given["numeric"])
            given["numeric"] = f"[{', '.join(self.rng.permutation(items).tolist()[:6])}]"
        rules = () if self._slips() else asked.rules
        copied = [f"{name} = {given[name]}" for name in ("train", "val", "target")]
        copied += [f"{name} = {given[name]}" for name in ("numeric", "text")]
        lines = [*HEAD, *read, *copied, *LOAD]
        lines += [*RULE, *rules] if rules else []
        lines += [*self._estimator(asked, given), *FIT]
        lines.append(self._pick(SAVES[1:]) if self._slips() else SAVES[0])
        return "\n".join(lines)

    def _estimator(self, asked: Brief, given: Mapping[str, str]) -> list[str]:
        stated = "model" in given
        if stated and not self._slips():
            name = _bare(given["model"])
        else:
            name = self._pick(self.modelling[asked.family])
        impute = given.get("impute", f"'{self._pick(IMPUTERS)}'")
        seed = given.get("seed", "0")
        if stated and self._slips():
            impute, seed = f"'{self._pick(IMPUTERS)}'", str(int(self.rng.integers(100)))
        module = MODELS[asked.family].get(name) or MODELS[asked.family]["RandomForestClassifier"]
        made = f"m = {name}()" if name in SEEDLESS else f"m = {name}(random_state={seed})"
        return [f"impute = {impute}", f"from sklearn.{module} import {name}", made]


class ScriptedModel:
    """A writer as a chat model: a program, and another if the first left no prediction."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def reply(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> Reply:
        """Give the next turn."""
        if any(f"Saved: '{PREDICTION}'" in m.content for m in messages if m.role == "tool"):
            return Reply(message=Message(role="assistant", content=DONE))
        prompt = next(m.content for m in messages if m.role == "user")
        arguments = self._writer.arguments(prompt)
        call = ToolCall(id=f"call_{len(messages)}", name=NAME, arguments=arguments)
        return Reply(
            message=Message(role="assistant", content="", tool_calls=(call,)), stop="tool_calls"
        )


def read_brief(prompt: str) -> Brief:
    """Read a short prompt back."""
    lines = prompt.splitlines()
    settings = dict(line.split(" = ", 1) for line in lines if " = " in line)
    variant, family = _bare(settings.pop("kind")).split()
    rules = tuple(line for line in lines if line.startswith("rule("))
    return Brief(variant=variant, family=family, settings=settings, rules=rules)


def made_up_prompt(words: Sequence[str], rng: np.random.Generator) -> str:
    """Write a short prompt about a table that does not exist, with column names out of `words`."""
    variant = ("if", "mm")[int(rng.integers(2))]
    family = ("class", "reg")[int(rng.integers(2))]
    suffix = SUFFIXES[int(rng.integers(3))]
    version = 1 if variant == "if" else 2
    names = [_name(words, rng) for _ in range(int(rng.integers(2, 10)))]
    names = list(dict.fromkeys(names))
    cut = int(rng.integers(1, len(names))) if len(names) > 1 else 1
    numeric, text = names[1:][:cut], names[1:][cut:]
    numeric = numeric or ["x"]
    lines = [
        f"kind = '{variant} {family}'",
        f"train = 'train_v{version}.{suffix}'",
        f"val = 'val_v{version}.{suffix}'",
        f"target = {names[0]!r}",
        f"numeric = {numeric!r}",
        f"text = {text!r}",
    ]
    if variant == "if":
        models = [m for m in MODELS[family] if not m.startswith(("Random", "Dummy"))]
        lines += [
            *(f"rule({name!r}, {_range(rng)})" for name in numeric[:2]),
            f"impute = {IMPUTERS[int(rng.integers(3))]!r}",
            f"model = {models[int(rng.integers(len(models)))]!r}",
            f"seed = {int(rng.integers(100))}",
        ]
    return "\n".join(lines)


def _name(words: Sequence[str], rng: np.random.Generator) -> str:
    if rng.random() < 0.3:
        letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.0123456789"
        n = int(rng.integers(2, 9))
        return "".join(letters[int(k)] for k in rng.integers(len(letters), size=n))
    return str(words[int(rng.integers(len(words)))])


def _range(rng: np.random.Generator) -> str:
    scale = 10.0 ** int(rng.integers(0, 6))
    low, high = sorted(float(x) for x in rng.normal(size=2) * scale)
    if rng.random() < 0.5:
        return f"{int(low)}, {int(high) + 1}"
    digits = int(rng.integers(1, 5))
    return f"{round(low, digits)}, {round(high, digits) + 1}"


def _bare(text: str) -> str:
    return text.strip("'")


def _items(text: str) -> list[str]:
    return re.findall(r"'[^']*'", text)


def document(prompt: str, writer: Writer, results: Sequence[str]) -> list[dict[str, Any]]:
    """Write a whole made-up conversation: a program, a result, and at times a second try."""
    turns: list[dict[str, Any]] = [{"role": "user", "content": prompt}]
    saved = False
    for _ in range(2):
        arguments = writer.arguments(prompt)
        function = {"name": NAME, "arguments": json.dumps(arguments, ensure_ascii=False)}
        call = {"type": "function", "function": function}
        turns.append({"role": "assistant", "content": "", "tool_calls": [call]})
        saved = bool(arguments["files_to_save"]) and len(arguments["files_to_load"]) == 2
        if saved:
            result = "The code ran without an error.\nSaved: 'prediction.csv' (1234 bytes)"
        else:
            result = results[int(writer.rng.integers(len(results)))]
        turns.append({"role": "tool", "content": result})
        if saved:
            break
    if saved:
        turns.append({"role": "assistant", "content": DONE})
    return turns
