"""SM2 after GB/T 32918: encryption (part 4) and signature (part 2), on the point arithmetic of gmssl.

Only the arithmetic is taken from there: its own encryption draws from a source that can be predicted, and its
decryption neither checks the digest nor that a point lies on the curve. Ciphertexts and keys are written as
GM/T 0009 and RFC 5915 say, which OpenSSL reads. Pure Python and slow: meant for session keys and digests, a few
milliseconds each. Its running time depends on the key, so private keys belong on hosts that strangers cannot time.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from typing import Any, Final

from Crypto.IO import PEM
from Crypto.Util.asn1 import DerBitString, DerInteger, DerObjectId, DerOctetString, DerSequence
from cryptography.hazmat.primitives import hashes
from gmssl import sm2

_CURVE: Final = sm2.CryptSM2(private_key="", public_key="")
_N: Final = int(sm2.default_ecc_table["n"], 16)
_P: Final = int(sm2.default_ecc_table["p"], 16)
_A: Final = int(sm2.default_ecc_table["a"], 16)
_B: Final = int(sm2.default_ecc_table["b"], 16)
_G: Final = bytes.fromhex(sm2.default_ecc_table["g"])
_EC_PUBLIC_KEY: Final = "1.2.840.10045.2.1"
_SM2_CURVE: Final = "1.2.156.10197.1.301"
DEFAULT_ID: Final = b"1234567812345678"

Point = bytes
"""Two coordinates of 32 bytes each."""


@dataclass(frozen=True, slots=True)
class PrivateKey:
    number: int = field(repr=False)
    public: Point


def sm3(*parts: bytes) -> bytes:
    digest = hashes.Hash(hashes.SM3())
    for part in parts:
        digest.update(part)
    return digest.finalize()


def _times(number: int, point: Point) -> Point:
    product = _CURVE._kg(number, point.hex())
    if product is None:
        raise ValueError("the point at infinity")
    return bytes.fromhex(product)


def _plus(left: Point, right: Point) -> Point:
    if left == right:
        total = _CURVE._double_point(left.hex() + "1")
    else:
        total = _CURVE._add_point(left.hex() + "1", right.hex())
    total = _CURVE._convert_jacb_to_nor(total)
    if total is None:
        raise ValueError("the point at infinity")
    return bytes.fromhex(total)


def _number(coordinate: bytes) -> int:
    return int.from_bytes(coordinate, "big")


def _checked(point: Point) -> Point:
    """The point itself, once it is known to lie on the curve; anything else would give away bits of the private key."""
    if len(point) != 64:
        raise ValueError("a point has 64 bytes")
    x, y = _number(point[:32]), _number(point[32:])
    if x >= _P or y >= _P or (y * y - x * x * x - _A * x - _B) % _P:
        raise ValueError("the point is not on the curve")
    return point


def _mask(shared: Point, length: int) -> bytes:
    blocks = [sm3(shared, count.to_bytes(4, "big")) for count in range(1, (length + 31) // 32 + 1)]
    return b"".join(blocks)[:length]


def _xor(left: bytes, right: bytes) -> bytes:
    return (_number(left) ^ _number(right)).to_bytes(len(left), "big")


def _parts(der: bytes, count: int) -> list[Any]:
    """The members of a DER sequence of at least `count`; integers as numbers, all else as raw DER."""
    sequence = DerSequence()
    sequence.decode(der, strict=True)
    if len(sequence) < count:
        raise ValueError("the sequence is too short")
    return [sequence[place] for place in range(len(sequence))]


def _octets(der: bytes) -> bytes:
    string = DerOctetString()
    string.decode(der, strict=True)
    return string.payload


def generate() -> PrivateKey:
    number = secrets.randbelow(_N - 2) + 1
    return PrivateKey(number, _times(number, _G))


def encrypt(public: Point, message: bytes) -> bytes:
    """`message` (1 to 1024 bytes) encrypted for `public`, as the DER sequence of GM/T 0009."""
    if not 0 < len(message) <= 1024:
        raise ValueError("SM2 is for short messages")
    while True:
        number = secrets.randbelow(_N - 1) + 1
        shared = _times(number, _checked(public))
        mask = _mask(shared, len(message))
        if any(mask):
            break
    point = _times(number, _G)
    check = sm3(shared[:32], message, shared[32:])
    parts = [DerInteger(_number(point[:32])), DerInteger(_number(point[32:]))]
    return DerSequence([*parts, DerOctetString(check), DerOctetString(_xor(message, mask))]).encode()


def decrypt(private: PrivateKey, sealed: bytes) -> bytes:
    """The message; raises ValueError when `sealed` is malformed, damaged, or meant for another key."""
    try:
        x, y, check, masked = _parts(sealed, 4)
        check, masked = _octets(check), _octets(masked)
        point = int(x).to_bytes(32, "big") + int(y).to_bytes(32, "big")
    except (ValueError, TypeError, OverflowError, IndexError) as error:
        raise ValueError("not an SM2 ciphertext") from error
    if not 0 < len(masked) <= 1024:
        raise ValueError("not an SM2 ciphertext")
    shared = _times(private.number, _checked(point))
    message = _xor(masked, _mask(shared, len(masked)))
    if not hmac.compare_digest(check, sm3(shared[:32], message, shared[32:])):
        raise ValueError("the SM2 check value does not fit")
    return message


def _signed_digest(public: Point, message: bytes, signer: bytes) -> int:
    bits = (len(signer) * 8).to_bytes(2, "big")
    who = sm3(bits, signer, _A.to_bytes(32, "big"), _B.to_bytes(32, "big"), _G, public)
    return _number(sm3(who, message))


def sign(private: PrivateKey, message: bytes, signer: bytes = DEFAULT_ID) -> bytes:
    """The signature of SM2 with SM3 as a DER sequence of r and s."""
    digest = _signed_digest(private.public, message, signer)
    while True:
        number = secrets.randbelow(_N - 1) + 1
        r = (digest + _number(_times(number, _G)[:32])) % _N
        if r == 0 or r + number == _N:
            continue
        s = pow(1 + private.number, -1, _N) * (number - r * private.number) % _N
        if s:
            return DerSequence([DerInteger(r), DerInteger(s)]).encode()


def verify(public: Point, message: bytes, signature: bytes, signer: bytes = DEFAULT_ID) -> bool:
    try:
        r, s = map(int, _parts(signature, 2))
        total = (r + s) % _N
        if not (0 < r < _N and 0 < s < _N and total):
            return False
        point = _plus(_times(s, _G), _times(total, _checked(public)))
    except (ValueError, TypeError, IndexError):
        return False
    return r == (_signed_digest(public, message, signer) + _number(point[:32])) % _N


def _algorithm() -> DerSequence:
    return DerSequence([DerObjectId(_EC_PUBLIC_KEY), DerObjectId(_SM2_CURVE)])


def public_pem(public: Point) -> bytes:
    der = DerSequence([_algorithm(), DerBitString(b"\x04" + public)]).encode()
    return PEM.encode(der, "PUBLIC KEY").encode() + b"\n"


def private_pem(private: PrivateKey) -> bytes:
    bits = DerBitString(b"\x04" + private.public).encode()
    tagged = b"\xa1" + bytes([len(bits)]) + bits
    inner = DerSequence([DerInteger(1), DerOctetString(private.number.to_bytes(32, "big")), tagged]).encode()
    der = DerSequence([DerInteger(0), _algorithm(), DerOctetString(inner)]).encode()
    return PEM.encode(der, "PRIVATE KEY").encode() + b"\n"


def _der(pem: bytes, marker: str) -> bytes:
    der, found, _ = PEM.decode(pem.decode("ascii"))
    if found != marker:
        raise ValueError(f"a {marker} is wanted")
    return der


def load_public(pem: bytes) -> Point:
    """The point of a PEM public key; raises ValueError for anything else than an SM2 key on the curve."""
    try:
        algorithm, bits = _parts(_der(pem, "PUBLIC KEY"), 2)
        if algorithm != _algorithm().encode():
            raise ValueError("not a key of the SM2 curve")
        string = DerBitString()
        string.decode(bits, strict=True)
        value = string.value
    except (TypeError, IndexError) as error:
        raise ValueError("not an SM2 public key") from error
    if value[:1] != b"\x04":
        raise ValueError("only uncompressed points are read")
    return _checked(value[1:])


def load_private(pem: bytes) -> PrivateKey:
    """The private key of a PKCS#8 PEM; raises ValueError for anything else."""
    try:
        _, algorithm, wrapped, *_ = _parts(_der(pem, "PRIVATE KEY"), 3)
        if algorithm != _algorithm().encode():
            raise ValueError("not a key of the SM2 curve")
        _, secret, *_ = _parts(_octets(wrapped), 2)
        number = _number(_octets(secret))
    except (TypeError, IndexError) as error:
        raise ValueError("not an SM2 private key") from error
    if not 0 < number < _N - 1:
        raise ValueError("the number is out of range")
    return PrivateKey(number, _times(number, _G))
