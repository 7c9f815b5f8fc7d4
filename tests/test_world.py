"""What every test may rely on: nothing that it does reaches the user or the network."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

ELSEWHERE = "192.0.2.1"
"""An address that is kept for documentation; nobody has it."""


def test_a_socket_connects_to_this_machine_only():
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()
    with pytest.raises((RuntimeError, UserWarning), match="A test tried to use socket"):
        socket.create_connection((ELSEWHERE, 80), timeout=5)


def test_names_are_not_looked_up():
    assert socket.getaddrinfo("localhost", 80)
    with pytest.raises(OSError, match="tests do not look up names"):
        socket.getaddrinfo("example.org", 80)


def test_a_program_that_a_test_starts_gets_no_page():
    code = f"import urllib.request; urllib.request.urlopen('http://{ELSEWHERE}/', timeout=30)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20)
    assert "Connection refused" in done.stderr
    assert urllib.request.proxy_bypass("127.0.0.1")


def test_home_and_cache_are_not_the_users():
    own = Path(pwd.getpwuid(os.getuid()).pw_dir)
    assert Path.home() != own
    for name in ("DAREBENCH_CACHE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        assert not Path(os.environ[name]).is_relative_to(own / ".cache"), name


def test_there_are_no_keys():
    assert not [n for n, v in os.environ.items() if v and n.endswith(("API_KEY", "_TOKEN"))]
