"""verl's own code runs our configurations, tool, reward and rows: all but its GPUs.

The model is a script; verl's agent loop, tool registry, reward manager and data set are real.
"""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import json
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

if importlib.util.find_spec("verl") is None:
    pytest.skip("verl is not installed: docs/training.md says how", allow_module_level=True)

from darebench.agents.prompt import opening
from darebench.agents.protocol import Budget
from darebench.agents.tools import NAME, schema
from darebench.errors import SandboxFault
from darebench.sandbox.program import Limits
from darebench.store.layout import PREDICTION
from darebench.store.read import open_store
from darebench.train.grading import open_grader
from darebench.train.verl_adapter import rows

pytestmark = pytest.mark.filterwarnings("ignore")

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / "configs"
TASK = "iris_class/mm"


def composed(name: str):
    from hydra import compose, initialize_config_dir

    with initialize_config_dir(str(CONFIGS), version_base=None):
        return compose(name)


def paths(config, prefix=""):
    for key, value in config.items_ex(resolve=False):
        yield prefix + key
        if hasattr(value, "items_ex"):
            yield from paths(value, f"{prefix}{key}.")


@pytest.fixture
def config(monkeypatch):
    monkeypatch.chdir(ROOT)
    return composed("verl-qwen3-4b")


@pytest.fixture(scope="module")
def tokenizer():
    from darebench.train.demo.tokenizer import new_tokenizer

    return new_tokenizer(0.3, 0)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(ROOT / "tests" / "sandbox"))
        from serving import serving

        with serving(tmp_path_factory.mktemp("server"), "--slots", "2") as served:
            yield served.url


def tools_at(url: str, folder: Path):
    """Load the tool of `verl-tool.yaml`, its sandbox at `url`."""
    from omegaconf import OmegaConf
    from verl.tools.tool_registry import initialize_tools_from_config

    tools = OmegaConf.load(CONFIGS / "verl-tool.yaml")
    tools.tools[0].config.url = url
    OmegaConf.save(tools, folder / "tool.yaml")
    return initialize_tools_from_config(folder / "tool.yaml")


def call(code: str, load=(), save=()) -> str:
    arguments = {"code": code, "files_to_load": list(load), "files_to_save": list(save)}
    asked = json.dumps({"name": NAME, "arguments": arguments})
    return f"<tool_call>\n{asked}\n</tool_call><|im_end|>"


def row(index: int = 0) -> dict:
    messages = opening(open_store().task(TASK), Budget(), tool=NAME, prediction=PREDICTION)
    prompt = [{"role": m.role, "content": m.content} for m in messages]
    return rows([TASK], [prompt])[index]


def rollout(config, tokenizer, tools, turns: list[str]):
    """Play `turns` through verl's agent loop."""
    from verl.experimental.agent_loop.agent_loop import DictConfigWrap, ToolListWrap
    from verl.experimental.agent_loop.tool_agent_loop import ToolAgentLoop
    from verl.utils.dataset.rl_dataset import RLHFDataset
    from verl.workers.rollout.replica import TokenOutput

    left = iter(turns)

    async def generate(**asked):
        ids = tokenizer.encode(next(left), add_special_tokens=False)
        return TokenOutput(token_ids=ids, log_probs=[0.0] * len(ids))

    async def play():
        loop = ToolAgentLoop(
            trainer_config=DictConfigWrap(config),
            server_manager=SimpleNamespace(generate=generate),
            tokenizer=tokenizer,
            processor=None,
            dataset_cls=RLHFDataset,
            data_config=DictConfigWrap(config.data),
            hf_model_type="qwen3",
            tools=ToolListWrap(tools),
        )
        given = row()
        return await loop.run(
            {},
            raw_prompt=given["prompt"],
            tools_kwargs=given["extra_info"]["tools_kwargs"],
            extra_info=given["extra_info"],
        )

    return asyncio.run(play())


def rewarded(config, tokenizer, output) -> dict:
    """Score a rollout by verl's reward manager, the data made as its agent loop makes it."""
    import numpy as np
    import torch
    from tensordict import TensorDict
    from verl import DataProto
    from verl.trainer.ppo.reward import load_reward_manager

    given = row()
    prompt, response = torch.tensor([output.prompt_ids]), torch.tensor([output.response_ids])
    whole = torch.cat([prompt, response], dim=1)
    tensors = {"prompts": prompt, "responses": response, "attention_mask": torch.ones_like(whole)}
    kept = {key: np.array([given[key]]) for key in ("data_source", "reward_model", "extra_info")}
    kept["__num_turns__"] = np.array([output.num_turns])
    kept["tool_extra_fields"] = np.array([output.extra_fields], dtype=object)

    async def score():
        manager = load_reward_manager(config, tokenizer)
        return await manager.run_single(
            DataProto(batch=TensorDict(tensors, batch_size=1), non_tensor_batch=kept)
        )

    return asyncio.run(score())


