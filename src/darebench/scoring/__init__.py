"""Pure scoring that cannot be gamed: a prediction and a truth in, a score with its reason out."""

from darebench.scoring.score import score_prediction

__all__ = ["score_prediction"]
