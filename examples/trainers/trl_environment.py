"""GRPO of a model on the starter store, with TRL's own trainer: python trl_environment.py MODEL."""

import sys

from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

from darebench.train.environment import DareEnvironment, prompts

model = sys.argv[1] if len(sys.argv) > 1 else "Qwen/Qwen3-0.6B"
steps = int(sys.argv[2]) if len(sys.argv) > 2 else 100
trainer = GRPOTrainer(
    model,
    args=GRPOConfig(
        "out",
        max_steps=steps,
        per_device_train_batch_size=4,
        num_generations=4,
        max_completion_length=8192,
        max_tool_calling_iterations=5,
        logging_steps=1,
        report_to=[],
    ),
    train_dataset=Dataset.from_list(prompts()),
    environment_factory=DareEnvironment,
)
trainer.train()
print("reward:", trainer.state.log_history[0]["rewards/DareEnvironment/mean"])
