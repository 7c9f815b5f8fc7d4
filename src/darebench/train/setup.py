"""What both trainers need: the model, the tokenizer with its template, the run's folder."""

# torch and transformers are an optional extra, which a plain checkout does not have.
# pyright: reportMissingImports=false

from __future__ import annotations

import errno
import importlib.util
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from darebench.agents.protocol import Budget
from darebench.agents.tools import schema
from darebench.errors import ConfigError, DareError
from darebench.files import written_whole
from darebench.sandbox.program import Limits
from darebench.train.config import GrpoConfig, Lora, SftConfig, as_json
from darebench.train.template import renderer, self_test, training_template

RESUMING = ("optimizer*", "scheduler*", "scaler*", "rng_state*", "train*", "global_step*", "latest")
"""Files of a checkpoint that are for going on and not of the model."""
FULL = 1 << 20
"""Bytes of a disk with less room than a checkpoint's smallest file."""


def need_libraries() -> None:
    """Refuse to start without the extra `train`.

    Raises:
        ConfigError: a library is missing.
    """
    missing = [n for n in ("torch", "trl", "peft") if importlib.util.find_spec(n) is None]
    if missing:
        raise ConfigError(
            f"training needs {', '.join(missing)}: `make train-env`, or pip install "
            "torch==2.13.0 'darebench[train]'"
        )


def need_machine(config: SftConfig | GrpoConfig) -> None:
    """Refuse a configuration that this machine cannot run.

    Raises:
        ConfigError: there is no device to train on, or DeepSpeed is missing.
    """
    import torch

    if not config.cpu and not torch.accelerator.is_available():
        raise ConfigError(
            "torch finds no GPU here; give cpu = true (--set cpu=true) for small models, or "
            "install the torch of this machine's GPU"
        )
    if config.deepspeed is not None and importlib.util.find_spec("deepspeed") is None:
        raise ConfigError(
            "deepspeed is not installed: pip install deepspeed, or leave out the setting deepspeed"
        )


@contextmanager
def refusals(what: str) -> Iterator[None]:
    """Turn a library's refusal of what it is given into one sentence, with the error as its cause.

    Raises:
        ConfigError: the library has refused.
    """
    try:
        yield
    except DareError:
        raise
    except Exception as error:
        said = next(iter(str(error).strip().splitlines()), "")
        raise ConfigError(f"{what}: {type(error).__name__}: {said}") from error


def prepare_folder(config: SftConfig | GrpoConfig, sources: Mapping[str, str]) -> Path | None:
    """Make the run's folder; give the last whole checkpoint in it, if there is one.

    Call it when all that is given has turned out to be usable: a folder is of one configuration.
    A run that has come to no checkpoint has nothing to lose: another one may take its folder.

    Args:
        config: What is done in it.
        sources: Name -> hash of what is trained on.

    Raises:
        ConfigError: the folder holds a run of another configuration, or of other data.
    """
    folder = Path(config.out)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.json"
    text = as_json(config, sources)
    checkpoints = [p for p in folder.glob("checkpoint-*") if _is_whole(p)]
    changed = _changes(path, json.loads(text)) if path.is_file() else []
    has_begun = bool(checkpoints) or (folder / "final").is_dir()
    if changed and (has_begun or "schema" in changed):  # without one it may be a model's own
        raise ConfigError(
            f"{folder} holds a run with another {', '.join(changed)}; give another out, or "
            "remove the folder"
        )
    if (changed or not path.is_file()) and os.environ.get("RANK", "0") == "0":
        with written_whole(path) as part:
            part.write_text(text, encoding="utf-8")
    return max(checkpoints, key=step_of, default=None)


def _is_whole(checkpoint: Path) -> bool:
    """Say whether a checkpoint was written to its end."""
    try:
        json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True


