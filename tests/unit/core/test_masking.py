"""What of personal data stays visible, and that it is never too much."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.masking import Kind, mask

KINDS: tuple[Kind, ...] = ("name", "id_number", "phone", "account", "address", "email")


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("name", "张三", "张*"),
        ("name", "欧阳修文", "欧***"),
        ("name", "Li Lei", "L* L**"),
        ("name", "王", "王*"),
        ("id_number", "11010119900307803X", "110***********803X"),
        ("id_number", "E12345678", "E******78"),
        ("phone", "13812345678", "138****5678"),
        ("phone", "138 1234 5678", "138****5678"),
        ("phone", "0571-88881234", "057*****1234"),
        ("account", "6222020200112233445", "***************3445"),
        ("address", "北京市西城区金融大街1号", "北京市西城区******"),
        ("address", "某地", "某******"),
        ("email", "zhang.san@bank.example", "z***@bank.example"),
        ("phone", "", ""),
    ],
)
def test_what_stays_visible(kind: Kind, value: str, shown: str) -> None:
    assert mask(kind, value) == shown


@given(st.sampled_from(("id_number", "phone", "account")), st.text("0123456789X", min_size=1, max_size=30))
def test_numbers_keep_at_most_seven_characters_and_never_more_than_they_hide(kind: Kind, value: str) -> None:
    shown = mask(kind, value)
    visible = len(shown) - shown.count("*")
    assert len(shown) == len(value)
    assert visible <= 7
    assert visible <= 2 * shown.count("*")


@given(st.sampled_from(KINDS), st.text(min_size=1, max_size=40))
def test_no_value_is_shown_whole(kind: Kind, value: str) -> None:
    shown = mask(kind, value)
    assert shown == "" if not value.strip() else "*" in shown
