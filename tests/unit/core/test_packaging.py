"""Packing and unpacking: other tools read what we write, and nothing a stranger sends can hurt."""

from __future__ import annotations

import io
import random
import tracemalloc
import zipfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.core import crypto
from app.core.crypto import KeyPair
from app.core.errors import Invalid
from app.core.packaging import pack, unpack, unpack_to, unzipped, zipped

PREFIX = "A11111111111112024013121000010"
GM = crypto.suite("gm")


@cache
def _keys() -> KeyPair:
    return GM.generate_keys()


def _zip(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return target.getvalue()


def _unzip(content: bytes, piece: int = 1 << 16, **options: object) -> bytes:
    pieces = (content[place : place + piece] for place in range(0, len(content), piece))
    return b"".join(unzipped(pieces, **options))  # type: ignore[arg-type]


@given(chunks=st.lists(st.binary(max_size=3000), max_size=12))
def test_other_tools_read_what_we_zip(chunks: list[bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(b"".join(zipped("报告.txt", chunks)))) as file:
        assert file.namelist() == ["报告.txt"]
        assert file.testzip() is None
        assert file.read("报告.txt") == b"".join(chunks)


@given(content=st.binary(max_size=4000), piece=st.integers(1, 500), stored=st.booleans())
def test_we_read_what_other_tools_zip_in_pieces_of_any_size(content: bytes, piece: int, stored: bool) -> None:
    method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    assert _unzip(_zip({"a.txt": content}, method), piece, entry="a.txt") == content


@hypothesis_settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chunks=st.lists(st.binary(max_size=100_000), max_size=8))
def test_a_packed_file_comes_back(tmp_path: Path, chunks: list[bytes]) -> None:
    path = tmp_path / f"{PREFIX}.enc"
    size = pack(PREFIX, chunks, path, GM, _keys().public)
    assert path.stat().st_size == size
    assert b"".join(unpack(path, GM, _keys().private, prefix=PREFIX)) == b"".join(chunks)
    target = io.BytesIO()
    assert unpack_to(path, target, GM, _keys().private) == len(target.getvalue())
    assert target.getvalue() == b"".join(chunks)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_failure_while_packing_leaves_no_file(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"half"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        pack(PREFIX, chunks(), tmp_path / "x.enc", GM, _keys().public)
    assert list(tmp_path.iterdir()) == []


def _outcome(content: bytes) -> bytes | str:
    """What comes out, or the layer that refuses it."""
    try:
        return _unzip(content)
    except Invalid as refused:
        return refused.code.partition(".")[0]


@given(data=st.data())
def test_a_damaged_zip_is_refused_or_reads_the_same(data: st.DataObject) -> None:
    """Bytes that no reader minds (a date, a flag of the directory) may change; content never does."""
    content = b"<Document>one</Document>\r\n" * 50
    sound = bytearray(b"".join(zipped("a.txt", [content])))
    sound[data.draw(st.integers(0, len(sound) - 1))] ^= data.draw(st.integers(1, 255))
    assert _outcome(bytes(sound)) in (content, "packaging")


@given(data=st.data())
def test_a_cut_zip_is_refused(data: st.DataObject) -> None:
    sound = b"".join(zipped("a.txt", [b"some text"]))
    with pytest.raises(Invalid):
        _unzip(sound[: data.draw(st.integers(0, len(sound) - 1))])
    with pytest.raises(Invalid):
        _unzip(sound + data.draw(st.binary(min_size=1, max_size=40)))


@given(junk=st.binary(max_size=2000))
def test_junk_is_refused(junk: bytes) -> None:
    with pytest.raises(Invalid):
        _unzip(junk)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (_zip({"a.txt": b"1", "b.txt": b"2"}), "packaging.entries"),
        (_zip({}), "packaging.damaged"),
        (_zip({"../../etc/passwd": b"1"}), "packaging.entry_name"),
        (_zip({"a.txt": b"1" * 100}, zipfile.ZIP_BZIP2), "packaging.method"),
        (b"\x1f\x8b" + bytes(60), "packaging.not_zip"),
        (b"", "packaging.damaged"),
    ],
)
def test_other_shapes_are_refused_each_with_its_code(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        _unzip(content, entry="a.txt")
    assert caught.value.code == code


def test_an_encrypted_zip_is_refused() -> None:
    content = bytearray(_zip({"a.txt": b"1"}))
    content[6] |= 1
    with pytest.raises(Invalid) as caught:
        _unzip(bytes(content))
    assert caught.value.code == "packaging.method"


def _consume(pieces: Iterable[bytes]) -> int:
    return sum(len(piece) for piece in pieces)


def _bomb(size: int) -> bytes:
    return b"".join(zipped("a.txt", (bytes(1 << 20) for _ in range(size >> 20))))


def test_a_bomb_is_stopped_early_and_in_little_memory() -> None:
    bomb = _bomb(1 << 30)
    tracemalloc.start()
    with pytest.raises(Invalid) as caught:
        _consume(unzipped(iter([bomb])))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.code == "packaging.expands_too_much"
    assert peak < 32 << 20


def test_the_limit_in_bytes_holds_to_the_byte() -> None:
    text = random.Random(1).randbytes(3 << 20)
    content = _zip({"a.txt": text})
    assert len(_unzip(content, limit_bytes=len(text))) == len(text)
    for limit in (0, 1, len(text) - 1):
        with pytest.raises(Invalid) as caught:
            _unzip(content, limit_bytes=limit)
        assert caught.value.code == "packaging.too_large"


def test_the_layers_can_be_told_apart_by_code(tmp_path: Path) -> None:
    path = tmp_path / "x.enc"
    with open(path, "wb") as file:
        GM.seal(io.BytesIO(b"not a zip at all, but sealed properly, and long enough"), file, _keys().public)
    with pytest.raises(Invalid) as caught:
        _consume(unpack(path, GM, _keys().private))
    assert caught.value.code == "packaging.not_zip"
    path.write_bytes(b"plain")
    with pytest.raises(Invalid) as caught:
        _consume(unpack(path, GM, _keys().private))
    assert caught.value.code.startswith("crypto.")


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.enc"
    block = random.Random(2).randbytes(1 << 20)
    tracemalloc.start()
    pack(PREFIX, (block for _ in range(60)), path, GM, _keys().public)
    assert _consume(unpack(path, GM, _keys().private)) == 60 << 20
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20
