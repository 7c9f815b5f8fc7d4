"""What processes say to each other arrives as it was sent, or not at all."""

from __future__ import annotations

import json
import os
import socket
import struct
from dataclasses import fields
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darebench.errors import SandboxFault
from darebench.sandbox import Limits, Status
from darebench.sandbox.channel import close_all, receive, send
from darebench.sandbox.messages import (
    CallEnded,
    CallRequest,
    KeeperReady,
    MakeCell,
    MemoryProfile,
    Message,
    NextProgram,
    RunProgram,
    decode,
    encode,
)

ENDED = CallEnded(
    status=Status.KILLED,
    detail="over the limit",
    exit_code=-9,
    seconds=0.5,
    saved=("a", "ä"),
    refused={"b": "it is not there"},
    unsaved=("c",),
    again=False,
)
SENT = [
    ENDED,
    CallRequest(
        code="print('\ud800\0')",
        load=("x.csv",),
        save=(),
        limits=Limits(cpu_s=None, wall_s=7),
        cpu_s=2.5,
        input_mb=3,
    ),
    RunProgram(code="", limits=Limits(cpu_s=1.5), cpu_s=1.5),
    KeeperReady(groups=("/sys/fs/cgroup/x",), missing={"landlock": "none"}, n_zygotes=2),
    MemoryProfile(ranges=((1, 2), (30, 4))),
    MakeCell(idle=True, light=False),
]


@pytest.mark.parametrize("message", SENT, ids=lambda m: type(m).__name__)
def test_a_message_arrives_as_it_was_sent(message):
    assert decode(encode(message), *get_args(Message)) == message


@pytest.mark.parametrize("kind", get_args(Message))
def test_messages_are_frozen_and_have_names_for_fields(kind):
    assert kind.__dataclass_params__.frozen
    assert all(field.kw_only for field in fields(kind))
    assert hasattr(kind, "__slots__")


def changed(**fields: object) -> bytes:
    return json.dumps(json.loads(encode(ENDED)) | fields).encode()


@pytest.mark.parametrize(
    "body",
    [
        changed(status="escaped"),
        changed(status=["ok"]),
        changed(detail=None),
        changed(exit_code=True),
        changed(exit_code="0"),
        changed(seconds=float("nan")),
        changed(seconds=float("inf")),
        changed(seconds=10**400),
        changed(seconds=False),
        changed(saved="ab"),
        changed(saved=[1]),
        changed(saved={"a": 0}),
        changed(refused=["a"]),
        changed(refused={"a": 3}),
        changed(again=1),
        changed(more=1),
        changed(kind="KeeperReady"),
        changed(kind="os.system"),
        changed(kind=["CallEnded"]),
        b'{"kind": "CallEnded"}',
        b"[]",
        b"null",
        b"7",
        b"",
        b"\xff",
        b"[" * 100_000,
        b'{"kind": "CallEnded", "seconds": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda body: body[:30],
)
def test_a_malformed_message_is_a_fault(body):
    with pytest.raises(SandboxFault):
        decode(body, CallEnded)


@given(st.binary() | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)).map(lambda v: json.dumps({"kind": "CallEnded", "status": v}).encode()))  # fmt: skip
def test_no_bytes_do_anything_but_be_refused(body):
    with pytest.raises(SandboxFault):
        decode(body, CallEnded, KeeperReady)


def test_a_message_that_was_not_expected_is_a_fault_that_names_both():
    with pytest.raises(SandboxFault, match="'MakeCell' where CallEnded or NextProgram"):
        decode(encode(MakeCell(idle=True, light=True)), CallEnded, NextProgram)


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.mark.parametrize("n", [0, 1, 200, 201, 450])
def test_descriptors_come_along_in_their_order(pair, n, tmp_path):
    ours, theirs = pair
    files = [os.open(tmp_path / str(number), os.O_CREAT | os.O_RDWR) for number in range(n)]
    send(ours, ENDED, files)
    message, received = receive(theirs, CallEnded)
    assert message == ENDED
    assert [os.fstat(d).st_ino for d in received] == [os.fstat(d).st_ino for d in files]
    close_all([*files, *received])


def test_descriptors_of_a_message_that_is_refused_are_closed(pair):
    ours, theirs = pair
    before = len(os.listdir("/proc/self/fd"))
    with open(os.devnull) as file:
        send(ours, MakeCell(idle=True, light=True), [file.fileno()] * 3)
        with pytest.raises(SandboxFault):
            receive(theirs, CallEnded)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_message_without_end_is_refused_before_it_is_read(pair):
    ours, theirs = pair
    ours.sendall(struct.pack("!QQ", 1 << 62, 1))
    with pytest.raises(SandboxFault, match="the limit is"):
        receive(theirs, CallEnded)


def test_an_end_in_the_middle_is_told_from_a_message(pair):
    ours, theirs = pair
    ours.sendall(struct.pack("!QQ", 100, 1) + b"{")
    ours.close()
    with pytest.raises(EOFError):
        receive(theirs, CallEnded)
