"""What a training run is told: one TOML file a run, read into frozen values."""

from __future__ import annotations

import dataclasses
import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from darebench.errors import ConfigError
from darebench.types import Family, Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Lora:
    """Low-rank adapters instead of all weights."""

    r: int = 32
    alpha: int = 64
    dropout: float = 0.0
    targets: str = "all-linear"


@dataclass(frozen=True, slots=True, kw_only=True)
class SftConfig:
    """Supervised fine-tuning on exported attempts."""

    model: str
    """A folder or a hub name."""
    data: str
    """What `darebench export` wrote, form chat."""
    out: str
    eval_data: str | None = None
    template: str = "qwen3"
    """`qwen3` is darebench's own training template; `model` keeps the tokenizer's."""
    show_tools: bool = True
    """Whether the tool's schema stands in the prompt; off for models with short prompts."""
    lora: Lora | None = None
    max_length: int = 32_768
    packing: bool = True
    epochs: float = 2.0
    max_steps: int = -1
    """Ends before `epochs`; -1 for no limit."""
    learning_rate: float = 1e-5
    schedule: str = "cosine"
    warmup_steps: float = 0.05
    """A share below 1, else steps."""
    batch_size: int = 1
    """Rows of one device at a time."""
    accumulation: int = 8
    bf16: bool = True
    gradient_checkpointing: bool = True
    seed: int = 0
    save_steps: int = 100
    eval_steps: int = 100
    deepspeed: str | None = None
    """A DeepSpeed file; accelerate's own settings without it."""
    cpu: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GrpoConfig:
    """Reinforcement learning with the evaluation's own loop, sandbox and scorer."""

    model: str
    out: str
    store: str | None = None
    tasks: tuple[str, ...] = ()
    """Ids, dataset names or globs; all without one."""
    eval_tasks: tuple[str, ...] = ()
    """Tasks that are attempted, and not trained on, every `eval_steps`."""
    family: str | None = None
    variant: str | None = None
    limit: int | None = None
    prompt: str = "standard"
    """`standard`, or `brief` for the short prompts of small models."""
    template: str = "qwen3"
    lora: Lora | None = None
    turns: int = 5
    seconds: float = 200.0
    slots: int | None = None
    """Programs that run at the same time."""
    ran_reward: float = 0.0
    """Shaping; see `darebench.train.reward`."""
    generations: int = 8
    """Attempts at a task."""
    questions: int = 64
    """Tasks of a step."""
    batch_size: int = 1
    """Attempts of one device at a time, in the update."""
    temperature: float = 1.0
    top_p: float = 0.95
    top_k: int = 50
    max_context: int = 32_768
    max_new: int = 8_192
    """Ids of one turn."""
    generation_batch: int = 64
    max_steps: int = 200
    learning_rate: float = 1e-6
    schedule: str = "constant"
    loss: str = "dr_grpo"
    """The paper's "per sequence"; `luspo` is the other reading (a mean of the sequences' sums)."""
    scale_rewards: str = "none"
    beta: float = 0.0
    epsilon: float = 0.2
    bf16: bool = True
    gradient_checkpointing: bool = True
    seed: int = 0
    save_steps: int = 10
    eval_steps: int = 20
    deepspeed: str | None = None
    cpu: bool = False


_C = TypeVar("_C", SftConfig, GrpoConfig)


