"""The real tables behind the starter tasks, with what their sources say of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from darebench.types import Family

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenWorkflow:
    """What is chosen by hand of an IF workflow; the rest follows from the table."""

    features: tuple[str, ...]
    """The selected features, in the order that the question states."""
    imputer: str
    model: str
    suffix: str = ".csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class StarterDataset:
    """A table that a library ships, and what is chosen by hand of the two tasks made of it."""

    name: str
    """Folder of the dataset, with the family as its suffix."""
    family: Family
    owner: str
    slug: str
    """With the owner, what tasks of one table share."""
    title: str
    about: str
    licence: str
    domain: str
    load: Callable[[], pd.DataFrame]
    columns: Mapping[str, str]
    """Column -> what it means."""
    targets: tuple[str, ...]
    seed: int
    workflow: ChosenWorkflow | None = None
    """The IF task's; None for series."""
    time_column: str = ""
    entities: tuple[str, ...] = ()
    share: float | None = None
    """Share of the times of a series that are trained on."""


def _iris() -> pd.DataFrame:
    from sklearn.datasets import load_iris

    data: Any = load_iris(as_frame=True)
    names = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    frame = data.data.set_axis(names, axis=1)
    return frame.assign(species=data.target.map(dict(enumerate(data.target_names))).astype(str))


def _affairs() -> pd.DataFrame:
    from statsmodels.datasets import fair

    data: Any = fair.load_pandas()
    frame: pd.DataFrame = data.data.iloc[::4].reset_index(drop=True)
    jobs = {1: "student", 2: "farming", 3: "office", 4: "teacher", 5: "manager", 6: "professional"}
    frame["occupation"] = frame["occupation"].map(jobs)
    frame["has_affair"] = frame.pop("affairs").gt(0).map({True: "yes", False: "no"})
    return frame.drop(columns="occupation_husb")


def _diabetes() -> pd.DataFrame:
    from sklearn.datasets import load_diabetes

    data: Any = load_diabetes(as_frame=True, scaled=False)
    frame = data.data.set_axis(list(DIABETES)[:-1], axis=1)
    return frame.assign(progression=data.target)


def _schools() -> pd.DataFrame:
    from statsmodels.datasets import star98

    data: Any = star98.load_pandas()
    frame: pd.DataFrame = data.data
    above = 100 * frame["NABOVE"] / (frame["NABOVE"] + frame["NBELOW"])
    names = {
        "LOWINC": "low_income",
        "PERASIAN": "asian",
        "PERBLACK": "black",
        "PERHISP": "hispanic",
        "PERMINTE": "minority_teachers",
        "AVYRSEXP": "experience",
        "AVSALK": "salary",
        "PERSPENK": "spending",
        "PTRATIO": "pupils_per_teacher",
        "PCTCHRT": "charter_schools",
        "PCTYRRND": "year_round_schools",
        "PCTAF": "college_courses",
    }
    return frame[list(names)].rename(columns=names).round(3).assign(above_median=above.round(2))


def _economy_series() -> pd.DataFrame:
    from statsmodels.datasets import macrodata

    data: Any = macrodata.load_pandas()
    frame: pd.DataFrame = data.data
    month = (3 * frame["quarter"] - 2).astype(int)
    starts = [f"{int(y)}-{m:02d}-01" for y, m in zip(frame["year"], month, strict=True)]
    frame = frame[["realcons", "realgdp", "realdpi", "cpi", "m1", "tbilrate", "unemp", "pop"]]
    frame.insert(0, "quarter_start", starts)
    return frame


def _investment() -> pd.DataFrame:
    from statsmodels.datasets import grunfeld

    data: Any = grunfeld.load_pandas()
    frame: pd.DataFrame = data.data
    frame["year"] = [f"{int(year)}-12-31" for year in frame["year"]]
    return frame[["year", "firm", "invest", "value", "capital"]]


