"""The small base model: a tokenizer made on the spot, a Qwen3-shaped network, its pretraining.

Pretraining text is made-up conversations (`programs.document`) with many mistakes, over column
names of the training tables and random ones. No held-out table, and no true answer, is in it.
"""

# torch and transformers are an optional extra, which a plain checkout does not have.
# pyright: reportMissingImports=false

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from darebench.train.config import SftConfig
from darebench.train.demo.programs import Writer, document, made_up_prompt
from darebench.train.template import renderer, training_template

END, PAD, START = "<|im_end|>", "<|endoftext|>", "<|im_start|>"
MARKS = (
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
    "<think>",
    "</think>",
)
BLOCK = 512
RESULTS = (
    "The code ran without an error.",
    "The code ran without an error.\nNot saved: 'prediction.csv': it was not written",
    "The code failed with exit code 1.\n--- stderr ---\nFileNotFoundError: [Errno 2] No such file",
    "The code failed with exit code 1.\n--- stderr ---\nKeyError: \"['x'] not in index\"",
    "The code failed with exit code 1.\n--- stderr ---\nUnicodeDecodeError: 'utf-8' codec can't",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The network's size; some 3.5 million parameters."""

    vocabulary: int = 2048
    hidden: int = 256
    layers: int = 4
    heads: int = 4
    kv_heads: int = 2
    inner: int = 768


def conversations(
    words: Sequence[str], n: int, mistakes: float, seed: int
) -> Iterator[list[dict[str, Any]]]:
    """Make up conversations."""
    rng = np.random.default_rng(seed)
    writer = Writer(rng=rng, mistakes=mistakes)
    for _ in range(n):
        yield document(made_up_prompt(words, rng), writer, RESULTS)


def make_tokenizer(texts: Iterator[str], size: int) -> Any:
    """Train a byte-level BPE whose words are whole lines, so that a usual line is one token."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\\n|\n"), "merged_with_previous"),
            pre_tokenizers.Split(Regex(r"'[^'\n\\]{1,80}'|\d"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[PAD, START, END, *MARKS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=120,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    made = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END, pad_token=PAD)
    made.chat_template = training_template()
    return made


def make_model(tokenizer: Any, shape: Shape, seed: int) -> Any:
    """Make a network with random weights."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(seed)
    config = Qwen3Config(
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
    words: Sequence[str],
    out: Path,
    *,
    steps: int,
    batch: int = 4,
    mistakes: float = 0.35,
    shape: Shape | None = None,
    seed: int = 0,
) -> Path:
    """Make the tokenizer and the model, and train it on made-up conversations."""
    from datasets import Dataset
    from transformers import Trainer, TrainingArguments, default_data_collator

    from darebench.train.metrics import JsonLines
    from darebench.train.setup import prepare_folder

    shape = shape or Shape()
    config = SftConfig(model="new", data="made up", out=str(out), max_steps=steps, seed=seed)
    checkpoint = prepare_folder(config)
    sample = (_parts(c) for c in conversations(words, 3000, mistakes, seed + 1))
    tokenizer = make_tokenizer((part for parts in sample for part in parts), shape.vocabulary)
    needed = steps * batch * BLOCK
    ids, labels = _encode(tokenizer, conversations(words, 1_000_000, mistakes, seed + 2), needed)
    data = Dataset.from_dict({"input_ids": ids, "labels": labels})
    trainer = Trainer(
        model=make_model(tokenizer, shape, seed),
        args=TrainingArguments(
            output_dir=str(out),
            max_steps=steps,
            per_device_train_batch_size=batch,
            learning_rate=1.5e-3,
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
        train_dataset=data,
        data_collator=default_data_collator,
        callbacks=[JsonLines(out)],
    )
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    final = out / "final"
    trainer.save_model(str(final))
    tokenizer.save_pretrained(str(final))
    return final


def _encode(
    tokenizer: Any, made_up: Iterator[Sequence[dict[str, Any]]], needed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Encode conversations one after another, cut into blocks; the loss is on what is written."""
    render = renderer(tokenizer)
    end, role = tokenizer.eos_token_id, tokenizer.encode("assistant\n")
    ids: list[int] = []
    labels: list[int] = []
    while len(ids) < needed:
        new = tokenizer.encode(render(next(made_up), None, False), add_special_tokens=False)
        written = False
        for position, token in enumerate(new):
            labels.append(token if written else -100)
            if written:
                written = token != end
            elif new[position + 1 - len(role) : position + 1] == role:
                written = True
        ids += new
    shape = (-1, BLOCK)
    return (
        np.array(ids[:needed], dtype=np.int64).reshape(shape),
        np.array(labels[:needed], dtype=np.int64).reshape(shape),
    )


def _parts(conversation: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Give the stretches between special tokens, as the template writes them."""
    for message in conversation:
        role = "user" if message["role"] == "tool" else message["role"]
        yield f"{role}\n"
        if message["role"] == "tool":
            yield f"\n{message['content']}\n"
        elif message["content"]:
            yield message["content"]
        for call in message.get("tool_calls", ()):
            function = call["function"]
            yield f'\n{{"name": "{function["name"]}", "arguments": {function["arguments"]}}}\n'
