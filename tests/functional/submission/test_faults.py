"""A bad partner: the centre drops connections, answers late, twice and unreadably. The day ends right all the same."""

from __future__ import annotations

import dataclasses
import io
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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


def rounds(lender: Any, batch: str, until: Callable[[], bool]) -> None:
    """Let an impatient worker run and look for feedback until it has come so far."""
    worker = Worker(assemble(), heartbeat=1.0)

    def reached() -> bool:
        worker.run_until_idle()
        with acting(SYSTEM):
            if "Receive" in lender.tasks(batch):
                receive(Work.on(batch))
        return until()

    lender.wait(reached, f"{lender.tasks(batch)} {deliveries()} {lender.error(batch)}")


@pytest.mark.slow
@pytest.mark.whole
def test_dropped_late_garbled_and_repeated_feedback(lender) -> None:
    lender.centre("control", "--drop", "2", "--feedback-delay", "1", "--garble", "--feedback-twice")
    batch = lender.begin()

    rounds(lender, batch, lambda: lender.status(batch) == "done")

    counts = count_batch(batch)
    state = lender.centre("state", "--json")
    assert lender.centre("control")["drop"] == 0
    assert state["sent_twice"] == []
    assert {code: each.accepted for code, each in counts.items() if each.accepted} == {
        code: kept["count"] for code, kept in state["records"].items()
    }
    assert all(each.lost == 0 and each.awaiting == 0 for each in counts.values())

    # What was overwritten before anybody looked leaves no trace; what was seen was seen as what it is.
    with unit_of_work(reading=True) as session:
        assert deliveries().keys() == {file.prefix for file in session.query(ReportFile)}
    assert all(outcomes["applied"] == 1 for outcomes in deliveries().values())
    assert sum(outcomes["unreadable"] for outcomes in deliveries().values()) >= 1
    with unit_of_work(reading=True) as session:
        assert {file.status for file in session.query(ReportFile)} == {"answered"}

    # When the day is over: the same once more, something else, and noise. All is noted, nothing is taken.
    wait_for_the_centre(lender)
    look(batch)
    for say, outcome, codes in (
        (same_again, "repeated", []),
        (otherwise, "repeated", ["submission.feedback_differs"]),
        (noise, "unreadable", None),
    ):
        name = say(lender)
        look(batch)
        look(batch)
        row = newest_delivery()
        assert (row.name, row.outcome) == (name, outcome)
        assert codes is None or [code for code, _, _ in row.findings] == codes
    assert count_batch(batch) == counts


def look(batch: str) -> None:
    with acting(SYSTEM):
        assert receive(Work.on(batch))["waiting"] == 0


def newest_delivery() -> FeedbackDelivery:
    with unit_of_work(reading=True) as session:
        found: FeedbackDelivery = session.query(FeedbackDelivery).order_by(FeedbackDelivery.id.desc()).first()
        return found


def outbox(lender: Any) -> Path:
    folder: Path = lender.stage.centre / "sftp" / "outbox"
    return folder


def wait_for_the_centre(lender: Any) -> None:
    """Until the centre has said everything twice and will not say anything more by itself."""
    lender.wait(
        lambda: time.time() - max(path.stat().st_mtime for path in outbox(lender).iterdir()) > 4, "a silent centre"
    )


def answered(lender: Any) -> tuple[Path, str]:
    """A feedback of the centre that says that all was accepted, and its plain text."""
    path = next(outbox(lender).glob("*1100*1.enc"))
    suite = crypto.suite(lender.settings.crypto_suite)
    plain = io.BytesIO()
    private = key_ring().key_pair("lender", suite).private
    packaging.unpack_to(path, plain, suite, private, 1 << 20, prefix=path.name.removesuffix(".enc"))
    return path, plain.getvalue().decode()


def seal(lender: Any, path: Path, text: str) -> str:
    suite = crypto.suite(lender.settings.crypto_suite)
    public = key_ring().key_pair("lender", suite).public
    packaging.pack(path.name.removesuffix(".enc"), [text.encode()], path, suite, public)
    return path.name


def same_again(lender: Any) -> str:
    return seal(lender, *answered(lender))


def otherwise(lender: Any) -> str:
    """As if the centre had rejected the first record after all."""
    path, text = answered(lender)
    said = FeedbackHeader.parse(text.split("\r\n")[0])
    header = dataclasses.replace(said, feedback_flag="3", accepted=said.accepted - 1, rejected=said.rejected + 1)
    item = feedback_line(FeedbackItem((FeedbackError("ABE000", "Name"),), 2, "<Document></Document>"))
    return seal(lender, path.with_name(f"{path.name[:29]}3.enc"), f"{header.text}\r\n{item}\r\n")


def noise(lender: Any) -> str:
    path, _ = answered(lender)
    path.write_bytes(path.read_bytes()[:-40])
    return path.name
