"""Programs that try system calls which are not on the list, and the doors of other machines."""

from __future__ import annotations

from darebench.sandbox.attacks.attack import Attack, Kind, says_held

_MACHINE = "x86_64"
"""Numbers and doors are this machine's."""
_NUMBERS = {
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
_FORBIDDEN = f"""
for name, number in {_NUMBERS!r}.items():
    ctypes.set_errno(0)
    result = libc.syscall(number, 0, 0, 0, 0, 0)
    if result != -1 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
        print(name, result, ctypes.get_errno())
print("held")
"""
_OTHER_DOORS = """
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

SYSTEM_CALLS = (
    Attack(
        name="system calls that are not on the list",
        kind=Kind.CALLS,
        code=_FORBIDDEN,
        holds=says_held,
        machine=_MACHINE,
    ),
    Attack(
        name="system calls of other kinds of machine",
        kind=Kind.CALLS,
        code=_OTHER_DOORS,
        holds=says_held,
        machine=_MACHINE,
    ),
)
