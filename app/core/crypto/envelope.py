"""The sealed file: a random session key wrapped for the recipient, then authenticated chunks.

    magic "CLNK1", suite code (1 byte), length of the wrapped key (2), nonce prefix (7), wrapped key
    chunk: mark 0 (more follow) or 1 (last) (1), length of the ciphertext with its tag (4), ciphertext and tag

Numbers are big-endian. A chunk's nonce is prefix, chunk number (4) and mark (1), and the digest of the header is
authenticated with every chunk; so a chunk that is changed, moved, repeated, left out or brought in from another file
does not fit, and a file that ends before its last chunk is known to be cut (the STREAM construction of Hoang,
Reyhanitabar, Rogaway and Vizár). The chunk size bounds the memory of both sides.
"""

from __future__ import annotations

import io
import secrets
import struct
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Final

from app.core.errors import Invalid
from app.core.text import Text

if TYPE_CHECKING:
    from app.core.crypto.suite import Suite

MAGIC: Final = b"CLNK1"
CHUNK: Final = 1 << 20
TAG: Final = 16
_HEADER: Final = struct.Struct(">5sBH7s")
_FRAME: Final = struct.Struct(">BI")
_MORE, _LAST = 0, 1
_MAX_WRAPPED: Final = 4096
_MAX_CHUNKS: Final = 1 << 32


def damaged(where: str) -> Invalid:
    return Invalid("crypto.damaged", Text(f"加密文件已损坏（{where}）", f"the sealed file is damaged ({where})"))


class SealingWriter(io.RawIOBase):
    """See `Suite.sealing_writer`."""

    def __init__(self, suite: Suite, target: BinaryIO, recipient_public: bytes) -> None:
        super().__init__()
        self._suite = suite
        self._target = target
        self._key = secrets.token_bytes(suite.session_key_length)
        self._prefix = secrets.token_bytes(7)
        self._pending = bytearray()
        self._number = 0
        self._abandoned = False
        wrapped = suite.wrap(recipient_public, self._key)
        header = _HEADER.pack(MAGIC, suite.code, len(wrapped), self._prefix) + wrapped
        self._header = suite.digest(header)
        target.write(header)

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        """Take bytes of any length; what does not fill a chunk waits for the next write or for close."""
        if self.closed:
            raise ValueError("write to a closed envelope")
        view = memoryview(data).cast("B")  # type: ignore[arg-type]
        self._pending += view
        # The last chunk must carry its mark, so a full chunk is kept back until more is known to follow.
        while len(self._pending) > CHUNK:
            self._emit(bytes(self._pending[:CHUNK]), _MORE)
            del self._pending[:CHUNK]
        return view.nbytes

    def close(self) -> None:
        """Write the last chunk and make an end."""
        if not self.closed:
            if not self._abandoned:
                self._emit(bytes(self._pending), _LAST)
            self._pending.clear()
        super().close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._abandoned = kind is not None
        self.close()

    def __del__(self) -> None:
        # IOBase closes forgotten files; a forgotten envelope must stay without an end.
        self._abandoned = True

    def _emit(self, plain: bytes, mark: int) -> None:
        if self._number >= _MAX_CHUNKS:
            raise Invalid("crypto.too_large", Text("文件过大，无法加密", "the file is too large to be sealed"))
        nonce = self._prefix + struct.pack(">IB", self._number, mark)
        sealed = self._suite.encrypt_chunk(self._key, nonce, self._header, plain)
        self._target.write(_FRAME.pack(mark, len(sealed)))
        self._target.write(sealed)
        self._number += 1


def _exactly(source: BinaryIO, length: int, where: str) -> bytes:
    parts = []
    while length:
        part = source.read(length)
        if not part:
            raise damaged(where)
        parts.append(part)
        length -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def opened(suite: Suite, source: BinaryIO, recipient_private: bytes) -> Iterator[bytes]:
    """See `Suite.opened`."""
    start = _exactly(source, _HEADER.size, "header")
    magic, code, length, prefix = _HEADER.unpack(start)
    if magic != MAGIC:
        raise Invalid("crypto.not_sealed", Text("不是加密报送文件", "this is not a sealed report file"))
    if code != suite.code:
        raise Invalid(
            "crypto.other_suite",
            Text(f"文件不是用 {suite.name} 套件加密的", f"the file was not sealed with suite {suite.name}"),
        )
    if not 0 < length <= _MAX_WRAPPED:
        raise damaged("header")
    wrapped = _exactly(source, length, "header")
    key = suite.unwrap(recipient_private, wrapped)
    if len(key) != suite.session_key_length:
        raise damaged("session key")
    header = suite.digest(start + wrapped)
    for number in range(_MAX_CHUNKS):
        mark, length = _FRAME.unpack(_exactly(source, _FRAME.size, f"chunk {number}"))
        if mark not in (_MORE, _LAST) or not TAG <= length <= CHUNK + TAG:
            raise damaged(f"chunk {number}")
        sealed = _exactly(source, length, f"chunk {number}")
        nonce = prefix + struct.pack(">IB", number, mark)
        plain = suite.decrypt_chunk(key, nonce, header, sealed)
        if plain:
            yield plain
        if mark == _LAST:
            break
    if source.read(1):
        raise damaged("bytes after the end")
