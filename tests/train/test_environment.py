"""TRL's environment: rewards, faults, and a real GRPOTrainer whose model calls the tool."""

from __future__ import annotations

import asyncio
import inspect
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from darebench.errors import ConfigError, SandboxFault
from darebench.sandbox.program import Program
from darebench.train.environment import DareEnvironment, prompts
from darebench.train.grading import open_grader

TASK = "iris_class/mm"


def call(environment: DareEnvironment, code: str) -> str:
    return asyncio.run(environment.python_executor(code, [], ["prediction.csv"]))


def test_an_attempt_has_its_own_files_and_the_reward_of_what_it_saved():
    environment = DareEnvironment()
    environment.reset(**prompts(patterns=[TASK])[0])
    assert environment.get_reward() == 0
    truth = open_grader(None, [TASK]).truths[TASK].csv.decode()
    call(environment, f"open('prediction.csv', 'w').write({truth!r})")
    assert environment.get_reward() == pytest.approx(1.1)
    environment.reset(task=TASK, prompt=[])
    assert environment.get_reward() == 0


def test_a_fault_of_ours_is_no_reward_until_the_next_attempt():
    class Broken:
        async def execute(self, program: Program):
            raise SandboxFault("the disk is gone")

    environment = DareEnvironment(executor=Broken())
    environment.reset(task=TASK)
    with pytest.raises(SandboxFault):
        call(environment, "1")
    assert environment.get_reward() is None
    environment.reset(task=TASK)
    assert environment.get_reward() == 0


def test_the_question_is_returned_where_the_row_has_no_prompt_and_a_row_without_task_is_refused():
    environment = DareEnvironment()
    assert "prediction.csv" in (environment.reset(task=TASK) or "")
    assert environment.reset(**prompts(patterns=[TASK])[0]) is None
    with pytest.raises(ConfigError, match="names no task"):
        environment.reset(prompt="x")


def test_the_only_tool_is_the_executor():
    members = dict(inspect.getmembers(DareEnvironment, predicate=inspect.isfunction))
    public = {name for name in members if not name.startswith("_")}
    assert public == {"reset", "python_executor", "get_reward"}


EXAMPLE = Path(__file__).parents[2] / "examples" / "trainers" / "trl_environment.py"


def test_trl_plays_calls_and_rewards_and_trains_on_them(
    tiny_model, tmp_path, quiet_libraries, monkeypatch
):
    import trl
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    tokenizer.chat_template = own_template()
    arguments = trl.GRPOConfig(
        str(tmp_path), per_device_train_batch_size=2, num_generations=2, max_steps=1,
        max_completion_length=2048, report_to=[], use_cpu=True, bf16=False, logging_steps=1,
    )  # fmt: skip
    trainer = trl.GRPOTrainer(
        AutoModelForCausalLM.from_pretrained(tiny_model),
        args=arguments,
        train_dataset=Dataset.from_list(prompts(patterns=[TASK])),
        processing_class=tokenizer,
        environment_factory=DareEnvironment,
    )
    truth = open_grader(None, [TASK]).truths[TASK].csv.decode()
    given = {"files_to_load": [], "files_to_save": ["prediction.csv"]}
    right = {**given, "code": f"open('prediction.csv', 'w').write({truth!r})"}
    wrong = {**given, "code": "open('prediction.csv', 'w').write('no')"}
    calls = [json.dumps({"name": "python_executor", "arguments": a}) for a in (right, wrong)]
    turns = [[f"<tool_call>\n{call}\n</tool_call><|im_end|>" for call in calls]]
    turns.append(["Done.<|im_end|>"] * 2)

    def scripted(prompt_ids, *rest, **more):
        return [tokenizer.encode(text, add_special_tokens=False) for text in turns.pop(0)], None

    monkeypatch.setattr(trainer, "_generate_single_turn", scripted)
    trainer.train()
    logged = trainer.state.log_history[0]
    assert logged["tools/call_frequency"] == 1
    assert logged["tools/failure_frequency"] == 0
    assert logged["rewards/DareEnvironment/mean"] == pytest.approx(1.1 / 2)


def test_the_example_trains_a_tiny_model(tiny_model, tmp_path):
    from transformers import AutoTokenizer

    shutil.copytree(tiny_model, tmp_path / "model")
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    tokenizer.chat_template = own_template()
    tokenizer.save_pretrained(tmp_path / "model")
    text = EXAMPLE.read_text().replace("max_completion_length=8192", "max_completion_length=16")
    (tmp_path / "example.py").write_text(text.replace("report_to=[]", "report_to=[], use_cpu=True"))
    words = [sys.executable, "example.py", "model", "1"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "reward: 0.0" in done.stdout


def test_the_example_is_short():
    assert len(EXAMPLE.read_text().splitlines()) < 40


def own_template() -> str:
    """Return Qwen3's own template, by which TRL knows how calls are written."""
    import trl

    folder = Path(trl.__file__).parent / "chat_templates"
    return (folder / "qwen3.jinja").read_text()