DIABETES = {
    "age": "age in years",
    "sex": "sex of the patient as a code",
    "bmi": "body mass index",
    "blood_pressure": "average blood pressure",
    "tc": "total serum cholesterol",
    "ldl": "low-density lipoproteins",
    "hdl": "high-density lipoproteins",
    "tch": "ratio of total cholesterol to HDL",
    "ltg": "logarithm of serum triglycerides level",
    "glucose": "blood sugar level",
    "progression": "measure of disease progression one year later",
}
SCHOOLS = {
    "low_income": "percentage of students of low income",
    "asian": "percentage of Asian students",
    "black": "percentage of Black students",
    "hispanic": "percentage of Hispanic students",
    "minority_teachers": "percentage of teachers of a minority",
    "experience": "mean years of service of the teachers",
    "salary": "mean salary of the teachers in thousands of dollars",
    "spending": "spending on each student in thousands of dollars",
    "pupils_per_teacher": "pupils for each teacher",
    "charter_schools": "percentage of charter schools",
    "year_round_schools": "percentage of year-round schools",
    "college_courses": "percentage of students who take courses that prepare for college",
    "above_median": "percentage of students above the national median in mathematics",
}
ECONOMY = {
    "realcons": "real personal consumption expenditures",
    "realgdp": "real gross domestic product in billions of dollars",
    "realdpi": "real private disposable income",
    "cpi": "consumer price index at the end of the quarter",
    "m1": "nominal money stock M1",
    "tbilrate": "rate of 3-month treasury bills",
    "unemp": "seasonally adjusted unemployment rate in percent",
    "pop": "total population at the end of the quarter",
}
AFFAIRS = {
    "rate_marriage": "rating of the marriage from very poor to very good",
    "age": "age in years",
    "yrs_married": "number of years married",
    "children": "number of children",
    "religious": "degree of religiousness",
    "educ": "level of education in years of school",
    "occupation": "kind of work of the woman",
    "has_affair": "whether she spent time in extramarital affairs",
}
STARTER = (
    StarterDataset(
        name="iris_class",
        family=Family.CLASS,
        owner="scikit-learn",
        slug="iris",
        title="Iris plants",
        about="Measurements of 150 iris flowers of three species (R. A. Fisher, 1936).",
        licence="CC BY 4.0",
        domain="environment",
        load=_iris,
        columns={
            "sepal_length": "length of the sepal in cm",
            "sepal_width": "width of the sepal in cm",
            "petal_length": "length of the petal in cm",
            "petal_width": "width of the petal in cm",
            "species": "species of the flower",
        },
        targets=("species",),
        seed=11,
        workflow=ChosenWorkflow(
            features=("petal_width", "sepal_length", "petal_length"),
            imputer="median",
            model="LogisticRegression",
        ),
    ),
    StarterDataset(
        name="affairs_class",
        family=Family.CLASS,
        owner="statsmodels",
        slug="fair",
        title="Extramarital affairs",
        about="A survey of married women about their lives (R. Fair, 1978), every fourth answer.",
        licence="public domain",
        domain="other",
        load=_affairs,
        columns=AFFAIRS,
        targets=("has_affair",),
        seed=12,
        workflow=ChosenWorkflow(
            features=("occupation", "yrs_married", "rate_marriage", "religious"),
            imputer="most_frequent",
            model="DecisionTreeClassifier",
            suffix=".sqlite",
        ),
    ),
    StarterDataset(
        name="diabetes_reg",
        family=Family.REG,
        owner="scikit-learn",
        slug="diabetes",
        title="Diabetes progression",
        about="Ten measurements of 442 patients, and their disease a year later (Efron, 2004).",
        licence="public domain",
        domain="health",
        load=_diabetes,
        columns=DIABETES,
        targets=("progression",),
        seed=13,
        workflow=ChosenWorkflow(
            features=("bmi", "ltg", "blood_pressure", "age", "hdl"),
            imputer="mean",
            model="Ridge",
            suffix=".parquet",
        ),
    ),
    StarterDataset(
        name="schools_reg",
        family=Family.REG,
        owner="statsmodels",
        slug="star98",
        title="Mathematics in the school districts of California",
        about="Districts of California in 1998: students, teachers, spending and test results.",
        licence="public domain",
        domain="education",
        load=_schools,
        columns=SCHOOLS,
        targets=("above_median", "college_courses"),
        seed=14,
        workflow=ChosenWorkflow(
            features=("low_income", "hispanic", "experience", "pupils_per_teacher"),
            imputer="median",
            model="DecisionTreeRegressor",
        ),
    ),
    StarterDataset(
        name="us-economy_ts",
        family=Family.TS,
        owner="statsmodels",
        slug="macrodata",
        title="United States macroeconomic data",
        about="Quarterly figures of the economy of the United States, 1959 to 2009.",
        licence="public domain",
        domain="finance",
        load=_economy_series,
        columns={"quarter_start": "first day of the quarter", **ECONOMY},
        targets=("cpi",),
        seed=15,
        time_column="quarter_start",
        share=0.75,
    ),
    StarterDataset(
        name="investment_ts",
        family=Family.TS,
        owner="statsmodels",
        slug="grunfeld",
        title="Investment of US manufacturers",
        about="Investment of eleven firms in each year from 1935 to 1954 (Y. Grunfeld, 1958).",
        licence="public domain",
        domain="business",
        load=_investment,
        columns={
            "year": "last day of the year",
            "firm": "name of the firm",
            "invest": "gross investment in millions of 1947 dollars",
            "value": "market value of the firm at the end of the year",
            "capital": "value of the stock of plant and equipment",
        },
        targets=("invest",),
        seed=16,
        time_column="year",
        entities=("firm",),
        share=0.75,
    ),
)
