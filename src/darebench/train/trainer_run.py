"""From a trainer that has been built to the final model, for any of the trainers."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from darebench.train.config import TrainingConfig
from darebench.train.training_folder import (
    FINAL,
    Trained,
    is_first_process,
    is_for_resuming,
)
from darebench.train.training_log import watch
from darebench.types import Progress

FULL = 1 << 20
"""A disk with fewer free bytes is full: a checkpoint's smallest file is larger."""


def train_on(
    folder: str,
    max_steps: int,
    checkpoint: Path | None,
    make_trainer: Callable[[], Any],
    progress: Progress | None,
) -> Trained:
    """Train to the last step and save the model, unless that has been done.

    Args:
        folder: The training's folder.
        max_steps: What its configuration says; not positive where epochs decide.
        checkpoint: The last one, to continue from, if there is one.
        make_trainer: Builds the trainer, with the weights.
        progress: Called with the steps that are done.

    Raises:
        OSError: The disk is full.
    """
    out = Path(folder)
    final = out / FINAL
    if _has_ended(final, max_steps, checkpoint):
        if checkpoint is not None and is_first_process():
            _complete(final, checkpoint)
        return Trained(model=final, steps=0)
    trainer = make_trainer()
    watch(trainer, out, progress)
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        trainer.save_model(str(final))
        trainer.processing_class.save_pretrained(str(final))
    except Exception as error:  # torch does not say that the disk is full
        if shutil.disk_usage(out).free < FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(out)) from error
        raise
    before = 0 if checkpoint is None else _state(checkpoint)["global_step"]
    return Trained(model=final, steps=trainer.state.global_step - before)


def _has_ended(final: Path, max_steps: int, checkpoint: Path | None) -> bool:
    """Check whether the last step has been done: a trainer started there goes one step too far."""
    if checkpoint is None:  # the checkpoints may have been removed, and the model kept
        return any(final.glob("*model*.safetensors"))
    state = _state(checkpoint)
    return state["global_step"] >= (max_steps if max_steps > 0 else state["max_steps"])


def common_arguments(config: TrainingConfig, *, has_eval: bool) -> dict[str, Any]:
    """Return the arguments that TRL's trainers have in common."""
    return {
        "output_dir": config.out,
        "learning_rate": config.learning_rate,
        "lr_scheduler_type": str(config.schedule),
        "warmup_steps": config.warmup_steps,
        "weight_decay": config.weight_decay,
        "max_grad_norm": config.max_grad_norm,
        "ddp_timeout": config.wait_s,
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


def _state(checkpoint: Path) -> dict[str, Any]:
    return json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))


def _complete(final: Path, checkpoint: Path) -> None:
    """Copy what the final model lacks of the last checkpoint: it may have been cut off there."""
    final.mkdir(exist_ok=True)
    for source in sorted(checkpoint.iterdir()):
        target = final / source.name
        if source.is_file() and not is_for_resuming(source.name):
            whole = target.is_file() and target.stat().st_size == source.stat().st_size
            if not whole:
                shutil.copyfile(source, target)
