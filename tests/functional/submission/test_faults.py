"""A bad partner: the centre drops connections, answers late, twice and unreadably. The day ends right all the same."""

from __future__ import annotations

import time
from collections import Counter, defaultdict

from app.core.actor import SYSTEM, acting
from app.core.db import unit_of_work
from app.submission.counts import count_batch
from app.submission.models import FeedbackDelivery, ReportFile
from app.submission.stages.receive import receive
from app.submission.stages.work import Work


def deliveries() -> dict[str, Counter[str]]:
    """Outcomes of the feedback that came for each report file."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    with unit_of_work(reading=True) as session:
        for row in session.query(FeedbackDelivery):
            found[str(row.prefix)][row.outcome] += 1
    return found


def test_dropped_late_garbled_and_repeated_feedback(lender) -> None:
    lender.centre("control", "--drop", "2", "--feedback-delay", "1", "--garble", "--feedback-twice")
    batch = lender.begin()

    lender.run(batch)

    counts = count_batch(batch)
    state = lender.centre("state", "--json")
    assert lender.centre("control")["drop"] == 0
    assert state["sent_twice"] == []
    assert {code: each.accepted for code, each in counts.items()} == {
        code: kept["count"] for code, kept in state["records"].items()
    }
    assert all(each.lost == 0 and each.awaiting == 0 for each in counts.values())
    assert deliveries() and all(outcomes["unreadable"] >= 1 and outcomes["applied"] == 1 for outcomes in deliveries().values())

    # The second copies come when the day is over already; whoever looks next finds and notes them, once.
    work = Work.on(batch)
    until = time.monotonic() + 30
    while not all(outcomes["repeated"] for outcomes in deliveries().values()) and time.monotonic() < until:
        with acting(SYSTEM):
            assert receive(work)["waiting"] == 0
        time.sleep(0.3)
    assert all(outcomes == {"unreadable": 1, "applied": 1, "repeated": 1} for outcomes in deliveries().values())
    assert count_batch(batch) == counts
    with unit_of_work(reading=True) as session:
        assert all(not row.findings for row in session.query(FeedbackDelivery).filter_by(outcome="repeated"))
        assert {file.status for file in session.query(ReportFile)} == {"answered"}
