"""K attempts a task, chosen among and written down as training data."""

from darebench.rollouts.select import Strategy, Thresholds, select_trajectories

__all__ = ["Strategy", "Thresholds", "select_trajectories"]
