"""Finds what a call of `evaluate` asks for: the tasks, who plays them, what tells runs apart."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from inspect_ai.model import Model

from darebench import __version__
from darebench.agents.protocol import Agent, ChatModel
from darebench.environment import current_environment, fingerprint
from darebench.errors import ConfigError
from darebench.evals.evaluation import EvalConfig
from darebench.evals.identity import identify, load, qualified_name
from darebench.evals.inspect.loops import DEFAULT, LOOPS, is_loop, settled
from darebench.evals.inspect.model import open_model
from darebench.evals.inspect.players import AgentPlayer, Player, player_of
from darebench.evals.run_content import NOTES as STORE_NOTES
from darebench.evals.run_content import content_record
from darebench.scoring.metrics import rule_of
from darebench.scoring.score import scorer_hash
from darebench.store.read import Store, open_store, select
from darebench.store.truth import metric_of
from darebench.types import Task
from darebench.work import Record, Work

SCHEMA = 3
NOTES = STORE_NOTES | {"config.store", "config.sandbox"}
"""What a run's record says for people: a store or a sandbox that has moved is the same."""
_SECRET = re.compile(r"(?i)(^|_)(api_?key|key|token|secret|password|credentials?)$")
NO_MODEL = "none/none"
"""Inspect's name for a run that asks no model of Inspect's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a call asks for, as it was given."""

    config: EvalConfig
    model: str | Model | ChatModel | None
    agent: str | Agent | object | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is run: everything that the call named is found and usable."""

    config: EvalConfig
    model: str | Model
    """What Inspect is given."""
    player: Player
    store: Store
    tasks: Sequence[Task]

    @property
    def record(self) -> Mapping[str, Any]:
        """What makes this run another than others, with its notes."""
        values = _settings(self.config)
        values["tasks"] = list(self.config.tasks)
        return {
            "schema": SCHEMA,
            "config": values,
            "store": content_record(self.store, self.tasks),
            "task_ids": [t.id for t in self.tasks],
            "player": self.player.identity,
        }

    @property
    def work(self) -> Work:
        """What the run's folder is for."""
        environment = {
            "schema": 1,
            "darebench": __version__,
            "scorer": scorer_hash(*(metric_of(task) for task in self.tasks)),
            "environment": current_environment().as_dict(),
        }
        return Work(
            kind="run",
            records={
                "config.json": Record(value=self.record, notes=NOTES),
                "env.json": Record(value=environment),
            },
        )

    @property
    def name(self) -> str:
        """What the run's folder is called: the same for everybody who runs the same."""
        values = _settings(self.config) | {"store": None, "sandbox": None}
        # Not the content of the store: a run over another state of it is the same run, refused.
        datasets = {t.dataset for t in self.store.tasks} | {p.dataset for p in self.store.problems}
        known = [SCHEMA, values, sorted(datasets), self.player.identity]
        agent, model = self.config.agent, self.config.model
        name = f"{agent}-{model}" if agent in LOOPS else agent or model
        return f"{re.sub(r'[^A-Za-z0-9.]+', '-', name).strip('-')}-{fingerprint(known)[:8]}"


def _settings(config: EvalConfig) -> dict[str, Any]:
    """Return what tells runs apart; a field that came later counts where it is not its default."""
    values = without_secrets(asdict(config))
    if config.branches == 1:
        del values["branches"]
    warm = values.pop("warm")
    return values if warm is None else {**values, "warm": list(warm)}


