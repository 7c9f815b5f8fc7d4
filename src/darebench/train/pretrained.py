"""The model to train: its tokenizer with a tested template, its weights, its adapters."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from typing import Any

from darebench.agents.protocol import Budget
from darebench.agents.tools import schema
from darebench.errors import ConfigError
from darebench.installing import install_command
from darebench.sandbox.program import Limits
from darebench.train.chat_template import renderer, self_test, training_template
from darebench.train.choices import Template
from darebench.train.config import Lora, TrainingConfig
from darebench.train.libraries import peft, torch, transformers
from darebench.train.requirements import refusals


def need_machine(config: TrainingConfig) -> None:
    """Refuse a configuration that this machine cannot run.

    Raises:
        ConfigError: The machine has no device to train on, or DeepSpeed is missing.
    """
    if not config.cpu and not torch.accelerator.is_available():
        raise ConfigError(
            "torch finds no GPU here; give cpu = true (--set cpu=true) for small models, or "
            "install the torch of this machine's GPU"
        )
    if config.deepspeed is not None and importlib.util.find_spec("deepspeed") is None:
        raise ConfigError(
            "deepspeed is not installed; leave out the setting deepspeed, or install it: "
            f"{install_command('deepspeed')}"
        )


def need_whole_weights(config: TrainingConfig) -> None:
    """Refuse to split the weights among devices: each generates by itself, at its own pace.

    A process that asks for a part of the weights would wait for ever for one that does not.

    Raises:
        ConfigError: DeepSpeed's stage 3 or FSDP is asked for.
    """
    launched = os.environ.get
    stages = {
        str(_stage(config.deepspeed or launched("ACCELERATE_DEEPSPEED_CONFIG_FILE"))),
        launched("ACCELERATE_DEEPSPEED_ZERO_STAGE"),
    }
    split = "FSDP" if launched("ACCELERATE_USE_FSDP", "").lower() in ("1", "true") else ""
    split = "DeepSpeed's stage 3 (ZeRO-3)" if "3" in stages else split
    if split:
        raise ConfigError(
            f"{split} splits the weights among devices, and every device generates with all of "
            "them; use stage 2 (configs/accelerate-zero2.yaml), or verl"
        )


def _stage(path: str | None) -> int | None:
    """Return the stage that a DeepSpeed configuration asks for; None without one.

    Raises:
        ConfigError: The file cannot be read.
    """
    if not path or path.lower() == "none":
        return None
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
        return found.get("zero_optimization", {}).get("stage")
    except (OSError, ValueError, AttributeError) as error:
        raise ConfigError(f"{path} is not a DeepSpeed configuration: {error}") from None


def load_tokenizer(model: str, template: str = Template.QWEN3) -> Any:
    """Load a tokenizer and set the template to train on, which must pass the self-test.

    Raises:
        ConfigError: The tokenizer or the template cannot be found, or cannot be trained on.
    """
    if template not in set(Template):
        raise ConfigError(f"unknown template {template!r}; use one of: {', '.join(Template)}")
    with refusals(f"model {model!r} has no usable tokenizer; give a folder or a hub name"):
        tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    if template == Template.QWEN3:
        tokenizer.chat_template = training_template()
    if tokenizer.pad_token is None or tokenizer.eos_token is None:
        raise ConfigError(f"the tokenizer of {model} lacks a padding or an end token; add them")
    problems = self_test(renderer(tokenizer), tokenizer.eos_token, [schema(Budget(), Limits())])
    if problems:
        raise ConfigError(f"the chat template of {model} cannot be trained on: {problems[0]}")
    return tokenizer


def load_model(name: str, *, half: bool = False) -> Any:
    """Load the weights, in bfloat16 if `half`, else in single precision.

    Raises:
        ConfigError: The weights cannot be found or read.
    """
    kind = torch.bfloat16 if half else torch.float
    with refusals(f"model {name!r} has no usable weights; give a folder or a hub name"):
        return transformers.AutoModelForCausalLM.from_pretrained(name, dtype=kind)


def holds_half(config: TrainingConfig) -> bool:
    """Check whether weights may be held in bfloat16: they do not move, or DeepSpeed has a copy.

    A step of 1e-6 is lost in a weight's rounding, so that training in bfloat16 alone stands still.
    """
    return config.bf16 and not config.cpu and bool(config.lora or config.deepspeed)


def lora_config(lora: Lora | None) -> Any:
    """Return peft's configuration, or None where all weights are trained."""
    if lora is None:
        return None
    return peft.LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=lora.targets,
        task_type="CAUSAL_LM",
    )
