"""Read a written workflow (paper section 3, IF) by rules: text and file facts in, settings out.

What a sentence leaves open is settled by what the files show: a phrase gets the column whose name
or description fits best, one column each. Ranges are only read here; the program assigns them to
columns, because the full data tells which column a range can belong to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from darebench.instructions.columns import Columns, assign, split_list
from darebench.instructions.facts import ColumnFacts, Facts
from darebench.instructions.kinds import CATEGORICAL, said_kinds
from darebench.instructions.ranges import (
    Evidence,
    content,
    find_ranges,
    naming_clause,
    plain,
    words,
)
from darebench.store.layout import ROW_ID

_PERCEPTRON = r"\bmlp|multi-?\s*layer(?:ed)? perceptron|neural net"
MODELS = {
    "LogisticRegression": r"logistic\s*regression",
    "DecisionTreeClassifier": r"decision[\s-]*tree|classification tree",
    "DecisionTreeRegressor": r"decision[\s-]*tree|regression tree",
    "GaussianNB": r"gaussian\s*(nb|naive)|naive\s*bayes",
    "LinearSVC": r"linear\s*(svc|svm|support[\s-]vector)|support[\s-]vector[^.]{0,40}linear",
    "MLPClassifier": _PERCEPTRON,
    "MLPRegressor": _PERCEPTRON,
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
    r"features|predictors|only)|,?\s?(?:preserv|keep|maintain|respect)\w* (?:that|this|the|their)|"
    r"in (?:exactly )?(?:that|this|the) (?:exact |same |specified |given |listed )*"
    r"(?:order|sequence)|to (?:train|build|fit|be used)|when training|before)"
)
_VERB = (
    r"\bselect\b|\bretain|\bkeep (?:only|just)|\brestrict|\blimit|\bchoose|\bfocus|\bpick|"
    r"\bconfine|\b(?:use|using|employ|take|feed|see|on) (?:only|just|exclusively|solely)|"
    r"\bonly (?:use|on|see)"
)
_SELECTS = (
    rf"{_VERB}|\bselect|\bonly the|\bmay only|\b(?:input|selected) features|\bpredictors|"
    r"\bas (?:the )?(?:input|predictor|feature)"
)
_IMPUTES = re.compile(
    r"imput|\bfill|\breplac|\bsubstitut|\bmissing|\bgaps?\b|\bblanks?\b", re.IGNORECASE
)


def stated_model(question: str) -> str | None:
    """Return the model of a question that spells out a workflow, which also says how to impute."""
    steps = r"imput|missing|blanks?\b|gaps?\b|scaler|standardi[sz]|one-?hot"
    return _model(question) if re.search(steps, question, re.I) else None


def read_workflow(question: str, facts: Facts, train: str, val: str) -> dict[str, object] | None:
    """Read a workflow's settings from a question.

    Args:
        question: The text.
        facts: What the files hold.
        train: Name of the training file.
        val: Name of the file with the rows to predict.

    Returns:
        The settings as the program `workflow` takes them; None if the text states no workflow.
    """
    model = stated_model(question)
    if model is None:
        return None
    text = plain(question)
    columns = _columns(facts, train)
    kept = {fact["name"] for fact in _columns(facts, val)}
    usable = [c for c in columns if c["name"] in kept and c["name"] != ROW_ID]
    features = [c["name"] for c in usable]
    known = Columns(features, facts["metadata"], Evidence(text, usable))
    by_words = Columns(features, facts["metadata"], Evidence("", usable))
    sentence = _feature_sentence(text, known)
    if sentence is None:
        return None
    named = _features(sentence, known, features)
    if not named:
        return None
    types = {c["name"]: c["dtype"] for c in columns}
    numerical, categorical = _split(text, sentence, named, types, known)
    return {
        "train": train,
        "val": val,
        "targets": sorted(find_targets(question, facts, train, val), key=question.find),
        "features": [column for _, column in named],
        "numerical": numerical,
        "categorical": categorical,
        "imputer": _imputer(_without_names(text, named)),
        "model": model,
        "random_state": _seed(text),
        **_ranges(text, columns, known, by_words, types),
        "text": text,
    }


def _ranges(
    text: str,
    facts: Sequence[ColumnFacts],
    columns: Columns,
    by_words: Columns,
    types: Mapping[str, str],
) -> dict[str, object]:
    """Map columns to the ranges that they can have, and tell whether the words alone say which.

    Where the words place every range of the text, the columns' values have no say: a filter may
    leave them as they are. Else a column has the ranges that its values fill, or the words' one.
    """
    placed = _stated(text, by_words, types)
    if len(placed) == len(find_ranges(text)) > 0:
        return {"ranges": {name: [pair] for name, pair in placed.items()}, "is_certain": True}
    stated = _stated(text, columns, types)
    given: dict[str, Sequence[Sequence[float]]] = {}
    for fact in facts:
        name = fact["name"]
        if name != ROW_ID and ("ranges" in fact or name in stated):
            given[name] = fact.get("ranges") or [stated[name]]
    return {"ranges": given, "is_certain": False}


def _stated(
    text: str, columns: Columns, types: Mapping[str, str]
) -> dict[str, tuple[float, float]]:
    """Map columns to ranges by the words before them, where those name one column clearly."""
    stated: dict[str, tuple[float, float]] = {}
    end = 0
    for found in find_ranges(text):
        scores = columns.scores(_trim(naming_clause(text[end : found.start])))
        end = found.end
        best = max(range(len(scores)), key=scores.__getitem__)
        name = columns.names[best]
        if scores[best] >= 0.3 and re.match(r"u?int|float", types[name]):
            stated.setdefault(name, (found.low, found.high))
    return stated


def find_targets(question: str, facts: Facts, train: str, val: str) -> list[str]:
    """Find the columns to predict: named in the question, in training, absent from the other."""
    asked = {c["name"] for c in _columns(facts, val)}
    given = [c["name"] for c in _columns(facts, train)]
    candidates = [name for name in given if name not in asked and name != ROW_ID]
    named = [name for name in candidates if f"`{name}`" in question]
    return named or [name for name in candidates if name in question] or candidates


def read_ranges(text: str) -> list[tuple[float, float]]:
    """Find all numeric ranges of a text: low and high of each."""
    return [(found.low, found.high) for found in find_ranges(text)]


def _columns(facts: Facts, file: str) -> list[ColumnFacts]:
    tables = facts["files"].get(file, {"tables": {}})["tables"].values()
    unique = {c["name"]: c for table in tables for c in table["columns"]}
    return list(unique.values())


def _model(text: str) -> str | None:
    for name in MODELS:
        if re.search(rf"\b{name}\b", text):
            return name
    kind = "Classifier" if re.search(r"\bclassif", text, re.I) else "Regressor"
    for name, pattern in MODELS.items():
        other_kind = name.startswith(("MLP", "DecisionTree")) and not name.endswith(kind)
        if re.search(pattern, text, re.IGNORECASE) and not other_kind:
            return name
    return None


def _seed(text: str) -> int:
    """Find the model's seed, 0 if none is stated; a random state counts before any other seed."""
    for word in (r"random[\s_]*state", r"\bseed"):
        found = re.search(
            rf"{word}\W+(?:\w+\W+){{0,4}}?(\d+)|\b(\d+) (?:as|for|being) (?:the |its |a )?{word}",
            text,
            re.IGNORECASE,
        )
        if found:
            return int(found[1] or found[2])
    return 0


