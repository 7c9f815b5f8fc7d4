"""Programs that try to use up memory, disk or time, or to flood their caller."""

from __future__ import annotations

from darebench.sandbox.attacks.attack import SMALL, Attack, Kind
from darebench.sandbox.program import Limits, Outcome, Status

_MEMORY = {
    "a list": "x = []\nwhile True: x.append(bytearray(10_000_000))",
    "an anonymous map": "import mmap\nm = mmap.mmap(-1, 4 << 30)\nfor i in range(0, 4 << 30, 4096): m[i] = 1",
    "shared maps of many": "import mmap\nfor _ in range(20):\n    if os.fork() == 0:\n        m = mmap.mmap(-1, 100 << 20)\n        for i in range(0, 100 << 20, 4096): m[i] = 1\n        time.sleep(30)\ntime.sleep(30)",
    "children": "for _ in range(10):\n    if os.fork() == 0:\n        x = bytearray(150_000_000)\n        time.sleep(30)\ntime.sleep(30)",
    "threads' stacks": "def f():\n    x = bytearray(40_000_000)\n    time.sleep(3)\nfor _ in range(25):\n    threading.Thread(target=f).start()\ntime.sleep(1)\nif threading.active_count() < 26: raise MemoryError",
}  # fmt: skip
_DISK = {
    "a file": "open('x', 'wb').write(b'x' * 200_000_000)",
    "many files": "for i in range(300):\n    open(str(i), 'wb').write(b'x' * 1_000_000)",
    "/tmp": "for i in range(300):\n    open(f'/tmp/{i}', 'wb').write(b'x' * 1_000_000)",
    "shared memory": "for i in range(300):\n    open(f'/dev/shm/{i}', 'wb').write(b'x' * 1_000_000)",
    "a reservation": "os.posix_fallocate(os.open('x', os.O_CREAT | os.O_RDWR), 0, 60_000_000)\nos.posix_fallocate(os.open('y', os.O_CREAT | os.O_RDWR), 0, 60_000_000)",
    "inodes": "for i in range(1_000_000):\n    os.close(os.open(str(i), os.O_CREAT))",
    "folders": "for i in range(1_000_000):\n    os.mkdir(str(i))",
}  # fmt: skip
_ENDLESS = {
    "forks": "while True:\n    try: os.fork()\n    except OSError: pass",
    "threads": "def f():\n    while True: time.sleep(9)\nwhile True:\n    try: threading.Thread(target=f).start()\n    except RuntimeError: pass",
    "deaf forks": "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))\nwhile True:\n    try:\n        if os.fork() == 0: os.setsid()\n    except OSError: pass",
    "daemons": "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        while True: pass\nwhile True: pass",
    "stopped": "os.kill(os.getpid(), signal.SIGSTOP)",
    "timers": "signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)\nsignal.signal(signal.SIGALRM, lambda *a: None)\nwhile True: time.sleep(1)",
}  # fmt: skip
_FLOODS = {
    "a flood of output": "while True: os.write(1, b'x' * 65536)",
    "a flood of errors": "while True: os.write(2, b'x' * 65536)",
    "a flood of both by two": "if os.fork() == 0:\n    while True: os.write(1, b'x' * 65536)\nwhile True: os.write(2, b'\\xff\\x00' * 999)",
}  # fmt: skip
MEMORY_WORDS = ("memory", "MemoryError", "allocate", "start new thread")
DISK_WORDS = ("No space left", "File too large")
MOST_SHOWN = 300_000
"""Characters of a flood that may come out, where `output_kb` is 64."""


def memory_is_bounded(outcome: Outcome) -> bool:
    """Check whether a program was ended, or refused memory, and told so."""
    told = outcome.detail + outcome.stderr
    is_ended = outcome.status in (Status.KILLED, Status.ERROR)
    return is_ended and any(word in told for word in MEMORY_WORDS)


def disk_is_bounded(outcome: Outcome) -> bool:
    """Check whether a program met the end of its disk."""
    is_full = any(word in outcome.stderr for word in DISK_WORDS)
    return outcome.status is Status.ERROR and is_full


def is_ended(outcome: Outcome) -> bool:
    """Check whether a program was ended in time, and what it printed before was kept."""
    return outcome.status is Status.TIMEOUT and "early\n" in outcome.stdout and outcome.seconds < 15


def flood_is_cut(outcome: Outcome) -> bool:
    """Check whether a program was ended, and only some of its output came out."""
    shown = outcome.stdout + outcome.stderr
    is_cut = len(shown) < MOST_SHOWN and "bytes left out" in shown
    return outcome.status is Status.TIMEOUT and is_cut


def processor_is_bounded(outcome: Outcome) -> bool:
    """Check whether a program was ended for the processor time that it took."""
    return outcome.status is not Status.OK and outcome.seconds < 50


RESOURCES = (
    *(
        Attack(name=name, kind=Kind.MEMORY, code=code, holds=memory_is_bounded)
        for name, code in _MEMORY.items()
    ),
    *(
        Attack(name=name, kind=Kind.DISK, code=code, holds=disk_is_bounded)
        for name, code in _DISK.items()
    ),
    *(
        Attack(
            name=name,
            kind=Kind.STAY,
            code=f"print('early', flush=True)\n{code}",
            holds=is_ended,
            limits=Limits(wall_s=1.0, processes=32),
        )
        for name, code in _ENDLESS.items()
    ),
    *(
        Attack(
            name=name,
            kind=Kind.STAY,
            code=code,
            holds=flood_is_cut,
            limits=Limits(wall_s=1.0, output_kb=SMALL.output_kb),
        )
        for name, code in _FLOODS.items()
    ),
    Attack(
        name="processor time",
        kind=Kind.STAY,
        code="while True: pass",
        holds=processor_is_bounded,
        limits=Limits(wall_s=60.0, cpu_s=1.0),
    ),
    Attack(
        name="a deaf ear for the limit of processor time",
        kind=Kind.STAY,
        code="signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass",
        holds=processor_is_bounded,
        limits=Limits(wall_s=60.0, cpu_s=1.0),
    ),
)
