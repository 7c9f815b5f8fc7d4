"""What the sandbox covers on this machine, found out by trying it."""

from __future__ import annotations

from dataclasses import dataclass

from darebench.errors import DareError
from darebench.sandbox.local import LocalExecutor
from darebench.sandbox.program import Limits, Outcome, Program, Status

_DENIED = "import sys\ntry:\n    {}\nexcept OSError:\n    sys.exit(0)\nsys.exit(9)"
_PROGRAMS = {
    "runs programs": "print(1)",
    "no host files": _DENIED.format("open('/etc/shadow'); open('/etc/hostname')"),
    "no /sys, no devices of the host": "import os; assert not os.path.exists('/sys/kernel'); "
    "assert not os.path.exists('/dev/kmsg')",
    "libraries are read-only": _DENIED.format("import numpy; open(numpy.__file__, 'a')"),
    "no network": _DENIED.format("import socket; socket.create_connection(('127.0.0.1', 9), 1)"),
    "no raw, packet, netlink or hypervisor sockets": (
        "import socket\nfor family in (16, 17, 38, 40):\n    try:\n"
        "        socket.socket(family, 3)\n"
        "    except OSError:\n        continue\n    raise SystemExit(9)"
    ),
    "no other processes": "import os; "
    "assert {p for p in os.listdir('/proc') if p.isdigit()} <= {'1', '2'}",
    "no privileges": "import os; assert os.getuid() != 0; "
    "assert 'CapEff:\\t0000000000000000' in open('/proc/self/status').read()",
    "no new privileges": "assert 'NoNewPrivs:\\t1' in open('/proc/self/status').read()",
    "no new namespaces": "import ctypes; assert ctypes.CDLL(None).unshare(0x10000000) == -1",
    "no looking into other processes": "import ctypes; "
    "assert ctypes.CDLL(None).ptrace(16, 1, 0, 0) == -1",
    "system calls are filtered": "assert 'Seccomp:\\t2' in open('/proc/self/status').read()",
}
_LIMITS = {
    "time is limited": ("while True: pass", Limits(wall_s=0.5), Status.TIMEOUT),
    "CPU time is limited": ("while True: pass", Limits(wall_s=9, cpu_s=1), Status.KILLED),
    "memory is limited": (
        "x = [bytearray(1 << 24) for _ in range(99)]",
        Limits(memory_mb=300),
        None,
    ),
    "processes are limited": (
        "import os\nfor _ in range(99):\n    if os.fork() == 0: os.kill(os.getpid(), 19)",
        Limits(processes=8, wall_s=9),
        Status.ERROR,
    ),
    "disk is limited": ("open('x', 'wb').write(bytes(9 << 20))", Limits(disk_mb=4), Status.ERROR),
}
_LAYERS = {
    "namespaces": "a root, users, processes and a network of its own (namespaces)",
    "seccomp": "system calls by a list of allowed ones (seccomp)",
    "landlock": "files once more (Landlock)",
    "landlock scopes": "abstract sockets and signals once more (Landlock 6)",
    "control groups": "memory and processes counted by the kernel (control groups)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One property of the sandbox, and whether it holds on this machine."""

    name: str
    covered: bool
    detail: str = ""
    """What is missing, and what to do about it."""


def check() -> list[CheckResult]:
    """Try every property of the sandbox, running nothing unsafe to find out.

    Returns:
        A result for each; those of missing properties say what to do about it.
    """
    executor = LocalExecutor(1)
    try:
        missing = executor.missing()
        results = [
            _result(name, executor.execute_now(Program(code=code)), Status.OK)
            for name, code in _PROGRAMS.items()
        ]
        results += [
            _result(name, executor.execute_now(Program(code=code, limits=limits)), wanted)
            for name, (code, limits, wanted) in _LIMITS.items()
        ]
    except DareError as error:
        return [CheckResult(name="runs programs", covered=False, detail=str(error))]
    finally:
        executor.close_now()
    layers = [
        CheckResult(name=text, covered=name not in missing, detail=missing.get(name, ""))
        for name, text in _LAYERS.items()
    ]
    return results + layers


def _result(name: str, outcome: Outcome, wanted: Status | None) -> CheckResult:
    covered = outcome.status is wanted if wanted else outcome.status is not Status.OK
    last = (outcome.stderr.strip() or outcome.detail).splitlines()[-1:]
    return CheckResult(name=name, covered=covered, detail="" if covered else "".join(last))