def _without_names(text: str, named: Sequence[tuple[str, str]]) -> str:
    """Blank out what columns are called, such as `average blood pressure`, and quoted names."""
    statistic = re.compile("|".join(IMPUTERS.values()), re.IGNORECASE)
    phrases = {phrase.strip(" `") for phrase, _ in named} - {""}
    phrases = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
    phrases = [phrase for phrase in phrases if not statistic.fullmatch(phrase)]
    called = [r"`[^`\n]*`", *(rf"(?<!\w){re.escape(phrase)}(?!\w)" for phrase in phrases)]
    return re.sub("|".join(called), "_", text, flags=re.IGNORECASE)


def _imputer(text: str) -> str:
    """Find the numeric imputer: the mean or the median where one is named, else the mode."""
    for clause in re.split(r"(?<=[.;])\s|\n", text):
        verb = _IMPUTES.search(clause)
        if verb is None or read_ranges(clause):
            continue
        for strategy, pattern in IMPUTERS.items():
            if re.search(pattern, clause[max(0, verb.start() - 20) :], re.IGNORECASE):
                return strategy
    return "most_frequent"


def _feature_sentence(text: str, columns: Columns) -> str | None:
    """Find the sentence that lists the selected features: it selects, and it names columns."""
    best, most = None, 0.0
    pattern = r"(?<=[a-z)`\"'%\]])(?:\.[\"']?\s+|\n\s*)(?=[A-Z`])|\.[\"']?\s*\n|\n\s*\n"
    for sentence in re.split(pattern, text):
        named = [p for p in split_list(_list_part(sentence), columns) if _best(columns, p) > 0.5]
        selects = bool(re.search(_SELECTS, sentence, re.I))
        if not named and not selects:
            continue
        points = 2.5 * selects + min(3.0, len(named))
        points += bool(re.search(r"feature|attribute|predictor|input|training", sentence, re.I))
        points += bool(re.search(r"\border|\bsequence", sentence, re.I))
        points -= 3 * bool(
            re.search(
                r"imput|scaler|random_state|\brange|exclud|missing|\bvalues\b", sentence, re.I
            )
        )
        typed = re.search(r"\bnumeric|\bcategorical", sentence, re.I)
        points -= 2.5 * bool(typed and not selects)
        points -= min(3.0, 1.5 * len(read_ranges(sentence)))
        if points > most:
            best, most = sentence, points
    return best if most >= 2 else None


