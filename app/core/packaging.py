"""From a report file's text to what is sent, and back: zip with one entry, then the sealed envelope.

Both directions stream, so memory does not grow with the file, and the plain text never touches the disk. Opening is
strict: what a stranger can send is bounded in size and in expansion, and every oddity of the container is refused.
Codes tell the layer: `crypto.*` it cannot be decrypted, `packaging.*` it cannot be decompressed.
"""

from __future__ import annotations

import os
import secrets
import struct
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, BinaryIO, Final

from isal import isal_zlib

from app.core import clock
from app.core.crypto.suite import Suite
from app.core.errors import Invalid
from app.core.text import Text

DEFAULT_LIMIT_BYTES: Final = 8 << 30
DEFAULT_RATIO_LIMIT: Final = 300
_RATIO_FREE_BYTES: Final = 16 << 20
_PIECE: Final = 1 << 20
_LOCAL: Final = struct.Struct("<4sHHHHHIIIHH")
_DESCRIPTOR: Final = struct.Struct("<III")
_CENTRAL: Final = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END: Final = struct.Struct("<4sHHHHIIH")
_LOCAL_MARK, _CENTRAL_MARK, _END_MARK, _DESCRIPTOR_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x07\x08"
_DEFLATE: Final = 8
_ENCRYPTED, _SIZES_FOLLOW, _UTF8 = 0x1, 0x8, 0x800
_LARGEST: Final = 0xFFFFFFFF
_LONGEST_TAIL: Final = 1 << 17
_LEVEL: Final = 1


def _refused(code: str, zh: str, en: str) -> Invalid:
    return Invalid(f"packaging.{code}", Text(zh, en))


def _damaged(where: str) -> Invalid:
    return _refused("damaged", f"压缩文件已损坏（{where}）", f"the zip file is damaged ({where})")


def _too_large(limit: int) -> Invalid:
    return _refused("too_large", f"解压后超过 {limit} 字节上限", f"expands to more than {limit} bytes")


def zipped(entry: str, chunks: Iterable[bytes], moment: datetime | None = None) -> Iterator[bytes]:
    """The bytes of a zip file with the one entry `entry`, as they become known; the same for the same `moment` of its making,
    by default now.

    Raises Invalid (`packaging.too_large`) beyond 4 GiB, where a report file has to be split.
    """
    name = entry.encode("utf-8")
    moment = (moment or clock.now()).astimezone(clock.CHINA)
    time = moment.hour << 11 | moment.minute << 5 | moment.second // 2
    date = (moment.year - 1980) << 9 | moment.month << 5 | moment.day
    flags = _SIZES_FOLLOW | _UTF8
    start = _LOCAL.pack(_LOCAL_MARK, 20, flags, _DEFLATE, time, date, 0, 0, 0, len(name), 0) + name
    yield start
    packer = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, -15)
    check = size = packed = 0
    for chunk in chunks:
        check = isal_zlib.crc32(chunk, check)
        size += len(chunk)
        if size > _LARGEST:
            raise _too_large(_LARGEST)
        if out := packer.compress(chunk):
            packed += len(out)
            yield out
    out = packer.flush()
    packed += len(out)
    sizes = _DESCRIPTOR.pack(check, packed, size)
    yield out + _DESCRIPTOR_MARK + sizes
    directory = _CENTRAL.pack(
        _CENTRAL_MARK,
        20,
        20,
        flags,
        _DEFLATE,
        time,
        date,
        check,
        packed,
        size,
        len(name),
        0,
        0,
        0,
        0,
        0o100600 << 16,
        0,
    )
    directory += name
    offset = len(start) + packed + len(_DESCRIPTOR_MARK) + len(sizes)
    yield directory + _END.pack(_END_MARK, 0, 0, 1, 1, len(directory), offset, 0)


