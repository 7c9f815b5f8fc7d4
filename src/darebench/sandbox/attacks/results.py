"""Programs that try to forge how they ended, or to hand out what is not a plain file."""

from __future__ import annotations

from collections.abc import Callable, Set

from darebench.sandbox.attacks.attack import Attack, Kind, is_told_truly
from darebench.sandbox.program import Outcome, Refused

_ENDS = {
    "stack overflow": ("sys.setrecursionlimit(10**9)\ndef f(): f()\nf()", {-11, -9, 1}),
    "C stack overflow": ("import re\nsys.setrecursionlimit(10**9)\ndef f(n):\n    return max(range(n), key=lambda i: f(n))\nf(2)", {-11, 1}),
    "segfault": ("ctypes.string_at(0)", {-11}),
    "abort": ("os.abort()", {-6}),
    "illegal instruction": ("os.kill(os.getpid(), signal.SIGILL)", {-4}),
    "hard exit with threads": ("threading.Thread(target=time.sleep, args=(99,)).start()\nos._exit(3)", {3}),
    "exit in a thread of its own": ("threading.Thread(target=os._exit, args=(4,)).start()\ntime.sleep(99)", {4}),
    "another program": ("os.execv('/bin/sh', ['sh', '-c', 'kill -9 $$'])", {-9}),
    "another program that succeeds": ("os.execv('/bin/true', ['true'])", {0}),
    "closed streams": ("for fd in range(3): os.close(fd)", {0, 1, 120}),
    "everybody's death": ("os.kill(-1, signal.SIGKILL)", {-9, 0, 1}),
}  # fmt: skip
_OUTPUTS = {
    "symlink": "os.symlink('/etc/passwd', 'out')",
    "symlink to itself": "os.symlink('out', 'out')",
    "symlink to a good file": "open('good', 'w').write('x'); os.symlink('good', 'out')",
    "FIFO": "os.mkfifo('out')",
    "folder": "os.mkdir('out')",
    "sparse": "open('out', 'wb').truncate(50_000_000)",
    "socket": "socket.socket(socket.AF_UNIX).bind('out')",
    "link to the descriptors": "os.symlink('/proc/self/fd/0', 'out')",
}
_OUT = "out"


def _ends_with(codes: Set[int]) -> Callable[[Outcome], bool]:
    """Return a check of whether an exit code is among some, and the status fits it."""
    return lambda outcome: outcome.exit_code in codes and is_told_truly(outcome)


def stays_inside(outcome: Outcome) -> bool:
    """Check whether the file was refused."""
    return isinstance(outcome.files[_OUT], Refused)


RESULTS = (
    *(
        Attack(name=name, kind=Kind.FORGE, code=code, holds=_ends_with(codes))
        for name, (code, codes) in _ENDS.items()
    ),
    *(
        Attack(name=name, kind=Kind.FILES, code=code, holds=stays_inside, save=(_OUT,))
        for name, code in _OUTPUTS.items()
    ),
)
