"""Supervised fine-tuning on exported attempts, by TRL's SFTTrainer; the loss is on assistant turns.

Each row is rendered and encoded here, once, and the mask comes from the template's generation tags;
a row longer than `max_length` is left out and counted, because its cut end would teach to stop.
"""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import Any

from darebench.errors import ConfigError
from darebench.rollouts.check_export import encode, is_openai, read_rows, row_problems
from darebench.train.config import SftConfig
from darebench.train.libraries import datasets, trl
from darebench.train.pretrained import (
    holds_half,
    load_model,
    load_tokenizer,
    lora_config,
    need_machine,
)
from darebench.train.requirements import refusals
from darebench.train.trainer_run import common_arguments, train_on
from darebench.train.training_folder import Trained, training_folder
from darebench.types import Progress

log = logging.getLogger(__name__)
NO_LOSS = -100
"""The label of a token that torch's loss leaves out."""


def train_sft(config: SftConfig, *, progress: Progress | None = None) -> Trained:
    """Train to the end, from the last checkpoint on if there is one.

    Raises:
        ConfigError: The data, the template or the folder cannot be used.
    """
    need_machine(config)
    tokenizer = load_tokenizer(config.model, config.template)
    encoded = partial(
        encode_rows,
        tokenizer=tokenizer,
        max_length=config.max_length,
        show_tools=config.show_tools,
    )
    train = encoded(config.data)
    held_out = encoded(config.eval_data) if config.eval_data else None
    with training_folder(config) as checkpoint:
        return train_on(
            config.out, config.max_steps, checkpoint,
            lambda: _trainer(config, tokenizer, train, held_out), progress,
        )  # fmt: skip


def encode_rows(path: str, tokenizer: Any, max_length: int, *, show_tools: bool = True) -> Any:
    """Encode an export as a data set of `input_ids` and `labels`, lists of one length each.

    A label is the token itself, or `NO_LOSS` where the loss is not.

    Raises:
        ConfigError: A row cannot be used, or none is left.
    """
    rows: list[dict[str, list[int]]] = []
    too_long = 0
    for number, row in enumerate(read_rows(Path(path)), 1):
        problem = next(row_problems(row, openai=is_openai(row)), None)
        if problem is not None:
            raise ConfigError(
                f"{path} row {number} cannot be trained on: {problem[1]}; make the file with "
                "`darebench export`"
            )
        encoded = encode(row, tokenizer, show_tools=show_tools)
        if len(encoded["input_ids"]) > max_length:
            too_long += 1
            continue
        if not any(encoded["assistant_masks"]):
            raise ConfigError(
                f"{path} row {number}: the chat template marks nothing that the loss is on; train "
                'with template = "qwen3"'
            )
        pairs = zip(encoded["input_ids"], encoded["assistant_masks"], strict=True)
        labels = [token if own else NO_LOSS for token, own in pairs]
        rows.append({"input_ids": list(encoded["input_ids"]), "labels": labels})
    if too_long:
        log.warning("%s: %d rows of more than %d tokens are left out", path, too_long, max_length)
    if not rows:
        raise ConfigError(f"{path} has no row of at most {max_length} tokens")
    return datasets.Dataset.from_list(rows)


def _trainer(config: SftConfig, tokenizer: Any, train: Any, held_out: Any) -> Any:
    with refusals("the trainer cannot be made of this configuration"):
        # Before the weights: with them DeepSpeed knows that no process is to load all.
        arguments = _arguments(config, has_eval=held_out is not None)
        return trl.SFTTrainer(
            model=load_model(config.model, half=holds_half(config)),
            args=arguments,
            train_dataset=train,
            eval_dataset=held_out,
            processing_class=tokenizer,
            peft_config=lora_config(config.lora),
        )


def _arguments(config: SftConfig, *, has_eval: bool) -> Any:
    return trl.SFTConfig(
        **common_arguments(config, has_eval=has_eval),
        max_length=config.max_length,
        packing=config.packing,
        num_train_epochs=config.epochs,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=config.batch_size,
        gradient_accumulation_steps=config.accumulation,
    )
