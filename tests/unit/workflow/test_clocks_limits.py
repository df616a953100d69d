"""Limits: how they are written, when they end, and counting back from there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core import clock
from app.core.errors import Invalid
from app.core.workdays import is_working_day, working_days_between
from app.workflow.clocks import Limit, parse_limit
from app.workflow.clocks.limits import end_of_day, last_day, moved_by_working_days, working_days_lost

quick = settings(max_examples=60, deadline=None)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2026, 11, 30), timezones=st.just(UTC))
limits = st.one_of(
    st.builds(Limit, st.integers(1, 60), st.just("working_day")),
    st.builds(Limit, st.integers(1, 400), st.just("day")),
    st.builds(Limit, st.integers(1, 100_000), st.just("minute")),
)


def china(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=clock.CHINA)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("15 working days", Limit(15, "working_day")),
        ("1 Business Day", Limit(1, "working_day")),
        ("15个工作日", Limit(15, "working_day")),
        ("15 工作日", Limit(15, "working_day")),
        ("10 days", Limit(10, "day")),
        ("10日", Limit(10, "day")),
        ("10天", Limit(10, "day")),
        ("10个自然日", Limit(10, "day")),
        (" 2 weeks ", Limit(14, "day")),
        ("2周", Limit(14, "day")),
        ("4 hours", Limit(240, "minute")),
        ("4小时", Limit(240, "minute")),
        ("4个小时", Limit(240, "minute")),
        ("30 minutes", Limit(30, "minute")),
        ("30分钟", Limit(30, "minute")),
        ("15日", Limit(15, "day")),
        ("P10D", Limit(10, "day")),
        ("P2W", Limit(14, "day")),
        ("PT4H", Limit(240, "minute")),
        ("PT90M", Limit(90, "minute")),
        ("P1DT12H", Limit(36 * 60, "minute")),
    ],
)
def test_limits_are_read_as_people_write_them(text: str, limit: Limit) -> None:
    assert parse_limit(text) == limit


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "15",
        "days",
        "-3 days",
        "0 days",
        "0个工作日",
        "1.5 days",
        "P",
        "PT",
        "P1DT",
        "P1M",
        "P1Y",
        "PT30S",
        "-P1D",
        "9999 working days",
        "999999 days",
        "15 working days 2 hours",
        "R3/PT10H",
        "2026-11-23",
        "9" * 500 + " days",
    ],
)
def test_what_is_no_limit_is_refused_with_advice(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_limit(text)

    assert refused.value.code == "workflow.limit"
    assert "15个工作日" in refused.value.message.zh
    assert "15 working days" in refused.value.message.en
    assert len(refused.value.message.en) < 300


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("1个工作日", "2026-11-23T09:00", "2026-11-25T00:00"),
        ("1个工作日", "2026-11-23T23:59", "2026-11-25T00:00"),
        ("3个工作日", "2026-11-20T10:00", "2026-11-26T00:00"),  # over a weekend
        ("3个工作日", "2026-09-24T10:00", "2026-10-01T00:00"),  # Mid-Autumn: 25–27 September are off
        ("2个工作日", "2026-09-29T10:00", "2026-10-09T00:00"),  # over the National Day holiday
        ("2个工作日", "2026-10-08T10:00", "2026-10-11T00:00"),  # Saturday 10 October is worked in exchange
        ("10日", "2026-09-25T10:00", "2026-10-06T00:00"),  # calendar days do not mind holidays
        ("4小时", "2026-10-01T22:00", "2026-10-02T02:00"),
    ],
)
def test_limits_end_by_the_official_calendar(text: str, start: str, end: str) -> None:
    due = parse_limit(text).due(china(start))

    assert due.moment == china(end)
    assert due.moment.tzinfo is UTC or text == "4小时"
    assert due.certain


def test_the_day_in_china_counts_not_that_in_utc() -> None:
    # 17:00 in UTC is 01:00 of the next day in China.
    assert parse_limit("1 day").due(datetime(2026, 11, 23, 17, tzinfo=UTC)).moment == china("2026-11-26T00:00")


def test_a_limit_into_a_year_that_is_not_announced_is_not_certain() -> None:
    due = parse_limit("20 working days").due(china("2026-12-15T10:00"))

    assert not due.certain
    assert last_day(due.moment).year == 2027
    assert parse_limit("20 days").due(china("2026-12-15T10:00")).certain


@given(limits)
@quick
def test_the_words_of_a_limit_are_read_again(limit: Limit) -> None:
    assert parse_limit(limit.words.zh) == limit
    assert parse_limit(limit.words.en) == limit


@given(limits, moments, st.integers(0, 40_000))
@quick
def test_a_later_start_never_ends_earlier(limit: Limit, start: datetime, minutes: int) -> None:
    assert limit.due(start).moment <= limit.due(start + timedelta(minutes=minutes)).moment
    assert limit.due(start).moment > start


@given(moments, st.integers(1, 40))
@quick
def test_working_days_count_exactly(start: datetime, count: int) -> None:
    end = last_day(Limit(count, "working_day").due(start).moment)

    assert is_working_day(end, assume_weekdays=True)
    assert working_days_between(start.astimezone(clock.CHINA).date(), end, assume_weekdays=True) == count


@given(limits, moments)
@quick
def test_counting_back_undoes_counting_on(limit: Limit, start: datetime) -> None:
    day = start.astimezone(clock.CHINA).date()
    back = limit.before(limit.due(start).moment)

    if limit.unit == "minute":
        assert back == start
    elif limit.unit == "day" or is_working_day(day, assume_weekdays=True):
        assert back == end_of_day(day)
    else:
        assert back < start


@given(moments, st.integers(-30, 30))
@quick
def test_moving_keeps_the_hour(moment: datetime, count: int) -> None:
    moved = moved_by_working_days(moment, count).moment

    assert (moved - moment) % timedelta(days=1) == timedelta(0)
    assert (moved > moment) == (count > 0)


def test_a_day_off_is_lost_as_the_next_working_day() -> None:
    friday, saturday, sunday = china("2026-11-20T20:00"), china("2026-11-21T10:00"), china("2026-11-22T10:00")
    assert working_days_lost(friday, friday + timedelta(hours=2)) == 0
    assert working_days_lost(friday, saturday) == 1
    assert working_days_lost(saturday, sunday) == 0
    assert working_days_lost(friday, china("2026-11-25T08:00")) == 3


def test_midnight_belongs_to_the_day_before() -> None:
    assert last_day(china("2026-11-24T00:00")) == date(2026, 11, 23)
    assert end_of_day(date(2026, 11, 23)) == china("2026-11-24T00:00")
