"""The small base model's tokenizer, made on the spot from made-up conversations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

# Not from `libraries`: verl's environment has these two, and makes tokenizers too.
import tokenizers  # pyright: ignore[reportMissingImports]
import transformers  # pyright: ignore[reportMissingImports]

from darebench.agents.tools import NAME
from darebench.store.layout import PREDICTION
from darebench.train.chat_template import training_template
from darebench.train.demo.program_writer import DONE, FILES, LEFT, Writer, document, pieces

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
    "The code ran without an error. It printed nothing.\nSaved: 'prediction.csv' (",
    "The code ran without an error. It printed nothing.",
    "The code ran without an error. It printed nothing.\nNot saved: 'prediction.csv': the code "
    "did not write it into its working folder",
    "The code failed with exit code 1.\n--- stderr ---\nFileNotFoundError: [Errno 2] No such file",
    "The code failed with exit code 1.\n--- stderr ---\nKeyError: \"['x'] not in index\"",
    "The code failed with exit code 1.\n--- stderr ---\nUnicodeDecodeError: 'utf-8' codec can't",
)
"""How the tool's answers in made-up conversations begin, in the words of `agents.answers`."""


def conversations(n: int, mistakes: float, seed: int) -> Iterator[list[dict[str, Any]]]:
    """Yield made-up conversations."""
    writer = Writer(rng=np.random.default_rng(seed), mistakes=mistakes)
    for _ in range(n):
        yield document(writer, RESULTS)


def new_tokenizer(mistakes: float, seed: int) -> Any:
    """Train a tokenizer on some made-up conversations."""
    texts = (m["content"] for c in conversations(300, mistakes, seed + 1) for m in c)
    return make_tokenizer(texts)


def make_tokenizer(texts: Iterator[str], size: int = 600) -> Any:
    """Train a byte-level BPE, with a token of its own for every piece of the programs.

    A program is some twenty tokens then, and what it takes from the prompt are the prompt's tokens,
    which is what makes minutes on a CPU enough; any other text can still be written, at more
    length.
    """
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[PAD, START, END, *MARKS],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    added = [tokenizers.AddedToken(text, normalized=False) for text in dict.fromkeys(_pieces())]
    tokenizer.add_tokens(added)
    made = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END, pad_token=PAD
    )
    made.chat_template = training_template()
    return made


def _pieces() -> Iterator[str]:
    """Yield what gets a token of its own: the programs' pieces, and what surrounds them."""
    yield from (json.dumps(piece)[1:-1] for piece in pieces())
    yield from (
        "user\n",
        "assistant\n",
        f'{{"name": "{NAME}", "arguments": {{"code": "',
        '", "files_to_load": [',
        f'], "files_to_save": ["{PREDICTION}"]}}}}',
        '], "files_to_save": []}}',
        ", ",
    )
    yield from (f'"{name}"' for name in FILES)
    yield from (*RESULTS, *LEFT, DONE)
