"""Workflows of a made table, in many wordings."""

from __future__ import annotations

GARDEN_META = """A market garden kept these records.
tmp_c: air temperature in degrees Celsius
hum: relative humidity of the air in percent
n_workers: number of workers on the plot
plot_kind: type of the plot
zone: climate zone number
light_h: hours of light per day
yield_kg: harvest in kilograms
zone: int
"""
RANGES = {
    "tmp_c": [4.0, 39.0],
    "hum": [21.0, 97.0],
    "n_workers": [1, 8],
    "plot_kind": ["glass", "foil", "open field"],
    "zone": [1, 4],
    "light_h": [5.0, 17.0],
}
START = "This is a regression: predict the target column `yield_kg` of `val_v1.csv`.\n\n"
FILTERS = {
    "between": (
        "Rows with a known value outside these limits go: air temperature between 4.0 and 39.0; "
        "relative humidity of the air between 21.0 and 97.0; number of workers between 1 and 8; "
        "plot type glass, foil or open field; climate zone between 1 and 4; daily hours of light "
        "between 5.0 and 17.0. Rows with missing values stay."
    ),
    "range first": (
        "Keep rows with values between 4.0 and 39.0 for the air temperature, between 21.0 and 97.0 "
        "for the humidity, between 1 and 8 for the number of workers, between 1 and 4 for the zone "
        "and between 5.0 and 17.0 for the light; plots are glass, foil or open field."
    ),
    "lines": (
        "Expected values:\n- air temperature: at least 4.0 and at most 39.0\n- relative humidity: "
        "[21.0, 97.0]\n- number of workers: one to eight\n- type of the plot: glass, foil, open "
        "field\n- climate zone number: 1–4\n- hours of light: no less than 5.0 and no more than "
        "17.0\n\nRows whose entry is missing are kept."
    ),
}
WORDINGS = [
    (
        "Select only these features, in this order: hours of light, plot type, air temperature. "
        "Treat plot type as categorical and the remaining features as numeric. Impute numbers by "
        "the median, categories by the most frequent one. Fit Ridge with random_state=7.",
        ["light_h", "plot_kind", "tmp_c"], ["light_h", "tmp_c"], "median", "Ridge", 7,
    ),
    (
        "Use exclusively number of workers, climate zone and type of the plot as predictors. The "
        "first is numeric and the last two are categorical. Replace gaps in numeric columns with "
        "the column average. Then a lasso regression is trained, its random state set to 12.",
        ["n_workers", "zone", "plot_kind"], ["n_workers"], "mean", "Lasso", 12,
    ),
    (
        "Restrict the model inputs to relative humidity and air temperature, preserving that "
        "order. Both are numeric. Missing numbers take the most common value of their column. The "
        "estimator is a regression tree with 41 as the random_state.",
        ["hum", "tmp_c"], ["hum", "tmp_c"], "most_frequent", "DecisionTreeRegressor", 41,
    ),
    (
        "The model may only see these columns, in this order:\n- climate zone\n- hours of light "
        "per day\n- number of workers\n\nThere are no categorical features. Fill numeric blanks "
        "using mean imputation. Train a multi-layer perceptron with seed 3.",
        ["zone", "light_h", "n_workers"], ["zone", "light_h", "n_workers"], "mean",
        "MLPRegressor", 3,
    ),
    (
        "From the remaining data, retain the type of the plot and the climate zone as the "
        "features, in the order stated. All of these are categorical. Missing entries: mean for "
        "numbers, the mode for categories. Fit an ordinary linear regression.",
        ["plot_kind", "zone"], [], "mean", "LinearRegression", 0,
    ),
    (
        "Train on just `hum`, `zone` and `light_h` (order matters). Numeric features: `light_h` "
        "and `hum`; categorical features: `zone`. Impute with the median for numeric features and "
        "the most frequent category otherwise. MLPRegressor, random state 99.",
        ["hum", "zone", "light_h"], ["hum", "light_h"], "median", "MLPRegressor", 99,
    ),
]  # fmt: skip
