"""Steps that try to get at other sessions, to outlive themselves, or to pose as the sandbox.

As root this file runs once more without it, in `test_rootless.py`.
"""

from __future__ import annotations

import pytest

from darebench import Session
from darebench.sandbox import Limits, LocalExecutor, Status

LIMITS = Limits(wall_s=15.0, memory_mb=700, disk_mb=64, processes=64, file_mb=2, output_kb=64)
PRELUDE = """
import ctypes, fcntl, glob, mmap, os, signal, socket, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
ACCT, CLONE, PIDFD_OPEN = {"x86_64": (163, 56, 434), "aarch64": (89, 220, 434)}[os.uname().machine]
def tried(action):
    try:
        return action()
    except (OSError, ValueError) as error:
        return type(error).__name__
def runner():
    frame = sys._getframe()
    while "_live_step" not in frame.f_globals:
        frame = frame.f_back
    return frame.f_globals
"""


@pytest.fixture(scope="module")
def executor():
    executor = LocalExecutor(2)
    yield executor
    executor.close_now()


@pytest.fixture
def session(executor):
    with Session(limits=LIMITS, executor=executor) as session:
        assert session.run(PRELUDE).status is Status.OK
        yield session


SECRET = "secret = ''.join(chr(ord(c) + 1) for c in 'RDBQDS') * 40; open('kept', 'w').write(secret)"
"""The text that is looked for appears nowhere but in the memory that this step has written."""
SPIES = {
    "memory, descriptors and files of all processes": """
found = []
needle = bytes(c + 1 for c in b'RDBQDS') * 40
for pid in [p for p in os.listdir('/proc') if p.isdigit() and int(p) != os.getpid()]:
    for name in ('mem', 'maps', 'environ', 'fd', 'cwd/kept', 'root/sandbox/work/kept', 'task', 'status', 'map_files'):
        for way in (lambda p: open(p, 'rb').read(1), os.listdir):
            result = tried(lambda: way(f'/proc/{pid}/{name}'))
            if pid != '1' and not isinstance(result, str):
                found.append((pid, name, result))
found
""",
    "files on every path": """
[path for top in ('/sandbox', '/tmp', '/dev/shm') for path, _, names in os.walk(top) if 'kept' in names]
""",
    "sockets and shared memory": """
[line for name in ('net/unix', 'net/tcp', 'sysvipc/shm') for line in open(f'/proc/{name}').read().splitlines()[1:]]
""",
    "a process of another session by its number": """
import select
found = [tried(lambda: os.pidfd_open(pid)) for pid in range(2, 300) if pid != os.getpid()]
[f for f in found if not isinstance(f, str) and not select.select([f], [], [], 1)[0]]  # not one that has ended
""",
}


@pytest.mark.parametrize("name", SPIES)
def test_no_session_sees_another_ones_memory_files_or_processes(session, executor, name):
    fork = session.fork()
    with Session(limits=LIMITS, executor=executor) as stranger:
        stranger.run(PRELUDE)
        for other in (session, stranger):
            assert other.run(SECRET).status is Status.OK
        outcome = fork.run(SPIES[name])
        assert (outcome.status, outcome.result) == (Status.OK, "[]"), outcome
        fork.run("open('own', 'w')")
        assert session.run(SPIES[name].replace("'kept'", "'own'")).result == "[]"


