"""The registry of trainers: `darebench train NAME`.

A new trainer is one module and one entry here. Its function takes a configuration and a keyword
`progress`, and returns a `Trained`; its configuration extends `TrainingConfig`. Its module is
imported only when training starts, because it needs the libraries of the extra `train`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from darebench.train.config import GrpoConfig, SftConfig, TrainingConfig
from darebench.train.read_config import load_config
from darebench.train.requirements import need_libraries
from darebench.train.training_folder import Trained
from darebench.types import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainer:
    """A way to train a model."""

    summary: str
    """What it does, in one line of help."""
    example: str
    """The file of settings that the help shows."""
    config: type[TrainingConfig]
    module: str
    function: str

    def load(self) -> Callable[..., Trained]:
        """Import the function that trains; it needs the extra `train`."""
        return getattr(import_module(self.module), self.function)


TRAINERS: Mapping[str, Trainer] = {
    "sft": Trainer(
        summary="Fine-tune a model on exported attempts.",
        example="configs/sft-qwen3-32b.toml",
        config=SftConfig,
        module="darebench.train.sft",
        function="train_sft",
    ),
    "grpo": Trainer(
        summary="Train a model by reinforcement on the tasks of a store.",
        example="configs/grpo-qwen3-4b.toml",
        config=GrpoConfig,
        module="darebench.train.grpo",
        function="train_grpo",
    ),
}
"""Name -> trainer, in the order of the command line's help."""


def train(
    name: str, path: Path, settings: Sequence[str] = (), *, progress: Progress | None = None
) -> Trained:
    """Train as a TOML file says, with `KEY=VALUE` settings over it.

    Args:
        name: A trainer of `TRAINERS`.
        path: The TOML file.
        settings: Settings that replace the file's.
        progress: Called with the steps that are done.

    Raises:
        ConfigError: A setting, the folder, or this installation cannot be used.
    """
    trainer = TRAINERS[name]
    config = load_config(trainer.config, path, settings)
    need_libraries()
    return trainer.load()(config, progress=progress)
