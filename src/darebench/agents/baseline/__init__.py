"""A scripted data scientist without a language model: same tool, same budget, same sandbox."""

from darebench.agents.baseline.policy import BaselineModel

__all__ = ["BaselineModel"]
