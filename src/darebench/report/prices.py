"""What tokens cost: a TOML file that the user writes, since prices change and none is ours to say.

# US dollars for a million tokens; a model is named as a run names it, or by a glob
["openai/gpt-5"]
input = 1.5
output = 12
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from darebench.errors import ConfigError
from darebench.toml_file import read_settings

MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars for a million tokens."""

    input: float
    output: float

    def of(self, input_tokens: float, output_tokens: float) -> float:
        """Return the cost of some tokens, in US dollars."""
        return (self.input * input_tokens + self.output * output_tokens) / MILLION


def read_prices(path: Path) -> dict[str, Price]:
    """Read the prices of models.

    Returns:
        Name or glob of a model -> its price, in the order of the file.

    Raises:
        ConfigError: The file cannot be used; the first entry that is wrong is named.
    """
    found = {}
    for model, entry in read_settings(path).items():
        fields = dict(entry) if isinstance(entry, Mapping) else {}
        stray = {*fields} ^ {"input", "output"}
        usable = not stray and all(
            isinstance(v, int | float) and not isinstance(v, bool) and 0 <= v < float("inf")
            for v in fields.values()
        )
        if not usable:
            raise ConfigError(
                f"{path}: {model!r} needs `input` and `output`, US dollars for a million tokens; "
                'write ["MODEL"] with these two below it'
            )
        found[model] = Price(**{name: float(value) for name, value in fields.items()})
    return found


def price_of(model: str, prices: Mapping[str, Price]) -> Price | None:
    """Return the price of a model: by its name, else by the first glob that fits; None if none."""
    if model in prices:
        return prices[model]
    return next((price for glob, price in prices.items() if fnmatchcase(model, glob)), None)
