"""What every crypto suite can do; the sealing itself is the same for all and built on four primitives of each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, ClassVar

from app.core.crypto import envelope
from app.core.errors import Invalid
from app.core.text import Text


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Two PEM texts: `public` is a SubjectPublicKeyInfo, `private` an unencrypted PKCS#8; never log the latter."""

    public: bytes
    private: bytes = field(repr=False)


def key_refused(suite: str) -> Invalid:
    return Invalid("crypto.key", Text(f"密钥无法用于 {suite} 套件", f"the key cannot be used with suite {suite}"))


class Suite(ABC):
    """One family of algorithms. Every method is safe to call from several threads."""

    name: ClassVar[str]
    code: ClassVar[int]
    session_key_length: ClassVar[int]

    @abstractmethod
    def generate_keys(self) -> KeyPair:
        """A new key pair from the system's random source."""

    @abstractmethod
    def wrap(self, recipient_public: bytes, session_key: bytes) -> bytes:
        """The session key, encrypted for the recipient; raises Invalid (`crypto.key`) for an unusable key."""

    @abstractmethod
    def unwrap(self, recipient_private: bytes, wrapped: bytes) -> bytes:
        """The session key; raises Invalid (`crypto.wrong_key`) when it was not wrapped for this key or was damaged."""

    @abstractmethod
    def encrypt_chunk(self, key: bytes, nonce: bytes, header: bytes, plain: bytes) -> bytes:
        """Ciphertext and 16-byte tag of one chunk, authenticated together with `header`."""

    @abstractmethod
    def decrypt_chunk(self, key: bytes, nonce: bytes, header: bytes, sealed: bytes) -> bytes:
        """The plain chunk; raises Invalid (`crypto.damaged`) when the tag does not fit."""

    @abstractmethod
    def sign(self, private: bytes, message: bytes) -> bytes:
        """A signature over the whole message (the digest is part of the scheme)."""

    @abstractmethod
    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether the signature fits; False, never an exception, for a malformed signature."""

    @abstractmethod
    def digest(self, data: bytes) -> bytes:
        """The suite's 32-byte digest (SM3 or SHA-256)."""

    def seal(self, source: BinaryIO, target: BinaryIO, recipient_public: bytes) -> None:
        """Seal all of `source` into `target`, a chunk at a time; both stay open."""
        with self.sealing_writer(target, recipient_public) as writer:
            while data := source.read(envelope.CHUNK):
                writer.write(data)

    def sealing_writer(self, target: BinaryIO, recipient_public: bytes) -> envelope.SealingWriter:
        """A file-like object that seals what is written to it; `close` writes the last chunk, `target` stays open.

        Used as a context manager it leaves the envelope without a last chunk, hence unreadable, when the block fails.
        """
        return envelope.SealingWriter(self, target, recipient_public)

    def opened(self, source: BinaryIO, recipient_private: bytes) -> Iterator[bytes]:
        """The plain text in pieces of at most `envelope.CHUNK` bytes.

        Each piece is authentic in content and place when it is yielded, but only the end of the iteration proves that
        nothing was cut off: act on the content after that. Raises Invalid (`crypto.*`) on any damage.
        """
        return envelope.opened(self, source, recipient_private)

    def open(self, source: BinaryIO, target: BinaryIO, recipient_private: bytes) -> None:
        """Write the plain text of the envelope `source` to `target`; raises Invalid (`crypto.*`) on any damage."""
        for piece in self.opened(source, recipient_private):
            target.write(piece)
