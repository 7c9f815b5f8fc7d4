"""Second call of the baseline for time series: choose a blend of forecasters by back-testing.

With the future's features given (`val` has a row_id) the forecasters are regressions on those
features; without, they extend each entity's own history. Either way they are compared on the last
part of the training data, cut where the real cut lies, and blended for R2.
"""

import re
import time
import warnings

import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")
START = time.monotonic()
TIME_WORDS = re.compile(r"date|time|month|year|day|period|stamp|week|hour", re.IGNORECASE)
ALPHAS = np.logspace(-6, 3, 19)


def parse_times(texts):
    """Read a column of timestamps in whatever spelling, day and month told apart as a whole."""
    texts = texts.astype(str).str.strip()
    texts = texts.str.replace(r"(?<=:\d\d)\s*(Z|[+-]\d\d:?\d\d)$", "", regex=True)
    texts = texts.str.replace(r"^(\d{4})M(\d{1,2})$", r"\1-\2", regex=True)
    texts = texts.str.replace(r"^(\d{4})/(\d{1,2})$", r"\1-\2", regex=True)
    digits = texts.str.fullmatch(r"\d{8}").mean() > 0.9
    ways = [{"format": "%Y%m%d"}] if digits else []
    ways += [{"format": "ISO8601"}, {"format": "%Y-%m"}, {"dayfirst": False}, {"dayfirst": True}]
    ways += [{"format": "mixed", "dayfirst": False}, {"format": "mixed", "dayfirst": True}]
    best, most = None, -1.0
    for way in ways:
        parsed = pd.to_datetime(texts, errors="coerce", **way)
        known = parsed.notna().mean()
        gaps = parsed.dropna().diff().dropna().dt.total_seconds().abs()
        smooth = 1 / (1 + gaps.std() / (gaps.median() + 1)) if len(gaps) > 2 else 0.0
        if known + 0.01 * smooth > most + 1e-9:
            best, most = parsed, known + 0.01 * smooth
        if known == 1.0 and "format" in way and way["format"] != "mixed":
            break
    return best


def find_time_column(frame):
    """Find the column of timestamps: by what parses, helped by its name."""
    scores = {}
    for column in frame.columns:
        if column == "row_id" or pd.api.types.is_float_dtype(frame[column]):
            continue
        sample = frame[column].dropna().head(200)
        is_number = pd.api.types.is_numeric_dtype(sample)
        if is_number and not sample.between(1000, 99_999_999).all():
            continue
        parses = parse_times(sample).notna().mean() if len(sample) else 0.0
        scores[column] = parses + 0.5 * bool(TIME_WORDS.search(column)) - 0.3 * is_number
    return max(scores, key=scores.get)


def clean_number(values):
    """Read numbers that are written with thousands separators or units."""
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(float)
    plain = values.astype(str).str.replace(r"[,$%\s]", "", regex=True)
    return pd.to_numeric(plain, errors="coerce")


def blend(predictions, score, steps=10):
    """Choose members one by one, with repeats, as long as the blend gets better."""
    chosen, total, best = [], 0.0, -np.inf
    for _ in range(steps):
        trials = {n: score((total + p) / (len(chosen) + 1)) for n, p in predictions.items()}
        name = max(trials, key=trials.get)
        if trials[name] <= best + 1e-4:
            break
        best = trials[name]
        chosen.append(name)
        total = total + predictions[name]
    return chosen, best


# ---- with the future's features ---------------------------------------------------------------


def build_features(train, val, times, val_times, targets):
    """Make one numeric table of both parts: features, calendar, category codes."""
    names = [c for c in val.columns if c in train.columns and c not in ("row_id", *targets)]
    both = pd.concat([train[names], val[names]], ignore_index=True)
    when = pd.concat([times, val_times], ignore_index=True)
    numeric, coded = {}, {}
    for name in names:
        values = both[name]
        number = clean_number(values)
        if number.notna().sum() >= 0.9 * values.notna().sum() and number.notna().any():
            numeric[name] = number
        elif values.nunique() < 0.5 * len(values):
            coded[name] = values
    linear = pd.DataFrame(numeric)
    for name, values in coded.items():
        if values.nunique() <= 60:
            dummies = pd.get_dummies(values.astype(str), prefix=name, dtype=float)
            linear = pd.concat([linear, dummies], axis=1)
    tree = pd.DataFrame(numeric)
    for name, values in coded.items():
        tree[name] = pd.factorize(values.astype(str))[0]
    tree["_month"], tree["_day"] = when.dt.month, when.dt.dayofweek
    tree["_hour"], tree["_when"] = when.dt.hour, when.astype("int64") / 8.64e13
    return linear.to_numpy(float), tree.to_numpy(float), pd.DataFrame(numeric).to_numpy(float)


