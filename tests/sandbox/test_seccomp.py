"""The kernel's names have the kernel's values, where its headers are on this machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from darebench.sandbox.cell import landlock, linux, memory, notices, seccomp

HEADERS = Path("/usr/include")
OURS = {
    name: value
    for module in (linux, notices, seccomp, landlock)
    for name, value in vars(module).items()
    if isinstance(value, int) and re.fullmatch(r"[A-Z]+_?[A-Z0-9_]+", name)
}


def defined(header: str) -> dict[str, int]:
    """Return the plain numbers that a header defines."""
    text = (HEADERS / header).read_text()
    found = {}
    for name, value in re.findall(
        r"^#\s*define\s+(\w+)[ \t]+\(?((?:0x[0-9a-fA-F]+|\d+)(?:U?L?L? *<< *\d+)?)", text, re.M
    ):
        base, _, shift = re.sub(r"[UL]+", "", value).partition("<<")
        found[name] = int(base, 16 if base.startswith("0x") else 10) << int(shift or 0)
    return found


@pytest.mark.parametrize(
    "header", ["linux/prctl.h", "linux/landlock.h", "linux/sched.h", "linux/seccomp.h",
               "asm-generic/fcntl.h", "linux/sockios.h", "asm-generic/ioctls.h", "asm-generic/mman-common.h"],
)  # fmt: skip
def test_names_of_the_kernel_have_its_values(header):
    if not (HEADERS / header).exists():
        pytest.skip("the kernel's headers are not on this machine")
    theirs = defined(header)
    ours = OURS | seccomp.PRCTL | seccomp.IOCTL | seccomp.FCNTL
    shared = ours.keys() & theirs.keys()
    assert shared
    assert {name: ours[name] for name in shared} == {name: theirs[name] for name in shared}


@pytest.mark.parametrize(
    ("request_number", "structure"),
    [
        (notices.SECCOMP_IOCTL_NOTIF_RECV, notices._seccomp_notif),
        (notices.SECCOMP_IOCTL_NOTIF_SEND, notices._seccomp_notif_resp),
        (notices.SECCOMP_IOCTL_NOTIF_ADDFD, notices._seccomp_notif_addfd),
    ],
)
def test_a_structure_has_the_size_that_its_ioctl_names(request_number, structure):
    assert request_number >> 16 & 0x3FFF == structure.size


def test_bits_of_the_page_map():
    assert memory.PM_PRESENT.bit_length() == 64
    assert memory.PM_MMAP_EXCLUSIVE.bit_length() == 57
