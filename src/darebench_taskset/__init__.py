"""The name by which verifiers' command line finds our taskset: `vf-validate darebench-taskset`."""

from darebench.train.verifiers_taskset import DarebenchTaskset

__all__ = ["DarebenchTaskset"]
