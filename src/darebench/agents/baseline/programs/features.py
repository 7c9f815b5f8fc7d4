"""Turns the columns of a table into numbers that models can use, and into what its rows share.

`Features` holds everything that needs no target. `fold` adds, for one split, what the target of the
known rows tells about the others: the mean of a category, and the values of the nearest rows of the
same entity in time.
"""

import re
import warnings

import numpy as np
import pandas as pd
from sklearn.preprocessing import TargetEncoder
from skrub import DatetimeEncoder, StringEncoder, TableVectorizer

NUMBER = re.compile(
    r"^(\D*?)([-+]?\d[\d,. ]*(?:[eE][-+]?\d+)?)\s*([^\d\s][^\d]{0,14})?$",
)
SCALES = {"k": 1e3, "m": 1e6, "mn": 1e6, "b": 1e9, "bn": 1e9, "t": 1e12, "lakh": 1e5, "crore": 1e7}
MAX_KEYS = 16
MAX_NEIGHBOURS = 3


def plain_number(digits):
    """Read digits with separators: `1,234.5`, `1.234.567`, `12,5`."""
    digits = digits.replace(" ", "")
    if digits.count(",") == 1 and "." not in digits and not re.search(r",\d{3}$", digits):
        digits = digits.replace(",", ".")
    digits = digits.replace(",", "")
    if digits.count(".") > 1:
        digits = digits.replace(".", "")
    try:
        return float(digits)
    except ValueError:
        return np.nan


def number_in(text):
    """Find the one number of a text like `$1,234`, `27 kmpl`, `1.2M` or `P0012`; else NaN."""
    found = NUMBER.match(str(text).strip())
    if found is None or len(found[1]) > 12:
        return np.nan
    return plain_number(found[2]) * SCALES.get((found[3] or "").strip().lower(), 1.0)


def numbers_in_text(train, val):
    """Add a numeric companion to columns of text that mostly hold one number; dates get more."""
    more_train, more_val = {}, {}
    for column in train.columns:
        if pd.api.types.is_numeric_dtype(train[column]):
            continue
        if pd.api.types.is_datetime64_any_dtype(train[column]):
            continue
        values = pd.Series(train[column].dropna().astype(str).unique())
        if len(values) and values.head(2000).map(number_in).notna().mean() > 0.8:
            for frame, more in ((train, more_train), (val, more_val)):
                more[f"{column} as a number"] = frame[column].map(number_in).astype(float)
    return (
        pd.concat([train, pd.DataFrame(more_train, index=train.index)], axis=1),
        pd.concat([val, pd.DataFrame(more_val, index=val.index)], axis=1),
    )


def alike(train, val):
    """Convert both tables to one type a column: numbers, times, or text with None as missing."""
    train, val = train.copy(), val.copy()
    for column in train.columns:
        pair = (train, val)
        if all(pd.api.types.is_datetime64_any_dtype(f[column]) for f in pair):
            continue
        if pd.api.types.is_numeric_dtype(train[column]):
            for frame in pair:
                frame[column] = pd.to_numeric(frame[column], errors="coerce").astype(float)
                frame[column] = frame[column].replace([np.inf, -np.inf], np.nan)
        else:
            for frame in pair:
                texts = frame[column].astype(object)
                frame[column] = texts.where(texts.isna(), texts.astype(str)).where(texts.notna())
    filled = train.columns[train.notna().any()]
    return train[filled], val[filled]


def codes_of(train, val):
    """Number the values of a column in both tables; -1 is unknown in training."""
    texts = [values.astype(object).where(values.notna(), "").astype(str) for values in (train, val)]
    codes, known = pd.factorize(texts[0])
    return codes, pd.Index(known).get_indexer(texts[1])