CHANNELS = {
    "shared memory": ("m = mmap.mmap(-1, 4096)", "m[0] = 7", "m[0]", "0"),
    "shared memory for reading": ("m = mmap.mmap(-1, 4096, prot=mmap.PROT_READ)", "libc.mprotect(ctypes.c_void_p(0), 1, 3)", "m[0]", "0"),
    "a map of a file": ("open('f', 'wb').write(bytes(4096)); f = open('f', 'r+b'); m = mmap.mmap(f.fileno(), 0)", "m[0] = 7; f.write(b'x'); f.flush()", "m[0], open('f', 'rb').read(1)", r"(0, b'\x00')"),
    "a private map of a file": ("open('f', 'wb').write(bytes(8192)); f = open('f', 'r+b'); m = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_COPY)", "os.pwrite(os.open('f', os.O_RDWR), b'x' * 8192, 0)", "m[0], m[5000]", "(0, 0)"),
    "a map of a file that is no more": ("f = open('f', 'w+b'); f.write(bytes(4096)); f.flush(); m = mmap.mmap(f.fileno(), 0); os.remove('f')", "m[0] = 7", "m[0]", "0"),
    "a pipe": ("r, w = os.pipe()", "os.write(w, b'x')", "tried(lambda: os.read(r, 1))", "b''"),
    "a socket pair": ("a, b = socket.socketpair()", "tried(lambda: a.send(b'x'))", "b.setblocking(False), tried(lambda: b.recv(1))[-5:]", None),
    "an offset": ("f = open('f', 'w+'); f.write('abc'); f.flush(); f.seek(0)", "os.lseek(f.fileno(), 2, 0)", "os.lseek(f.fileno(), 0, 1)", "0"),
    "the offset of a file of the system": ("f = os.open('/usr/lib/os-release' if os.path.exists('/usr/lib/os-release') else sys.executable, os.O_RDONLY)", "os.lseek(f, 3, 0)", "os.lseek(f, 0, 1)", "0"),
    "flags of a descriptor": ("f = os.open('/dev/null', os.O_RDWR)", "fcntl.fcntl(f, fcntl.F_SETFL, os.O_NONBLOCK | os.O_APPEND)", "fcntl.fcntl(f, fcntl.F_GETFL) & (os.O_NONBLOCK | os.O_APPEND)", "0"),
    "an unlinked file": ("f = open('f', 'w+'); os.remove('f')", "f.write('x'), f.flush()", "f.read()", "''"),
    "a lock": ("f = open('f', 'w')", "fcntl.flock(f, fcntl.LOCK_EX)", "fcntl.flock(open('f'), fcntl.LOCK_EX | fcntl.LOCK_NB)", None),
    "an abstract socket": ("a = socket.socket(socket.AF_UNIX); tried(lambda: a.bind('\\0x'))", "a.listen() if 0 else 0", "tried(lambda: socket.socket(socket.AF_UNIX).connect('\\0x'))", "'ConnectionRefusedError'"),
    "the folder of shared memory": ("open('/dev/shm/x', 'w').write('a')", "open('/dev/shm/x', 'w').write('b')", "os.listdir('/dev/shm')", "[]"),
    "the folder of temporary files": ("open('/tmp/x', 'w').write('a')", "open('/tmp/x', 'w').write('b'); open('/tmp/y', 'w')", "os.path.exists('/tmp/y'), open('/tmp/x').read()", "(False, 'a')"),
    "a hard link": ("open('f', 'w').write('a'); os.link('f', 'g')", "open('g', 'r+').write('b')", "open('f').read() + open('g').read()", "'aa'"),
    "dates of reading": ("open('f', 'w').write('a')", "open('f').read()", "os.stat('f').st_atime_ns == os.stat('f').st_mtime_ns", None),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANNELS)
def test_nothing_that_two_forks_have_in_common_carries_a_message(session, name):
    prepare, write, read, nothing = CHANNELS[name]
    outcome = session.run(prepare)
    assert outcome.status is Status.OK, outcome
    one, other = session.fork(), session.fork()
    untouched = other.fork().run(read)
    one.run(write)
    found = other.run(read)
    assert (found.status, found.result) == (untouched.status, untouched.result), found
    assert nothing is None or found.result == nothing, found


KEEPERS = {
    "a shared map that is made while the state forks": "made = []; fork = runner()['linux'].fork\ndef mine():\n    made.append(mmap.mmap(-1, 4096))\n    return fork()\n",
    "a descriptor that is opened while the state forks": "made = []; fork = runner()['linux'].fork\ndef mine():\n    made.append(os.open('/dev/null', os.O_RDWR))\n    return fork()\n",
    "a fork in the same memory": "def mine():\n    return libc.syscall(CLONE, 0x100 | 17, 0, 0, 0, 0)\n",
    "a fork with the same descriptors": "def mine():\n    return libc.syscall(CLONE, 0x400 | 17, 0, 0, 0, 0)\n",
    "a fork that borrows memory": "def mine():\n    return libc.syscall(CLONE, 0x4100 | 17, 0, 0, 0, 0)\n",
    "a thread that goes on": "fork = runner()['linux'].fork\ndef mine():\n    pid = fork()\n    if pid: threading.Thread(target=time.sleep, args=(60,)).start()\n    return pid\n",
    "a state that ends itself": "def mine():\n    os._exit(0)\n",
}
"""What a hostile state may do as it is asked to fork: replace the runner's own function."""


@pytest.mark.parametrize("name", KEEPERS)
def test_a_hostile_state_shares_nothing_with_its_forks_and_ends_at_once(session, name):
    with_it = session.fork()
    assert with_it.run(KEEPERS[name] + "runner()['linux'].fork = mine").status is Status.OK
    twin = with_it.fork()
    outcomes = [with_it.run("1", seconds=2.0), twin.run("1", seconds=2.0)]
    assert {outcome.status for outcome in outcomes} <= {Status.KILLED, Status.TIMEOUT, Status.OK}
    assert Status.KILLED in {outcome.status for outcome in outcomes}, outcomes
    assert session.run("1 + 1").result == "2"


