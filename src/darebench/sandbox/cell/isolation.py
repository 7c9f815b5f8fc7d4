"""The layers of isolation on this machine: found once by the keeper, reported to the executor."""

from __future__ import annotations

from dataclasses import dataclass

from darebench.errors import ConfigError
from darebench.sandbox.cell import cgroup, landlock, seccomp


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """The layers that hold."""

    namespaces: bool
    """A root, network, pids, ipc and users of its own; without them, the rest is not safe."""
    rules: bytes
    """The compiled system-call filter; empty where libseccomp is missing."""
    rules_without_notification: bytes
    """The same without the notification at the exit, for kernels that do not have it."""
    rules_of_sessions: bytes
    """The same for sessions, whose processes wait for their warden."""
    landlock: int
    """Version of Landlock; 0 for none."""
    groups: cgroup.Groups

    def missing(self) -> dict[str, str]:
        """Return each layer that is missing, with what to do about it."""
        found = {}
        if not self.namespaces:
            found["namespaces"] = (
                "no user namespaces; allow them (sysctl user.max_user_namespaces, "
                "kernel.apparmor_restrict_unprivileged_userns=0) or give the container SYS_ADMIN"
            )
        if not self.rules:
            found["seccomp"] = "no libseccomp.so.2; install libseccomp2 or libseccomp"
        if not self.landlock:
            found["landlock"] = (
                "the kernel does not offer Landlock; Linux 5.13 with lsm=landlock does"
            )
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


def find(uid: int, gid: int, *, namespaces: bool, allow_unsafe: bool) -> Isolation:
    """Find out what this machine offers, while the host's files are still in sight.

    Raises:
        ConfigError: A layer is missing that no program should run without.
    """
    rules = dict.fromkeys(seccomp.Notify, b"")
    try:
        rules = {kind: seccomp.compiled(network=namespaces, notify=kind) for kind in rules}
    except ConfigError:
        if not allow_unsafe:
            raise
    return Isolation(
        namespaces=namespaces,
        rules=rules[seccomp.Notify.EXIT],
        rules_without_notification=rules[seccomp.Notify.NOTHING],
        rules_of_sessions=rules[seccomp.Notify.SESSION],
        landlock=landlock.abi(),
        groups=cgroup.prepare(uid, gid),
    )
