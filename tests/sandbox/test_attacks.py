"""Programs that try to get out, to see, to change, to stay or to use up; each really tries.

As root this file runs once more without it, in `test_rootless.py`.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darebench.sandbox import Limits, LocalExecutor, Outcome, Program, Refused, Saved, Status

SMALL = Limits(wall_s=20.0, memory_mb=600, disk_mb=64, processes=32, file_mb=1, output_kb=64)

PRELUDE = """
import ctypes, errno, os, signal, socket, struct, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    result = getattr(libc, name)(*arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result
def system(number, *arguments):
    return call("syscall", number, *arguments)
def denied(action):
    try:
        result = action()
    except (OSError, ValueError):
        return
    sys.exit(f"ESCAPED with {result!r}")
"""


@pytest.fixture(scope="module")
def executor():
    executor = LocalExecutor(2)
    yield executor
    executor.close_now()


@pytest.fixture
def run(executor, tmp_path):
    def run(code: str, *, load=None, save=(), limits=SMALL) -> Outcome:
        program = Program(
            code=PRELUDE + code, load=load or {}, save=save, save_to=tmp_path, limits=limits
        )
        return executor.execute_now(program)

    return run


HELD = {
    # what must not be seen
    "the host's files": f"ways = {(sys.prefix, sys.base_prefix)}\nfor p in ('/home', '/root', {str(Path(__file__).parents[3])!r}, '/mnt', '/media', '/srv', '/opt/secret', '/etc/shadow', '/etc/hosts', '/etc/ssh', '/var/log', '/run', '/boot', '/sys', '/sys/fs/cgroup', '/old', '/dev/sda', '/dev/vda', '/dev/mem', '/dev/kmsg', '/dev/tty', '/dev/pts', '/dev/fuse', '/dev/kvm', '/dev/net/tun', '/dev/vsock', '/dev/userfaultfd'):\n    if os.path.isdir(p):\n        strange = [q for q in os.listdir(p) if not any((w + '/').startswith(os.path.join(p, q, '')) for w in ways)]\n        assert not strange, (p, strange)\n    else:\n        denied(lambda: open(p).read(10))",
    "the checkout": f"denied(lambda: open({str(Path(__file__))!r}).read())\ntry:\n    import darebench.sandbox.local\n    sys.exit('ESCAPED')\nexcept ImportError:\n    pass",
    "other processes": "assert {p for p in os.listdir('/proc') if p.isdigit()} <= {'1', '2'}, os.listdir('/proc')",
    "the warden": "for name in ('mem', 'environ', 'maps', 'fd', 'root', 'cwd', 'exe', 'fdinfo', 'ns', 'auxv', 'stack', 'syscall', 'io', 'map_files'):\n    p = f'/proc/1/{name}'\n    denied(lambda: os.listdir(p) if os.path.isdir(p) else open(p, 'rb').read(1))\n    denied(lambda: os.readlink(p))",
    "the host through the roots": "for p in ('/proc/1/root/etc/shadow', '/proc/1/cwd', '/proc/self/root/../../etc/shadow', '/proc/self/cwd/../../../etc/shadow', '/..' * 20 + '/etc/shadow'):\n    denied(lambda: os.listdir(p) if os.path.isdir(p) else open(p).read())",
    "environment and arguments": "text = open('/proc/self/environ').read() + open('/proc/self/cmdline').read()\nassert not any(word in text for word in ('KEY', 'TOKEN', 'SECRET', 'HOME=/root', 'pytest')), text",
    "inherited descriptors": "assert set(os.listdir('/proc/self/fd')) <= {'0', '1', '2', '3'}\nfor fd in range(3, 1024):\n    denied(lambda: os.write(fd, b'x'))",
    "host's kernel": "for p in ('/proc/kcore', '/proc/kmsg', '/proc/sysrq-trigger', '/proc/kpagemap', '/proc/slabinfo'):\n    denied(lambda: open(p, 'rb').read(1) or 1 / 0 if p != '/proc/sysrq-trigger' else open(p, 'w').write('b'))\nassert open('/proc/cmdline').read() == '' and open('/proc/keys').read() == ''",
    "the control groups": "assert '/' == open('/proc/self/cgroup').read().splitlines()[-1].split(':')[-1][:1]\ndenied(lambda: os.listdir('/sys/fs/cgroup'))\ndenied(lambda: call('mount', b'x', b'/tmp', b'cgroup2', 0, None))",
    # what must not be changed
    "the libraries": "import numpy, pandas, sklearn, encodings, site\nfor m in (numpy, pandas, sklearn, encodings, site):\n    denied(lambda: open(m.__file__, 'a'))\n    denied(lambda: os.unlink(m.__file__))\n    denied(lambda: os.rename(m.__file__, m.__file__ + '.x'))\n    denied(lambda: os.chmod(m.__file__, 0o777))\n    denied(lambda: os.utime(m.__file__))\n    denied(lambda: os.truncate(m.__file__, 0))\n    denied(lambda: os.link(m.__file__, '/sandbox/work/x'))\n    denied(lambda: open(os.path.dirname(m.__file__) + '/x.pth', 'w'))",
    "start-up hooks": "import site, sysconfig\nfor folder in [*site.getsitepackages(), sysconfig.get_path('stdlib'), sys.prefix, '/usr/lib/python3', '/etc', '/', '/usr/local/lib', os.path.dirname(sys.executable)]:\n    for name in ('sitecustomize.py', 'usercustomize.py', 'evil.pth', 'conftest.py', 'pyvenv.cfg'):\n        denied(lambda: open(os.path.join(folder, name), 'w'))",
    "settings of the system": "for p in ('kernel/hostname', 'kernel/core_pattern', 'net/ipv4/ip_forward', 'net/ipv4/ping_group_range', 'net/core/somaxconn', 'kernel/shmmax', 'vm/overcommit_memory', 'kernel/ns_last_pid', 'user/max_user_namespaces', 'fs/mqueue/msg_max'):\n    denied(lambda: open('/proc/sys/' + p, 'w').write('1'))\nfor name in ('oom_score_adj', 'uid_map', 'gid_map', 'setgroups', 'mem', 'clear_refs', 'timerslack_ns'):\n    denied(lambda: open('/proc/self/' + name, 'w').write('-1000'))",
    "the clock and the names": "denied(lambda: time.clock_settime(time.CLOCK_REALTIME, 0))\ndenied(lambda: socket.sethostname('x'))\ndenied(lambda: call('settimeofday', b' ' * 16, None))\ndenied(lambda: call('adjtimex', ctypes.create_string_buffer(b'\\1' + bytes(300))))\ndenied(lambda: call('setdomainname', b'x', 1))",
    "identity": "for f in (os.setuid, os.seteuid, os.setgid, os.setegid):\n    denied(lambda: f(0))\n    denied(lambda: f(65534))\ndenied(lambda: os.setgroups([0]))\nassert os.getuid() == 1000 and 'CapEff:\\t0000000000000000' in open('/proc/self/status').read()\nassert 'NoNewPrivs:\\t1' in open('/proc/self/status').read() and 'CapBnd:\\t0000000000000000' in open('/proc/self/status').read()\nimport shutil\nif shutil.which('su'):\n    assert os.system('su -c true root </dev/null >/dev/null 2>&1') != 0",
    # ways out
    "mounts": "for kind in (b'tmpfs', b'proc', b'sysfs', b'overlay', b'ramfs', b'fuse', b'devpts'):\n    denied(lambda: call('mount', b'x', b'/tmp', kind, 0, None))\ndenied(lambda: call('mount', b'/', b'/tmp', None, 4096, None))\ndenied(lambda: call('umount2', b'/proc', 2))\ndenied(lambda: call('umount2', b'/tmp', 2))\ndenied(lambda: os.chroot('/tmp'))\ndenied(lambda: call('pivot_root', b'/tmp', b'/tmp'))",
    "namespaces": "for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000, 0x80):\n    denied(lambda: call('unshare', flag))\nfor name in os.listdir('/proc/self/ns'):\n    fd = os.open('/proc/self/ns/' + name, os.O_RDONLY)\n    denied(lambda: call('setns', fd, 0))\n    os.close(fd)\ndenied(lambda: call('setns', os.pidfd_open(1), 0x20000))",
    "a clone with namespaces": "for flag in (0x10000000, 0x10000000 | 0x20000, 0x20000000):\n    denied(lambda: system(56, flag | 17, 0, 0, 0, 0) or os._exit(0))",
    "other processes' memory": "denied(lambda: call('ptrace', 16, 1, 0, 0))\ndenied(lambda: call('ptrace', 0, 0, 0, 0))\ndenied(lambda: call('process_vm_readv', 1, None, 0, None, 0, 0))\nchild = os.fork()\nif child == 0:\n    time.sleep(9)\n    os._exit(0)\ndenied(lambda: call('ptrace', 16, child, 0, 0))\ndenied(lambda: call('process_vm_writev', child, None, 0, None, 0, 0))\nos.kill(child, 9)",
    "the warden's end": "for s in range(1, 65):\n    if s not in (32, 33):\n        try:\n            os.kill(1, s)\n        except OSError:\n            pass\nfor pid in (0,):\n    pass\ndenied(lambda: os.kill(3, 9))\nassert os.getppid() in (0, 1)",
    "limits of others": "import resource\ndenied(lambda: resource.prlimit(1, resource.RLIMIT_NOFILE, (1, 1)))\ndenied(lambda: os.sched_setaffinity(1, {0}))\ndenied(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)))\ndenied(lambda: os.setpriority(os.PRIO_PROCESS, 0, -10))\ndenied(lambda: resource.setrlimit(resource.RLIMIT_NPROC, (-1, -1)))\ndenied(lambda: resource.setrlimit(resource.RLIMIT_CORE, (-1, -1))) if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0 else sys.exit('ESCAPED')",
    "networks": "for family, kind, address in ((2, 1, ('1.1.1.1', 53)), (2, 1, ('127.0.0.1', 22)), (2, 1, ('169.254.169.254', 80)), (10, 1, ('::1', 22)), (2, 1, ('0.0.0.0', 22))):\n    with socket.socket(family, kind) as s:\n        s.settimeout(2)\n        denied(lambda: s.connect(address))\nwith socket.socket(2, 2) as s:\n    denied(lambda: s.sendto(b'x', ('8.8.8.8', 53)))\n    denied(lambda: s.sendto(b'x', ('255.255.255.255', 9)))\ndenied(lambda: socket.getaddrinfo('example.org', 80))\nassert open('/proc/net/route').read().count('\\n') <= 1",
    "sockets of other kinds": "for family in (0, 3, 4, 5, 8, 9, 16, 17, 21, 22, 24, 26, 29, 30, 31, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45):\n    for kind in (1, 2, 3, 5, 10):\n        denied(lambda: socket.socket(family, kind))\nfor protocol in (1, 6, 17, 255):\n    denied(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol))",
    "sockets of the host": "for path in ('/run/docker.sock', '/var/run/docker.sock', '/run/dbus/system_bus_socket', '/tmp/.X11-unix/X0', '\\0dbus', '\\0/tmp/.X11-unix/X0', '\\0/containerd-shim', '\\0darebench-host'):\n    for kind in (1, 2, 5):\n        with socket.socket(socket.AF_UNIX, kind) as s:\n            denied(lambda: s.connect(path))",
    "devices": "import stat\nfor mode in (stat.S_IFBLK, stat.S_IFCHR):\n    for number in (os.makedev(1, 1), os.makedev(254, 0), os.makedev(10, 200)):\n        denied(lambda: os.mknod('d', mode | 0o600, number))\nassert set(os.listdir('/dev')) <= {'null', 'zero', 'full', 'random', 'urandom', 'fd', 'stdin', 'shm'}",
    "terminal input": "import fcntl, termios\nfor fd in (0, 1, 2):\n    denied(lambda: fcntl.ioctl(fd, termios.TIOCSTI, b'x'))\n    denied(lambda: system(16, fd, 0x100005412, b'x'))",
    "watching the libraries' files": "denied(lambda: call('inotify_init1', 0))\ndenied(lambda: call('fanotify_init', 0, 0))",
    "executable of a host's setuid file": "import stat\nfor folder in ('/usr/bin', '/bin', '/usr/sbin', '/sbin'):\n    for name in os.listdir(folder):\n        p = os.path.join(folder, name)\n        if os.path.exists(p) and os.stat(p).st_mode & 0o6000:\n            assert os.statvfs(p).f_flag & os.ST_NOSUID, p",
}  # fmt: skip

SYSTEM_CALLS = {
    "io_uring_setup": 425, "io_uring_enter": 426, "bpf": 321, "perf_event_open": 298,
    "userfaultfd": 323, "keyctl": 250, "add_key": 248, "request_key": 249, "kcmp": 312,
    "pidfd_getfd": 438, "open_by_handle_at": 304, "name_to_handle_at": 303, "fsopen": 430,
    "open_tree": 428, "move_mount": 429, "mount_setattr": 442, "memfd_create": 319,
    "memfd_secret": 447, "seccomp": 317, "modify_ldt": 154, "iopl": 172, "ioperm": 173,
    "kexec_load": 246, "init_module": 175, "finit_module": 313, "delete_module": 176,
    "quotactl": 179, "swapon": 167, "swapoff": 168, "reboot": 169, "io_setup": 206, "shmget": 29,
    "shmat": 30, "msgget": 68, "semget": 64, "mq_open": 240, "vmsplice": 278,
    "process_madvise": 440, "set_mempolicy": 238, "mbind": 237, "move_pages": 279,
    "migrate_pages": 256, "acct": 163, "syslog": 103, "vhangup": 153, "uselib": 134,
    "lookup_dcookie": 212, "clone3": 435, "personality": 135, "settimeofday": 164, "sysfs": 139,
    "landlock_create_ruleset": 444, "remap_file_pages": 216, "process_mrelease": 448,
    "not yet invented": 600,
}  # fmt: skip


@pytest.mark.parametrize("what", HELD)
def test_out_of_reach(run, what):
    outcome = run(HELD[what] + "\nprint('held')")
    assert outcome.stdout == "held\n", outcome


@pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of system calls differ")
def test_forbidden_system_calls(run):
    code = f"""
for name, number in {SYSTEM_CALLS!r}.items():
    ctypes.set_errno(0)
    result = libc.syscall(number, 0, 0, 0, 0, 0)
    if result != -1 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
        print(name, result, ctypes.get_errno())
print("held")
"""
    assert run(code).stdout == "held\n"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="it is about that machine's other doors")
def test_system_calls_of_other_kinds_of_machine_are_none(run):
    code = """
import mmap
if os.fork() == 0:
    os._exit(7 if libc.syscall(0x40000000 | 39) > 0 else 8)
assert os.wait()[1] != 7 << 8
if os.fork() == 0:
    room = mmap.mmap(-1, 4096, prot=7)
    room.write(bytes([0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0xC3]))  # getpid by the 32-bit door
    address = ctypes.addressof(ctypes.c_char.from_buffer(room))
    os._exit(7 if ctypes.CFUNCTYPE(ctypes.c_int)(address)() > 0 else 8)
print("held" if os.wait()[1] not in (7 << 8,) else "ESCAPED")
"""
    outcome = run(code)
    assert outcome.stdout == "held\n", outcome


USED_UP = {
    "a list": "x = []\nwhile True: x.append(bytearray(10_000_000))",
    "an anonymous map": "import mmap\nm = mmap.mmap(-1, 4 << 30)\nfor i in range(0, 4 << 30, 4096): m[i] = 1",
    "shared maps of many": "import mmap\nfor _ in range(20):\n    if os.fork() == 0:\n        m = mmap.mmap(-1, 100 << 20)\n        for i in range(0, 100 << 20, 4096): m[i] = 1\n        time.sleep(30)\ntime.sleep(30)",
    "children": "for _ in range(10):\n    if os.fork() == 0:\n        x = bytearray(150_000_000)\n        time.sleep(30)\ntime.sleep(30)",
    "threads' stacks": "def f():\n    x = bytearray(40_000_000)\n    time.sleep(3)\nfor _ in range(25):\n    threading.Thread(target=f).start()\ntime.sleep(1)\nif threading.active_count() < 26: raise MemoryError",
}  # fmt: skip


@pytest.mark.parametrize("what", USED_UP)
def test_memory_is_bounded(run, what):
    outcome = run(USED_UP[what])
    assert outcome.status in (Status.KILLED, Status.ERROR)
    assert any(
        word in outcome.detail + outcome.stderr
        for word in ("memory", "MemoryError", "allocate", "start new thread")
    )


def test_memory_in_pipes_and_sockets_is_bounded(run):
    code = """
held = []
try:
    for _ in range(400):
        a, b = socket.socketpair()
        a.setblocking(False)
        a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 30)
        try:
            while True: a.send(b"x" * 65536)
        except BlockingIOError:
            held.append((a, b))
