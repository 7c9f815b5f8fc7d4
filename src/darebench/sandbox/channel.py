"""A channel between two of the sandbox's processes: messages on a unix socket, with descriptors.

Both ends are ours, and a program never holds such a socket. Even so, the receiver trusts nothing:
it names the messages that it expects, and every field is checked.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

from darebench.errors import SandboxFault
from darebench.sandbox.messages import Message, decode, encode

MAX_DESCRIPTORS = 200
"""Descriptors in one packet; the kernel's own limit is 253."""
MAX_BYTES = 1 << 30
"""Largest message that is received."""
_HEADER = struct.Struct("!QQ")
"""Bytes of the message, number of packets that bring descriptors."""
_M = TypeVar("_M", bound=Message)


class Received(NamedTuple, Generic[_M]):
    """A message with the descriptors that came along, which are the receiver's to close."""

    message: _M
    descriptors: list[int]


def send(sock: socket.socket, message: Message, descriptors: Sequence[int] = ()) -> None:
    """Send a message; the receiver gets copies of the descriptors."""
    body = encode(message)
    groups = [
        list(descriptors[start : start + MAX_DESCRIPTORS])
        for start in range(0, len(descriptors), MAX_DESCRIPTORS)
    ] or [[]]
    head = _HEADER.pack(len(body), len(groups))
    _send_with(sock, head if len(groups) > 1 else head + body, groups[0])
    for group in groups[1:]:
        _send_with(sock, b"\0", group)
    if len(groups) > 1:
        sock.sendall(body)


def receive(sock: socket.socket, *expected: type[_M]) -> Received[_M]:
    """Receive a message of one of the expected classes.

    Raises:
        EOFError: The other end is gone.
        SandboxFault: It sent something else.
    """
    head, descriptors, _, _ = socket.recv_fds(sock, _HEADER.size, MAX_DESCRIPTORS)
    try:
        head += _receive_exactly(sock, _HEADER.size - len(head)) if head else b""
        if not head:
            raise EOFError("the other end is gone")
        size, n_packets = _HEADER.unpack(head)
        if size > MAX_BYTES:
            raise SandboxFault(f"a process sent {size} bytes, the limit is {MAX_BYTES}")
        for _ in range(n_packets - 1):
            byte, more, _, _ = socket.recv_fds(sock, 1, MAX_DESCRIPTORS)
            descriptors += more
            if not byte:
                raise EOFError("the other end is gone")
        return Received(decode(_receive_exactly(sock, size), *expected), descriptors)
    except BaseException:
        close_all(descriptors)
        raise


def close_all(descriptors: Iterable[int]) -> None:
    """Close descriptors."""
    for descriptor in descriptors:
        os.close(descriptor)


def _send_with(sock: socket.socket, data: bytes, descriptors: Sequence[int]) -> None:
    sent = socket.send_fds(sock, [data], descriptors) if descriptors else 0
    if sent < len(data):
        sock.sendall(data[sent:])


def _receive_exactly(sock: socket.socket, size: int) -> bytes:
    chunks = bytearray()
    while len(chunks) < size:
        chunk = sock.recv(min(1 << 20, size - len(chunks)))
        if not chunk:
            raise EOFError("the other end is gone")
        chunks += chunk
    return bytes(chunks)
