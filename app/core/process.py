"""Names of processes, by which a later one can tell whether an earlier one is gone.

A lease or a task that a killed process held need not wait for its time to run out when the next process runs on the
same machine and can see that the holder is no more.
"""

from __future__ import annotations

import os
import secrets
import socket
from functools import cache
from pathlib import Path
from typing import Final

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_SPACE: Final = Path("/proc/self/ns/pid")


@cache
def _place() -> str:
    """Where process numbers mean the same as here: this boot of this machine, this process namespace; else empty."""
    try:
        return f"{_BOOT.read_text().strip()}/{_SPACE.stat().st_ino}"
    except OSError:
        return ""


def process_name() -> str:
    """A name for the calling process that no other has, now or later; its second part is the process number."""
    return f"{socket.gethostname()}:{os.getpid()}:{_place()}:{secrets.token_hex(4)}"


def is_gone(name: str) -> bool:
    """Whether the process of that name is known to have ended. False where that cannot be told from here."""
    parts = name.split(":")
    if len(parts) != 4 or not parts[1].isdecimal() or not parts[2] or parts[2] != _place():
        return False
    try:
        os.kill(int(parts[1]), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False