except OSError as error:
    print(error.errno)
print(len(held))
"""
    before = _available_mb()
    outcome = run(code, limits=Limits(wall_s=20, memory_mb=300, open_files=900))
    assert outcome.status in (Status.OK, Status.KILLED, Status.TIMEOUT)
    assert before - _available_mb() < 1000


def _available_mb() -> int:
    text = Path("/proc/meminfo").read_text()
    return int(text.partition("MemAvailable:")[2].split()[0]) >> 10


DISK = {
    "a file": "open('x', 'wb').write(b'x' * 200_000_000)",
    "many files": "for i in range(300):\n    open(str(i), 'wb').write(b'x' * 1_000_000)",
    "/tmp": "for i in range(300):\n    open(f'/tmp/{i}', 'wb').write(b'x' * 1_000_000)",
    "shared memory": "for i in range(300):\n    open(f'/dev/shm/{i}', 'wb').write(b'x' * 1_000_000)",
    "a reservation": "os.posix_fallocate(os.open('x', os.O_CREAT | os.O_RDWR), 0, 60_000_000)\nos.posix_fallocate(os.open('y', os.O_CREAT | os.O_RDWR), 0, 60_000_000)",
    "inodes": "for i in range(1_000_000):\n    os.close(os.open(str(i), os.O_CREAT))",
    "folders": "for i in range(1_000_000):\n    os.mkdir(str(i))",
}  # fmt: skip


@pytest.mark.parametrize("what", DISK)
def test_disk_and_inodes_are_bounded(run, what):
    outcome = run(DISK[what])
    assert outcome.status is Status.ERROR, outcome
    assert any(w in outcome.stderr for w in ("No space left", "File too large")), outcome.stderr


@pytest.mark.parametrize(
    "bomb",
    [
        "while True:\n    try: os.fork()\n    except OSError: pass",
        "def f():\n    while True: time.sleep(9)\nwhile True:\n    try: threading.Thread(target=f).start()\n    except RuntimeError: pass",
        "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))\nwhile True:\n    try:\n        if os.fork() == 0: os.setsid()\n    except OSError: pass",
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        while True: pass\nwhile True: pass",
        "os.kill(os.getpid(), signal.SIGSTOP)",
        "signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)\nsignal.signal(signal.SIGALRM, lambda *a: None)\nwhile True: time.sleep(1)",
    ],
    ids=["forks", "threads", "deaf forks", "daemons", "stopped", "timers"],
)
def test_what_does_not_end_is_ended(run, bomb):
    start = time.monotonic()
    outcome = run("print('early', flush=True)\n" + bomb, limits=Limits(wall_s=1.0, processes=32))
    assert outcome.status is Status.TIMEOUT
    assert outcome.stdout == "early\n" or "early\n" in outcome.stdout
    assert time.monotonic() - start < 15
    assert run("print(1)").stdout == "1\n"


def test_processor_time_is_bounded(run):
    outcome = run("while True: pass", limits=Limits(wall_s=30.0, cpu_s=1.0))
    assert outcome.status is Status.KILLED
    assert "CPU" in outcome.detail
    assert outcome.seconds < 25


def test_a_handler_for_the_cpu_signal_does_not_help(run):
    code = "signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass"
    outcome = run(code, limits=Limits(wall_s=60.0, cpu_s=1.0))
    assert outcome.status is not Status.OK
    assert outcome.seconds < 50


@pytest.mark.parametrize(
    "code",
    [
        "while True: os.write(1, b'x' * 65536)",
        "while True: os.write(2, b'x' * 65536)",
        "if os.fork() == 0:\n    while True: os.write(1, b'x' * 65536)\nwhile True: os.write(2, b'\\xff\\x00' * 999)",
    ],
)
def test_floods_of_output_are_cut(run, code):
    outcome = run(code, limits=Limits(wall_s=1.0, output_kb=64))
    assert outcome.status is Status.TIMEOUT
    assert len(outcome.stdout) + len(outcome.stderr) < 300_000
    assert "bytes left out" in outcome.stdout + outcome.stderr


ENDS = {
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


@pytest.mark.parametrize("what", ENDS)
def test_ends_are_told_as_they_are(run, what):
    code, expected = ENDS[what]
    outcome = run(code)
    assert outcome.exit_code in expected
    assert (outcome.status is Status.OK) == (outcome.exit_code == 0)
    assert run("print(1)").stdout == "1\n"


def test_a_core_is_not_written(run):
    outcome = run("os.abort()", save=("core", "core.2"))
    assert all(isinstance(f, Refused) for f in outcome.files.values())


OUTPUTS = {
    "symlink": "os.symlink('/etc/passwd', 'out')",
    "symlink to itself": "os.symlink('out', 'out')",
    "symlink to a good file": "open('good', 'w').write('x'); os.symlink('good', 'out')",
    "FIFO": "os.mkfifo('out')",
    "folder": "os.mkdir('out')",
    "sparse": "open('out', 'wb').truncate(50_000_000)",
    "socket": "socket.socket(socket.AF_UNIX).bind('out')",
    "link to the descriptors": "os.symlink('/proc/self/fd/0', 'out')",
}


@pytest.mark.parametrize("what", OUTPUTS)
def test_only_small_regular_files_come_out(run, tmp_path, what):
    outcome = run(OUTPUTS[what], save=("out",))
    assert isinstance(outcome.files["out"], Refused)
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".*"))


def test_a_very_large_sparse_file_stays(run):
    code = "open('out', 'wb').truncate(10 << 30)"
    outcome = run(code, save=("out",), limits=Limits(wall_s=20, disk_mb=20_000, memory_mb=500))
    assert isinstance(outcome.files["out"], Refused)


def test_unreadable_files_stay_and_hard_links_come_out_once(run, tmp_path):
    code = "open('a', 'w').write('x'); os.link('a', 'b'); os.chmod('a', 0)"
    outcome = run(code, save=("a", "b"))
    assert all(isinstance(f, (Refused, Saved)) for f in outcome.files.values())
    assert not [p for p in tmp_path.iterdir() if p.is_symlink()]


def test_a_file_cannot_change_while_it_is_read(run, tmp_path):
    """A child and a thread rewrite the file, also through a map, until the tree is dead."""
    code = """
