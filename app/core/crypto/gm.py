"""The national suite: SM2 for keys and signatures, SM3, and SM4-GCM from OpenSSL for the content."""

from __future__ import annotations

from typing import ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from app.core.crypto import envelope, sm2
from app.core.crypto.suite import KeyPair, Suite, key_refused
from app.core.errors import Invalid
from app.core.text import Text


class GmSuite(Suite):
    name: ClassVar[str] = "gm"
    code: ClassVar[int] = 1
    session_key_length: ClassVar[int] = 16

    def generate_keys(self) -> KeyPair:
        key = sm2.generate()
        return KeyPair(public=sm2.public_pem(key.public), private=sm2.private_pem(key))

    def wrap(self, recipient_public: bytes, session_key: bytes) -> bytes:
        return sm2.encrypt(self._public(recipient_public), session_key)

    def unwrap(self, recipient_private: bytes, wrapped: bytes) -> bytes:
        private = self._private(recipient_private)
        try:
            return sm2.decrypt(private, wrapped)
        except ValueError as error:
            raise Invalid(
                "crypto.wrong_key", Text("文件不是为本方密钥加密的", "the file was not sealed for this key")
            ) from error

    def encrypt_chunk(self, key: bytes, nonce: bytes, header: bytes, plain: bytes) -> bytes:
        cipher = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
        cipher.authenticate_additional_data(header)
        return cipher.update(plain) + cipher.finalize() + cipher.tag

    def decrypt_chunk(self, key: bytes, nonce: bytes, header: bytes, sealed: bytes) -> bytes:
        cipher = Cipher(algorithms.SM4(key), modes.GCM(nonce, sealed[-envelope.TAG :])).decryptor()
        cipher.authenticate_additional_data(header)
        plain = cipher.update(sealed[: -envelope.TAG])
        try:
            return plain + cipher.finalize()
        except InvalidTag as error:
            raise envelope.damaged("content") from error

    def sign(self, private: bytes, message: bytes) -> bytes:
        return sm2.sign(self._private(private), message)

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        return sm2.verify(self._public(public), message, signature)

    def digest(self, data: bytes) -> bytes:
        return sm2.sm3(data)

    def _public(self, pem: bytes) -> sm2.Point:
        try:
            return sm2.load_public(pem)
        except ValueError as error:
            raise key_refused(self.name) from error

    def _private(self, pem: bytes) -> sm2.PrivateKey:
        try:
            return sm2.load_private(pem)
        except ValueError as error:
            raise key_refused(self.name) from error
