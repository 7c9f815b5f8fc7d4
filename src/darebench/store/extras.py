"""Steps of an IF workflow beyond the paper's template; most stores have none."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

DERIVATIONS = ("ratio", "product", "difference", "log1p")
STATISTICS = ("mean", "median", "max", "min")
SCALERS = ("StandardScaler", "MinMaxScaler", "RobustScaler", "MaxAbsScaler")
ENCODERS = ("OneHotEncoder", "OrdinalEncoder")
JOINS = ("left", "inner")


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A numeric feature that is computed row by row from one or two columns."""

    name: str
    how: str
    """One of `DERIVATIONS`; log1p takes one column."""
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupStatistic:
    """A numeric feature: a statistic of the training rows that share a category."""

    name: str
    by: str
    column: str
    how: str
    """One of `STATISTICS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """A lookup table whose columns are added to the other tables before anything else."""

    file: str
    key: str
    """Column that the tables share; each of its values stands once in the lookup table."""
    how: str
    """How training rows are joined, one of `JOINS`; rows to predict are all kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What a workflow does beyond the paper's; the defaults are the paper's."""

    drop_duplicates: bool = False
    """Training rows that repeat an earlier one go, after the filter."""
    clip: tuple[float, float] | None = None
    """Quantiles of the training rows that the numeric features are clipped at."""
    derived: tuple[Derived, ...] = ()
    groups: tuple[GroupStatistic, ...] = ()
    log_target: bool = False
    """The model learns log1p of the target; its predictions are turned back by expm1."""
    scaler: str = "StandardScaler"
    encoder: str = "OneHotEncoder"
    join: Join | None = None


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _DerivedWire(_Wire):
    name: str
    how: str
    inputs: list[str]


class _GroupWire(_Wire):
    name: str
    by: str
    column: str
    how: str


class _JoinWire(_Wire):
    file: str
    key: str
    how: str


class ExtrasWire(_Wire):
    """The `extras` object of `all_metadata.json`'s question."""

    drop_duplicates: bool = False
    clip: tuple[float, float] | None = None
    derived: list[_DerivedWire] = []
    groups: list[_GroupWire] = []
    log_target: bool = False
    scaler: str = "StandardScaler"
    encoder: str = "OneHotEncoder"
    join: _JoinWire | None = None

    def to_extras(self) -> Extras:
        """Turn what was read into a dataclass."""
        return Extras(
            drop_duplicates=self.drop_duplicates,
            clip=self.clip,
            derived=tuple(
                Derived(name=d.name, how=d.how, inputs=tuple(d.inputs)) for d in self.derived
            ),
            groups=tuple(
                GroupStatistic(name=g.name, by=g.by, column=g.column, how=g.how)
                for g in self.groups
            ),
            log_target=self.log_target,
            scaler=self.scaler,
            encoder=self.encoder,
            join=Join(**self.join.model_dump()) if self.join else None,
        )