def pack(
    prefix: str,
    chunks: Iterable[bytes],
    target_path: Path,
    suite: Suite,
    public: bytes,
    moment: datetime | None = None,
) -> int:
    """Write `chunks` as `target_path`: zip entry `<prefix>.txt`, made at `moment`, sealed for `public`. Returns the size in bytes.

    The file appears whole and flushed to disk, or not at all.
    """
    draft = target_path.with_name(f".{target_path.name}.{secrets.token_hex(4)}")
    try:
        with open(draft, "xb") as file:
            with suite.sealing_writer(file, public) as sealing:
                for piece in zipped(f"{prefix}.txt", chunks, moment):
                    sealing.write(piece)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        draft.replace(target_path)
    finally:
        draft.unlink(missing_ok=True)
    return size


class _Window:
    """The decrypted stream with what has been read ahead; never holds more than one piece and a little."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._ahead = b""

    def take(self, length: int, where: str) -> bytes:
        while len(self._ahead) < length:
            piece = next(self._pieces, None)
            if piece is None:
                raise _damaged(where)
            self._ahead += piece
        taken, self._ahead = self._ahead[:length], self._ahead[length:]
        return taken

    def piece(self) -> bytes:
        """The next bytes, whatever their number; empty at the end."""
        taken, self._ahead = self._ahead, b""
        return taken or next(self._pieces, b"")

    def put_back(self, rest: bytes) -> None:
        self._ahead = rest + self._ahead

    def tail(self) -> bytes:
        rest = bytearray()
        while more := self.piece():
            rest += more
            if len(rest) > _LONGEST_TAIL:
                raise _damaged("bytes after the entry")
        return bytes(rest)


class _Meter:
    """Counts what comes out against what went in, and stops a bomb early."""

    def __init__(self, limit_bytes: int, ratio_limit: int) -> None:
        self.size = 0
        self.packed = 0
        self.check = 0
        self._limit = limit_bytes
        self._ratio = ratio_limit

    def room(self) -> int:
        return min(_PIECE, self._limit - self.size + 1)

    def count(self, out: bytes) -> None:
        self.size += len(out)
        self.check = isal_zlib.crc32(out, self.check)
        if self.size > self._limit:
            raise _too_large(self._limit)
        if self.size > _RATIO_FREE_BYTES and self.size > self._ratio * max(self.packed, 1):
            raise _refused(
                "expands_too_much",
                f"膨胀超过 {self._ratio} 倍，疑为压缩炸弹",
                f"expands more than {self._ratio} times; this looks like a zip bomb",
            )


def _inflated(window: _Window, meter: _Meter) -> Iterator[bytes]:
    """The entry's content up to the end of the deflate stream, which tells its own end."""
    unpacker = isal_zlib.decompressobj(-15)
    while not unpacker.eof:
        data = unpacker.unconsumed_tail or window.piece()
        try:
            out = unpacker.decompress(data, meter.room())
        except isal_zlib.error as error:  # type: ignore[misc] # its stub names an instance
            raise _damaged("deflate stream") from error
        if not data and not out:
            raise _damaged("the deflate stream is cut off")
        meter.packed += len(data) - len(unpacker.unconsumed_tail) - len(unpacker.unused_data)
        if out:
            meter.count(out)
            yield out
    window.put_back(unpacker.unused_data)


def _stored(window: _Window, meter: _Meter, length: int) -> Iterator[bytes]:
    while meter.size < length:
        piece = window.piece()
        if not piece:
            raise _damaged("the entry is cut off")
        wanted = length - meter.size
        window.put_back(piece[wanted:])
        meter.packed += len(piece[:wanted])
        meter.count(piece[:wanted])
        yield piece[:wanted]


def _check_end(window: _Window, meter: _Meter, declared: tuple[int, int, int] | None) -> None:
    """Sizes, check sum and directory must agree with what was read, and name one entry only."""
    read = (meter.check, meter.packed, meter.size)
    if declared is None:
        sizes = window.take(_DESCRIPTOR.size, "data descriptor")
        if sizes[:4] == _DESCRIPTOR_MARK:  # the mark is optional
            sizes = sizes[4:] + window.take(4, "data descriptor")
        declared = _DESCRIPTOR.unpack(sizes)
    if declared != read:
        raise _damaged("check sum or length")
    tail = window.tail()
    if len(tail) < _CENTRAL.size or tail[:4] != _CENTRAL_MARK:
        raise _refused("entries", "压缩文件内须恰有一个文件", "the zip file must hold exactly one entry")
    directory = _CENTRAL.unpack_from(tail)
    end = tail[_CENTRAL.size + sum(directory[10:13]) :]
    if end[:4] == _CENTRAL_MARK:
        raise _refused("entries", "压缩文件内须恰有一个文件", "the zip file must hold exactly one entry")
    if tuple(directory[7:10]) != read or len(end) < _END.size or end[:4] != _END_MARK:
        raise _damaged("directory")
    if len(end) != _END.size + _END.unpack_from(end)[7]:
        raise _damaged("bytes after the end")


