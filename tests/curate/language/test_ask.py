"""Answers of a model are kept by content and counted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from model_answers import PLAN

from darebench.curate.language.ask import LanguageModel, Usage, read_usage
from darebench.types import Message
from sites import Chat

pytestmark = pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def is_design(said: list[dict[str, str]]) -> bool:
    return "plan prediction tasks" in said[0]["content"]


def test_usage_of_no_log_is_nothing(tmp_path):
    assert read_usage(tmp_path / "calls.jsonl") == Usage()


def question_in(said: list[dict[str, str]]) -> str:
    return said[1]["content"].split("Assignment:\n")[1]


def honest(said: list[dict[str, str]]) -> str:
    return "Dear colleague, here is what I need. " + question_in(said)


def test_an_answer_is_kept_by_conversation_and_model(tmp_path):
    with Chat(lambda said: f"answer {len(chat.conversations)}") as chat:
        log = tmp_path / "calls.jsonl"

        def asked(name: str, text: str) -> str:
            model = LanguageModel(
                name=f"openai-api/local/{name}", base_url=f"{chat.url}/v1", log=log
            )
            return model.ask([Message(role="user", content=text)], "test")

        given = [asked("a", "x"), asked("a", "x"), asked("b", "x"), asked("a", "y")]
    assert given == ["answer 1", "answer 1", "answer 2", "answer 3"]
    assert read_usage(log) == Usage(calls=4, cached=1, input_tokens=300, output_tokens=60)


def darebench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "darebench", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.slow
def test_the_command_shows_what_models_cost(folder, tmp_path):
    with Chat(lambda said: json.dumps(PLAN) if is_design(said) else honest(said)) as chat:
        call = ["curate", str(folder), "--designer", "model", "--model", "openai-api/local/cli"]
        call += ["--rewrite-model", "openai-api/local/writer", "--base-url", f"{chat.url}/v1"]
        call += ["--max-targets", "1", "--out"]
        done = darebench(*call, str(tmp_path / "out"), "--json")
        again = darebench(*call, str(tmp_path / "again"))
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert made["tasks"] == 2
    assert made["models"] == {"calls": 3, "cached": 0, "input_tokens": 300, "output_tokens": 60}
    assert again.returncode == 0
    assert "3 answers of models, 3 of them from the cache" in again.stderr
    assert content(tmp_path / "out" / "store") == content(tmp_path / "again" / "store")
