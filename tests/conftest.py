"""Keeps every test to itself: its own home and cache, no keys, no colour, no network.

In the tests' own process `pytest-socket` lets sockets connect to loopback only (`addopts` in
pyproject.toml), and names are not looked up. Programs that tests start are pointed at a proxy that
does not answer, which whatever speaks HTTP obeys. A child that opens a socket by itself is not
covered; the sandbox's tests, which try just that, have the sandbox's own walls in front of them.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import tempfile
from pathlib import Path

import pytest

REAL_STORE = Path(__file__).parents[2] / "shared" / "data" / "dare-bench-dev"
DEAD_PROXY = "http://127.0.0.1:9"
"""The discard port: nobody listens there."""
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
SECRETS = ("API_KEY", "TOKEN", "SECRET", "PASSWORD")
"""What the names of keys end with; a test that needs one sets its own."""
STARTING = ("sandbox",)
"""Rooms whose tests' subject is how the sandbox starts; all others share a started one."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="Write the golden files anew.")


def pytest_configure(config: pytest.Config) -> None:
    """Change the environment before a test module is imported: libraries read it at import."""
    world = Path(tempfile.mkdtemp(prefix="darebench-tests-"))
    before = dict(os.environ)
    changed = {name: "" for name in before if name.endswith(SECRETS)} | _own_world(world)
    os.environ.update(changed)
    look_up, socket.getaddrinfo = socket.getaddrinfo, _look_up_here(socket.getaddrinfo)

    def restore() -> None:
        socket.getaddrinfo = look_up
        for name in changed:
            os.environ.pop(name, None)
        os.environ.update({name: before[name] for name in changed if name in before})
        shutil.rmtree(world, ignore_errors=True)

    config.add_cleanup(restore)


def _own_world(world: Path) -> dict[str, str]:
    """Return the variables that keep tests out of the user's home and off the network."""
    home, cache = world / "home", world / "cache"
    home.mkdir()
    cache.mkdir()
    closed = dict.fromkeys(PROXIES, DEAD_PROXY) | {"NO_PROXY": "127.0.0.1,localhost,::1"}
    return {
        "HOME": str(home),
        "DAREBENCH_CACHE": str(cache),
        "XDG_CACHE_HOME": str(cache / "xdg"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(cache / "data"),
        "NO_COLOR": "1",
        "INSPECT_DISPLAY": "none",
        "OPENAI_API_KEY": "",
        # Tests run beside each other, and OpenMP's threads spin while they wait for one another:
        # with more of them than cores a fit takes ten times as long.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        **closed,
        **{name.lower(): value for name, value in closed.items()},
    }


def _look_up_here(look_up):
    """Return a `getaddrinfo` that asks no server: it knows addresses and this machine only."""

    def only_here(host, *args, **kwargs):
        name = host.decode() if isinstance(host, bytes) else host
        if name not in (None, "", "localhost", socket.gethostname()):
            try:
                ipaddress.ip_address(name.partition("%")[0])
            except ValueError:
                raise socket.gaierror(
                    socket.EAI_NONAME, f"tests do not look up names: {name}"
                ) from None
        return look_up(host, *args, **kwargs)

    return only_here


@pytest.fixture(scope="session")
def _started():
    """Executors that are started once a session, by their slots."""
    executors = {}
    yield executors
    for executor in executors.values():
        executor.close_now()


@pytest.fixture(autouse=True)
def _shared_sandbox(request: pytest.FixtureRequest):
    """Let a session's executors share one started sandbox: a start takes seconds."""
    if request.path.relative_to(Path(__file__).parent).parts[0] in STARTING:
        yield
        return
    from darebench.sandbox import LocalExecutor

    started = request.getfixturevalue("_started")
    execute, execute_now = LocalExecutor.execute, LocalExecutor.execute_now

    def shared(executor: LocalExecutor) -> LocalExecutor:
        key = (executor.slots, executor.allow_unsafe)
        if key not in started:
            started[key] = LocalExecutor(executor.slots, allow_unsafe=executor.allow_unsafe)
        return started[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalExecutor, "execute", lambda self, p: execute(shared(self), p))
        patch.setattr(LocalExecutor, "execute_now", lambda self, p: execute_now(shared(self), p))
        yield


@pytest.fixture
def real_store() -> Path:
    """The public tasks, where a checkout has them beside it."""
    if not REAL_STORE.is_dir():
        pytest.skip("the public dev tasks are not beside this checkout")
    return REAL_STORE
