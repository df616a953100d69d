"""The pure parts of the inbox: chains of substitutes, mentions, kinds of files, names of files, deadlines in words."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core import clock
from app.core.people import Person
from app.workflow.clocks.nearness import Deadline
from app.workflow.inbox.absence import stand_in
from app.workflow.inbox.attachments import clean_name
from app.workflow.inbox.comments import mentions
from app.workflow.inbox.file_types import ALLOWED, sniff
from app.workflow.inbox.wording import due_words

PEOPLE = [
    Person(id_, name, frozenset()) for id_, name in (("lin.hai", "林海"), ("lin.haiyan", "林海燕"), ("a.b", "Ann Bee"))
]
NAMES = st.sampled_from("abcdefg")


@pytest.mark.parametrize(
    ("away", "who"),
    [
        ({}, "a"),
        ({"a": "b"}, "b"),
        ({"a": "b", "b": "c"}, "c"),
        ({"a": "b", "b": "a"}, None),
        ({"a": "b", "b": "c", "c": "b"}, None),
    ],
)
def test_who_stands_in(away: dict[str, str], who: str | None) -> None:
    assert stand_in("a", away) == who


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, NAMES))
def test_who_stands_in_is_never_away(away: dict[str, str]) -> None:
    for person in "abcdefg":
        assert stand_in(person, away) not in away


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@林海请看", ["lin.hai"]),
        ("@林海燕 请看", ["lin.haiyan"]),
        ("＠lin.hai.", ["lin.hai"]),
        ("@lin.haiyan2 @LIN.HAI，谢谢", ["lin.hai"]),
        ("ask @Ann Bee and @林海 and @a.b", ["a.b", "lin.hai"]),
        ("a@b.c 林海", []),
        ("@", []),
    ],
)
def test_mentions(text: str, found: list[str]) -> None:
    assert mentions(text, PEOPLE) == found


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_have_an_allowed_type_or_none(content: bytes) -> None:
    assert sniff(content) in (None, *ALLOWED)
    assert sniff(b"PK\x03\x04" + content) is None


def test_chinese_text_of_either_encoding_is_text() -> None:
    assert {sniff("序号,姓名\r\n".encode(encoding)).media_type for encoding in ("utf-8", "gb18030")} == {"text/plain"}  # type: ignore[union-attr]
    assert sniff(b"a\x00b") is None


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=300))
def test_a_cleaned_name_is_safe_and_stays_as_it_is(name: str) -> None:
    cleaned = clean_name(name)
    assert len(cleaned) <= 120
    assert not set(cleaned) & set('/\\<>:"|?*\r\n\x00')
    assert clean_name(cleaned) == cleaned


NOON = datetime(2026, 11, 23, 12, tzinfo=clock.CHINA)


@pytest.mark.parametrize(
    ("due", "zh", "tone"),
    [
        (None, "无期限", "neutral"),
        (NOON - timedelta(minutes=5), "已逾期 5 分钟", "danger"),
        (NOON - timedelta(hours=5), "已逾期 5 小时", "danger"),
        (NOON - timedelta(days=3), "已逾期 3 天", "danger"),
        (NOON + timedelta(hours=1), "还剩 1 小时", "warning"),
        (NOON + timedelta(hours=12), "还剩 12 小时", "warning"),
        (NOON + timedelta(hours=36), "还剩 36 小时", "info"),
        (NOON + timedelta(hours=84), "还剩 3 天", "info"),
        (NOON + timedelta(days=7), "还剩 7 天", "neutral"),
    ],
)
def test_deadlines_in_words(due: datetime | None, zh: str, tone: str) -> None:
    with clock.frozen(NOON):
        words, found = due_words(due)
    assert (words.zh, found) == (zh, tone)


@pytest.mark.parametrize(
    ("due", "deadline", "zh", "tone"),
    [
        (NOON - timedelta(days=10), Deadline(NOON, "working"), "已逾期 6 个工作日", "danger"),
        (NOON - timedelta(days=10), Deadline(NOON, "calendar", "missed"), "已逾期 10 天", "danger"),
        (NOON + timedelta(hours=84), Deadline(NOON, "working"), "还剩 3 个工作日", "info"),
        (NOON + timedelta(days=7), Deadline(NOON, "working", "paused", NOON), "已暂停，剩 5 个工作日", "neutral"),
    ],
)
def test_deadlines_are_counted_as_their_clock_counts(due: datetime, deadline: Deadline, zh: str, tone: str) -> None:
    with clock.frozen(NOON):
        words, found = due_words(due, deadline)
    assert (words.zh, found) == (zh, tone)
