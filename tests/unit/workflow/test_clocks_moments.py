"""Timers that take their time from what the process knows, and questions that go to whoever began it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from drawing import chain, diagram, element, properties
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.clock import CHINA
from app.core.errors import Invalid
from app.language import Vocabulary
from app.workflow.clocks.moments import names_variable, timer_limit
from app.workflow.engine import Diagram

NOW = datetime(2026, 3, 2, 9, tzinfo=CHINA)


@pytest.mark.parametrize("text", ["P2D", "PT4H", "14 days", "15个工作日", "", "granted.", ".until", "a b"])
def test_limits_and_scribbles_are_no_variables(text: str) -> None:
    assert not names_variable(text)


@pytest.mark.parametrize("text", ["until", "granted.until", "PX", "P2"])
def test_names_are_variables(text: str) -> None:
    assert names_variable(text)


@pytest.mark.parametrize(
    ("value", "due"),
    [
        ("2026-08-29", datetime(2026, 8, 30, tzinfo=CHINA)),
        ("2026-08-15T09:00:00+08:00", datetime(2026, 8, 15, 9, tzinfo=CHINA)),
        ("2026-08-15T01:00:00Z", datetime(2026, 8, 15, 9, tzinfo=CHINA)),
        ("2026-08-15T09:00", datetime(2026, 8, 15, 9, tzinfo=CHINA)),
        ("4小时", NOW + timedelta(hours=4)),
        ("P1D", datetime(2026, 3, 4, tzinfo=CHINA)),
    ],
)
def test_a_variable_holds_a_date_a_moment_or_a_limit(value: str, due: datetime) -> None:
    assert timer_limit("granted.until", {"granted": {"until": value}}).due(NOW).moment == due


@pytest.mark.parametrize("value", [None, "", "soon", 14, True, {"a": 1}, "2026-02-30", "2026-02-28Tnoon", "0 days"])
def test_what_is_no_time_is_told_with_the_variable(value: object) -> None:
    with pytest.raises(Invalid) as caught:
        timer_limit("granted.until", {"granted": {"until": value}})
    assert caught.value.code == "workflow.timer"
    assert "granted.until" in caught.value.message.zh


def test_a_limit_of_the_diagram_needs_no_variables() -> None:
    assert timer_limit("2 working days", {}).due(NOW).moment == datetime(2026, 3, 5, tzinfo=CHINA)
    with pytest.raises(Invalid) as caught:
        timer_limit("14 moons", {})
    assert caught.value.code == "workflow.limit"


@settings(max_examples=50, deadline=None)
@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_a_date_ends_with_its_day_in_china(day: date) -> None:
    due = timer_limit("day", {"day": day.isoformat()}).due(NOW).moment
    assert due.tzinfo == UTC
    assert due.astimezone(CHINA).replace(tzinfo=None) == datetime.combine(day, datetime.min.time()) + timedelta(days=1)


@settings(max_examples=50, deadline=None)
@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))
def test_a_moment_is_that_moment_whenever_it_is_waited_for(moment: datetime) -> None:
    limit = timer_limit("at", {"at": moment.replace(tzinfo=CHINA).isoformat()})
    assert limit.due(NOW) == limit.due(NOW + timedelta(days=400))
    assert limit.due(NOW).moment == moment.replace(tzinfo=CHINA)


@pytest.mark.parametrize(("said", "assignee"), [({"assignee": "start"}, "start"), ({}, "")])
def test_a_question_may_go_to_whoever_began(said: dict[str, str], assignee: str) -> None:
    ask = properties(form="a/b", role="manager", **said)
    parts = (element("startEvent", "Begin"), element("userTask", "Ask", ask), element("endEvent", "Done"))
    made = Diagram(diagram("p", (*parts, chain("Begin", "Ask", "Done"))), "p", Vocabulary({}))
    (question,) = made.start({}).questions()
    assert question.assignee == assignee