def unzipped(
    pieces: Iterator[bytes],
    *,
    entry: str | None = None,
    limit_bytes: int = DEFAULT_LIMIT_BYTES,
    ratio_limit: int = DEFAULT_RATIO_LIMIT,
) -> Iterator[bytes]:
    """The content of the one entry of a zip stream, in pieces of at most 1 MiB.

    Raises Invalid (`packaging.*`) for anything but one plain entry (named `entry`, where given), for damage, and when
    the content passes `limit_bytes` or, beyond 16 MiB, `ratio_limit` times its packed size.
    """
    window = _Window(pieces)
    header = _LOCAL.unpack(window.take(_LOCAL.size, "header"))
    mark, _, flags, method, _, _, check, packed, size, name_length, extra_length = header
    if mark != _LOCAL_MARK:
        raise _refused("not_zip", "解密后的内容不是 zip 压缩文件", "what was decrypted is not a zip file")
    name = window.take(name_length, "name")
    window.take(extra_length, "extra field")
    if flags & _ENCRYPTED or method not in (0, _DEFLATE) or (method == 0 and flags & _SIZES_FOLLOW):
        raise _refused("method", "不支持该压缩方式", "this way of compressing is not supported")
    if entry is not None and name != entry.encode("utf-8"):
        shown = ascii(name[:80].decode("utf-8", "replace"))
        raise _refused("entry_name", f"压缩文件内应为 {entry}，实为 {shown}", f"the entry must be {entry}, not {shown}")
    meter = _Meter(limit_bytes, ratio_limit)
    yield from _inflated(window, meter) if method == _DEFLATE else _stored(window, meter, size)
    _check_end(window, meter, None if flags & _SIZES_FOLLOW else (check, packed, size))


def unpack(
    path: Path,
    suite: Suite,
    private: bytes,
    limit_bytes: int = DEFAULT_LIMIT_BYTES,
    ratio_limit: int = DEFAULT_RATIO_LIMIT,
    *,
    prefix: str | None = None,
) -> Iterator[bytes]:
    """The plain text of a packed file, in pieces of at most 1 MiB; act on it only once the iteration has ended.

    `prefix` is what the entry must be called, less `.txt`. Raises Invalid: `crypto.*` when it cannot be decrypted,
    `packaging.*` when it cannot be decompressed or would grow beyond its bounds.
    """
    with open(path, "rb") as file:
        yield from unpack_stream(file, suite, private, limit_bytes, ratio_limit, prefix=prefix)


def unpack_stream(
    source: BinaryIO,
    suite: Suite,
    private: bytes,
    limit_bytes: int = DEFAULT_LIMIT_BYTES,
    ratio_limit: int = DEFAULT_RATIO_LIMIT,
    *,
    prefix: str | None = None,
) -> Iterator[bytes]:
    """As `unpack`, from an open file."""
    entry = None if prefix is None else f"{prefix}.txt"
    pieces = suite.opened(source, private)
    yield from unzipped(pieces, entry=entry, limit_bytes=limit_bytes, ratio_limit=ratio_limit)


def unpack_to(
    path: Path,
    target: IO[bytes],
    suite: Suite,
    private: bytes,
    limit_bytes: int = DEFAULT_LIMIT_BYTES,
    ratio_limit: int = DEFAULT_RATIO_LIMIT,
    *,
    prefix: str | None = None,
) -> int:
    """Write the plain text to `target` and return its length; on Invalid what was written so far is worthless."""
    size = 0
    for piece in unpack(path, suite, private, limit_bytes, ratio_limit, prefix=prefix):
        size += target.write(piece)
    return size
