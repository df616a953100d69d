"""Keyed fingerprints of business keys, by which rows about them are found without the key in the open."""

from __future__ import annotations

from app.core.crypto.keyring import key_ring


def key_print(record_type: str, key: str) -> str:
    """A keyed fingerprint of a business key of a record type."""
    return key_ring().fingerprint("submission_held_record.key", f"{record_type}|{key}")