LASTING = {
    "a daemon that ignores signals": "if os.fork() == 0:\n    os.setsid()\n    for n in range(1, 65): tried(lambda: signal.signal(n, signal.SIG_IGN))\n    while True: open('/tmp/daemon', 'a').write('x')",
    "a chain of forks that never ends": "if os.fork() == 0:\n    while os.fork() == 0: pass\n    os._exit(0)",
    "another program": "import subprocess; subprocess.Popen(['sh', '-c', 'while :; do echo x >> /tmp/daemon; done'])",
    "a fork bomb": "def bomb():\n    while True: tried(os.fork)\nif os.fork() == 0: bomb()",
    "a thread": "threading.Thread(target=lambda: [time.sleep(0.01) or open('/tmp/daemon', 'a') for _ in range(9**9)], daemon=True).start()",
    "a timer": "signal.signal(signal.SIGALRM, lambda *_: open('/tmp/daemon', 'a').write('x')); signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)",
    "a stopped child": "pid = os.fork()\nif pid == 0: os.kill(os.getpid(), signal.SIGSTOP)",
    "a child that speaks for its parent": "if os.fork() == 0:\n    libc.syscall(ACCT, 1, 0); libc.syscall(ACCT, 2, 0); time.sleep(60)",
    "a thread that speaks for its process": "t = threading.Thread(target=lambda: libc.syscall(ACCT, 1, 0)); t.start(); t.join()",
}


@pytest.mark.parametrize("name", LASTING)
def test_nothing_of_a_step_runs_after_it(session, name):
    outcome = session.run(LASTING[name])
    assert outcome.status is Status.OK, outcome
    before = session.run("open('/tmp/daemon').read() if os.path.exists('/tmp/daemon') else ''")
    fork = session.fork()
    after = fork.run(
        "time.sleep(0.1); open('/tmp/daemon').read() if os.path.exists('/tmp/daemon') else ''"
    )
    assert before.status is Status.OK, before
    assert after.result == before.result, (before, after)
    seen = "[p for p in os.listdir('/proc') if p.isdigit() and p not in ('1', str(os.getpid())) and os.listdir(f'/proc/{p}')]"
    assert fork.run(seen).result == "[]"


KILLERS = {
    "each by its number": "[tried(lambda: os.kill(pid, 9)) for pid in range(2, 500) if pid != os.getpid()]",
    "all at once": "tried(lambda: os.kill(-1, 9))",
    "their groups": "[tried(lambda: os.killpg(pid, 9)) for pid in range(2, 500) if pid not in (os.getpid(), os.getpgrp())]",
    "by threads": "[libc.syscall({'x86_64': 200, 'aarch64': 130}[os.uname().machine], pid, 9) for pid in range(2, 500) if pid != os.getpid()]",
    "by handles": "[tried(lambda: signal.pidfd_send_signal(os.pidfd_open(pid), 9)) for pid in range(2, 500) if pid != os.getpid()]",
    "by the owner of a descriptor": "a, b = socket.socketpair(); a.setblocking(False)\nfor pid in range(2, 500):\n    if pid != os.getpid(): tried(lambda: (fcntl.fcntl(a, fcntl.F_SETOWN, pid), fcntl.fcntl(a, 10, 9), fcntl.fcntl(a, fcntl.F_SETFL, os.O_ASYNC), b.send(b'x')))",
    "by a shortage of memory": "for _ in range(6):\n    if os.fork() == 0:\n        b = bytearray(150 << 20); b[::4096] = b'x' * len(b[::4096]); time.sleep(9)\ntime.sleep(3)",
    "by tracing": "[libc.ptrace(16, pid, 0, 0) for pid in range(2, 500)]",
}


@pytest.mark.parametrize("name", KILLERS)
def test_no_step_ends_the_state_of_another_session(session, name):
    session.run("x = 5")
    fork, other = session.fork(), session.fork()
    other.run("x = 6")
    fork.run(KILLERS[name])
    assert [one.run("x").result for one in (fork, other, session)] == ["5", "6", "5"]


LITTER = {
    "folders that are nested deep": "for _ in range(900): os.mkdir('d'); os.chdir('d')",
    "a name that is not text": "open(b'\\xff\\n', 'w').write('x')",
    "a pipe, a socket and a link to itself": "os.mkfifo('p'); s = socket.socket(socket.AF_UNIX); s.bind('s'); os.symlink('l', 'l')",
    "no rights": "os.mkdir('d'); open('d/f', 'w'); os.chmod('d', 0)",
    "a sparse file": "open('f', 'wb').truncate(60 << 20); os.truncate('f', 40 << 30) if 0 else 0",
    "the working folder in another place": "tried(lambda: os.rename('/sandbox/work', '/sandbox/moved'))",
}


@pytest.mark.parametrize("name", LITTER)
def test_no_file_hinders_the_rollback(session, name):
    session.run("open('kept', 'w').write('1')")
    session.run(LITTER[name] + "\n1 / 0")
    assert (
        session.run("os.getcwd(), os.listdir('.'), open('kept').read()").result
        == "('/sandbox/work', ['kept'], '1')"
    )
    outcome = session.run(LITTER[name])
    assert outcome.status in (Status.OK, Status.KILLED), outcome
    assert session.run("open('/sandbox/work/kept').read()").result == "'1'"
