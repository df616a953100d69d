"""Both suites: what is sealed opens for its recipient only, and no damage goes unnoticed."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.core import crypto
from app.core.crypto import KeyPair, Suite, sm2
from app.core.crypto.envelope import CHUNK
from app.core.errors import Invalid, NotFound

SUITES = [crypto.suite("gm"), crypto.suite("intl")]
HEADER = 5 + 1 + 2 + 7
relaxed = hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@cache
def _keys(name: str, who: str = "recipient") -> KeyPair:
    return crypto.suite(name).generate_keys()


@pytest.fixture(params=SUITES, ids=lambda suite: suite.name)
def suite(request: pytest.FixtureRequest) -> Suite:
    chosen: Suite = request.param
    return chosen


def _sealed(suite: Suite, plain: bytes) -> bytes:
    target = io.BytesIO()
    suite.seal(io.BytesIO(plain), target, _keys(suite.name).public)
    return target.getvalue()


@cache
def _sample(name: str) -> bytes:
    """One small envelope a suite: its length differs from sealing to sealing, which would confuse the search."""
    return _sealed(crypto.suite(name), b"x" * 500)


def _opened(suite: Suite, sealed: bytes, private: bytes | None = None) -> bytes:
    target = io.BytesIO()
    suite.open(io.BytesIO(sealed), target, private or _keys(suite.name).private)
    return target.getvalue()


def _chunks(sealed: bytes) -> tuple[bytes, list[bytes]]:
    """Header with wrapped key, and the frames."""
    place = HEADER + struct.unpack(">H", sealed[6:8])[0]
    header, frames = sealed[:place], []
    while place < len(sealed):
        length = 5 + struct.unpack(">I", sealed[place + 1 : place + 5])[0]
        frames.append(sealed[place : place + length])
        place += length
    return header, frames


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7])
def test_what_is_sealed_opens_again(suite: Suite, size: int) -> None:
    plain = bytes(number % 251 for number in range(1000)) * (size // 1000 + 1)
    sealed = _sealed(suite, plain[:size])
    assert _opened(suite, sealed) == plain[:size]
    assert len(_chunks(sealed)[1]) == max(1, -(-size // CHUNK))


@relaxed
@given(pieces=st.lists(st.binary(max_size=5000), max_size=20))
def test_any_writes_of_any_length_come_back_in_order(suite: Suite, pieces: list[bytes]) -> None:
    target = io.BytesIO()
    with suite.sealing_writer(target, _keys(suite.name).public) as writer:
        for piece in pieces:
            assert writer.write(piece) == len(piece)
    assert _opened(suite, target.getvalue()) == b"".join(pieces)


@relaxed
@given(data=st.data())
def test_any_changed_byte_is_noticed(suite: Suite, data: st.DataObject) -> None:
    sealed = bytearray(_sample(suite.name))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Invalid) as caught:
        _opened(suite, bytes(sealed))
    assert caught.value.code.startswith("crypto.")


@relaxed
@given(data=st.data())
def test_any_truncation_and_any_addition_is_noticed(suite: Suite, data: st.DataObject) -> None:
    sealed = _sample(suite.name)
    with pytest.raises(Invalid):
        _opened(suite, sealed[: data.draw(st.integers(0, len(sealed) - 1))])
    with pytest.raises(Invalid):
        _opened(suite, sealed + data.draw(st.binary(min_size=1, max_size=50)))


def test_chunks_cannot_be_moved_repeated_left_out_or_borrowed(suite: Suite) -> None:
    plain = b"".join(bytes([number]) * CHUNK for number in range(4))
    header, frames = _chunks(_sealed(suite, plain))
    _, other = _chunks(_sealed(suite, plain))
    forged = {
        "swapped": [frames[1], frames[0], *frames[2:]],
        "repeated": [frames[0], *frames],
        "left out": [frames[0], *frames[2:]],
        "cut at a border": frames[:-1],
        "cut and marked as last": [*frames[:2], b"\x01" + frames[2][1:]],
        "last in the middle": [*frames[:-1], b"\x00" + frames[-1][1:]],
        "from another file": [other[0], *frames[1:]],
        "none": [],
    }
    for how, parts in forged.items():
        with pytest.raises(Invalid):
            _opened(suite, header + b"".join(parts))
        assert how


def test_another_key_does_not_open_it(suite: Suite) -> None:
    with pytest.raises(Invalid) as caught:
        _opened(suite, _sealed(suite, b"secret"), _keys(suite.name, "stranger").private)
    assert caught.value.code == "crypto.wrong_key"


def test_a_failed_block_leaves_no_readable_envelope(suite: Suite) -> None:
    target = io.BytesIO()

    def fail() -> None:
        with suite.sealing_writer(target, _keys(suite.name).public) as writer:
            writer.write(b"half of it")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with pytest.raises(Invalid):
        _opened(suite, target.getvalue())


def test_the_other_suite_and_other_files_are_told_apart() -> None:
    gm, intl = SUITES
    with pytest.raises(Invalid) as caught:
        _opened(intl, _sealed(gm, b"x"))
    assert caught.value.code == "crypto.other_suite"
    for content in (b"", b"PK\x03\x04" + bytes(100), b"CLNK1"):
        with pytest.raises(Invalid):
            _opened(gm, content)


def test_unusable_keys_are_refused_with_a_reason(suite: Suite) -> None:
    good = _keys(suite.name)
    for bad in (b"", b"not a key", b"\xff\xfe", good.public[:60], _keys("intl" if suite.name == "gm" else "gm").public):
        with pytest.raises(Invalid) as caught:
            suite.sealing_writer(io.BytesIO(), bad)
        assert caught.value.code == "crypto.key"
    with pytest.raises(Invalid) as caught:
        _opened(suite, _sealed(suite, b"x"), good.public)
    assert caught.value.code == "crypto.key"


def test_signatures_fit_their_message_and_key_only(suite: Suite) -> None:
    keys, other = _keys(suite.name), _keys(suite.name, "stranger")
    signature = suite.sign(keys.private, b"message")
    assert suite.verify(keys.public, b"message", signature)
    assert not suite.verify(keys.public, b"Message", signature)
    assert not suite.verify(other.public, b"message", signature)
    for malformed in (b"", signature[:-1], b"\x00" * len(signature), signature + b"\x00"):
        assert not suite.verify(keys.public, b"message", malformed)


def test_an_unknown_suite_is_not_found() -> None:
    with pytest.raises(NotFound):
        crypto.suite("rot13")


def test_sealing_holds_no_more_than_a_few_chunks(suite: Suite) -> None:
    import tracemalloc

    class Sink(io.RawIOBase):
        def write(self, data: object, /) -> int:
            return len(data)  # type: ignore[arg-type]

    block = bytes(CHUNK)
    tracemalloc.start()
    with suite.sealing_writer(Sink(), _keys(suite.name).public) as writer:  # type: ignore[arg-type]
        for _ in range(30):
            writer.write(block)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * CHUNK


class TestSm2:
    def test_the_standard_s_signature_example_verifies(self) -> None:
        # GB/T 32918.5-2017, annex A.2: recommended curve, message digest, identity 1234567812345678.
        number = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
        point = sm2._times(number, sm2._G)
        assert point.hex() == (
            "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
            "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
        )
        r = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
        s = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
        signature = sm2.DerSequence([sm2.DerInteger(r), sm2.DerInteger(s)]).encode()
        assert sm2.verify(point, b"message digest", signature)

    def test_a_point_off_the_curve_is_refused(self) -> None:
        private = sm2.generate()
        sealed = bytearray(sm2.encrypt(private.public, b"0123456789abcdef"))
        sealed[10] ^= 1
        with pytest.raises(ValueError, match="curve"):
            sm2.decrypt(private, bytes(sealed))

    @relaxed
    @given(message=st.binary(min_size=1, max_size=200))
    def test_any_short_message_comes_back(self, message: bytes) -> None:
        private = sm2.load_private(_keys("gm").private)
        assert sm2.decrypt(private, sm2.encrypt(private.public, message)) == message

    def test_openssl_reads_our_keys_ciphertexts_and_signatures(self, tmp_path: Path) -> None:
        openssl = shutil.which("openssl")
        assert openssl, "openssl is missing"
        suite, keys = crypto.suite("gm"), _keys("gm")
        for name, content in {
            "key": keys.private,
            "public": keys.public,
            "sealed": suite.wrap(keys.public, b"0123456789abcdef"),
            "message": b"a report",
            "signature": suite.sign(keys.private, b"a report"),
        }.items():
            (tmp_path / name).write_bytes(content)

        def run(*arguments: str) -> bytes:
            command = [openssl, "pkeyutl", *arguments]
            return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True).stdout

        assert run("-decrypt", "-inkey", "key", "-in", "sealed") == b"0123456789abcdef"
        identity = ["-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678"]
        told = run("-verify", "-pubin", "-inkey", "public", "-in", "message", "-sigfile", "signature", *identity)
        assert b"Verified Successfully" in told
        run("-sign", "-inkey", "key", "-in", "message", "-out", "theirs", *identity)
        assert suite.verify(keys.public, b"a report", (tmp_path / "theirs").read_bytes())
        run("-encrypt", "-pubin", "-inkey", "public", "-in", "message", "-out", "wrapped")
        assert suite.unwrap(keys.private, (tmp_path / "wrapped").read_bytes()) == b"a report"
