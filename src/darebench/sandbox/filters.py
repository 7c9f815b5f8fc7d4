"""The seccomp filter: system calls that data-science Python never needs and attackers do.

It needs the system's libseccomp. Everything not named is allowed: the namespaces, the missing
capabilities and the read-only root are the walls, and this takes away the tools to dig.
"""

from __future__ import annotations

import errno
import socket
import tempfile

from darebench.errors import ConfigError

FORBIDDEN = (
    "mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "mount_setattr", "move_mount",
    "open_tree", "fsopen", "fsconfig", "fsmount", "fspick", "ptrace", "process_vm_readv",
    "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd", "bpf", "perf_event_open",
    "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "keyctl", "add_key",
    "request_key", "kexec_load", "kexec_file_load", "init_module", "finit_module",
    "delete_module", "reboot", "swapon", "swapoff", "settimeofday", "clock_settime",
    "clock_adjtime", "adjtimex", "acct", "quotactl", "quotactl_fd", "open_by_handle_at",
    "name_to_handle_at", "fanotify_init", "syslog", "vhangup", "iopl", "ioperm", "modify_ldt",
    "lookup_dcookie", "personality", "nfsservctl", "vmsplice", "migrate_pages", "move_pages",
    "set_mempolicy", "mbind", "landlock_create_ruleset", "seccomp", "mknod", "mknodat",
    "sethostname", "setdomainname", "memfd_secret",
)  # fmt: skip
FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)
"""Sockets that may be made; all but the loopback's own world is unreachable anyway."""
_NAMESPACES = 0x7E020000
"""The bits of clone's flags that make namespaces."""


def compiled() -> bytes:
    """Compile the filter to the kernel's own form, for `linux.install_filter`.

    Raises:
        ConfigError: libseccomp is not on this machine.
    """
    seccomp = library()
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    denied = seccomp.ERRNO(errno.EPERM)
    for name in FORBIDDEN:
        if seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) >= 0:
            rules.add_rule(denied, name)
    for bit in range(32):
        if _NAMESPACES >> bit & 1:
            flag = 1 << bit
            rules.add_rule(denied, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    # clone3 hides its flags in memory; without it, libraries fall back to clone.
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    rules.add_rule(denied, "socket", seccomp.Arg(0, seccomp.GT, max(FAMILIES)))
    for family in range(max(FAMILIES)):
        if family not in FAMILIES:
            rules.add_rule(denied, "socket", seccomp.Arg(0, seccomp.EQ, family))
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def library():
    """Load pyseccomp, which loads libseccomp.

    Raises:
        ConfigError: the system has none.
    """
    try:
        import pyseccomp
    except (ImportError, RuntimeError, OSError) as error:
        raise ConfigError(
            f"the sandbox needs the system library libseccomp.so.2 ({error}); install the package "
            "libseccomp2 (Debian, Ubuntu) or libseccomp (Fedora, Arch)"
        ) from None
    return pyseccomp