import mmap
open("out", "wb").write(b"a" * 500_000)
def spoil():
    with open("out", "r+b") as f:
        m = mmap.mmap(f.fileno(), 0)
        i = 0
        while True:
            i += 1
            m[:] = bytes([97 + i % 26]) * 500_000
if os.fork() == 0:
    os.setsid()
    spoil()
threading.Thread(target=spoil, daemon=True).start()
time.sleep(0.2)
"""
    seen = []
    for _ in range(3):
        outcome = run(code, save=("out",))
        assert isinstance(outcome.files["out"], Saved)
        first = (tmp_path / "out").read_bytes()
        time.sleep(0.05)
        seen.append((tmp_path / "out").read_bytes() == first)
    assert all(seen)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40) | st.text(alphabet="./\\\0\n x", max_size=12))
def test_names_are_plain_or_refused(executor, tmp_path_factory, name):
    folder = tmp_path_factory.mktemp("out")
    program = Program(code="pass", save=(name,), save_to=folder, limits=SMALL)
    outcome = executor.execute_now(program)
    assert isinstance(outcome.files[name], Refused)
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    "name", ["x" * 10_000, "a\u202eb", "\ud800", "nul\0", "../../etc/cron", "~"]
)
def test_odd_names_do_not_leave_the_folder(run, tmp_path, name):
    outcome = run(f"try:\n    open({name!r}, 'w').write('x')\nexcept (OSError, ValueError): pass", save=(name,))  # fmt: skip
    for path in tmp_path.iterdir():
        assert path.name == name == "~"
    assert name in outcome.files


def test_pickles_leave_as_bytes_and_run_nothing(run, tmp_path):
    code = "import pickle\nclass A:\n    def __reduce__(self):\n        return (os.system, ('touch /tmp/pwned-by-a-pickle',))\npickle.dump(A(), open('out', 'wb'))"
    run(code, save=("out",))
    assert b"pwned" in (tmp_path / "out").read_bytes()
    assert not Path("/tmp/pwned-by-a-pickle").exists()


POISONS = {
    "modules": ("import numpy, pandas, sklearn.base, json\nnumpy.mean = None\npandas.DataFrame.to_csv = None\nsklearn.base.clone = None\nsys.modules['json'] = None", "import json, numpy as np, pandas as pd, sklearn.base\nprint(np.mean([1, 3]), pd.DataFrame({'a': [1]}).to_csv(index=False).split(), sklearn.base.clone is not None, json.dumps(1))"),
    "builtins": ("import builtins\nbuiltins.open = None\nbuiltins.print = lambda *a: None\nctypes.memset(id(7) + 24, 9, 1)", "print(open('x', 'w') is not None, 3 + 4)"),
    "machine code": ("base = ctypes.cast(ctypes.pythonapi.Py_IncRef, ctypes.c_void_p).value & ~4095\nprint(libc.mprotect(ctypes.c_void_p(base), 4096, 7))\nctypes.memset(base, 0xCC, 4096)", "print('fine')"),
    "files": ("for p in ('left', '/tmp/left', '/dev/shm/left', '/sandbox/code/left', '/sandbox/code/main.py', 'numpy.py', 'sitecustomize.py'):\n    open(p, 'w').write('x = 1')", "print(os.listdir('.'), os.listdir('/tmp'), os.listdir('/dev/shm'), os.listdir('/sandbox/code'))"),
    "settings": ("os.environ['PYTHONPATH'] = '/tmp'\nos.umask(0o777)\nos.chdir('/')\nos.nice(5)\nsys.path.clear()\nimport random, numpy, warnings, locale\nrandom.seed(1); numpy.random.seed(1); warnings.simplefilter('error'); numpy.seterr(all='raise'); sys.setrecursionlimit(50)", "import numpy\nm = os.umask(0); os.umask(m)\nprint('PYTHONPATH' in os.environ, m, os.getcwd(), numpy.geterr()['over'], sys.getrecursionlimit(), os.nice(0))"),
    "sockets": ("s = socket.socket(socket.AF_UNIX); s.bind('\\0mine'); s.listen()\nt = socket.socket(2, 2); t.bind(('0.0.0.0', 5000))", "s = socket.socket(socket.AF_UNIX)\ndenied(lambda: s.connect('\\0mine'))\nt = socket.socket(2, 2); t.bind(('0.0.0.0', 5000))\nprint('free', open('/proc/net/unix').read().count('mine'))"),
    "signals": ("signal.signal(signal.SIGTERM, signal.SIG_IGN)\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])\nsignal.alarm(100)", "print(signal.getsignal(signal.SIGTERM), signal.pthread_sigmask(0, []), signal.alarm(0))"),
}  # fmt: skip


@pytest.mark.parametrize("what", POISONS)
def test_a_call_changes_nothing_for_the_next(what):
    """Each of the next calls runs in a process that was made before or after the poison."""
    poison, look = POISONS[what]
    with_one = LocalExecutor(1)
    try:
        expected = with_one.execute_now(Program(code=PRELUDE + look, limits=SMALL))
        with_one.execute_now(Program(code=PRELUDE + poison, limits=SMALL))
        for _ in range(4):
            after = with_one.execute_now(Program(code=PRELUDE + look, limits=SMALL))
            assert (after.stdout, after.exit_code) == (expected.stdout, expected.exit_code)
            assert after.exit_code == 0, after
    finally:
        with_one.close_now()


def test_concurrent_calls_do_not_see_each_other(executor):
    import asyncio

    meet = (
        PRELUDE
        + """
