"""Messages between the engine's process and its parent: a length, then JSON."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any, Final

LENGTH: Final = struct.Struct("!I")


def send(channel: socket.socket, value: object) -> None:
    """Write one message: its length, then JSON."""
    body = json.dumps(value, separators=(",", ":")).encode()
    channel.sendall(LENGTH.pack(len(body)) + body)


def receive(channel: socket.socket) -> Any:
    """Read one message; None where the channel has ended."""
    head = _read(channel, LENGTH.size)
    body = _read(channel, LENGTH.unpack(head)[0]) if head is not None else None
    return None if body is None else json.loads(body)


def _read(channel: socket.socket, length: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < length:
        part = channel.recv(min(1 << 16, length - len(parts)))
        if not part:
            return None
        parts += part
    return bytes(parts)
