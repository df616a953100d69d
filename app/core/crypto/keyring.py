"""The key ring: a folder with the lender's own key pairs, its partners' public keys and the keys of data at rest.

Nothing secret lies there in the clear: every private file is sealed with a key derived from the master secret. Besides
`NAME.SUITE.public.pem` (which may be handed out, or put there for a partner) there are `NAME.SUITE.private`,
`NAME.secret` for what else must be kept, such as a key for signing in somewhere, and `data.NNNN` for encrypted columns; a
new data key is added by rotation, old ones stay for reading.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import threading
from functools import lru_cache
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.core.config import settings
from app.core.crypto.suite import KeyPair, Suite
from app.core.errors import Conflict, Invalid, NotFound
from app.core.text import Text

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,40}")
_NONCE: Final = 12
_VERSION: Final = b"\x01"


def _unreadable(what: str) -> Invalid:
    return Invalid(
        "crypto.key_ring",
        Text(
            f"密钥环中的 {what} 无法解开，主密钥可能不符",
            f"{what} of the key ring cannot be opened; is the master secret right?",
        ),
    )


class KeyRing:
    """The keys of one party. Safe for threads, and for processes that start with an empty folder at once."""

    def __init__(self, folder: Path, master_secret: str) -> None:
        self._folder = folder
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"creditlink key ring").derive(
            master_secret.encode()
        )
        self._master = AESGCM(derived)
        self._lock = threading.Lock()
        self._data_keys: dict[int, bytes] = {}
        self._pairs: dict[tuple[str, str], KeyPair] = {}

    @property
    def folder(self) -> Path:
        return self._folder

    def key_pair(self, name: str, suite: Suite) -> KeyPair:
        """The party's own pair of that name, made on first use; raises Invalid (`crypto.key_ring`) if unreadable."""
        known = self._pairs.get((name, suite.name))
        if known is not None:
            return known
        base = f"{self._checked(name)}.{suite.name}"
        public, private = self._folder / f"{base}.public.pem", self._folder / f"{base}.private"
        with self._lock:
            if not private.exists():
                if public.exists():
                    raise Conflict(
                        "crypto.key_of_partner",
                        Text(
                            f"{base} 只有公钥，是对方的密钥",
                            f"of {base} there is only the public key: it is a partner's",
                        ),
                    )
                fresh = suite.generate_keys()
                self._create(private, self._seal(base, fresh.public + fresh.private))
            # What stands in the file counts: another process may have been first.
            both = self._open(base, private)
            start = both.index(b"-----BEGIN PRIVATE KEY-----")
            pair = KeyPair(public=both[:start], private=both[start:])
            if not public.exists():
                self._create(public, pair.public)
        self._pairs[(name, suite.name)] = pair
        return pair

    def public_key(self, name: str, suite: Suite) -> bytes:
        """A public key of the ring, a partner's or one's own; raises NotFound (`crypto.no_key`)."""
        path = self._folder / f"{self._checked(name)}.{suite.name}.public.pem"
        try:
            return path.read_bytes()
        except FileNotFoundError as error:
            raise NotFound(
                "crypto.no_key",
                Text(f"密钥环中没有公钥 {path.name}", f"there is no public key {path.name} in the key ring"),
            ) from error

    def add_public_key(self, name: str, suite: Suite, public: bytes) -> None:
        """Take a partner's public key in; raises Conflict (`crypto.key_taken`) when another stands there already."""
        suite.wrap(public, b"\x00" * suite.session_key_length)  # an unusable key is refused here, not at the first send
        path = self._folder / f"{self._checked(name)}.{suite.name}.public.pem"
        self._create(path, public)
        if path.read_bytes() != public:
            raise Conflict(
                "crypto.key_taken",
                Text(f"已有不同的公钥 {path.name}", f"there is a different public key {path.name} already"),
            )

    def keep_secret(self, name: str, secret: bytes) -> None:
        """Keep a secret under a name that it has for good; raises Conflict (`crypto.key_taken`) where another has it."""
        path = self._folder / f"{self._checked(name)}.secret"
        self._create(path, self._seal(path.name, secret))
        if self.secret(name) != secret:
            raise Conflict(
                "crypto.key_taken",
                Text(f"已有不同的密文 {path.name}", f"there is a different secret {path.name} already"),
            )

    def secret(self, name: str) -> bytes:
        """A kept secret; raises NotFound (`crypto.no_key`), and Invalid (`crypto.key_ring`) if unreadable."""
        path = self._folder / f"{self._checked(name)}.secret"
        if not path.exists():
            raise NotFound(
                "crypto.no_key",
                Text(f"密钥环中没有 {path.name}", f"there is no {path.name} in the key ring"),
            )
        return self._open(path.name, path)

    def encrypt(self, context: str, plain: bytes) -> bytes:
        """Seal a small value for storing. `context` (say, table and column) must be given again to open it."""
        number, key = self._newest_data_key()
        start = _VERSION + number.to_bytes(2, "big") + secrets.token_bytes(_NONCE)
        return start + AESGCM(key).encrypt(start[3:], plain, start[:3] + context.encode())

    def decrypt(self, context: str, sealed: bytes) -> bytes:
        """The value; raises Invalid (`crypto.damaged`) when it was changed or belongs to another context."""
        number = int.from_bytes(sealed[1:3], "big")
        if sealed[:1] == _VERSION and number not in self._data_keys:
            self._load_data_keys()
        key = self._data_keys.get(number)
        if key is not None and sealed[:1] == _VERSION and len(sealed) >= 3 + _NONCE + 16:
            try:
                return AESGCM(key).decrypt(sealed[3 : 3 + _NONCE], sealed[3 + _NONCE :], sealed[:3] + context.encode())
            except InvalidTag:
                pass
        raise Invalid(
            "crypto.damaged", Text("加密数据已损坏或密钥缺失", "an encrypted value is damaged, or its key is missing")
        )

    def fingerprint(self, context: str, value: str) -> str:
        """A keyed digest (64 hex digits) by which equal values are found without being readable; survives rotation."""
        self._load_data_keys()
        first = self._data_keys.get(1) or self._newest_data_key()[1]
        return hmac.new(
            first, b"fingerprint\x00" + context.encode() + b"\x00" + value.encode(), hashlib.sha256
        ).hexdigest()

    def rotate_data_key(self) -> int:
        """Add a data key for all encryption from now on; its number."""
        with self._lock:
            self._load_data_keys()
            number = max(self._data_keys, default=0) + 1
            self._create(self._data_path(number), self._seal(f"data.{number:04d}", secrets.token_bytes(32)))
            self._load_data_keys()
        return number

    def _newest_data_key(self) -> tuple[int, bytes]:
        if not self._data_keys:
            with self._lock:
                self._load_data_keys()
                if not self._data_keys:
                    self._create(self._data_path(1), self._seal("data.0001", secrets.token_bytes(32)))
                    self._load_data_keys()
        number = max(self._data_keys)
        return number, self._data_keys[number]

    def _data_path(self, number: int) -> Path:
        return self._folder / f"data.{number:04d}"

    def _load_data_keys(self) -> None:
        for path in sorted(self._folder.glob("data.[0-9][0-9][0-9][0-9]")):
            number = int(path.name.removeprefix("data."))
            if number not in self._data_keys:
                self._data_keys[number] = self._open(path.name, path)

    def _seal(self, label: str, plain: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._master.encrypt(nonce, plain, label.encode())

    def _open(self, label: str, path: Path) -> bytes:
        sealed = path.read_bytes()
        try:
            return self._master.decrypt(sealed[:_NONCE], sealed[_NONCE:], label.encode())
        except (InvalidTag, ValueError) as error:
            raise _unreadable(path.name) from error

    def _create(self, path: Path, content: bytes) -> None:
        """Write the file whole and only if it is not there yet; two processes at once agree on one content."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._folder / f".{path.name}.{secrets.token_hex(8)}"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()

    def _checked(self, name: str) -> str:
        if not _NAME.fullmatch(name) or name == "data":
            raise Invalid("crypto.key_name", Text(f"密钥名称 {name!r} 不可用", f"{name!r} cannot be the name of a key"))
        return name


@lru_cache(maxsize=8)
def _ring(folder: Path, master_secret: str) -> KeyRing:
    return KeyRing(folder, master_secret)


def key_ring() -> KeyRing:
    """The platform's own key ring, by the settings in force."""
    return _ring(settings().keys_dir, settings().secret_key)
