"""Several attempts at each task, chosen among and written down as training data.

The room can be called: `darebench.rollouts(...)` is `darebench.rollouts.sample.collect`.
"""

import sys

from darebench import CallableRoom
from darebench.rollouts.select import Strategy, Thresholds, select_trajectories

__all__ = ["Strategy", "Thresholds", "select_trajectories"]

sys.modules[__name__].__class__ = CallableRoom
