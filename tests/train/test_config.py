"""The configurations' defaults."""

from __future__ import annotations

from darebench.train.config import PATHS, GrpoConfig, SftConfig


def test_the_papers_settings_are_the_defaults():
    made = GrpoConfig(model="m", out="o")
    assert (made.generations, made.questions, made.learning_rate) == (8, 64, 1e-6)
    assert made.temperature == 1.0
    assert (made.loss, made.scale_rewards, made.beta) == ("dr_grpo", "none", 0.0)
    assert (made.turns, made.seconds, made.max_context) == (5, 200.0, 32_768)


def test_sampling_is_what_the_loss_is_of():
    """TRL's loss is over all tokens, so that a truncated sample would be off policy."""
    made = GrpoConfig(model="m", out="o")
    assert (made.top_p, made.top_k) == (1.0, 0)


def test_paths_are_settings():
    fields = {name for kind in (SftConfig, GrpoConfig) for name in kind.__dataclass_fields__}
    assert fields >= PATHS