def _changes(path: Path, now: Mapping[str, Any]) -> list[str]:
    """Name what a folder's configuration has otherwise."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path} is no JSON ({error}); remove the folder") from None
    return sorted(k for k in known.keys() | now if known.get(k) != now.get(k))


def load_tokenizer(model: str, template: str) -> Any:
    """Load a tokenizer, with the template to train on, tested.

    Raises:
        ConfigError: the template would make training go wrong.
    """
    from transformers import AutoTokenizer

    with refusals(f"model {model!r} has no usable tokenizer; give a folder or a hub name"):
        tokenizer = AutoTokenizer.from_pretrained(model)
    if template == "qwen3":
        tokenizer.chat_template = training_template()
    elif template != "model":
        raise ConfigError(f"no template {template!r}; there are qwen3 and model")
    if tokenizer.pad_token is None or tokenizer.eos_token is None:
        raise ConfigError(f"the tokenizer of {model} lacks a padding or an end token; add them")
    problems = self_test(renderer(tokenizer), tokenizer.eos_token, [schema(Budget(), Limits())])
    if problems:
        raise ConfigError(f"the chat template of {model} cannot be trained on: {problems[0]}")
    return tokenizer


def load_model(name: str, *, half: bool = False) -> Any:
    """Load the weights, in bfloat16 if `half`."""
    import torch
    from transformers import AutoModelForCausalLM

    kind = torch.bfloat16 if half else torch.float
    with refusals(f"model {name!r} has no usable weights; give a folder or a hub name"):
        return AutoModelForCausalLM.from_pretrained(name, dtype=kind)


def holds_half(config: SftConfig | GrpoConfig) -> bool:
    """Tell whether weights are held in bfloat16: where they do not move, or DeepSpeed has a copy.

    A step of 1e-6 is lost in a weight's rounding, so that training in bfloat16 alone stands still.
    """
    return config.bf16 and not config.cpu and bool(config.lora or config.deepspeed)


def train_out(trainer: Any, checkpoint: Path | None, out: Path) -> Path:
    """Train to the last step, from a checkpoint if there is one; give the final model's folder.

    Raises:
        OSError: the disk is full.
    """
    final = out / "final"
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        trainer.save_model(str(final))
        trainer.processing_class.save_pretrained(str(final))
    except Exception as error:  # torch says nothing of the disk
        if shutil.disk_usage(out).free < FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(out)) from error
        raise
    return final


def finished(config: SftConfig | GrpoConfig, checkpoint: Path | None) -> Path | None:
    """Give the final model of a run whose last checkpoint is of its last step; else None.

    The trainer itself would go one step too far.
    """
    if checkpoint is None:
        return None
    state = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    steps = config.max_steps if config.max_steps > 0 else state["max_steps"]
    if state["global_step"] < steps:
        return None
    final = Path(config.out) / "final"
    shutil.copytree(checkpoint, final, ignore=shutil.ignore_patterns(*RESUMING), dirs_exist_ok=True)
    return final


def step_of(checkpoint: Path) -> int:
    """Read the step off a checkpoint's name."""
    return int(checkpoint.name.rpartition("-")[2])


def lora_config(lora: Lora | None) -> Any:
    """Give peft's configuration, or None for full training."""
    if lora is None:
        return None
    from peft import LoraConfig

    return LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=lora.targets,
        task_type="CAUSAL_LM",
    )


def common_arguments(config: SftConfig | GrpoConfig, *, has_eval: bool) -> dict[str, Any]:
    """Give what both of TRL's trainers are told alike."""
    return {
        "output_dir": config.out,
        "learning_rate": config.learning_rate,
        "lr_scheduler_type": config.schedule,
        "max_steps": config.max_steps,
        "gradient_checkpointing": config.gradient_checkpointing,
        "bf16": config.bf16,
        "use_cpu": config.cpu,
        "seed": config.seed,
        "data_seed": config.seed,
        "save_steps": config.save_steps,
        "save_total_limit": 2,
        "eval_strategy": "steps" if has_eval else "no",
        "eval_steps": config.eval_steps,
        "logging_steps": 1,
        "report_to": "none",
        "deepspeed": config.deepspeed,
        "disable_tqdm": True,
    }
