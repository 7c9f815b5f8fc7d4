"""A tiny Qwen3-shaped model with a tokenizer made on the spot, and real tasks to attempt."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def need_torch():
    """Skip where the training environment is not there."""
    for name in ("torch", "trl", "peft"):
        pytest.importorskip(name, reason=f"{name} is not installed: make test-train")


@pytest.fixture(scope="session")
def tiny_model(need_torch, tmp_path_factory) -> Path:
    """A folder with a random model of some 100,000 weights and its tokenizer."""
    from darebench.train.demo.base_model import Shape, make_model
    from darebench.train.demo.tokenizer import new_tokenizer

    tokenizer = new_tokenizer(0.3, 0)
    shape = Shape(hidden=32, layers=2, heads=2, kv_heads=1, inner=64)
    folder = tmp_path_factory.mktemp("tiny")
    make_model(tokenizer, shape, 0).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def quiet_libraries():
    """Let the trainers' libraries warn of themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
