"""Reads a written workflow (paper section 3, IF) by rules: text and file facts in, settings out.

What a sentence leaves open is settled by what the files show: a phrase gets the column whose name
or description fits best, one column each. Ranges are only read here; the program assigns them to
columns, because the full data tells which column a range can belong to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from darebench.agents.baseline.matching import Columns, assign, split_list

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
_BY_KIND = {
    "tree": ("DecisionTreeClassifier", "DecisionTreeRegressor"),
    "mlp": ("MLPClassifier", "MLPRegressor"),
}
IMPUTERS = {
    "most_frequent": r"most[\s_-]*(frequent|common)|\bmode\b",
    "median": r"\bmedian\b",
    "mean": r"\bmean\b|\baverage\b",
}
NUMBER = r"-?\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?"


def read_workflow(
    question: str, facts: Mapping[str, Any], train: str, val: str
) -> dict[str, object] | None:
    """Read the workflow's settings; None if the text does not state one."""
    model = _model(question)
    sentence = _feature_sentence(question)
    if model is None or sentence is None or not re.search(r"imput|missing", question, re.I):
        return None
    columns = _columns(facts, train)
    kept = {fact["name"] for fact in _columns(facts, val)}
    features = [c["name"] for c in columns if c["name"] in kept and c["name"] != "row_id"]
    named = _features(sentence, Columns(features, facts["metadata"]), features)
    if not named:
        return None
    phrases = dict(named)
    types = {c["name"]: c["dtype"] for c in columns}
    order = [column for _, column in named]
    numerical, categorical = _split(question, sentence, named, types)
    seed = re.search(
        r"random[\s_]*state\W+(?:\w+\W+){0,4}?(\d+)|seed\W+(?:\w+\W+){0,4}?(\d+)", question
    )
    return {
        "train": train,
        "val": val,
        "targets": _targets(question, columns, kept),
        "features": order,
        "numerical": numerical,
        "categorical": categorical,
        "imputer": _imputer(question),
        "model": model,
        "random_state": int(seed[1] or seed[2]) if seed else 0,
        "ranges": read_ranges(question),
        "text": question,
        "phrases": list(phrases),
        "descriptions": facts["metadata"],
    }


def read_ranges(text: str) -> list[tuple[str, float, float]]:
    """Find all numeric ranges, each with the words before it."""
    pattern = (
        rf"(?:between|from|in|of|\[|\()?\s*\$?({NUMBER})[%°$]?[\w ]{{0,12}}?\s*"
        rf"(?:and|to|through|–|—|-|,|up to)\s*\$?({NUMBER})"
    )
    found: list[tuple[str, float, float]] = []
    end = 0
    for match in re.finditer(pattern, text):
        low, high = (float(part.replace(",", "").rstrip(".")) for part in match.groups())
        if low <= high:
            found.append((text[max(end, match.start() - 120) : match.start()], low, high))
        end = match.end()
    return found


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
    """Find the numeric imputer: the strategy named nearest to the word numeric."""
    best = ("mean", 10**9)
    for clause in re.split(r"(?<=[.;])\s", text):
        if not re.search(r"imput|missing|fill", clause, re.IGNORECASE):
            continue
        for strategy, pattern in IMPUTERS.items():
            for match in re.finditer(pattern, clause, re.IGNORECASE):
                anchors = [m.start() for m in re.finditer(r"numeric|number", clause, re.I)]
                distance = min((abs(match.start() - a) for a in anchors), default=500)
                others = [m.start() for m in re.finditer(r"categor", clause, re.I)]
                nearest = min((abs(match.start() - a) for a in others), default=10**6)
                if strategy == "most_frequent" and nearest < distance:
                    continue
                if distance < best[1]:
                    best = (strategy, distance)
    return best[0]


def _targets(question: str, columns: Sequence[Mapping[str, Any]], kept: set[str]) -> list[str]:
    candidates = [c["name"] for c in columns if c["name"] not in kept and c["name"] != "row_id"]
    named = [name for name in candidates if f"`{name}`" in question]
    named = named or [name for name in candidates if name in question] or candidates
    return sorted(named, key=lambda name: question.find(name))


def _feature_sentence(text: str) -> str | None:
    """Find the sentence that lists the selected features."""
    best, most = None, 0.0
    for sentence in re.split(r"(?<=[a-z)`\"'])[.\n]\s*(?=[A-Z`])", text):
        points = 0.0
        points += 2 * bool(
            re.search(
                r"\bselect|\bretain|\bkeep only|\brestrict|\buse only|\blimit", sentence, re.I
            )
        )
        points += 2 * bool(re.search(r"\bfeatures?\b", sentence, re.I))
        points += bool(re.search(r"order", sentence, re.I)) + 0.5 * sentence.count(",") / 4
        points -= 2 * bool(re.search(r"imput|scaler|random_state|range|exclud", sentence, re.I))
        if (
            re.search(r"\bfeatures?\b|\bcolumns?\b|\bpredictors?\b", sentence, re.I)
            and points > most
        ):
            best, most = sentence, points
    return best if most >= 2.5 else None


def _features(sentence: str, columns: Columns, names: Sequence[str]) -> list[tuple[str, str]]:
    """Match the phrases of the sentence with columns, in the sentence's order."""
    text = re.split(r"\b(?:treat|consider|handle|regard)(?:ing|ed)?\b", sentence)[0]
    colon = re.search(r":\s", text)
    if colon and colon.end() < len(text) - 3:
        text = text[colon.end() :]
    phrases = [p for p in split_list(text, columns) if p]
    scored = [(max(columns.scores(_trim(p)), default=0.0), _trim(p)) for p in phrases]
    kept = [p for score, p in scored if score >= 0.3][: len(names)]
    if not kept:
        return []
    chosen = assign(kept, columns)
    return [(p, columns.names[c]) for p, c in zip(kept, chosen, strict=True)]


def _trim(phrase: str) -> str:
    """Cut the words that introduce or close an enumeration."""
    phrase = (
        re.sub(
            r"^.*\b(?:features?|columns?|variables?|predictors?|only|namely|following|order)\b"
            r"(?:\s+(?:are|is|of|for|in))?[\s:,-]*(?=\S)",
            "",
            phrase,
            flags=re.IGNORECASE,
        )
        or phrase
    )
    phrase = re.split(
        r"\b(?:for (?:training|modell?ing|the model|use|your)|as (?:the )?(?:features|inputs"
        r"|predictors)|in (?:that|this|the) (?:exact |specified |given |listed )*order|to (?:train|"
        r"build|fit|be used)|when training|before)\b",
        phrase,
    )[0]
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
