"""The key ring: made on first use, the same for all processes, unreadable without the master secret."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from app.core import crypto
from app.core.crypto import KeyPair, KeyRing, key_ring
from app.core.errors import Conflict, Invalid, NotFound

GM = crypto.suite("gm")


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "keys", "a master secret")


def test_a_pair_is_made_once_and_found_again(ring: KeyRing) -> None:
    pair = ring.key_pair("lender", GM)
    again = KeyRing(ring.folder, "a master secret").key_pair("lender", GM)
    assert pair == again
    assert ring.public_key("lender", GM) == pair.public
    assert GM.unwrap(again.private, GM.wrap(pair.public, b"0123456789abcdef")) == b"0123456789abcdef"


def test_both_suites_have_keys_of_their_own(ring: KeyRing) -> None:
    intl = crypto.suite("intl")
    pair = ring.key_pair("lender", intl)
    assert pair != ring.key_pair("lender", GM)
    assert KeyRing(ring.folder, "a master secret").key_pair("lender", intl) == pair


def test_no_private_key_lies_in_the_clear_or_open_to_others(ring: KeyRing) -> None:
    ring.key_pair("lender", GM)
    ring.encrypt("x", b"y")
    assert ring.folder.stat().st_mode & 0o077 == 0
    for path in ring.folder.iterdir():
        assert path.stat().st_mode & 0o077 == 0
        assert b"PRIVATE" not in path.read_bytes()


def test_another_master_secret_opens_nothing(ring: KeyRing) -> None:
    ring.key_pair("lender", GM)
    sealed = ring.encrypt("x", b"y")
    stranger = KeyRing(ring.folder, "another secret")
    for attempt in (lambda: stranger.key_pair("lender", GM), lambda: stranger.decrypt("x", sealed)):
        with pytest.raises(Invalid) as caught:
            attempt()
        assert caught.value.code == "crypto.key_ring"


def test_those_who_start_at_once_agree_on_one_key(ring: KeyRing) -> None:
    found: list[KeyPair] = []
    sealed: list[bytes] = []

    def start() -> None:
        own = KeyRing(ring.folder, "a master secret")
        found.append(own.key_pair("lender", GM))
        sealed.append(own.encrypt("x", b"y"))

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert {ring.decrypt("x", each) for each in sealed} == {b"y"}


def test_a_partner_s_key_is_kept_and_not_replaced(ring: KeyRing) -> None:
    partner, other = GM.generate_keys(), GM.generate_keys()
    with pytest.raises(NotFound):
        ring.public_key("centre", GM)
    ring.add_public_key("centre", GM, partner.public)
    ring.add_public_key("centre", GM, partner.public)
    assert ring.public_key("centre", GM) == partner.public
    with pytest.raises(Conflict) as caught:
        ring.add_public_key("centre", GM, other.public)
    assert caught.value.code == "crypto.key_taken"
    with pytest.raises(Conflict) as caught:
        ring.key_pair("centre", GM)
    assert caught.value.code == "crypto.key_of_partner"
    with pytest.raises(Invalid):
        ring.add_public_key("fake", GM, b"nonsense")


@pytest.mark.parametrize("name", ["", "../x", "data", "A", "x/y", "x" * 60])
def test_names_cannot_leave_the_folder(ring: KeyRing, name: str) -> None:
    with pytest.raises(Invalid):
        ring.key_pair(name, GM)


def test_values_open_in_their_context_only_and_damage_is_noticed(ring: KeyRing) -> None:
    sealed = ring.encrypt("person.phone", "电话".encode())
    assert ring.decrypt("person.phone", sealed).decode() == "电话"
    assert sealed != ring.encrypt("person.phone", "电话".encode())
    for context, value in [
        ("person.name", sealed),
        ("person.phone", sealed[:-1]),
        ("person.phone", bytes([2]) + sealed[1:]),
        ("person.phone", sealed[:1] + b"\x00\x09" + sealed[3:]),
        ("person.phone", b""),
    ]:
        with pytest.raises(Invalid):
            ring.decrypt(context, value)


def test_rotation_reaches_other_processes_and_keeps_fingerprints(ring: KeyRing) -> None:
    other = KeyRing(ring.folder, "a master secret")
    before = other.fingerprint("person.number", "110101")
    old = other.encrypt("x", b"old")
    assert ring.rotate_data_key() == 2
    new = ring.encrypt("x", b"new")
    assert other.decrypt("x", new) == b"new"
    assert ring.decrypt("x", old) == b"old"
    assert ring.fingerprint("person.number", "110101") == before
    assert ring.fingerprint("person.phone", "110101") != before
    assert len(before) == 64


def test_the_platform_s_own_ring_lies_where_the_settings_say() -> None:
    from app.core.config import settings

    assert key_ring().folder == settings().keys_dir
    assert key_ring() is key_ring()
