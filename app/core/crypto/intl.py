"""The international suite, on PyCryptodome: RSA-3072 with OAEP and PSS over SHA-256, AES-256-GCM."""

from __future__ import annotations

import hashlib
from typing import ClassVar

from Crypto.Cipher import AES, PKCS1_OAEP
from Crypto.Hash import SHA256
from Crypto.PublicKey import RSA
from Crypto.Signature import pss

from app.core.crypto import envelope
from app.core.crypto.suite import KeyPair, Suite, key_refused
from app.core.errors import Invalid
from app.core.text import Text

KEY_BITS = 3072
_LEAST_BITS = 2048


class IntlSuite(Suite):
    name: ClassVar[str] = "intl"
    code: ClassVar[int] = 2
    session_key_length: ClassVar[int] = 32

    def generate_keys(self) -> KeyPair:
        key = RSA.generate(KEY_BITS)
        public = key.public_key().export_key("PEM") + b"\n"
        return KeyPair(public=public, private=key.export_key("PEM", pkcs=8) + b"\n")

    def wrap(self, recipient_public: bytes, session_key: bytes) -> bytes:
        return PKCS1_OAEP.new(self._key(recipient_public), hashAlgo=SHA256).encrypt(session_key)

    def unwrap(self, recipient_private: bytes, wrapped: bytes) -> bytes:
        try:
            return PKCS1_OAEP.new(self._private(recipient_private), hashAlgo=SHA256).decrypt(wrapped)
        except ValueError as error:
            raise Invalid(
                "crypto.wrong_key", Text("文件不是为本方密钥加密的", "the file was not sealed for this key")
            ) from error

    def encrypt_chunk(self, key: bytes, nonce: bytes, header: bytes, plain: bytes) -> bytes:
        cipher = AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=envelope.TAG)
        cipher.update(header)
        sealed, tag = cipher.encrypt_and_digest(plain)
        return sealed + tag

    def decrypt_chunk(self, key: bytes, nonce: bytes, header: bytes, sealed: bytes) -> bytes:
        cipher = AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=envelope.TAG)
        cipher.update(header)
        try:
            return cipher.decrypt_and_verify(sealed[: -envelope.TAG], sealed[-envelope.TAG :])
        except ValueError as error:
            raise envelope.damaged("content") from error

    def sign(self, private: bytes, message: bytes) -> bytes:
        return pss.new(self._private(private)).sign(SHA256.new(message))

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        try:
            pss.new(self._key(public)).verify(SHA256.new(message), signature)
        except ValueError:
            return False
        return True

    def digest(self, data: bytes) -> bytes:
        return hashlib.sha256(data).digest()

    def _key(self, pem: bytes) -> RSA.RsaKey:
        try:
            key = RSA.import_key(pem)
        except (ValueError, IndexError, TypeError) as error:
            raise key_refused(self.name) from error
        if key.size_in_bits() < _LEAST_BITS:
            raise key_refused(self.name)
        return key

    def _private(self, pem: bytes) -> RSA.RsaKey:
        key = self._key(pem)
        if not key.has_private():
            raise key_refused(self.name)
        return key
