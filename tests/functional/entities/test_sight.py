"""Whoever is limited to one legal entity sees nothing of the other: pages, lists, exports, programs' answers, counts, search."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.db import unit_of_work
from app.core.entities import seeing
from app.submission.models import Batch, HeldRecord, ReportFile

OWN, OTHER = "A1111111111111", "B2222222222222"
FILE = "20261031210001"

LISTS = (
    "/submission/batches",
    "/submission/findings?severity=block",
    "/submission/exceptions",
    "/submission/files",
    "/submission/files/errors",
    "/submission/files/feedback",
    "/submission?day=2026-10-30",
    "/submission/batches.csv",
    "/submission/findings.csv?severity=block",
    "/submission/exceptions.csv",
    "/submission/files.csv",
    "/submission/files/errors.csv",
    "/api/submission/batches",
    "/search?q=20261030",
    "/search/hits?q=20261030",
    "/workflow/inbox?tab=group",
    "/submission/checks",
    "/submission/differences?state=unsettled",
    "/submission/differences.csv",
    "/submission/volume",
    "/submission/volume.csv",
    "/submission/quality",
    "/submission/quality.csv",
    "/submission/proof?type=210&rule=P210-002",
    "/rules/statistics.csv?found=yes",
)
OF_ONE = ("/submission?", "/workflow", "/submission/volume", "/submission/quality", "/rules/statistics")
"""Pages of one entity at a time; the statistics of rules have the sum of those in sight."""


@pytest.mark.parametrize("person", ["other.reviewer", pytest.param("own.reviewer", marks=pytest.mark.whole)])
def test_lists_hold_what_is_ones_own(visitor: Any, person: str) -> None:
    marks = {"own.reviewer": (OWN, "7001"), "other.reviewer": (OTHER, "8002")}
    window = visitor(person)
    theirs = next(other for name, other in marks.items() if name != person)
    for path in LISTS:
        text = window.page(path)
        assert any(mark in text for mark in marks[person]), path
        assert not any(mark in text for mark in theirs), path


@pytest.mark.whole
def test_who_is_not_limited_sees_both(visitor: Any) -> None:
    reviewer = visitor("both.reviewer")
    for path in LISTS:
        if path.startswith(OF_ONE):
            continue
        text = reviewer.page(path)
        assert any(mark in text for mark in (OWN, "7001")), path
        assert any(mark in text for mark in (OTHER, "8002")), path


def test_what_belongs_to_the_other_is_not_there(together: Any, visitor: Any) -> None:
    with unit_of_work(reading=True) as session:
        held = session.query(HeldRecord).filter_by(provider=OTHER).one().id
        task = session.get_one(Batch, together.other).instance_id
    other = together.other
    addresses = (
        f"/submission/batches/{other}",
        f"/submission/batches/{other}/live",
        f"/submission/batches/{other}/diagram.bpmn",
        f"/submission/batches/{other}/landing",
        f"/submission/batches/{other}/entities/person",
        f"/submission/batches/{other}/records/210/due",
        f"/submission/batches/{other}/records/210/due.csv",
        f"/submission/files/{OTHER}{FILE}00",
        f"/submission/exceptions/{held}",
        f"/submission/records/210/record-8002?batch={other}",
        "/submission/records/210/record-8002",
        f"/submission/records/210/record-8002/sources?batch={other}",
        f"/api/submission/batches/{other}",
        f"/api/submission/batches/{other}/findings",
        f"/api/submission/batches/{other}/files",
        f"/api/submission/records/210/record-8002?batch={other}",
        "/workflow/tasks/task-8002",
        f"/submission/checks/{OTHER}-two-end-8002",
        f"/submission/volume/rows?batch={other}&side=standard&product=personal.D1&branch=branch-8002",
    )
    window, theirs = visitor("own.reviewer"), visitor("other.reviewer")
    for address in addresses:
        assert window.get(address).status_code == 404, address
    assert "branch-8002" not in window.page(f"/submission/volume?batch={other}")
    assert "branch-8002" not in window.page(f"/submission/volume.csv?batch={other}")
    assert theirs.get(f"/submission/exceptions/{held}").status_code == 200
    assert theirs.get(f"/submission/batches/{other}").status_code == 200
    assert theirs.get("/workflow/tasks/task-8002").status_code == 200
    assert theirs.get(f"/submission/checks/{OTHER}-two-end-8002").status_code == 200
    assert "branch-8002" in theirs.page(f"/submission/volume?batch={other}")
    assert window.get(f"/workflow/instances/{task}").status_code in (403, 404)
    assert window.post(f"/submission/batches/{other}/release", decision="release").status_code == 404


def test_nobody_begins_a_batch_for_an_entity_that_is_not_theirs(together: Any, visitor: Any) -> None:
    answer = visitor("other.operator").post("/submission/begin", day="2026-10-28", provider=OWN)
    assert answer.status_code == 403
    with unit_of_work(reading=True) as session:
        assert session.get(Batch, f"{OWN}-20261028") is None


def test_statements_of_every_form_are_narrowed(together: Any) -> None:
    """The rule stands below all statements over models, so that a page written tomorrow keeps it too."""
    from sqlalchemy import func, select
    from sqlalchemy.orm import aliased

    twin = aliased(ReportFile)
    with unit_of_work(reading=True) as session, seeing(frozenset({OTHER})):
        assert session.get(Batch, together.own) is None
        assert session.get(Batch, together.other) is not None
        assert {each.provider for each in session.scalars(select(ReportFile))} == {OTHER}
        assert session.scalar(select(func.count()).select_from(ReportFile)) == 1
        assert session.execute(select(ReportFile.provider, func.count()).group_by(ReportFile.provider)).all() == [
            (OTHER, 1)
        ]
        assert session.scalars(select(twin.prefix)).all() == [f"{OTHER}{FILE}00"]
        assert session.scalars(select(Batch.id).where(Batch.id.in_(select(ReportFile.batch_id)))).all() == [
            together.other
        ]
        assert session.query(HeldRecord).count() == 1
    with unit_of_work(reading=True) as session, seeing(frozenset()):
        assert session.query(HeldRecord).count() == 0


def test_the_security_administrator_limits_a_role(together: Any, visitor: Any) -> None:
    administrator, person = visitor("an.quan"), visitor("both.reviewer")
    assert OTHER in administrator.page("/users/of/both.reviewer")
    answer = administrator.post("/users/of/both.reviewer/entities", role="reviewer", entities=OTHER)
    assert answer.status_code == 302
    assert person.get("/submission/batches").status_code == 302, "must sign in again"
    assert OWN not in visitor("both.reviewer").page("/submission/batches")
    assert administrator.post("/users/of/he.ping/entities", role="admin_system", entities=OWN).status_code == 422
    assert administrator.post("/users/of/both.reviewer/entities", role="reviewer", entities="Z").status_code == 422
    administrator.post("/users/of/both.reviewer/entities", role="reviewer")
    assert OWN in visitor("both.reviewer").page("/submission/batches")
