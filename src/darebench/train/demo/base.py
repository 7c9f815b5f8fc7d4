"""The small base model: a tokenizer made on the spot, a Qwen3-shaped network, its pretraining.

Pretraining text is made-up conversations (`programs.document`) with many mistakes: no table, and no
true answer, is in it.
"""

# torch and transformers are an optional extra, which a plain checkout does not have.
# pyright: reportMissingImports=false

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from darebench.agents.tools import NAME
from darebench.store.layout import PREDICTION
from darebench.train.config import SftConfig
from darebench.train.demo.programs import DONE, FILES, Writer, document, pieces
from darebench.train.template import renderer, training_template
from darebench.types import Progress

END, PAD, START = "<|im_end|>", "<|endoftext|>", "<|im_start|>"
MARKS = (
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
    "<think>",
    "</think>",
)
RESULTS = (
    "The code ran without an error.\nSaved: 'prediction.csv' (",
    "The code ran without an error.",
    "The code ran without an error.\nNot saved: 'prediction.csv': it was not written",
    "The code failed with exit code 1.\n--- stderr ---\nFileNotFoundError: [Errno 2] No such file",
    "The code failed with exit code 1.\n--- stderr ---\nKeyError: \"['x'] not in index\"",
    "The code failed with exit code 1.\n--- stderr ---\nUnicodeDecodeError: 'utf-8' codec can't",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The network's size; some 3.5 million parameters."""

    hidden: int = 256
    layers: int = 4
    heads: int = 4
    kv_heads: int = 2
    inner: int = 768


def conversations(n: int, mistakes: float, seed: int) -> Iterator[list[dict[str, Any]]]:
    """Make up conversations."""
    writer = Writer(rng=np.random.default_rng(seed), mistakes=mistakes)
    for _ in range(n):
        yield document(writer, RESULTS)


def make_tokenizer(texts: Iterator[str], size: int = 600) -> Any:
    """Train a byte-level BPE, and give every piece of the programs a token of its own.

    A program is some twenty tokens then, and what it takes from the prompt are the prompt's tokens,
    which is what makes minutes on a CPU enough; any other text can still be written, only at more
    length.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[PAD, START, END, *MARKS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    written = [json.dumps(piece)[1:-1] for piece in pieces()]
    frame = [
        "user\n",
        "assistant\n",
        f'{{"name": "{NAME}", "arguments": {{"code": "',
        '", "files_to_load": [',
        f'], "files_to_save": ["{PREDICTION}"]}}}}',
        '], "files_to_save": []}}',
        ", ",
        *(f'"{name}"' for name in FILES),
        *RESULTS,
        DONE,
    ]
    added = [AddedToken(text, normalized=False) for text in dict.fromkeys([*written, *frame])]
    tokenizer.add_tokens(added)
    made = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END, pad_token=PAD)
    made.chat_template = training_template()
    return made


def make_model(tokenizer: Any, shape: Shape, seed: int) -> Any:
    """Make a network with random weights."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(seed)
    config = Qwen3Config(
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
    return Qwen3ForCausalLM(config)


def pretrain(
    out: Path,
    *,
    steps: int,
    batch: int = 32,
    mistakes: float = 0.3,
    shape: Shape | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Path:
    """Make the tokenizer and the model, and train it on made-up conversations."""
    from transformers import Trainer, TrainingArguments

    from darebench.train.metrics import watch
    from darebench.train.setup import prepare_folder, train_out

    config = SftConfig(model="new", data="made up", out=str(out), max_steps=steps, seed=seed)
    checkpoint = prepare_folder(config, {})
    tokenizer = new_tokenizer(mistakes, seed)
    trainer = Trainer(
        model=make_model(tokenizer, shape or Shape(), seed),
        args=TrainingArguments(
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
        ),
        train_dataset=_rows(tokenizer, steps * batch, mistakes, seed + 2),
        data_collator=partial(_collate, tokenizer.pad_token_id),
        processing_class=tokenizer,
    )
    watch(trainer, out, progress)
    return train_out(trainer, checkpoint, out)


def new_tokenizer(mistakes: float, seed: int) -> Any:
    """Make the tokenizer from some made-up conversations."""
    texts = (m["content"] for c in conversations(300, mistakes, seed + 1) for m in c)
    return make_tokenizer(texts)


def _rows(tokenizer: Any, n: int, mistakes: float, seed: int) -> Any:
    """Encode conversations; the loss is on what the assistant writes."""
    from datasets import Dataset

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
    return Dataset.from_list(rows)


def _collate(pad: int, rows: Sequence[dict[str, list[int]]]) -> dict[str, Any]:
    import torch

    longest = max(len(row["input_ids"]) for row in rows)

    def padded(name: str, filler: int) -> Any:
        return torch.tensor([r[name] + [filler] * (longest - len(r[name])) for r in rows])

    ids = padded("input_ids", pad)
    return {"input_ids": ids, "attention_mask": ids != pad, "labels": padded("labels", -100)}
