"""Reads a written workflow (paper section 3, IF) by rules: text and file facts in, settings out.

What a sentence leaves open is settled by what the files show: a phrase gets the column whose name
or description fits best, one column each. Ranges are only read here; the program assigns them to
columns, because the full data tells which column a range can belong to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from darebench.agents.baseline.clues import Clues, find_ranges, plain, words
from darebench.agents.baseline.matching import Columns, assign, split_list
from darebench.store.layout import ROW_ID

MODELS = {
    "LogisticRegression": r"logistic\s*regression",
    "DecisionTreeClassifier": r"decision\s*tree\s*classif",
    "DecisionTreeRegressor": r"decision\s*tree\s*regress",
    "GaussianNB": r"gaussian\s*(nb|naive)|naive\s*bayes",
    "LinearSVC": r"linear\s*(svc|support vector)",
    "MLPClassifier": r"(mlp|multi-?\s*layer perceptron|neural network)\s*classif",
    "MLPRegressor": r"(mlp|multi-?\s*layer perceptron|neural network)\s*regress",
    "Ridge": r"\bridge\b",
    "Lasso": r"\blasso\b",
    "LinearRegression": r"linear\s*regression|ordinary least squares",
}
IMPUTERS = {
    "median": r"\bmedian\b",
    "mean": r"\bmean\b|\baverage\b",
}
_OPENS = (
    r"^.*\b(?:features?|attributes?|variables?|predictors?|only|namely|following|order|treat)\b"
    r"(?:\s+(?:are|is|of|for|in))?[\s:,-]*(?=\S)"
)
_CLOSES = (
    r"\s(?:columns?\b|for (?:model|training|modell?ing|the model|use|your)|as (?:the )?(?:input|"
    r"features|predictors)|in (?:that|this|the) (?:exact |specified |given |listed )*order|to (?:"
    r"train|build|fit|be used)|when training|before)"
)
_SELECTS = (
    r"\bselect|\bretain|\bkeep only|\brestrict|\buse only|\bonly use|\blimit|\bchoose|\bfocus"
)


def stated_model(question: str) -> str | None:
    """Name the model of a question that spells out a workflow: it also says how to impute."""
    return _model(question) if re.search(r"imput|missing", question, re.I) else None


def read_workflow(
    question: str, facts: Mapping[str, Any], train: str, val: str
) -> dict[str, object] | None:
    """Read the workflow's settings; None if the text does not state one."""
    model = stated_model(question)
    if model is None:
        return None
    text = plain(question)
    columns = _columns(facts, train)
    kept = {fact["name"] for fact in _columns(facts, val)}
    usable = [c for c in columns if c["name"] in kept and c["name"] != ROW_ID]
    features = [c["name"] for c in usable]
    known = Columns(features, facts["metadata"], Clues(text, usable))
    sentence = _feature_sentence(text, known)
    if sentence is None:
        return None
    named = _features(sentence, known, features)
    if not named:
        return None
    types = {c["name"]: c["dtype"] for c in columns}
    numerical, categorical = _split(text, sentence, named, types)
    seed = re.search(
        r"random[\s_]*state\W+(?:\w+\W+){0,4}?(\d+)|seed\W+(?:\w+\W+){0,4}?(\d+)", text
    )
    return {
        "train": train,
        "val": val,
        "targets": sorted(find_targets(question, facts, train, val), key=question.find),
        "features": [column for _, column in named],
        "numerical": numerical,
        "categorical": categorical,
        "imputer": _imputer(text),
        "model": model,
        "random_state": int(seed[1] or seed[2]) if seed else 0,
        "ranges": _ranges(text, columns, known),
        "text": text,
    }


def _ranges(
    text: str, facts: Sequence[Mapping[str, Any]], columns: Columns
) -> dict[str, list[Sequence[float]]]:
    """Give each column the ranges that its values fill; else the one that the words give it."""
    stated = _stated(text, columns, {fact["name"]: fact["dtype"] for fact in facts})
    given: dict[str, list[Sequence[float]]] = {}
    for fact in facts:
        name = fact["name"]
        if name != ROW_ID and ("ranges" in fact or name in stated):
            given[name] = fact.get("ranges") or [stated[name]]
    return given


def _stated(
    text: str, columns: Columns, types: Mapping[str, str]
) -> dict[str, tuple[float, float]]:
    """Give ranges to columns by the words before them, where those name one column clearly."""
    stated: dict[str, tuple[float, float]] = {}
    end = 0
    for found in find_ranges(text):
        before = re.split(r"[;:.]\s|,\s(?:and\s)?", text[end : found.start])[-1]
        scores = columns.scores(_trim(before))
        end = found.end
        best = max(range(len(scores)), key=scores.__getitem__)
        name = columns.names[best]
        if scores[best] >= 0.3 and re.match(r"u?int|float", types[name]):
            stated.setdefault(name, (found.low, found.high))
    return stated


def find_targets(question: str, facts: Mapping[str, Any], train: str, val: str) -> list[str]:
    """Find the columns to predict: named in the question, in training, absent from the other."""
    asked = {c["name"] for c in _columns(facts, val)}
    given = [c["name"] for c in _columns(facts, train)]
    candidates = [name for name in given if name not in asked and name != ROW_ID]
    named = [name for name in candidates if f"`{name}`" in question]
    return named or [name for name in candidates if name in question] or candidates


