"""Grouping, quiet hours and digests: every notice is in exactly one message or held with a reason; none lost, none twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.clock import CHINA
from app.notices.timing import DIGEST, QuietHours, Timing, Waiting, plan

MINUTE = timedelta(minutes=1)
TIMING = Timing({"high": MINUTE, "normal": 10 * MINUTE, "low": timedelta()}, time(8, 30))
NIGHT = QuietHours(time(22), time(7, 30))
NOON = QuietHours(time(12), time(13))
NONE = QuietHours(time(), time())
START = datetime(2026, 11, 23, 0, 0, tzinfo=CHINA)


def china(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=CHINA)


def one(number: int = 1, since: str = "23T10:00", **given_: object) -> Waiting:
    values = {"person": "lin.hai", "channel": "mail", "kind": "k", "provider": "P", "day": None, "severity": "normal"}
    return Waiting(id=number, since=china(since), **{**values, **given_})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hours", "at", "until"),
    [
        (NIGHT, "23T21:59", None),
        (NIGHT, "23T22:00", "24T07:30"),
        (NIGHT, "24T00:10", "24T07:30"),
        (NIGHT, "24T07:30", None),
        (NOON, "23T12:30", "23T13:00"),
        (NOON, "23T13:00", None),
        (NONE, "23T00:00", None),
    ],
)
def test_when_quiet_hours_end(hours: QuietHours, at: str, until: str | None) -> None:
    assert hours.end_of(china(at).astimezone(UTC)) == (china(until) if until else None)


def test_what_comes_within_the_window_goes_together() -> None:
    waiting = [one(number, "23T10:00" if number == 1 else "23T10:08") for number in range(1, 13)]
    bundles, held = plan(waiting, china("23T10:09"), TIMING, lambda _: NIGHT)
    assert bundles == []
    assert {(each.reason, each.until) for each in held} == {("window", china("23T10:10"))}
    (bundle,), held = plan(waiting, china("23T10:10"), TIMING, lambda _: NIGHT)
    assert len(bundle.ids) == 12
    assert held == []


def test_other_kinds_entities_days_and_people_go_apart() -> None:
    others = [
        {},
        {"kind": "l"},
        {"provider": "Q"},
        {"day": date(2026, 11, 1)},
        {"person": "xu.wen"},
        {"channel": "sms"},
    ]
    waiting = [one(number, **other) for number, other in enumerate(others)]
    bundles, _ = plan(waiting, china("23T11:00"), TIMING, lambda _: None)
    assert sorted(each.ids for each in bundles) == [(number,) for number in range(6)]


def test_only_what_is_urgent_goes_out_at_night() -> None:
    waiting = [one(1, "23T23:00"), one(2, "23T23:00", severity="high"), one(3, "23T23:00", severity="low")]
    bundles, held = plan(waiting, china("23T23:30"), TIMING, lambda _: NIGHT)
    assert [each.ids for each in bundles] == [(2,)]
    assert [(each.id, each.reason, each.until) for each in held] == [
        (1, "quiet", china("24T07:30")),
        (3, "digest", china("24T08:30")),
    ]


def test_the_digest_is_one_message_of_all_kinds() -> None:
    waiting = [one(1, severity="low"), one(2, severity="low", kind="l", provider=None)]
    assert plan(waiting, china("24T08:29"), TIMING, lambda _: None)[0] == []
    (bundle,), _ = plan(waiting, china("24T08:30"), TIMING, lambda _: None)
    assert (bundle.kind, bundle.provider, bundle.ids) == (DIGEST, None, (1, 2))


@st.composite
def waitings(draw: st.DrawFn) -> list[Waiting]:
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["a", "b"]),
                st.sampled_from(["mail", "sms"]),
                st.sampled_from(["k", "l"]),
                st.sampled_from([None, "P"]),
                st.sampled_from([None, date(2026, 11, 22)]),
                st.sampled_from(["high", "normal", "low"]),
                st.integers(0, 2 * 24 * 60),
            ),
            max_size=12,
        )
    )
    return [
        Waiting(number, *row[:5], row[5], START + row[6] * MINUTE)  # type: ignore[arg-type]
        for number, row in enumerate(rows)
    ]


@settings(max_examples=40)
@given(
    waitings(),
    st.lists(st.integers(1, 400), min_size=20, max_size=20),
    st.tuples(st.integers(0, 1439), st.integers(0, 1439)),
)
def test_every_notice_is_in_exactly_one_message_or_held(
    rows: list[Waiting], steps: list[int], quiet: tuple[int, int]
) -> None:
    """As the job does it: at moments that come, whatever waits is planned, and what was bundled waits no more."""
    hours = QuietHours(*(time(minute // 60, minute % 60) for minute in quiet))
    asked = {"a": hours, "b": NONE}
    sent: dict[int, datetime] = {}
    now = START
    for step in [*steps, 3 * 24 * 60, *([30] * 48)]:
        now += step * MINUTE
        come = [each for each in rows if each.since <= now and each.id not in sent]
        bundles, held = plan(come, now, TIMING, asked.get)
        bundled = [number for each in bundles for number in each.ids]
        assert sorted([*bundled, *(each.id for each in held)]) == sorted(each.id for each in come)
        assert all(each.until > now for each in held)
        for bundle in bundles:
            members = [rows[number] for number in bundle.ids]
            assert {(each.person, each.channel) for each in members} == {(bundle.person, bundle.channel)}
            assert bundle.kind == DIGEST or len({(each.kind, each.provider, each.day) for each in members}) == 1
            assert (bundle.kind == DIGEST) == all(each.severity == "low" for each in members)
        for number in bundled:
            sent[number] = now
            assert rows[number].severity == "high" or asked[rows[number].person].end_of(now) is None
        assert not [each for each in held if rows[each.id].severity == "high" and now - rows[each.id].since >= MINUTE]
    assert sent.keys() == {each.id for each in rows}
