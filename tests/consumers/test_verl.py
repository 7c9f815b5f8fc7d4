"""verl composes the configuration of `convert verl`, and its data set reads the tables."""

from __future__ import annotations

import pytest

pytest.importorskip("verl", reason="verl is not installed: make test-consumers")


@pytest.mark.filterwarnings("ignore")
def test_verl_takes_the_configuration_and_the_tables(tokenizer, tmp_path):
    from hydra import compose, initialize_config_dir
    from verl.utils.config import omega_conf_to_dataclass
    from verl.utils.dataset.rl_dataset import RLHFDataset

    from darebench.convert.verl import write_verl
    from darebench.curate.starter import ensure

    made = write_verl(str(ensure(tmp_path / "cache")), tmp_path)
    with initialize_config_dir(str(tmp_path), version_base=None):
        config = compose("grpo")
    assert config.algorithm.filter_groups.enable
    assert config.actor_rollout_ref.actor.loss_scale_factor == 24576
    rollout = omega_conf_to_dataclass(config.actor_rollout_ref.rollout)
    assert rollout.multi_turn.max_parallel_calls == 8
    found = {}
    for part, number in (("train", made.train), ("val", made.val)):
        data = RLHFDataset(config.data[f"{part}_files"], tokenizer, config.data)
        assert len(data) == number > 0
        ids = [data[n]["reward_model"]["ground_truth"] for n in range(number)]
        found[part] = {name.split("/")[0] for name in ids}
    assert not found["train"] & found["val"]