def _best(columns: Columns, phrase: str) -> float:
    return max(columns.scores(_trim(phrase)), default=0.0)


def _list_part(sentence: str) -> str:
    """Cut a sentence down to its enumeration."""
    text = re.sub(r"^\W*(?:step|stage|task)\s*\d*\s*[:.)-]\s*", "", sentence, flags=re.I)
    text = re.sub(r"\s*\([^()]*\b(?:order|sequence)[^()]*\)", "", text)
    start = re.search(_VERB, text[:80], re.I)
    text = text[start.start() :] if start else text
    text = re.split(
        r"(?<=\w)\W+\b(?:treat|consider|handl|regard)(?:e|ing|ed)?\b", text, flags=re.I
    )[0]
    colon = re.search(r":\s", text)
    return text[colon.end() :] if colon and colon.end() < len(text) - 3 else text


def _features(sentence: str, columns: Columns, names: Sequence[str]) -> list[tuple[str, str]]:
    """Match the phrases of the sentence with columns, in the sentence's order."""
    pieces = split_list(_list_part(sentence), columns)
    pieces = [p for p in pieces if content(p) or p.strip(" `") in names]
    phrases = [trimmed if content(trimmed := _trim(p)) else p for p in pieces]
    ends = {phrases[0], phrases[-1]} if phrases else set()
    phrases = [_core(p, columns) if p in ends and _best(columns, p) < 0.5 else p for p in phrases]
    scored = [(max(columns.scores(p), default=0.0), p) for p in phrases]
    good = [position for position, (score, _) in enumerate(scored) if score >= 0.3]
    if not good:
        return []
    # Between phrases that name columns every other one does too, in words of its own.
    inner = scored[good[0] : good[-1] + 1]
    kept = [p for score, p in inner if score >= 0.3 or words(p)][: len(names)]
    chosen = assign(kept, columns)
    return [(p, columns.names[c]) for p, c in zip(kept, chosen, strict=True)]


def _core(phrase: str, columns: Columns) -> str:
    """Cut the first or last phrase of an enumeration down to the words that name a column best."""
    tokens = phrase.split()[-25:]
    spans = [
        " ".join(tokens[start:end])
        for start in range(len(tokens))
        for end in range(start + 1, len(tokens) + 1)
        if start == 0 or end == len(tokens)
    ]
    return max(spans, key=lambda span: (round(_best(columns, span), 6), len(span)), default=phrase)


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
    columns: Columns,
) -> tuple[list[str], list[str]]:
    """Sort features into numerical and categorical ones: as the text says, else by their type."""
    rest = question[max(0, question.find(sentence)) :]
    categorical: list[str] = []
    numerical: list[str] = []
    said = said_kinds(rest, named, columns)
    for (_, column), kind in zip(named, said, strict=True):
        is_text = not re.match(r"int|float|u?int|bool", types.get(column, ""))
        is_categorical = is_text if kind is None else kind == CATEGORICAL
        (categorical if is_categorical else numerical).append(column)
    return numerical, categorical
