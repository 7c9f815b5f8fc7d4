"""The zygote waits for the threads that its imports leave."""

from __future__ import annotations

import os
import subprocess
import sys

SLOW_THREAD = """
import importlib, threading
from darebench.sandbox.cell import zygote
for name in zygote.LIGHT:
    importlib.import_module(name)
thread = threading.Timer(1, lambda: None)
thread.start()
zygote.prepare(None, light=True)
thread.join()
print(zygote._n_threads())
"""


def test_a_thread_that_ends_late_does_not_break_the_zygote():
    ended = subprocess.run(
        [sys.executable, "-c", SLOW_THREAD],
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, "1\n"), ended.stderr
    assert "Error" not in ended.stderr
