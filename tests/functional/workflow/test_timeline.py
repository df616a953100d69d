"""What happened in a case, as its page tells it."""

from __future__ import annotations

import re
from datetime import date

from inbox_stage import Stage

from app.core.db import Database, unit_of_work
from app.workflow.clocks.limits import end_of_day
from app.workflow.models import Clock


def test_a_limit_missed_at_the_end_of_a_day_is_said_of_that_day(sqlite_database: Database) -> None:
    stage = Stage()
    stage.people("wu.fan", "gao.yi")
    instance = stage.begin()
    with unit_of_work() as session:
        clock = session.query(Clock).filter_by(instance_id=instance).one()
        clock.state, clock.due_at, clock.next_at = "missed", end_of_day(date(2026, 1, 5)), None
    page = stage.window("gao.yi").page(f"/workflow/instances/{instance}")
    (entry,) = re.findall(r"<li[^>]*><p>时限逾期</p>(.*?)</li>", page, re.DOTALL)
    assert "2026-01-05 24:00" in entry
    assert "00:00" not in entry.replace("24:00", "")