def read_ranges(text: str) -> list[tuple[float, float]]:
    """Find all numeric ranges, low and high."""
    return [(found.low, found.high) for found in find_ranges(text)]


def _columns(facts: Mapping[str, Any], file: str) -> list[dict[str, Any]]:
    tables = facts["files"].get(file, {"tables": {}})["tables"].values()
    unique = {c["name"]: c for table in tables for c in table["columns"]}
    return list(unique.values())


def _model(text: str) -> str | None:
    for name in MODELS:
        if re.search(rf"\b{name}\b", text):
            return name
    for name, pattern in MODELS.items():
        if re.search(pattern, text, re.IGNORECASE):
            return name
    return None


def _imputer(text: str) -> str:
    """Find the numeric imputer: the mean or the median where one is named, else the mode."""
    clauses = [
        c for c in re.split(r"(?<=[.;])\s", text) if re.search(r"imput|missing|fill", c, re.I)
    ]
    for strategy in ("median", "mean"):
        if any(re.search(IMPUTERS[strategy], clause, re.I) for clause in clauses):
            return strategy
    return "most_frequent"


def _feature_sentence(text: str, columns: Columns) -> str | None:
    """Find the sentence that lists the selected features: it selects, and it names columns."""
    best, most = None, 0.0
    pattern = r"(?<=[a-z)`\"'%])(?:\.[\"']?\s+|\n\s*)(?=[A-Z`])|\.[\"']?\s*\n"
    for sentence in re.split(pattern, text):
        if not re.search(_SELECTS, sentence, re.I):
            continue
        points = 2.0 + bool(re.search(r"feature|attribute|predictor|training", sentence, re.I))
        points += bool(re.search(r"\border", sentence, re.I))
        points -= 3 * bool(
            re.search(r"imput|scaler|random_state|\brange|exclud|missing", sentence, re.I)
        )
        points -= 3 * bool(read_ranges(sentence))
        named = [p for p in split_list(_list_part(sentence), columns) if _best(columns, p) > 0.5]
        points += min(3.0, len(named))
        if points > most:
            best, most = sentence, points
    return best if most >= 3 else None


def _best(columns: Columns, phrase: str) -> float:
    return max(columns.scores(_trim(phrase)), default=0.0)


def _list_part(sentence: str) -> str:
    """Cut a sentence down to its enumeration."""
    text = re.sub(r"^\W*(?:step|stage|task)\s*\d*\s*[:.)-]\s*", "", sentence, flags=re.I)
    text = re.split(
        r"(?<=\w)\W+\b(?:treat|consider|handl|regard)(?:e|ing|ed)?\b", text, flags=re.I
    )[0]
    colon = re.search(r":\s", text)
    return text[colon.end() :] if colon and colon.end() < len(text) - 3 else text


def _features(sentence: str, columns: Columns, names: Sequence[str]) -> list[tuple[str, str]]:
    """Match the phrases of the sentence with columns, in the sentence's order."""
    text = _list_part(sentence)
    phrases = [p for p in split_list(text, columns) if p]
    scored = [(max(columns.scores(_trim(p)), default=0.0), _trim(p)) for p in phrases]
    good = [position for position, (score, _) in enumerate(scored) if score >= 0.3]
    if not good:
        return []
    # Between phrases that name columns every other one does too, in words of its own.
    inner = scored[good[0] : good[-1] + 1]
    kept = [p for score, p in inner if score >= 0.3 or words(p)][: len(names)]
    chosen = assign(kept, columns)
    return [(p, columns.names[c]) for p, c in zip(kept, chosen, strict=True)]


def _trim(phrase: str) -> str:
    """Cut the words that introduce or close an enumeration."""
    phrase = re.split(_CLOSES, phrase, flags=re.IGNORECASE)[0]
    phrase = re.sub(_OPENS, "", phrase, flags=re.IGNORECASE) or phrase
    return re.sub(r"^(?:the|only|select|retain|keep|use)\s+", "", phrase.strip(" .:"), flags=re.I)


def _split(
    question: str,
    sentence: str,
    named: Sequence[tuple[str, str]],
    types: Mapping[str, str],
) -> tuple[list[str], list[str]]:
    """Tell numerical features from categorical ones: as the text says, else by their type."""
    start = question.find(sentence)
    rest = question[max(0, start) :]
    categorical: list[str] = []
    numerical: list[str] = []
    for phrase, column in named:
        is_text = not re.match(r"int|float|u?int|bool", types.get(column, ""))
        said = _said_type(rest, phrase, column)
        is_categorical = is_text if said is None else said == "categorical"
        (categorical if is_categorical else numerical).append(column)
    return numerical, categorical


def _said_type(text: str, phrase: str, column: str) -> str | None:
    """Find the clause that calls a feature numeric or categorical."""
    if re.search(r"\b(all|every)\b[^.]{0,60}\bnumeric|no categorical", text, re.I):
        return "numerical"
    if re.search(r"\b(all|every)\b[^.]{0,60}\bcategorical|no numeric", text, re.I):
        return "categorical"
    for clause in re.split(r"[.;]\s|,?\s(?:and|while|whereas)\s(?=treat|the|consider|only)", text):
        numeric = bool(re.search(r"\bnumeric", clause, re.I))
        categorical = bool(re.search(r"\bcategorical", clause, re.I))
        here = phrase.lower() in clause.lower() or f"`{column}`" in clause
        if here and numeric != categorical and not re.search("imput|scal|encod", clause, re.I):
            return "numerical" if numeric else "categorical"
    return None
