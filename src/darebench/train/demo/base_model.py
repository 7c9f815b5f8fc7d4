"""The small base model: a Qwen3-shaped network with random weights, and its pretraining.

Pretraining text is made-up conversations (`program_writer.document`) with many mistakes; it holds
no table and no true answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from darebench.train.chat_template import renderer
from darebench.train.demo.tokenizer import conversations, new_tokenizer
from darebench.train.libraries import datasets, torch, transformers
from darebench.train.trainer_run import train_on
from darebench.train.training_folder import Trained, claimed_folder, library_versions
from darebench.types import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The network's size; some 3.5 million parameters."""

    hidden: int = 256
    layers: int = 4
    heads: int = 4
    kv_heads: int = 2
    inner: int = 768


def make_model(tokenizer: Any, shape: Shape, seed: int) -> Any:
    """Build a network with random weights."""
    torch.manual_seed(seed)
    config = transformers.Qwen3Config(
        attn_implementation="eager",  # a quarter faster than SDPA's kernel at some 90 tokens
        vocab_size=len(tokenizer),
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.hidden // shape.heads,
        intermediate_size=shape.inner,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return transformers.Qwen3ForCausalLM(config)


def pretrain(
    out: Path,
    *,
    steps: int,
    batch: int = 32,
    mistakes: float = 0.3,
    shape: Shape | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Trained:
    """Make the tokenizer and the model, and train it on made-up conversations.

    Raises:
        ConfigError: The folder holds another training, or another process is at work in it.
    """
    shape = shape or Shape()
    value = {
        "schema": 1, "max_steps": steps, "batch_size": batch, "mistakes": mistakes,
        "shape": asdict(shape), "seed": seed,
    }  # fmt: skip

    def make_trainer() -> Any:
        tokenizer = new_tokenizer(mistakes, seed)
        return transformers.Trainer(
            model=make_model(tokenizer, shape, seed),
            args=_arguments(out, steps=steps, batch=batch, seed=seed),
            train_dataset=_rows(tokenizer, steps * batch, mistakes, seed + 2),
            data_collator=partial(_collate, tokenizer.pad_token_id),
            processing_class=tokenizer,
        )

    with claimed_folder(out, value, library_versions("torch", "transformers")) as checkpoint:
        return train_on(str(out), steps, checkpoint, make_trainer, progress)


def _arguments(out: Path, *, steps: int, batch: int, seed: int) -> Any:
    return transformers.TrainingArguments(
        output_dir=str(out),
        max_steps=steps,
        per_device_train_batch_size=batch,
        train_sampling_strategy="group_by_length",
        learning_rate=2e-3,
        lr_scheduler_type="cosine",
        warmup_steps=0.05,
        adam_beta2=0.98,
        weight_decay=0.05,
        bf16=True,
        use_cpu=True,
        seed=seed,
        logging_steps=20,
        save_steps=200,
        save_total_limit=1,
        report_to="none",
        disable_tqdm=True,
    )


def _rows(tokenizer: Any, n: int, mistakes: float, seed: int) -> Any:
    """Encode conversations; the loss is on what the assistant writes."""
    render = renderer(tokenizer)
    end, role = tokenizer.eos_token_id, tokenizer.encode("assistant\n")[0]
    rows: list[dict[str, list[int]]] = []
    for conversation in conversations(n, mistakes, seed):
        ids = tokenizer.encode(render(conversation, None, False), add_special_tokens=False)
        labels: list[int] = []
        written = False
        for token in ids:
            labels.append(token if written else -100)
            written = token != end if written else token == role
        rows.append({"input_ids": ids, "labels": labels})
    return datasets.Dataset.from_list(rows)


def _collate(pad: int, rows: Sequence[dict[str, list[int]]]) -> dict[str, Any]:
    longest = max(len(row["input_ids"]) for row in rows)

    def padded(name: str, filler: int) -> Any:
        return torch.tensor([r[name] + [filler] * (longest - len(r[name])) for r in rows])

    ids = padded("input_ids", pad)
    return {"input_ids": ids, "attention_mask": ids != pad, "labels": padded("labels", -100)}
