"""Runs `darebench` with the clients of Kaggle and OpenML led to the servers of the tests.

Their addresses cannot be changed from outside; the hub's can, by a variable.
"""

from __future__ import annotations

import importlib.util
import os
import sys


def lead() -> None:
    """Lead the clients that are installed; each is imported only where a command needs it."""
    words = " ".join(sys.argv)
    if "kaggle" in words and importlib.util.find_spec("kagglesdk"):
        from kagglesdk import kaggle_env

        kaggle_env._env_to_endpoint[kaggle_env.KaggleEnv.PROD] = os.environ["KAGGLE_SITE"]
    if "openml" in words and importlib.util.find_spec("openml"):
        import openml

        openml.config.server = f"{os.environ['OPENML_SITE']}/api/v1/xml"
        openml.config._root_cache_directory = os.environ["OPENML_CACHE"]


if __name__ == "__main__":
    from darebench.cli import main

    lead()
    main()
