"""Says what the sandbox covers on this machine, by trying it."""

from __future__ import annotations

from dataclasses import dataclass

from darebench.errors import DareError
from darebench.sandbox.local import LocalExecutor
from darebench.sandbox.program import Limits, Outcome, Program, Status

_DENIED = "import sys\ntry:\n    {}\nexcept OSError:\n    sys.exit(0)\nsys.exit(9)"
_PROBES = {
    "runs programs": "print(1)",
    "no host files": _DENIED.format("open('/etc/shadow')"),
    "libraries are read-only": _DENIED.format("import numpy; open(numpy.__file__, 'a')"),
    "no network": _DENIED.format("import socket; socket.create_connection(('127.0.0.1', 9), 1)"),
    "no raw sockets": _DENIED.format("import socket; socket.socket(17, 3)"),
    "no other processes": (
        "import os; assert [p for p in os.listdir('/proc') if p.isdigit()] == ['1', '2']"
    ),
    "no privileges": "import os; assert os.getuid() != 0; "
    "assert 'CapEff:\\t0000000000000000' in open('/proc/self/status').read()",
    "no new namespaces": "import ctypes; assert ctypes.CDLL(None).unshare(0x10000000) == -1",
    "system calls are filtered": "assert 'Seccomp:\\t2' in open('/proc/self/status').read()",
}
_SMALL = Limits(memory_mb=300)
_LIMITS = {
    "time is limited": ("while True: pass", Limits(wall_s=0.5), Status.TIMEOUT),
    "memory is limited": (
        "x = [bytearray(1 << 24) for _ in range(99)]",
        Limits(memory_mb=300),
        None,
    ),
    "disk is limited": ("open('x', 'wb').write(bytes(9 << 20))", Limits(disk_mb=4), Status.ERROR),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One property of the sandbox, as it was found to be."""

    name: str
    covered: bool
    detail: str = ""


def check() -> list[Finding]:
    """Try every property; without a working sandbox, say what is missing."""
    executor = LocalExecutor(1)
    try:
        findings = [
            _finding(name, executor.execute_now(Program(code=code)), Status.OK)
            for name, code in _PROBES.items()
        ]
        findings += [
            _finding(name, executor.execute_now(Program(code=code, limits=limits)), wanted)
            for name, (code, limits, wanted) in _LIMITS.items()
        ]
    except DareError as error:
        return [Finding(name="runs programs", covered=False, detail=str(error))]
    finally:
        executor.close_now()
    return findings


def _finding(name: str, outcome: Outcome, wanted: Status | None) -> Finding:
    covered = outcome.status is wanted if wanted else outcome.status is not Status.OK
    last = (outcome.stderr.strip() or outcome.detail).splitlines()[-1:]
    return Finding(name=name, covered=covered, detail="" if covered else "".join(last))
