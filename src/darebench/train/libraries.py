"""The trainers' libraries, imported in one place: the extra `train` is not in every environment.

The rest of the room takes them from here, so that the type checker need not find them anywhere
else. Import this module only once `darebench.train.requirements.need_libraries` has passed.
"""

# The type checker runs in an environment without these libraries; their values are untyped here.
# pyright: reportMissingImports=false

from __future__ import annotations

import datasets
import peft
import torch
import torch.utils.tensorboard
import transformers
import trl

__all__ = ["datasets", "peft", "torch", "transformers", "trl"]
