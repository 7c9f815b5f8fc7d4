"""What tests of examples need of other rooms' fixtures."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_path = Path(__file__).parents[1] / "train" / "conftest.py"
_spec = importlib.util.spec_from_file_location("fixtures_of_train", _path)
assert _spec is not None
assert _spec.loader is not None
_train = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_train)
need_torch, tiny_model = _train.need_torch, _train.tiny_model
quiet_libraries = _train.quiet_libraries
