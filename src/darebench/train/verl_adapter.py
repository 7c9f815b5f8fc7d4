"""verl's reward function and rows, for a cluster: `configs/verl-*.yaml` name them.

verl decodes what a model wrote and hands the text over without files. So the prediction comes from
our tool: `VerlPythonTool` runs calls in a sandbox that `darebench sandbox serve` offers (the API
of SandboxFusion), keeps the attempt's files, and leaves the prediction in the rollout's extra
fields, which verl's reward managers `naive`, `limited` and `remote` hand on. The reward is
`darebench.train.reward`'s; a sandbox that failed raises, so that verl drops the rollout from its
group instead of scoring it 0.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from darebench.errors import ConfigError, SandboxFault
from darebench.train.grading import reward_of

if TYPE_CHECKING:
    from darebench.train.reward_client import RewardClient

DATA_SOURCE = "darebench"


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: str,
    extra_info: Mapping[str, Any] | None = None,
    *,
    store: str | None = None,
    url: str | None = None,
    token: str | None = None,
    **kwargs: Any,
) -> dict[str, float]:
    """Return the reward of one rollout, as verl asks for it.

    Args:
        data_source: Must be `darebench`.
        solution_str: The decoded rollout, which is not looked at.
        ground_truth: The task's id: the answer itself never leaves the grader.
        extra_info: Its `prediction` is what the tool kept, base64 text, or absent.
        store: The tasks' store; set it with `reward.custom_reward_function.reward_kwargs.store`.
        url: Address of a `darebench reward serve` that grades in place of this process.
        token: What that server asks for.
        kwargs: What else verl hands over.

    Raises:
        SandboxFault: The tool reported a fault of ours, or the reward server failed; the rollout
            has no reward.
        ConfigError: The row is not one of ours.
    """
    if data_source != DATA_SOURCE:
        raise ConfigError(f"data_source is {data_source!r}; these rewards are for {DATA_SOURCE!r}")
    fields = extra_info or {}
    if fields.get("fault"):
        raise SandboxFault(str(fields["fault"]))
    prediction = fields.get("prediction")
    if url is None:
        value = reward_of(store, ground_truth, prediction)
    else:
        value = _served(url, token, ground_truth, prediction)
    return {"score": value, "answered": float(value > 0)}


def _served(url: str, token: str | None, task_id: str, prediction: str | None) -> float:
    content = None if prediction is None else base64.b64decode(prediction)
    (value,) = _client(url, token).rewards([task_id], [content])
    if value is None:
        raise SandboxFault(f"{url} could not grade {task_id}")
    return value


@lru_cache
def _client(url: str, token: str | None) -> RewardClient:
    from darebench.train.reward_client import RewardClient

    return RewardClient(url, token=token)


def rows(task_ids: Sequence[str], prompts: Sequence[Sequence[Mapping[str, str]]]) -> list[dict]:
    """Build the rows of verl's data set: the ground truth of each is the task's id."""
    return [
        {
            "data_source": DATA_SOURCE,
            "agent_name": "tool_agent",
            "prompt": [dict(message) for message in prompt],
            "reward_model": {"style": "rule", "ground_truth": task_id},
            "extra_info": {
                "index": index,
                "need_tools_kwargs": True,
                "tools_kwargs": {"python_executor": {"create_kwargs": {"task": task_id}}},
            },
        }
        for index, (task_id, prompt) in enumerate(zip(task_ids, prompts, strict=True))
    ]
