"""A run's record: whole lines or none, whatever cut it; the last word on each attempt counts."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kept_attempts import attempt

from darebench.errors import ConfigError
from darebench.evals.attempts_file import ATTEMPTS, AttemptsFile, Key, read_lines
from darebench.evals.trajectory import from_json


def write(folder, *trajectories):
    async def all_at_once():
        await asyncio.gather(*map(file.append, trajectories))

    with closing(AttemptsFile(folder)) as file:
        asyncio.run(all_at_once())
        return file.scored


def read(folder):
    return [from_json(line.value) for line in read_lines(folder / ATTEMPTS)]


def test_attempts_that_end_at_once_are_all_kept(tmp_path):
    made = [attempt("a/if", epoch, text=f"näher {epoch}\n") for epoch in range(1, 200)]
    assert write(tmp_path, *made) == {Key("a/if", epoch) for epoch in range(1, 200)}
    assert read(tmp_path) == made


@given(cut=st.integers(min_value=0), then=st.integers(0, 3))
def test_a_record_cut_anywhere_loses_the_cut_attempt_alone(tmp_path_factory, cut, then):
    folder = tmp_path_factory.mktemp("run")
    made = [attempt("a/if", epoch, text="ä" * epoch) for epoch in (1, 2, 3)]
    write(folder, *made)
    path = folder / ATTEMPTS
    content = path.read_bytes()
    cut %= len(content) + 1
    path.write_bytes(content[:cut])
    whole = content[:cut].count(b"\n")
    assert read(folder) == made[:whole]
    more = [attempt("b/if", epoch) for epoch in range(1, then + 1)]
    write(folder, *more)
    assert read(folder) == made[:whole] + more


@pytest.mark.parametrize("tail", [b"\0" * 50, b'{"task": "a/if"}\n', b"\0\n\0\n", b"[]\n{"])
def test_what_a_crash_left_at_the_end_is_cut_away(tmp_path, tail):
    write(tmp_path, attempt("a/if", 1))
    path = tmp_path / ATTEMPTS
    kept = path.read_bytes()
    path.write_bytes(kept + tail)
    assert len(read(tmp_path)) == 1
    write(tmp_path)
    assert path.read_bytes() == kept


def test_a_line_spoiled_in_the_middle_is_named(tmp_path):
    write(tmp_path, attempt("a/if", 1), attempt("a/if", 2))
    path = tmp_path / ATTEMPTS
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + b"oops\n" + second)
    with pytest.raises(ConfigError, match=r"attempts\.jsonl line 2 is not an attempt; take"):
        AttemptsFile(tmp_path)


def test_a_score_outlasts_a_fault_and_a_later_word_an_earlier(tmp_path):
    fault, score = attempt("a/if", 1, score=None), attempt("a/if", 1, score=0.25)
    other = attempt("b/if", 1, score=None)
    assert write(tmp_path, fault, other) == frozenset()
    assert write(tmp_path, score) == {Key("a/if", 1)}
    write(tmp_path, fault)
    with closing(AttemptsFile(tmp_path)) as file:
        file.copy_to(tmp_path / "out", [Key("b/if", 1), Key("c/if", 1), Key("a/if", 1)])
    lines = [from_json(line.value) for line in read_lines(tmp_path / "out")]
    assert lines == [other, score]


FULL = """
import asyncio, resource, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from kept_attempts import attempt
from darebench.evals.attempts_file import AttemptsFile
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
file = AttemptsFile(Path({folder!r}))
asyncio.run(file.append(attempt("a/if", 1)))
free, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, most))
try:
    asyncio.run(file.append(attempt("a/if", 2, text="x" * 5000)))
except OSError:
    resource.setrlimit(resource.RLIMIT_FSIZE, (free, most))
    asyncio.run(file.append(attempt("a/if", 3)))
    file.close()
"""


def test_a_line_without_room_is_taken_back(tmp_path):
    code = FULL.format(tests=os.path.dirname(__file__), folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [t.epoch for t in read(tmp_path)] == [1, 3]
