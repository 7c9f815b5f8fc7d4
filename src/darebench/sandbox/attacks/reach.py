"""Programs that try to see, to change or to leave; each really tries, and prints `held` at its end."""

from __future__ import annotations

import sys
from pathlib import Path

from darebench.sandbox.attacks.attack import Attack, Kind, says_held

PACKAGE = str(Path(__file__).parents[2])
"""Where this package lies, which no program may read."""

_SEE = {
    "the host's files": f"ways = {(sys.prefix, sys.base_prefix)}\nfor p in ('/home', '/root', {PACKAGE!r}, '/mnt', '/media', '/srv', '/opt/secret', '/etc/shadow', '/etc/hosts', '/etc/ssh', '/var/log', '/run', '/boot', '/sys', '/sys/fs/cgroup', '/old', '/dev/sda', '/dev/vda', '/dev/mem', '/dev/kmsg', '/dev/tty', '/dev/pts', '/dev/fuse', '/dev/kvm', '/dev/net/tun', '/dev/vsock', '/dev/userfaultfd'):\n    if os.path.isdir(p):\n        strange = [q for q in os.listdir(p) if not any((w + '/').startswith(os.path.join(p, q, '')) for w in ways)]\n        assert not strange, (p, strange)\n    else:\n        denied(lambda: open(p).read(10))",
    "the checkout": f"denied(lambda: open({__file__!r}).read())\ntry:\n    import darebench.sandbox.local\n    sys.exit('ESCAPED')\nexcept ImportError:\n    pass",
    "other processes": "assert {p for p in os.listdir('/proc') if p.isdigit()} <= {'1', '2'}, os.listdir('/proc')",
    "the warden": "for name in ('mem', 'environ', 'maps', 'fd', 'root', 'cwd', 'exe', 'fdinfo', 'ns', 'auxv', 'stack', 'syscall', 'io', 'map_files'):\n    p = f'/proc/1/{name}'\n    denied(lambda: os.listdir(p) if os.path.isdir(p) else open(p, 'rb').read(1))\n    denied(lambda: os.readlink(p))",
    "the host through the roots": "for p in ('/proc/1/root/etc/shadow', '/proc/1/cwd', '/proc/self/root/../../etc/shadow', '/proc/self/cwd/../../../etc/shadow', '/..' * 20 + '/etc/shadow'):\n    denied(lambda: os.listdir(p) if os.path.isdir(p) else open(p).read())",
    "environment and arguments": "text = open('/proc/self/environ').read() + open('/proc/self/cmdline').read()\nassert not any(word in text for word in ('KEY', 'TOKEN', 'SECRET', 'HOME=/root', 'pytest')), text",
    "inherited descriptors": "assert set(os.listdir('/proc/self/fd')) <= {'0', '1', '2', '3'}\nfor fd in range(3, 1024):\n    denied(lambda: os.write(fd, b'x'))",
    "host's kernel": "for p in ('/proc/kcore', '/proc/kmsg', '/proc/sysrq-trigger', '/proc/kpagemap', '/proc/slabinfo'):\n    denied(lambda: open(p, 'rb').read(1) or 1 / 0 if p != '/proc/sysrq-trigger' else open(p, 'w').write('b'))\nassert open('/proc/cmdline').read() == '' and open('/proc/keys').read() == ''",
    "the control groups": "assert '/' == open('/proc/self/cgroup').read().splitlines()[-1].split(':')[-1][:1]\ndenied(lambda: os.listdir('/sys/fs/cgroup'))\ndenied(lambda: call('mount', b'x', b'/tmp', b'cgroup2', 0, None))",
}  # fmt: skip
_CHANGE = {
    "the libraries": "import numpy, pandas, sklearn, encodings, site\nfor m in (numpy, pandas, sklearn, encodings, site):\n    denied(lambda: open(m.__file__, 'a'))\n    denied(lambda: os.unlink(m.__file__))\n    denied(lambda: os.rename(m.__file__, m.__file__ + '.x'))\n    denied(lambda: os.chmod(m.__file__, 0o777))\n    denied(lambda: os.utime(m.__file__))\n    denied(lambda: os.truncate(m.__file__, 0))\n    denied(lambda: os.link(m.__file__, '/sandbox/work/x'))\n    denied(lambda: open(os.path.dirname(m.__file__) + '/x.pth', 'w'))",
    "start-up hooks": "import site, sysconfig\nfor folder in [*site.getsitepackages(), sysconfig.get_path('stdlib'), sys.prefix, '/usr/lib/python3', '/etc', '/', '/usr/local/lib', os.path.dirname(sys.executable)]:\n    for name in ('sitecustomize.py', 'usercustomize.py', 'evil.pth', 'conftest.py', 'pyvenv.cfg'):\n        denied(lambda: open(os.path.join(folder, name), 'w'))",
    "settings of the system": "for p in ('kernel/hostname', 'kernel/core_pattern', 'net/ipv4/ip_forward', 'net/ipv4/ping_group_range', 'net/core/somaxconn', 'kernel/shmmax', 'vm/overcommit_memory', 'kernel/ns_last_pid', 'user/max_user_namespaces', 'fs/mqueue/msg_max'):\n    denied(lambda: open('/proc/sys/' + p, 'w').write('1'))\nfor name in ('oom_score_adj', 'uid_map', 'gid_map', 'setgroups', 'mem', 'clear_refs', 'timerslack_ns'):\n    denied(lambda: open('/proc/self/' + name, 'w').write('-1000'))",
    "the clock and the names": "denied(lambda: time.clock_settime(time.CLOCK_REALTIME, 0))\ndenied(lambda: socket.sethostname('x'))\ndenied(lambda: call('settimeofday', b' ' * 16, None))\ndenied(lambda: call('adjtimex', ctypes.create_string_buffer(b'\\1' + bytes(300))))\ndenied(lambda: call('setdomainname', b'x', 1))",
    "identity": "for f in (os.setuid, os.seteuid, os.setgid, os.setegid):\n    denied(lambda: f(0))\n    denied(lambda: f(65534))\ndenied(lambda: os.setgroups([0]))\nassert os.getuid() == 1000 and 'CapEff:\\t0000000000000000' in open('/proc/self/status').read()\nassert 'NoNewPrivs:\\t1' in open('/proc/self/status').read() and 'CapBnd:\\t0000000000000000' in open('/proc/self/status').read()\nimport shutil\nif shutil.which('su'):\n    assert os.system('su -c true root </dev/null >/dev/null 2>&1') != 0",
}  # fmt: skip
_LEAVE = {
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

REACH = tuple(
    Attack(name=name, kind=kind, code=f"{code}\nprint('held')", holds=says_held)
    for kind, programs in ((Kind.SEE, _SEE), (Kind.CHANGE, _CHANGE), (Kind.LEAVE, _LEAVE))
    for name, code in programs.items()
)
