"""A sandbox on another machine: opened by its address, and compared with this environment."""

from __future__ import annotations

import json
import os

from darebench.environment import DEFINING, Environment, current_environment
from darebench.errors import ConfigError, SandboxFault
from darebench.sandbox.balanced import BalancedExecutor
from darebench.sandbox.client import RemoteExecutor
from darebench.sandbox.executor import Executor, execute_retrying
from darebench.sandbox.program import Limits, Program

Remote = RemoteExecutor | BalancedExecutor
TOKEN_VARIABLE = "DAREBENCH_SANDBOX_TOKEN"
_SURVEY = """
import json, platform
from importlib.metadata import PackageNotFoundError, version

def find(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"

libraries = [(name, find(name)) for name in {names!r}]
print(json.dumps([platform.python_version(), platform.machine(), libraries]))
"""


def open_remote(url: str) -> Remote:
    """Return the sandbox at `url`, with the token in `TOKEN_VARIABLE` if it is set.

    Args:
        url: An address, or several with commas between, which share the work.

    Raises:
        ConfigError: An address is not an HTTP address.
    """
    token = os.environ.get(TOKEN_VARIABLE)
    urls = [part.strip() for part in url.split(",")]
    return (
        RemoteExecutor(url, token=token) if len(urls) == 1 else BalancedExecutor(urls, token=token)
    )


async def environment_of(executor: Executor) -> Environment:
    """Return the environment that a sandbox's programs run in.

    Raises:
        SandboxFault: The sandbox does not answer with its environment.
    """
    program = Program(code=_SURVEY.format(names=DEFINING), limits=Limits(wall_s=60.0))
    outcome = await execute_retrying(executor, program)
    try:
        python, machine, libraries = json.loads(outcome.stdout)
        return Environment(
            python=python, machine=machine, libraries=tuple((n, v) for n, v in libraries)
        )
    except (ValueError, TypeError):
        said = (outcome.stderr or outcome.detail).strip()
        raise SandboxFault(f"the sandbox does not tell its environment: {said}") from None


async def check_same(executor: Remote) -> None:
    """Refuse a sandbox whose IF answers would not be those of this environment.

    Of several servers, those that do not answer now are passed over; one must.

    Raises:
        ConfigError: The sandbox has other versions.
        SandboxFault: The sandbox does not answer with its environment.
    """
    faults: list[SandboxFault] = []
    for member in executor.members:
        try:
            await _check_one(member)
        except SandboxFault as fault:
            faults.append(fault)
    if len(faults) == len(executor.members):
        raise faults[0]


async def _check_one(executor: RemoteExecutor) -> None:
    here, there = current_environment().as_dict(), (await environment_of(executor)).as_dict()
    differ = [name for name in here if name != "hash" and there[name] != here[name]]
    if differ:
        other = [f"{name} {there[name]} there, {here[name]} here" for name in differ]
        raise ConfigError(
            f"the sandbox at {executor.url} is another environment ({'; '.join(other)}), in which "
            "IF answers differ: install the same versions, or leave out IF with --variant"
        )
