"""Dates, numbers and lengths of time as people of each language read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app.core.clock import frozen
from app.core.config import override
from app.core.text import Text
from app.web import words

MOMENT = datetime(2026, 11, 22, 16, 5, 9, tzinfo=UTC)


def test_moments_are_shown_on_the_chinese_clock() -> None:
    assert words.datetime_text(MOMENT) == "2026-11-23 00:05"
    assert words.datetime_text(MOMENT, seconds=True) == "2026-11-23 00:05:09"
    assert words.datetime_text(None) == "–"


def test_long_dates_follow_the_language() -> None:
    assert words.long_date_text(date(2026, 11, 22)) == "2026年11月22日 星期日"
    with override(language="en"):
        assert words.long_date_text(date(2026, 11, 22)) == "22 November 2026"


@pytest.mark.parametrize(
    ("passed", "zh", "en"),
    [
        (20, "刚刚", "just now"),
        (180, "3 分钟前", "3 min ago"),
        (7300, "2 小时前", "2 h ago"),
        (200_000, "2 天前", "2 d ago"),
    ],
)
def test_ages(passed: int, zh: str, en: str) -> None:
    with frozen(MOMENT + timedelta(seconds=passed)):
        assert words.age(MOMENT) == zh
        with override(language="en"):
            assert words.age(MOMENT) == en


def test_numbers() -> None:
    assert words.number_text(1_234_567) == "1,234,567"
    assert words.number_text(Decimal("1234.5"), 2) == "1,234.50"
    assert words.number_text(None) == "–"
    assert words.percent_text(0.0512) == "5.1%"
    assert words.size_text(1_536) == "1.5 KB"
    assert words.size_text(5 * 1024**3) == "5.0 GB"
    assert words.duration_text(1.25) == "1.2 秒"
    assert words.duration_text(timedelta(seconds=75)) == "1 分 15 秒"
    assert words.duration_text(3_700) == "1 小时 1 分"


def test_a_time_element_escapes_nothing_dangerous_and_ages() -> None:
    with frozen(MOMENT):
        assert str(words.moment_html(MOMENT, ago=True)) == (
            '<time datetime="2026-11-22T16:05:09+00:00" title="2026-11-23 00:05:09" data-ago>刚刚</time>'
        )


def test_sentences_start_and_stop() -> None:
    assert words.sentence(Text("没有这个用户", "there is no such user")) == "没有这个用户。"
    with override(language="en"):
        assert words.sentence(Text("没有这个用户", "there is no such user")) == "There is no such user."
        assert words.sentence("Really?") == "Really?"
