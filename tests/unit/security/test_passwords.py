"""The password rules, and that made passwords keep them."""

from __future__ import annotations

import pytest

from app.security.passwords import first_password, hash_password, outdated, password_matches, password_problems


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("Harbour-Lamp-72", None),
        ("一把好密码Harbour72", None),
        ("Ha-Lamp-72", "至少 12 个字符"),
        ("harbourlamps-", "须含大写、小写、数字、符号中的至少三类"),
        ("x" * 60 + "Ab1-" * 20, "至多 128 个字符"),
        ("Lin.Hai-Lamp-72", "不得包含用户名"),
        ("Creditlink-Lamp-72", "不得包含常见词"),
        ("Harbour-12345-Lamp", "不得包含常见词"),
        ("Harbour-54321-Lamp", "不得包含常见词"),
        ("Harbour-qwert-72", "不得包含常见词"),
        ("Harbour-aaaa-72", "不得包含常见词"),
    ],
)
def test_rules(password: str, problem: str | None) -> None:
    found = password_problems(password, "lin.hai")
    if problem is None:
        assert found == ()
    else:
        assert any(each.zh.startswith(problem) for each in found)


def test_all_problems_are_told_at_once() -> None:
    assert len(password_problems("aaaa", "lin.hai")) == 3


def test_first_passwords_keep_the_rules_and_differ() -> None:
    made = {first_password() for _ in range(50)}
    assert len(made) == 50
    assert all(password_problems(each) == () for each in made)


def test_hashes_are_argon2id_and_salted() -> None:
    first, second = hash_password("Harbour-Lamp-72"), hash_password("Harbour-Lamp-72")
    assert first.startswith("$argon2id$")
    assert first != second
    assert password_matches(first, "Harbour-Lamp-72")
    assert not password_matches(first, "harbour-lamp-72")
    assert not password_matches("not a hash", "x")
    assert not outdated(first)
    assert outdated("$argon2id$v=19$m=1024,t=1,p=1$c29tZXNhbHQ$9hP1jZq1bA2jZlF8cB3Qb3v3s8X1c1j0mD5x0m4w0aE")