def load_config(kind: type[_C], path: Path, settings: Sequence[str] = ()) -> _C:
    """Read a TOML file, with `KEY=VALUE` settings over it.

    Raises:
        ConfigError: the file or a setting cannot be used.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} is no usable TOML file: {error}") from None
    for setting in settings:
        name, found, text = setting.partition("=")
        if not found:
            raise ConfigError(f"--set takes KEY=VALUE, got {setting!r}")
        values[name] = _value(text)
    return make_config(kind, values)


def make_config(kind: type[_C], values: Mapping[str, Any]) -> _C:
    """Build a configuration, refusing names and kinds of values that it does not have.

    Raises:
        ConfigError: a name or a value cannot be used.
    """
    fields = {f.name: f for f in dataclasses.fields(kind)}
    unknown = sorted(set(values) - set(fields))
    if unknown:
        raise ConfigError(f"no setting {unknown[0]!r}; there are: {', '.join(fields)}")
    given = {
        k: _as_float(v) if k in fields and "float" in str(fields[k].type) else v
        for k, v in values.items()
    }
    if given.get("lora") is not None:
        try:
            given["lora"] = Lora(**given["lora"])
        except TypeError as error:
            raise ConfigError(f"lora: {error}; it takes r, alpha, dropout, targets") from None
        for found in dataclasses.fields(Lora):
            _check(f"lora.{found.name}", str(found.type), getattr(given["lora"], found.name))
    for name in ("tasks", "eval_tasks"):
        if name in given:
            given[name] = _names(name, given[name])
    try:
        made = kind(**given)
    except TypeError as error:
        raise ConfigError(f"the configuration is not complete: {error}") from None
    for name, found in fields.items():
        _check(name, str(found.type), getattr(made, name))
    return made


def as_json(config: SftConfig | GrpoConfig, sources: Mapping[str, str]) -> str:
    """Write a configuration as a run folder keeps it, with the hashes of what is trained on."""
    value = {"schema": 1, **dataclasses.asdict(config), "sources": dict(sources)}
    return json.dumps(value, indent=1, sort_keys=True) + "\n"


_KINDS: Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
}


_CHOICES: Mapping[str, Sequence[str]] = {
    "template": ("qwen3", "model"),
    "prompt": ("standard", "brief"),
    "family": tuple(Family),
    "variant": tuple(Variant),
    "loss": ("dr_grpo", "luspo", "grpo", "dapo", "bnpo", "cispo", "sapo", "vespo"),
    "scale_rewards": ("none", "group", "batch"),
    "schedule": (
        "constant",
        "constant_with_warmup",
        "linear",
        "cosine",
        "cosine_with_restarts",
        "polynomial",
        "inverse_sqrt",
    ),
}
_COUNTS = (
    "turns", "questions", "batch_size", "accumulation", "max_length", "max_context", "max_new",
    "generation_batch", "save_steps", "eval_steps", "slots", "limit",
)  # fmt: skip
_SHARES = (
    "learning_rate", "top_k", "beta", "epsilon", "ran_reward", "seed", "warmup_steps",
    "lora.dropout",
)  # fmt: skip
_LEAST = {
    "generations": 2, "temperature": 0.01, "top_p": 0.01, "lora.r": 1, "lora.alpha": 1,
    **dict.fromkeys(_COUNTS, 1), **dict.fromkeys(_SHARES, 0),
}  # fmt: skip
_MOST = {"top_p": 1, "lora.dropout": 1, "seed": 2**32 - 1}


def _names(name: str, value: object) -> tuple[str, ...]:
    """Take a list of names, or one."""
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(isinstance(n, str) for n in given):
        raise ConfigError(
            f"{name} is {value!r}; a list of task ids, dataset names or globs is needed"
        )
    return tuple(given)


def _check(name: str, kind: str, value: object) -> None:
    wanted = kind.removesuffix(" | None")
    if wanted not in _KINDS or (value is None and wanted != kind):
        return
    is_wrong_bool = isinstance(value, bool) and wanted != "bool"
    if is_wrong_bool or not isinstance(value, _KINDS[wanted]):
        raise ConfigError(f"{name} is {value!r}; a value of type {kind} is needed")
    choices = _CHOICES.get(name)
    if choices is not None and value not in choices:
        raise ConfigError(f"{name} is {value!r}; there are: {', '.join(choices)}")
    if isinstance(value, int | float) and value < _LEAST.get(name, -math.inf):
        raise ConfigError(f"{name} is {value!r}; at least {_LEAST[name]} is needed")
    if isinstance(value, int | float) and not value <= _MOST.get(name, math.inf):
        raise ConfigError(f"{name} is {value!r}; at most {_MOST[name]} is possible")


def _as_float(value: Any) -> Any:
    """Take a whole number for one with a point, which some libraries tell apart."""
    return float(value) if type(value) is int else value


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except ValueError:
        return text
