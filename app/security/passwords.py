"""Passwords: what is acceptable, how they are kept (argon2id), and checks that take as long for unknown users."""

from __future__ import annotations

import secrets
import string
from functools import lru_cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from app.core.text import Text

SHORTEST: Final = 12
LONGEST: Final = 128
REMEMBERED: Final = 5
_KINDS_WANTED: Final = 3
_SEQUENCE: Final = 5
_ROWS: Final = (string.digits, string.ascii_lowercase, "qwertyuiop", "asdfghjkl", "zxcvbnm")
_COMMON: Final = (
    "password",
    "passw0rd",
    "creditlink",
    "admin",
    "welcome",
    "zhengxin",
    "111111",
    "888888",
    "qwerty",
    "5201314",
)

# The lowest cost that OWASP recommends for argon2id: RFC 9106's 64 MiB would let a few sign-ins exhaust a small host.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def hash_password(password: str) -> str:
    """The argon2id hash, with its salt and cost in it."""
    return _hasher.hash(password)


def password_matches(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False


def spend_the_same_time(password: str) -> None:
    """For a user who does not exist: take as long as a true check, so that time tells nothing."""
    password_matches(_hash_of_nobody(), password)


@lru_cache(maxsize=1)
def _hash_of_nobody() -> str:
    return hash_password(secrets.token_urlsafe(24))


def outdated(hashed: str) -> bool:
    """Whether the hash was made with a lower cost than today's."""
    return _hasher.check_needs_rehash(hashed)


def password_problems(password: str, username: str = "") -> tuple[Text, ...]:
    """Everything that keeps `password` from being acceptable; empty when it is."""
    found: list[Text] = []
    if len(password) < SHORTEST:
        found.append(Text(f"至少 {SHORTEST} 个字符", f"at least {SHORTEST} characters"))
    if len(password) > LONGEST:
        found.append(Text(f"至多 {LONGEST} 个字符", f"at most {LONGEST} characters"))
    kinds = (str.islower, str.isupper, str.isdigit, lambda each: not each.isalnum())
    if sum(any(kind(each) for each in password) for kind in kinds) < _KINDS_WANTED:
        found.append(
            Text(
                "须含大写、小写、数字、符号中的至少三类",
                "at least three kinds of: capital letters, small letters, digits, other signs",
            )
        )
    folded = password.lower()
    if username and len(username) > 2 and username.lower() in folded:
        found.append(Text("不得包含用户名", "must not contain the user name"))
    if any(word in folded for word in _COMMON) or _has_sequence(folded):
        found.append(
            Text(
                "不得包含常见词、重复或连续的字符（如 12345、qwert、aaaa）",
                "must not contain common words, or repeated or consecutive characters (12345, qwert, aaaa)",
            )
        )
    return tuple(found)


def _has_sequence(folded: str) -> bool:
    for start in range(len(folded) - _SEQUENCE + 1):
        piece = folded[start : start + _SEQUENCE]
        if any(piece in row or piece[::-1] in row for row in _ROWS):
            return True
    return any(each * 4 in folded for each in set(folded))


def first_password() -> str:
    """A password to be changed at first sign-in; easy to read out, and it keeps the rules."""
    letters = "abcdefghjkmnpqrstuvwxyz"
    while True:
        groups = ["".join(secrets.choice(letters + "23456789") for _ in range(5)) for _ in range(3)]
        password = "-".join([groups[0].capitalize(), *groups[1:]])
        if not password_problems(password):
            return password