@pytest.mark.parametrize("name", ["verl-qwen3-4b", "verl-qwen3-32b"])
def test_verl_takes_the_configuration_and_it_is_the_papers(name):
    import torch
    from hydra import compose, initialize_config_module
    from verl.trainer.ppo.core_algos import agg_loss, compute_grpo_outcome_advantage
    from verl.trainer.ppo.utils import need_critic, need_reference_policy
    from verl.utils.config import omega_conf_to_dataclass, validate_config

    config = composed(name)
    with initialize_config_module("verl.trainer.config", version_base=None):
        known = set(paths(compose("ppo_trainer")))
    extra = set(paths(config)) - known
    arguments = "reward.custom_reward_function.reward_kwargs"  # verl reads it, and declares it not
    assert extra == {arguments, f"{arguments}.store"}
    assert not need_critic(config)
    assert not need_reference_policy(config)
    validate_config(config, use_reference_policy=False, use_critic=False)

    algorithm = omega_conf_to_dataclass(config.algorithm)
    assert algorithm.adv_estimator == "grpo"
    assert not algorithm.use_kl_in_reward
    rewards, mask = torch.tensor([[0.0, 1.1], [0.0, 0.1]]), torch.ones(2, 2)
    group = ["a", "a"]
    advantages, _ = compute_grpo_outcome_advantage(
        rewards, mask, group, norm_adv_by_std_in_grpo=algorithm.norm_adv_by_std_in_grpo
    )
    torch.testing.assert_close(advantages, torch.tensor([[0.5, 0.5], [-0.5, -0.5]]))

    actor = omega_conf_to_dataclass(config.actor_rollout_ref.actor)
    assert (actor.optim.lr, actor.ppo_mini_batch_size, actor.use_kl_loss) == (1e-6, 64, False)
    assert config.data.train_batch_size == 64
    loss = agg_loss(
        torch.ones(2, 3),
        torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]]),
        actor.loss_agg_mode,
        loss_scale_factor=actor.loss_scale_factor,
    )
    torch.testing.assert_close(loss, torch.tensor((3 + 1) / 2 / 24576))

    played = omega_conf_to_dataclass(config.actor_rollout_ref.rollout)
    assert (played.name, played.n, played.calculate_log_probs) == ("sglang", 8, True)
    assert (played.temperature, played.top_p, played.top_k) == (1.0, 0.95, 50)
    assert played.prompt_length + played.response_length == played.max_model_len == 32768
    assert played.multi_turn.enable
    assert (ROOT / played.multi_turn.tool_config_path).is_file()


def test_a_rollout_by_verls_loop_keeps_its_files_and_earns_its_reward(
    config, tokenizer, sandbox, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    answer = open_grader(None, [TASK]).truths[TASK].csv.decode()
    tools = tools_at(sandbox, tmp_path)
    shown = schema(Budget(), Limits())
    assert tools[0].tool_schema.model_dump(exclude_unset=True, exclude_none=True) == shown
    turns = [
        call(f"open('half', 'w').write({answer!r})\nfor n in range(999): print(n)", save=["half"]),
        call(f"open('{PREDICTION}', 'w').write(open('half').read())", ["half"], [PREDICTION]),
        "It is done.<|im_end|>",
    ]
    output = rollout(config, tokenizer, tools, turns)
    gc.collect()
    assert list(tmp_path.glob("darebench-verl-*")) == []
    assert output.num_turns == 6  # three of the model, two of the tool, and the prompt
    seen = tokenizer.decode(output.response_ids)
    assert "\n".join(map(str, range(999))) in seen  # verl has not cut the text
    assert f"Saved: '{PREDICTION}'" in seen
    learned = [i for i, kept in zip(output.response_ids, output.response_mask, strict=True) if kept]
    assert tokenizer.decode(learned) == "".join(turns)
    result = rewarded(config, tokenizer, output)
    assert result["reward_score"] == pytest.approx(1.1)
    assert result["reward_extra_info"]["answered"] == 1.0


def test_an_attempt_without_a_prediction_earns_nothing_and_turns_end(
    config, tokenizer, sandbox, tmp_path
):
    no_object = f'<tool_call>\n{{"name": "{NAME}", "arguments": [3]}}\n</tool_call><|im_end|>'
    turns = [call("print(1)"), no_object, *[call("")] * 4]
    output = rollout(config, tokenizer, tools_at(sandbox, tmp_path), turns)
    seen = tokenizer.decode(output.response_ids)
    assert seen.count("The code ran without an error.") == 1
    assert seen.count("The code was not run.") == 4  # the sixth turn may not call
    assert rewarded(config, tokenizer, output)["reward_score"] == 0.0


def test_a_sandbox_that_fails_is_no_reward(config, tokenizer, tmp_path):
    tools = tools_at("http://127.0.0.1:9", tmp_path)
    output = rollout(config, tokenizer, tools, [call("print(1)"), "Well.<|im_end|>"])
    with pytest.raises(SandboxFault, match=r"127\.0\.0\.1:9"):
        rewarded(config, tokenizer, output)


def test_verls_data_set_reads_the_rows(config, tokenizer, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq
    from omegaconf import open_dict
    from verl.utils.dataset.rl_dataset import RLHFDataset, collate_fn

    given = row()
    too_long = {**given, "prompt": [{"role": "user", "content": "§" * 9000}]}
    pq.write_table(pa.Table.from_pylist([given, too_long]), tmp_path / "train.parquet")
    with open_dict(config.data):
        config.data.cache_dir = str(tmp_path)
    data = RLHFDataset(str(tmp_path / "train.parquet"), tokenizer, config.data)
    assert data.tool_schemas == [schema(Budget(), Limits())]
    batch = collate_fn([data[i] for i in range(len(data))])
    assert list(batch["agent_name"]) == ["tool_agent"]
    assert batch["raw_prompt"][0] == given["prompt"]
    assert batch["reward_model"][0]["ground_truth"] == TASK
    assert batch["tools_kwargs"][0] == given["extra_info"]["tools_kwargs"]


def test_verls_client_of_sandbox_fusion_scores_on_our_server(sandbox):
    from verl.utils.reward_score.sandbox_fusion import compute_score

    cases = {"inputs": ["2\n", "3\n"], "outputs": ["4", "9"]}
    url = f"{sandbox}/run_code"
    right, _ = compute_score(url, None, 1024, "```python\nprint(int(input())**2)\n```", cases)
    wrong, _ = compute_score(url, None, 1024, "```python\nprint(int(input())*2)\n```", cases)
    assert (right, wrong) == (1.0, 0.5)