import hashlib
open("/tmp/mine", "w").write("{i}"); open("/dev/shm/mine", "w").write("{i}")
s = socket.socket(socket.AF_UNIX); s.bind("\\0meet")
t = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); t.bind(("0.0.0.0", 5000))
time.sleep(0.3)
print(open("/tmp/mine").read() + open("/dev/shm/mine").read(), sorted(p for p in os.listdir("/proc") if p.isdigit())[-1], [n for n in os.listdir("/tmp") if not sys.prefix.startswith("/tmp/" + n + "/")])
"""
    )

    async def both():
        programs = [Program(code=meet.replace("{i}", str(i)), limits=SMALL) for i in range(4)]
        return await asyncio.gather(*map(executor.execute, programs))

    for i, outcome in enumerate(asyncio.run(both())):
        assert outcome.stdout == f"{i}{i} 2 ['mine']\n", outcome


def test_garbage_to_every_descriptor_and_signal_changes_no_result(run):
    code = """
for fd in range(3, 2000):
    try: os.write(fd, b'{"status": "ok"}' * 20)
    except OSError: pass
for pid in (0, 1, 2):
    for s in (signal.SIGUSR1, signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH):
        signal.signal(s, signal.SIG_IGN) if s != signal.SIGCHLD else None
        try: os.kill(pid, s)
        except OSError: pass
