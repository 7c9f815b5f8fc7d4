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
_LENGTH = struct.Struct("!Q")


def send(sock: socket.socket, message: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
    """Send a message; the receiver gets copies of the descriptors."""
    body = json.dumps(message).encode()
    groups = [
        list(descriptors[start : start + MAX_DESCRIPTORS])
        for start in range(0, len(descriptors), MAX_DESCRIPTORS)
    ] or [[]]
    sock.sendall(_LENGTH.pack(len(body)) + _LENGTH.pack(len(groups)))
    for group in groups:
        if group:
            socket.send_fds(sock, [b"\0"], group)
        else:
            sock.sendall(b"\0")
    sock.sendall(body)


def receive(sock: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Receive a message and its descriptors, which are the caller's to close.

    Raises:
        EOFError: the other end is gone.
    """
    header = _exactly(sock, 2 * _LENGTH.size)
    size, n_groups = struct.unpack("!QQ", header)
    descriptors: list[int] = []
    for _ in range(n_groups):
        byte, found, _, _ = socket.recv_fds(sock, 1, MAX_DESCRIPTORS)
        if not byte:
            raise EOFError("the other end is gone")
        descriptors += found
    return json.loads(_exactly(sock, size)), descriptors


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