class Features:
    """Both tables as matrices, and the columns that tie rows together."""

    def __init__(self, train, val):
        train, val = numbers_in_text(*alike(train, val))
        self.n_train = len(train)
        self.plain, self.codes = self._matrices(train, val)
        self.keys = self._keys(train, val)
        self.orders = self._orders(train, val)

    def _matrices(self, train, val):
        """Vectorise values, and number categories with how often they occur."""
        vectoriser = TableVectorizer(
            cardinality_threshold=30,
            high_cardinality=StringEncoder(n_components=20, random_state=0),
            datetime=DatetimeEncoder(add_weekday=True),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parts = [vectoriser.fit_transform(train), vectoriser.transform(val)]
        plain = np.vstack([np.asarray(part, dtype=np.float64) for part in parts])
        plain = np.where(np.abs(plain) < 1e30, plain, np.nan)
        codes = []
        for column in train.columns:
            if not pd.api.types.is_numeric_dtype(train[column]):
                known, asked = codes_of(train[column], val[column])
                counts = np.bincount(known)
                codes.append(np.r_[known, asked])
                codes.append(np.r_[counts[known], np.where(asked < 0, 0, counts[asked])])
        codes = np.array(codes, dtype=float).T.reshape(len(plain), -1)
        return varied(plain, self.n_train), varied(codes, self.n_train)

    def _keys(self, train, val):
        """Find columns whose values come back in several rows: categories and ids."""
        found = []
        for column in train.columns:
            n_unique = train[column].nunique()
            whole = not pd.api.types.is_float_dtype(train[column]) or is_whole(train[column])
            if 3 <= n_unique <= len(train) / 2 and whole:
                found.append((n_unique, np.concatenate(codes_of(train[column], val[column]))))
        found.sort(key=lambda pair: -pair[0])
        codes = [codes for _, codes in found[:MAX_KEYS]]
        return np.array(codes, dtype=int).T.reshape(len(train) + len(val), -1)

    def _orders(self, train, val):
        """Find columns along which rows can be sorted: times and numbers with many values."""
        found = []
        for column in train.columns:
            values = pd.concat([train[column], val[column]])
            if not pd.api.types.is_numeric_dtype(values):
                values = as_seconds(values)
            if values is not None and values.nunique() >= 5:
                found.append(values.to_numpy(dtype=float))
        return found


def as_seconds(values):
    """Read a column of dates as seconds; None if it is none."""
    if not pd.api.types.is_datetime64_any_dtype(values):
        sample = values.dropna().head(50)
        if not len(sample) or not sample.astype(str).str.contains(r"\d[-/. ]\w").all():
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values = pd.to_datetime(values, errors="coerce", utc=True)
    if values.notna().mean() < 0.8:
        return None
    return (values - values.min()).dt.total_seconds()


def is_whole(values):
    """Check whether a numeric column holds whole numbers only."""
    known = values.dropna()
    return bool((known == known.round()).all())


def varied(matrix, n_train):
    """Keep the columns that are not constant in training."""
    known = np.where(np.isfinite(matrix[:n_train]), matrix[:n_train], np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spread = np.nanmax(known, axis=0) - np.nanmin(known, axis=0) if known.size else known.sum(0)
    return matrix[:, spread > 0].astype(np.float32)


def nearest(group, order, y):
    """Return the known y before and after each row in its group, never the row's own."""
    place = np.lexsort((order, group))
    sorted_y, sorted_group = pd.Series(y[place]), group[place]
    before = sorted_y.groupby(sorted_group).shift(1).groupby(sorted_group).ffill()
    after = sorted_y.groupby(sorted_group).shift(-1).groupby(sorted_group).bfill()
    result = np.empty((len(y), 2))
    result[place] = np.c_[before, after]
    return result


def choose_neighbours(features, y, classes):
    """Choose the sorts (group, order) in which a row's neighbours tell most about its y."""
    n = features.n_train
    groups = [np.zeros(n, dtype=int)]
    sizes = [features.keys[:n, k].max() + 1 for k in range(features.keys.shape[1])]
    groups += [features.keys[:n, k] for k, size in enumerate(sizes) if n / size >= 3][:6]
    scored = []
    for g, group in enumerate(groups):
        for o, order in enumerate(features.orders[:12]):
            strength = agreement(nearest(group, order[:n], y), y, classes)
            scored.append((strength, g, o))
    scored.sort(reverse=True)
    keys = [None, *(k for k, size in enumerate(sizes) if n / size >= 3)]
    return [(keys[g], o) for strength, g, o in scored[:MAX_NEIGHBOURS] if strength > 0.15]


def agreement(pair, y, classes):
    """Rate neighbours in [0, 1]: how much of y they explain beyond what a guess does."""
    both = np.isfinite(pair).all(axis=1)
    if both.sum() < max(10, len(y) / 2):
        return 0.0
    if classes is not None:
        chance = ((np.bincount(y.astype(int)) / len(y)) ** 2).sum()
        same = (pair[both] == y[both, None]).mean()
        return (same - chance) / (1 - chance)
    middle = pair[both].mean(axis=1)
    if middle.std() == 0 or y[both].std() == 0:
        return 0.0
    return max(0.0, np.corrcoef(middle, y[both])[0, 1]) ** 2 * both.mean()


def from_target(features, y, known, asked, classes, sorts):
    """Return what the known rows' y tells of rows: encoded keys and sorted neighbours.

    `known` and `asked` are row numbers; the known rows' own y never enters their features.
    """
    rows = np.r_[known, asked]
    parts = []
    few_classes = classes is None or len(classes) <= 10
    if features.keys.shape[1] and few_classes and len(known) >= 50:
        kind = "continuous" if classes is None else "binary" if len(classes) == 2 else "multiclass"
        encoder = TargetEncoder(target_type=kind, cv=5, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            inner = encoder.fit_transform(features.keys[known], y[known])
        parts.append(np.vstack([inner, encoder.transform(features.keys[asked])]))
    for key, order in sorts:
        group = np.zeros(len(rows), dtype=int) if key is None else features.keys[rows, key]
        values = np.r_[y[known].astype(float), np.full(len(asked), np.nan)]
        pair = nearest(group, features.orders[order][rows], values)
        parts.append(np.c_[pair, pair.mean(axis=1)] if classes is None else pair)
    extra = np.hstack([np.empty((len(rows), 0)), *parts]).astype(np.float32)
    return extra[: len(known)], extra[len(known) :]
