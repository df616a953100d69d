"""A bad partner: the centre drops connections, answers late, twice and unreadably. The day ends right all the same."""

from __future__ import annotations

import dataclasses
import io
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.core import crypto, packaging
from app.core.actor import SYSTEM, acting
from app.core.crypto.keyring import key_ring
from app.core.db import unit_of_work
from app.core.jobs import Worker
from app.factory import assemble
from app.standard.files.feedback import FeedbackError, FeedbackItem, feedback_line
from app.standard.files.names import FeedbackHeader
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


def rounds(lender: Any, batch: str, until: Callable[[], bool], seconds: float = 90) -> None:
    """Let an impatient worker run and look for feedback until it has come so far."""
    worker = Worker(assemble(), heartbeat=1.0)

    def reached() -> bool:
        worker.run_until_idle()
        with acting(SYSTEM):
            if "Receive" in lender.tasks(batch):
                receive(Work.on(batch))
        return until()

    lender.wait(reached, f"{lender.tasks(batch)} {deliveries()} {lender.error(batch)}", seconds)


def test_dropped_late_garbled_and_repeated_feedback(lender) -> None:
    lender.centre("control", "--drop", "2", "--feedback-delay", "1", "--garble", "--feedback-twice")
    batch = lender.begin()

    rounds(lender, batch, lambda: lender.status(batch) == "done")

    counts = count_batch(batch)
    state = lender.centre("state", "--json")
    assert lender.centre("control")["drop"] == 0
    assert state["sent_twice"] == []
    assert {code: each.accepted for code, each in counts.items()} == {
        code: kept["count"] for code, kept in state["records"].items()
    }
    assert all(each.lost == 0 and each.awaiting == 0 for each in counts.values())

    # The second copies come when the day is over already; whoever looks next finds and notes them, once.
    rounds(lender, batch, lambda: all(outcomes["repeated"] for outcomes in deliveries().values()))
    assert len(deliveries()) == 4
    assert all(outcomes == {"unreadable": 1, "applied": 1, "repeated": 1} for outcomes in deliveries().values())
    assert count_batch(batch) == counts
    with unit_of_work(reading=True) as session:
        assert all(not row.findings for row in session.query(FeedbackDelivery).filter_by(outcome="repeated"))
        assert {file.status for file in session.query(ReportFile)} == {"answered"}

    assert_otherwise_is_not_taken(lender, batch)


def assert_otherwise_is_not_taken(lender: Any, batch: str) -> None:
    """A feedback that contradicts the one applied before is noted as such and changes nothing."""
    before = count_batch(batch)
    answered = next((lender.stage.centre / "sftp" / "outbox").glob("*1100*1.enc"))
    say_otherwise(lender, answered)

    with acting(SYSTEM):
        receive(Work.on(batch))

    with unit_of_work(reading=True) as session:
        (row,) = (row for row in session.query(FeedbackDelivery).filter_by(outcome="repeated") if row.findings)
        assert row.name == f"{row.prefix[:29]}3.enc"
        assert [code for code, _, _ in row.findings] == ["submission.feedback_differs"]
    assert count_batch(batch) == before


def say_otherwise(lender: Any, answered: Path) -> None:
    """Put a second feedback beside the first, as if the centre had rejected the first record after all."""
    suite = crypto.suite(lender.settings.crypto_suite)
    pair = key_ring().key_pair("lender", suite)
    prefix = f"{answered.name[:29]}3"
    plain = io.BytesIO()
    packaging.unpack_to(answered, plain, suite, pair.private, 1 << 20, prefix=answered.name.removesuffix(".enc"))
    said = FeedbackHeader.parse(plain.getvalue().decode().split("\r\n")[0])
    header = dataclasses.replace(said, feedback_flag="3", accepted=said.accepted - 1, rejected=said.rejected + 1)
    item = feedback_line(FeedbackItem((FeedbackError("ABE000", "Name"),), 2, "<Document></Document>"))
    told = f"{header.text}\r\n{item}\r\n".encode()
    packaging.pack(prefix, [told], answered.with_name(f"{prefix}.enc"), suite, pair.public)
