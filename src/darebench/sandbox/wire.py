"""Messages between the executor and the sandbox: JSON documents, with descriptors beside them.

Both ends are ours. The program never holds this socket.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Sequence
from typing import Any

MAX_DESCRIPTORS = 200
"""Of one message; the kernel's own limit is 253."""
_HEADER = struct.Struct("!QQ")


def send(sock: socket.socket, message: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
    """Send a message; the receiver gets copies of the descriptors."""
    body = json.dumps(message).encode()
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


def receive(sock: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Receive a message and its descriptors, which are the caller's to close.

    Raises:
        EOFError: the other end is gone.
    """
    head, descriptors, _, _ = socket.recv_fds(sock, _HEADER.size, MAX_DESCRIPTORS)
    head += _exactly(sock, _HEADER.size - len(head)) if head else b""
    if not head:
        raise EOFError("the other end is gone")
    size, n_groups = _HEADER.unpack(head)
    for _ in range(n_groups - 1):
        byte, found, _, _ = socket.recv_fds(sock, 1, MAX_DESCRIPTORS)
        if not byte:
            raise EOFError("the other end is gone")
        descriptors += found
    return json.loads(_exactly(sock, size)), descriptors


def _send_with(sock: socket.socket, data: bytes, descriptors: Sequence[int]) -> None:
    sent = socket.send_fds(sock, [data], descriptors) if descriptors else 0
    if sent < len(data):
        sock.sendall(data[sent:])


def _exactly(sock: socket.socket, size: int) -> bytes:
    chunks = bytearray()
    while len(chunks) < size:
        chunk = sock.recv(min(1 << 20, size - len(chunks)))
        if not chunk:
            raise EOFError("the other end is gone")
        chunks += chunk
    return bytes(chunks)


def close_all(descriptors: Sequence[int]) -> None:
    """Close descriptors."""
    for descriptor in descriptors:
        os.close(descriptor)