def without_secrets(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration's fields without keys and passwords, as a run's folder holds them."""
    url = config["base_url"]
    return {
        **config,
        "base_url": url and re.sub(r"(?<=://)[^/@]*@", "", url),
        "model_args": {k: v for k, v in config["model_args"].items() if not _SECRET.search(k)},
    }


def resolve(asked: Asked) -> Plan:
    """Find the tasks and who plays them; everything that can be wrong with them is said here."""
    config, model, player = _player(asked)
    store = open_store(config.store)
    try:
        chosen = select(
            store.tasks,
            config.tasks,
            family=config.family,
            variant=config.variant,
            limit=config.limit,
            seed=config.seed,
        )
    except ConfigError as error:
        broken = "".join(f"; {p.dataset}: {p.message}" for p in store.problems[:1])
        raise ConfigError(f"{error}{broken}") from None
    _check_headers(config.generation)
    if config.warm is not None and config.sandbox is not None:
        raise ConfigError("warm is for programs that run here; give it to the sandbox's server")
    if not chosen:
        raise ConfigError(f"no task is selected in {store.root}; loosen the filters")
    for metric in {metric_of(task) for task in chosen}:
        rule_of(metric)
    if isinstance(model, str) and model != NO_MODEL:
        model = open_model(model, config.base_url, config.model_args)
    return Plan(config=config, model=model, player=player, store=store, tasks=chosen)


def _check_headers(generation: Mapping[str, Any]) -> None:
    """Refuse keys among the headers: Inspect writes the options of sampling into its logs.

    Raises:
        ConfigError: There is one.
    """
    for name in generation.get("extra_headers") or {}:
        if re.search(r"(?i)auth|key|token|secret|cookie", name):
            raise ConfigError(
                f"the header {name} in generation.extra_headers would be written into the run's "
                "folder; set the key as the variable that the model's provider reads"
            )


def _player(asked: Asked) -> tuple[EvalConfig, str | Model, Player]:
    """Return the configuration with the names of who plays, Inspect's model, and the player."""
    config, model = asked.config, asked.model
    if isinstance(model, str):
        config = replace(config, model=model)
    if isinstance(asked.agent, str):
        config = replace(config, agent=asked.agent)
    agent = config.agent if asked.agent is None else asked.agent
    config = settled(config)
    if not is_loop(agent):
        return _agent_player(config, model, asked.agent)
    player = LOOPS[config.agent or DEFAULT](config)
    if model is None or isinstance(model, str):
        return config, config.inspect_model, player
    if isinstance(model, Model):
        known = replace(player, identity=_settings_of(model))
        return replace(config, model=str(model)), model, known
    if not callable(getattr(model, "reply", None)):
        raise ConfigError(
            f"{qualified_name(model)} is not a model: give an Inspect model's name, an Inspect "
            "Model, or an object with an async method `reply(messages, tools)`"
        )
    name = qualified_name(model)
    player = replace(player, model=model, name=name, identity=identify(model))
    return replace(config, model=name), NO_MODEL, player


def _agent_player(
    config: EvalConfig, model: str | Model | ChatModel | None, agent: str | object | None
) -> tuple[EvalConfig, str | Model, Player]:
    given = load(config.agent or "") if agent is None or isinstance(agent, str) else agent
    player = player_of(given)
    name = str(player.identity["name"])
    if isinstance(player, AgentPlayer):
        if model is not None:
            raise ConfigError(f"the agent {name} brings its own model; leave out model")
        return replace(config, agent=name, model=name), NO_MODEL, player
    config = replace(config, agent=name)
    if model is None or isinstance(model, str):
        return config, config.inspect_model, player
    if isinstance(model, Model):
        known = {**player.identity, "model": _settings_of(model)}
        return replace(config, model=str(model)), model, replace(player, identity=known)
    raise ConfigError(f"the agent {name} is Inspect's, and needs one of Inspect's models")


def _settings_of(model: Model) -> dict[str, Any]:
    """Return what tells an Inspect model from others of its name, without keys and objects."""
    plain = (str, int, float, bool, type(None))
    return {
        "name": str(model),
        "config": model.config.model_dump(exclude_none=True, mode="json"),
        "args": {
            name: value
            for name, value in sorted(model.model_args.items())
            if isinstance(value, plain) and "key" not in name
        },
    }
