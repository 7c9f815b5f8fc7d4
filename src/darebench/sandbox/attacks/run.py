"""Tries the attacks on this machine."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from darebench.sandbox.attacks.attack import PRELUDE, Attack, Kind
from darebench.sandbox.attacks.poison import POISON
from darebench.sandbox.attacks.reach import REACH
from darebench.sandbox.attacks.resources import RESOURCES
from darebench.sandbox.attacks.results import RESULTS
from darebench.sandbox.attacks.system_calls import SYSTEM_CALLS
from darebench.sandbox.local import LocalExecutor
from darebench.sandbox.program import Outcome, Program

ATTACKS: tuple[Attack, ...] = (*REACH, *SYSTEM_CALLS, *RESOURCES, *RESULTS, *POISON)
"""Every attack of the registry."""
LOOKS = 4
"""How often one looks after a poison: in processes made before it, and after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackResult:
    """What came of one attack."""

    name: str
    kind: Kind
    held: bool
    detail: str = ""
    """What the program said, if the sandbox did not hold."""


def attacks_here() -> tuple[Attack, ...]:
    """Return the attacks that are for this kind of machine."""
    return tuple(a for a in ATTACKS if a.machine in ("", platform.machine()))


def try_attacks(show: Callable[[int, int], None] = lambda done, total: None) -> list[AttackResult]:
    """Try each attack, one after the other.

    Args:
        show: Takes how many are done, and of how many.

    Raises:
        SandboxFault: The sandbox failed itself.
        ConfigError: This machine lacks what the sandbox needs.
    """
    attacks = attacks_here()
    executor = LocalExecutor(1)
    try:
        found: list[AttackResult] = []
        for attack in attacks:
            found.append(try_attack(executor, attack))
            show(len(found), len(attacks))
        return found
    finally:
        executor.close_now()


def try_attack(executor: LocalExecutor, attack: Attack) -> AttackResult:
    """Run one attack, and look at what came of it.

    An executor of one slot looks at a poison's effect where it would be greatest.
    """
    with tempfile.TemporaryDirectory(prefix="darebench-") as folder:
        program = Program(
            code=PRELUDE + attack.code,
            save=attack.save,
            save_to=Path(folder),
            limits=attack.limits,
        )
        if attack.look:
            return _try_poison(executor, attack, program)
        outcome = executor.execute_now(program)
        escaped = [name for name in attack.save if (Path(folder) / name).exists()]
    held = attack.holds(outcome) and not escaped
    return _result(attack, held, outcome)


def _try_poison(executor: LocalExecutor, attack: Attack, program: Program) -> AttackResult:
    look = replace(program, code=PRELUDE + attack.look)
    before = executor.execute_now(look)
    executor.execute_now(program)
    after = before
    for _ in range(LOOKS):
        after = executor.execute_now(look)
        if (after.stdout, after.exit_code) != (before.stdout, 0):
            return _result(attack, False, after)
    return _result(attack, True, after)


def _result(attack: Attack, held: bool, outcome: Outcome) -> AttackResult:
    said = [*outcome.stderr.strip().splitlines()[-1:], outcome.detail, f"{outcome.status}"]
    detail = "" if held else next(text for text in said if text)
    return AttackResult(name=attack.name, kind=attack.kind, held=held, detail=detail)
