"""What closes a program in on this machine: found once by the keeper, told to the executor."""

from __future__ import annotations

from dataclasses import dataclass

from darebench.errors import ConfigError
from darebench.sandbox import cgroup, filters, landlock


@dataclass(frozen=True, slots=True, kw_only=True)
class Walls:
    """The walls that hold."""

    namespaces: bool
    """A root, network, pids, ipc and users of its own; without them nothing else is safe."""
    rules: bytes
    """The compiled system-call filter; empty where libseccomp is missing."""
    rules_plain: bytes
    """The same for kernels that do not let a filter ask: without the question at the exit."""
    landlock: int
    """Version; 0 for none."""
    groups: cgroup.Groups

    def missing(self) -> dict[str, str]:
        """Name each wall that does not stand, with what to do about it."""
        found = {}
        if not self.namespaces:
            found["namespaces"] = (
                "no user namespaces; allow them (sysctl user.max_user_namespaces, "
                "kernel.apparmor_restrict_unprivileged_userns=0) or give the container SYS_ADMIN"
            )
        if not self.rules:
            found["seccomp"] = "no libseccomp.so.2; install libseccomp2 or libseccomp"
        if not self.landlock:
            found["landlock"] = "the kernel offers none; Linux 5.13 and lsm=landlock do"
        elif self.landlock < 6:
            found["landlock scopes"] = (
                f"Landlock {self.landlock} does not scope sockets and signals; Linux 6.12 does"
            )
        if self.groups.missing:
            found["control groups"] = (
                f"{self.groups.missing}; run as root or in a delegated group (systemd-run --user "
                "--scope -p Delegate=yes); until then memory is measured instead of bounded"
            )
        return found


def find(uid: int, gid: int, *, namespaces: bool, allow_unsafe: bool) -> Walls:
    """Try what this machine offers, while the host's files are still in sight.

    Raises:
        ConfigError: a wall is missing that no program should run without.
    """
    rules = plain = b""
    try:
        rules = filters.compiled(network=namespaces, ask_at_exit=True)
        plain = filters.compiled(network=namespaces, ask_at_exit=False)
    except ConfigError:
        if not allow_unsafe:
            raise
    return Walls(
        namespaces=namespaces,
        rules=rules,
        rules_plain=plain,
        landlock=landlock.abi(),
        groups=cgroup.prepare(uid, gid),
    )
