"""Personal data is shown with its middle hidden; who holds the grant may have one value at a time shown in full.

What stays visible is enough to tell two persons of one list apart and too little to use: the last four digits of
numbers, the family name, the city of an address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal

Kind = Literal["name", "id_number", "phone", "account", "address", "email"]

HIDDEN: Final = "*"
_SEPARATED: Final = re.compile(r"[\s-]")


def _ends(value: str, head: int, tail: int) -> str:
    """Keep `head` first and `tail` last characters; of a value too short to hide four, a third in all."""
    if len(value) < head + tail + 4:
        most = len(value) // 3
        head, tail = min(head, most // 2), most - min(head, most // 2)
    middle = len(value) - head - tail
    return value[:head] + HIDDEN * middle + (value[-tail:] if tail else "")


def mask_name(value: str) -> str:
    """张三丰 → 张**; Li Lei → L* L**. The number of hidden characters of a Chinese name is kept."""
    parts = value.split()
    if len(parts) > 1 or value.isascii():
        return " ".join(part[0] + HIDDEN * max(1, len(part) - 1) for part in parts)
    return value[:1] + HIDDEN * max(1, len(value) - 1)


def mask_id_number(value: str) -> str:
    """Identity and registration numbers: the first three and the last four stay."""
    return _ends(value, 3, 4)


def mask_phone(value: str) -> str:
    """A telephone number: 138****5678."""
    return _ends(_SEPARATED.sub("", value), 3, 4) or HIDDEN


def mask_account(value: str) -> str:
    """An account or card number: the last four stay."""
    return _ends(value, 0, 4)


def mask_address(value: str) -> str:
    """An address: its first six characters, the province and city, stay; the length is hidden as well."""
    return value[: min(6, len(value) // 2)] + HIDDEN * 6


def mask_email(value: str) -> str:
    """The first letter and the domain stay."""
    local, at, domain = value.partition("@")
    return f"{local[:1]}{HIDDEN * 3}{at}{domain}" if at else _ends(value, 1, 0)


_MASKS: Final[Mapping[Kind, Callable[[str], str]]] = {
    "name": mask_name,
    "id_number": mask_id_number,
    "phone": mask_phone,
    "account": mask_account,
    "address": mask_address,
    "email": mask_email,
}


def mask(kind: Kind, value: str) -> str:
    """`value` as anyone may see it; empty stays empty."""
    value = value.strip()
    return _MASKS[kind](value) if value else ""