def ridge(X, y, X_new):
    """Fit a scaled ridge regression."""
    model = make_pipeline(SimpleImputer(), StandardScaler(), RidgeCV(ALPHAS))
    return model.fit(X, y).predict(X_new)


def boosted(X, y, X_new, **options):
    """Fit gradient-boosted trees."""
    return HistGradientBoostingRegressor(random_state=0, **options).fit(X, y).predict(X_new)


def regressions(linear, tree, numeric, y, inside, outside):
    """Give every candidate's prediction of the outside rows, as functions to call."""
    a, b = linear[inside], linear[outside]
    s, t = tree[inside], tree[outside]
    target = y[inside]
    recent = slice(-max(60, len(target) // 3), None)
    yield "ridge", lambda: ridge(a, target, b)
    yield "ridge on recent rows", lambda: ridge(a[recent], target[recent], b)
    positive = [j for j in range(numeric.shape[1]) if np.nanmin(numeric[:, j]) > 0]
    if positive and target.min() > 0:
        c, d = np.log(numeric[inside][:, positive]), np.log(numeric[outside][:, positive])
        ceiling = np.log(target.max()) + 3
        yield (
            "ridge of logs",
            lambda: np.exp(np.minimum(ridge(c, np.log(target), d), ceiling)),
        )
    yield "trees", lambda: boosted(s, target, t)

    def corrected():
        rest = target - ridge(a, target, a)
        return ridge(a, target, b) + boosted(s, rest, t, learning_rate=0.05)

    yield "ridge, then trees", corrected
    filled = SimpleImputer().fit(s)
    forest = ExtraTreesRegressor(150, min_samples_leaf=2, random_state=0, n_jobs=1)
    if len(target) < 40_000:
        yield (
            "extra trees",
            lambda: forest.fit(filled.transform(s), target).predict(filled.transform(t)),
        )


def backtest_folds(times, val_times):
    """Cut the training rows as the real cut lies: by time, or at random if it is none."""
    order = np.argsort(times.to_numpy(), kind="stable")
    n = len(order)
    later = (val_times > times.max()).mean()
    if later > 0.5 and n > 20:
        return order, [
            (order[: int(n * a)], order[int(n * a) : int(n * b)])
            for a, b in ((0.8, 1.0), (0.6, 0.8))
        ]
    return order, list(KFold(4, shuffle=True, random_state=0).split(np.arange(n)))


def regress(train, val, targets, target, deadline):
    """Predict one target from the features that the future has."""
    column = find_time_column(val)
    both = pd.concat([train[column], val[column]], ignore_index=True)
    when = parse_times(both)
    train = train.reset_index(drop=True)
    times, val_times = when[: len(train)], when[len(train) :].reset_index(drop=True)
    known = (train[target].notna() & times.notna()).to_numpy()
    train, times = train[known].reset_index(drop=True), times[known].reset_index(drop=True)
    linear, tree, numeric = build_features(train, val, times, val_times, targets)
    y = clean_number(train[target]).to_numpy()
    order, folds = backtest_folds(times, val_times)
    predictions = {}
    for number, (inside, outside) in enumerate(folds):
        for name, run in regressions(linear, tree, numeric, y, inside, outside):
            late = time.monotonic() > deadline and number
            if not late:
                predictions.setdefault(name, {})[number] = np.nan_to_num(run())
    full = {n: p for n, p in predictions.items() if len(p) == len(folds)} or {
        n: p for n, p in predictions.items() if 0 in p
    }
    used = folds[: min(len(p) for p in full.values())]
    truths = [y[outside] for _, outside in used]
    stacked = {n: np.concatenate([p[i] for i in range(len(used))]) for n, p in full.items()}
    cuts = np.cumsum([len(t) for t in truths])[:-1]

    def score(p):
        parts = zip(truths, np.split(p, cuts), strict=True)
        return np.mean([max(r2_score(t, q), -1.0) for t, q in parts])

    chosen, best = blend(stacked, score)
    print(f"{target}: {chosen}, back-tested R2 {best:.4f}")
    rows = np.arange(len(y), len(y) + len(val))
    final = dict(regressions(linear, tree, numeric, np.r_[y, np.zeros(len(val))], order, rows))
    return sum(chosen.count(name) * final[name]() for name in set(chosen)) / len(chosen)


# ---- without -----------------------------------------------------------------------------------


def calendar_of(times):
    """Give the calendar parts that vary."""
    parts = {"month": times.dt.month, "day": times.dt.dayofweek, "hour": times.dt.hour}
    return {name: part for name, part in parts.items() if part.nunique() > 1}


def by_entity(history, query, values, fallback):
    """Look a value up for each asked-for entity."""
    return query["e"].map(values).fillna(fallback).to_numpy(float)


def profile(history, level):
    """Estimate how much each calendar part adds to an entity's own level."""
    rest = history["y"] - level
    return calendar_profile(history["t"], rest)


def calendar_profile(times, rest):
    """Average what is left by calendar part, one part after the other, shrunk to nothing."""
    tables = {}
    for name, part in calendar_of(times).items():
        groups = rest.groupby(part.to_numpy())
        tables[name] = groups.sum() / (groups.count() + 3)
        rest = rest - tables[name].reindex(part).to_numpy()
    return tables


def apply_profile(tables, times):
    """Add up the calendar parts' effects."""
    total = np.zeros(len(times))
    parts = {"month": times.dt.month, "day": times.dt.dayofweek, "hour": times.dt.hour}
    for name, table in tables.items():
        total += table.reindex(parts[name]).fillna(0.0).to_numpy()
    return total


def forecasters(history, query, span):
    """Give every candidate's forecast, as functions to call. `span` is the horizon's length."""
    groups = history.groupby("e", sort=False)
    overall = history["y"].mean()
    mean = groups["y"].mean()
    recent = history[history["t"] > history["t"].max() - span]
    recent_mean = recent.groupby("e")["y"].mean().reindex(mean.index).fillna(mean)
    last = groups["y"].last()
    at_mean = by_entity(history, query, mean, overall)
    at_recent = by_entity(history, query, recent_mean, recent["y"].mean())
    yield "mean", lambda: at_mean
    yield "recent mean", lambda: at_recent
    yield "last value", lambda: by_entity(history, query, last, recent["y"].mean())
    level = history["e"].map(recent_mean)
    own = history["e"].map(mean)
    yield (
        "recent mean and calendar",
        lambda: at_recent + apply_profile(profile(history, own), query["t"]),
    )
    spread = groups["y"].std().fillna(0.0).replace(0.0, 1.0)

    def scaled_calendar():
        rest = (history["y"] - own) / history["e"].map(spread)
        tables = calendar_profile(history["t"], rest)
        size = by_entity(history, query, spread, spread.mean())
        return at_recent + size * apply_profile(tables, query["t"])

    yield "recent mean and scaled calendar", scaled_calendar
    yield "trend", lambda: trend(history, query, at_recent, damp=1.0)
    yield "half the trend", lambda: trend(history, query, at_recent, damp=0.5)
    yield "a year ago", lambda: year_ago(history, query, at_recent)
    yield "trees", lambda: calendar_trees(history, query, level, spread, at_recent)


def trend(history, query, start, damp):
    """Extend each entity's recent line, half of the history long."""
    days = history["t"].astype("int64") / 8.64e13
    begin = days.max() - (days.max() - days.min()) / 2
    frame = pd.DataFrame({"e": history["e"], "d": days, "y": history["y"]})[days >= begin]
    centre = frame.groupby("e")[["d", "y"]].transform("mean")
    d, y = frame["d"] - centre["d"], frame["y"] - centre["y"]
    slope = (d * y).groupby(frame["e"]).sum() / (d * d).groupby(frame["e"]).sum().replace(0, np.nan)
    middle, height = frame.groupby("e")["d"].mean(), frame.groupby("e")["y"].mean()
    asked = query["t"].astype("int64") / 8.64e13
    line = query["e"].map(height) + query["e"].map(slope) * (asked - query["e"].map(middle))
    line = line.fillna(pd.Series(start, index=query.index))
    return damp * line.to_numpy() + (1 - damp) * start


def year_ago(history, query, start):
    """Repeat the value of a year before, moved by how the level changed since."""
    keyed = history.set_index(["e", "t"])["y"]
    keyed = keyed[~keyed.index.duplicated(keep="last")].sort_index()
    result = pd.Series(np.nan, index=query.index)
    for years in (1, 2, 3):
        then = query["t"] - pd.DateOffset(years=years)
        found = keyed.reindex(pd.MultiIndex.from_arrays([query["e"], then])).to_numpy()
        result = result.fillna(pd.Series(found, index=query.index))
    return result.fillna(pd.Series(start, index=query.index)).to_numpy()


def calendar_trees(history, query, level, spread, start):
    """Boost trees on calendar and entity, on values relative to the entity's level."""

    def table(frame):
        t = frame["t"]
        parts = [frame["e"], t.dt.month, t.dt.dayofweek, t.dt.hour, t.dt.day, t.dt.minute]
        return np.column_stack([p.to_numpy(float) for p in parts])

    size = history["e"].map(spread)
    model = HistGradientBoostingRegressor(
        max_iter=120, learning_rate=0.08, min_samples_leaf=10, random_state=0
    )
    model.fit(table(history), (history["y"] - level) / size)
    return start + query["e"].map(spread).fillna(spread.mean()).to_numpy() * model.predict(
        table(query)
    )


def resample(frame, question):
    """Bring the history to the interval and aggregation that the question names, if it does."""
    interval = re.search(r"interval of ['\"`]?(\d*\s?[A-Za-z]+)['\"`]?", question)
    method = re.search(
        r"\b(mean|sum|median|max|min|last|first|count)\b['\"`]?(?! time)",
        question[interval.end() if interval else 0 :],
    )
    if not interval or not method:
        return frame
    alias = interval[1].replace(" ", "")
    alias = re.sub(
        "^(\\d*)(H|T|S)$", lambda m: m[1] + {"H": "h", "T": "min", "S": "s"}[m[2]], alias
    )
    alias = re.sub(
        "^(\\d*)(M|Q|Y|A)$", lambda m: m[1] + {"M": "ME", "Q": "QE"}.get(m[2], "YE"), alias
    )
    try:
        grouped = frame.groupby(["e", pd.Grouper(key="t", freq=alias)])["y"].agg(method[1])
    except ValueError:
        return frame
    counts = frame.groupby(["e", pd.Grouper(key="t", freq=alias)])["y"].count()
    return grouped[counts > 0].dropna().reset_index().sort_values(["t", "e"], ignore_index=True)


def extend(train, val, target, question, deadline):
    """Forecast one target from its own history, by entity."""
    column = find_time_column(val)
    entities = [c for c in val.columns if c != column]
    both = pd.concat([train[[column, *entities]], val[[column, *entities]]], ignore_index=True)
    when = parse_times(both[column])
    codes = pd.Series(0, index=both.index)
    if entities:
        codes = pd.Series(pd.factorize(pd.MultiIndex.from_frame(both[entities].astype(str)))[0])
    n = len(train)
    history = pd.DataFrame({"e": codes[:n], "t": when[:n]})
    history["y"] = clean_number(train[target].reset_index(drop=True))
    history = history.dropna().sort_values("t", kind="stable", ignore_index=True)
    history = resample(history, question)
    query = pd.DataFrame({"e": codes[n:], "t": when[n:]}).reset_index(drop=True)
    query["t"] = query["t"].fillna(query["t"].median())
    asked = query["t"].max() - history["t"].max()
    length = history["t"].max() - history["t"].min()
    span = max(min(asked, length * 0.4), length * 0.05)
    chosen, best = choose(history, span, deadline)
    print(f"{target}: {chosen}, back-tested R2 {best:.4f}")
    final = dict(forecasters(history, query, span))
    return sum(chosen.count(name) * final[name]() for name in set(chosen)) / len(chosen)


def choose(history, span, deadline):
    """Back-test at several cuts, each followed by a horizon like the real one."""
    predictions, truths = {}, []
    for step in (0.0, 0.5, 1.0):
        cut = history["t"].max() - span * (1 + step)
        past = history[history["t"] <= cut].reset_index(drop=True)
        ahead = history[(history["t"] > cut) & (history["t"] <= cut + span)]
        if len(past) < 10 or len(ahead) < 3 or ahead["y"].std() == 0:
            continue
        if truths and time.monotonic() > deadline:
            break
        ahead = ahead.reset_index(drop=True)
        truths.append(ahead["y"].to_numpy())
        for name, run in forecasters(past, ahead, span):
            predictions.setdefault(name, []).append(np.nan_to_num(run()))
    if not truths:
        return ["recent mean"], 0.0
    stacked = {n: np.concatenate(p) for n, p in predictions.items()}
    cuts = np.cumsum([len(t) for t in truths])[:-1]

    def score(p):
        parts = zip(truths, np.split(p, cuts), strict=True)
        return np.mean([max(r2_score(t, q), -2.0) for t, q in parts])

    return blend(stacked, score)


def main(settings):
    """Forecast every target and write the prediction file."""
    train = pd.read_csv(settings["train"], keep_default_na=False, na_values=[""], low_memory=False)
    val = pd.read_csv(settings["val"], keep_default_na=False, na_values=[""], low_memory=False)
    targets = settings["targets"]
    has_features = "row_id" in val.columns
    as_written = pd.read_csv(settings["val"], dtype=str, keep_default_na=False)
    answer = as_written[["row_id"]].copy() if has_features else as_written
    for number, target in enumerate(targets, 1):
        deadline = START + settings["seconds"] * number / len(targets)
        if has_features:
            answer[target] = regress(train, val, targets, target, deadline)
        else:
            answer[target] = extend(train, val, target, settings["question"], deadline)
    answer.to_csv("prediction.csv", index=False)
    print(f"wrote {len(answer)} rows in {time.monotonic() - START:.1f} s")


if __name__ == "__main__":
    main(SETTINGS)  # noqa: F821 -- the line put before this text