print("alive")
sys.exit(9)
"""
    outcome = run(code)
    assert (outcome.stdout, outcome.exit_code) == ("alive\n", 9)


def test_children_that_end_first_do_not_end_the_call(run):
    code = """
for i in range(20):
    if os.fork() == 0:
        os._exit(i)
    os.wait()
threads = [threading.Thread(target=os.system, args=("exit 3",)) for _ in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
print("on")
sys.exit(6)
"""
    outcome = run(code)
    assert (outcome.stdout, outcome.exit_code) == ("on\n", 6)


def test_an_exit_asked_for_by_a_child_is_the_child_s(run):
    code = (
        "if os.fork() == 0:\n    os._exit(0)\ntime.sleep(0.2)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    assert run(code).exit_code == -9


def test_a_stop_between_the_question_and_the_answer_keeps_nothing_alive(run):
    code = """
import mmap
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
n = 0
def tick(*_):
    global n
    n += 1
    os.write(1, b".")
signal.signal(signal.SIGALRM, tick)
time.sleep(0.02)
os._exit(0)
"""
    for _ in range(5):
        outcome = run(code)
        assert outcome.exit_code == 0
        assert set(outcome.stdout) <= {"."}


def test_nothing_is_left_on_the_host(executor):
    before = _traces()
    executor.execute_now(Program(code="import os\nif os.fork() == 0:\n    os.setsid()\n    __import__('time').sleep(985)", limits=SMALL))  # fmt: skip
    deadline = time.monotonic() + 10
    while _traces() != before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _traces() == before
    assert "sleep(985)" not in subprocess.run(["ps", "ax"], capture_output=True, text=True).stdout


def _traces() -> tuple[int, int]:
    mounts = Path("/proc/self/mountinfo").read_text().count("\n")
    return mounts, len(list(Path("/tmp").glob("darebench-c*")))


def test_root_and_rootless_have_the_same_walls(executor):
    missing = executor.missing()
    assert "namespaces" not in missing
    assert "seccomp" not in missing
    if os.geteuid() == 0 and sys.platform == "linux" and Path("/sys/fs/cgroup/memory").is_dir():
        assert "control groups" not in missing
