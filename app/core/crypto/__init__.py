"""Crypto in two suites behind one interface: `gm` (SM2, SM3, SM4) and `intl` (RSA, SHA-256, AES-256).

Report files are sealed for a recipient's public key and opened with the private one; the format is in `envelope`.
"""

from __future__ import annotations

from app.core.crypto.gm import GmSuite
from app.core.crypto.intl import IntlSuite
from app.core.crypto.keyring import KeyRing, key_ring
from app.core.crypto.suite import KeyPair, Suite
from app.core.errors import NotFound
from app.core.text import Text

__all__ = ["SUITES", "KeyPair", "KeyRing", "Suite", "key_ring", "suite"]

SUITES: dict[str, Suite] = {each.name: each for each in (GmSuite(), IntlSuite())}


def suite(name: str) -> Suite:
    """The suite of that name, `gm` or `intl`; raises NotFound (`crypto.suite`) for any other."""
    if name not in SUITES:
        raise NotFound("crypto.suite", Text(f"没有密码套件 {name}", f"there is no crypto suite {name}"))
    return SUITES[name]
