"""Legal entities in the console: proposed by one, approved by another; the switcher; the calendar of reporting days."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from typing import Any

import pytest

from app.core import clock
from app.core.crypto.keyring import key_ring
from app.core.db import unit_of_work
from app.submission.entities.keeping import entity_of
from app.submission.entities.models import EntityEdition
from app.submission.models import Batch

OWN, OTHER, THIRD = "A1111111111111", "B2222222222222", "C3333333333333"
GIVEN = {
    "provider": THIRD,
    "zh": "西部村镇银行",
    "en": "Western Village Bank",
    "sections": "C3333333333334",
    "institutions": "C3333333333333\nC3333333333335",
    "sources_file": "/data/west/sources.yaml",
    "cron": "0 2 * * mon-fri",
    "days": "working",
    "centre_kind": "sftp",
    "centre_port": "2222",
    "blocked_share_limit": "0.02",
    "active_from": "2026-01-01",
    "credential": "-----BEGIN PRIVATE KEY-----",
    "reason": "新设",
}


def test_one_proposes_and_another_approves(together: Any, visitor: Any) -> None:
    asking, deciding = visitor("he.ping"), visitor("both.reviewer")
    assert asking.post("/submission/entities/new", **GIVEN).status_code == 302
    page = asking.page(f"/submission/entities/of/{THIRD}")
    assert "西部村镇银行" in page
    assert 'value="approve"' not in page
    refused = asking.post(f"/submission/entities/of/{THIRD}/decide", number="1", decision="approve")
    assert refused.status_code == 403
    assert entity_of(THIRD).number == 0
    assert deciding.post(f"/submission/entities/of/{THIRD}/decide", number="1", decision="approve").status_code == 302
    made = entity_of(THIRD)
    assert (made.number, made.zh, made.days, made.centre_port) == (1, "西部村镇银行", "working", 2222)
    assert made.institutions == ("C3333333333333", "C3333333333335")
    assert (made.blocked_share_limit, made.active_from) == (0.02, date(2026, 1, 1))
    assert key_ring().secret(made.centre_credential) == b"-----BEGIN PRIVATE KEY-----\n"
    with unit_of_work(reading=True) as session:
        kept = session.query(EntityEdition).filter_by(provider=THIRD).one()
        assert "PRIVATE" not in str(kept.content)
    changed = {**GIVEN, "zh": "西部银行", "credential": ""}
    assert asking.post(f"/submission/entities/of/{THIRD}/change", **changed).status_code == 302
    page = deciding.page(f"/submission/entities/of/{THIRD}")
    assert "西部银行" in page
    assert entity_of(THIRD).zh == "西部村镇银行", "not before it is approved"
    assert asking.post(f"/submission/entities/of/{THIRD}/change", **changed).status_code == 409
    assert deciding.post(f"/submission/entities/of/{THIRD}/decide", number="2", decision="refuse").status_code == 302
    assert entity_of(THIRD).number == 1
    assert "PRIVATE" not in deciding.page("/submission/entities.csv")


def test_all_that_is_wrong_is_told_at_once(together: Any, visitor: Any) -> None:
    wrong = {
        "provider": "X", "zh": "", "en": "E", "cron": "61 * * * 1", "blocked_share_limit": "2", "active_from": "soon",
        "centre_port": "0", "institutions": "short",
    }  # fmt: skip
    answer = visitor("he.ping").post("/submission/entities/new", **wrong)
    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 7
    own_sources = {"provider": "D4444444444444", "zh": "丁", "en": "D"}
    assert "sources_file-words" in visitor("he.ping").post("/submission/entities/new", **own_sources).text
    twin = {"provider": OTHER.lower(), "zh": "丁", "en": "D", "sources_file": "x"}
    assert visitor("he.ping").post("/submission/entities/new", **twin).status_code == 422
    assert visitor("both.reviewer").get("/submission/entities/new").status_code == 403


def test_a_limited_person_sees_their_entity_alone(together: Any, visitor: Any) -> None:
    page = visitor("other.reviewer").page("/submission/entities")
    assert OTHER in page
    assert OWN not in page
    assert visitor("other.reviewer").get(f"/submission/entities/of/{OWN}").status_code == 404


def test_the_switcher_narrows_every_page(together: Any, visitor: Any) -> None:
    reviewer = visitor("both.reviewer")
    both = reviewer.page("/submission/batches")
    assert "全部机构" in both
    assert together.own in both
    assert (
        reviewer.post("/entity", entity=OTHER, back=f"/submission/batches?entity={OWN}").location
        == "/submission/batches"
    )
    narrowed = reviewer.page("/submission/batches")
    assert together.other in narrowed
    assert together.own not in narrowed
    assert reviewer.get(f"/submission/batches/{together.own}").status_code == 404
    assert reviewer.get(f"/submission/batches/{together.own}?entity={OWN}").status_code == 200, (
        "a link names its entity"
    )
    assert reviewer.post("/entity", entity="nowhere", back="/").status_code == 422
    limited = visitor("own.reviewer")
    assert "全部机构" not in limited.page("/submission/batches")
    limited.post("/entity", entity=OTHER, back="/")
    assert OTHER not in limited.page("/submission/batches"), "a choice gives no sight that one has not"


@pytest.fixture
def november(together: Any) -> Any:
    """It is Thursday, 5 November 2026: Friday's batch of either is running, and the days after have none."""
    with clock.frozen(datetime(2026, 11, 5, 10, tzinfo=clock.CHINA)):
        yield together


def test_the_calendar_says_how_each_day_stands(november: Any, visitor: Any) -> None:
    text = visitor("own.reviewer").page("/submission/calendar.csv?month=2026-11")
    rows = {(row[2], row[4]): row for row in csv.reader(io.StringIO(text.removeprefix("\ufeff")))}
    assert {row[0] for row in rows.values()} == {OWN, "区段码"}
    assert rows["2026-11-02", "210"][6] == "逾期"
    assert rows["2026-11-04", "210"][6] == "等待", "to be sent by the end of today"
    assert rows["2026-11-07", "210"][3:] == ["否", "210", "0", "休息日"]
    assert rows["2026-11-05", "210"][6] == "未开始"
    october = visitor("own.reviewer").page("/submission/calendar.csv?month=2026-10")
    assert "2026-10-30,是,210,1,逾期" in october
    assert "2026-10-29,是,210,0,未开始" in october, "before it reported at all"
    assert "2026-10-01,否,210,0,休息日" in october, "National Day"


def test_every_cell_leads_to_its_day(november: Any, visitor: Any) -> None:
    reviewer = visitor("both.reviewer")
    page = reviewer.page("/submission/calendar?month=2026-10")
    assert page.count('<table class="calendar">') >= 2
    link = f"/submission?day=2026-10-30&amp;entity={OTHER}"
    assert link in page
    assert together_name(november, OTHER) in reviewer.page(link.replace("&amp;", "&"))
    year = reviewer.page(f"/submission/calendar?year=2026&entity={OWN}")
    assert f"month=2026-12&amp;entity={OWN}" in year
    assert OTHER not in year.partition("<main")[2]
    assert year.count('class="cal-cell') >= 365
    assert reviewer.get("/submission/calendar?month=nonsense").status_code == 200


def together_name(group: Any, provider: str) -> str:
    return {OWN: group.own, OTHER: group.other}[provider]


def test_a_day_that_is_done_is_complete(november: Any, visitor: Any) -> None:
    from app.submission.reading.calendar import calendar

    with unit_of_work() as session:
        batch = session.get_one(Batch, november.own)
        before, batch.status = batch.status, "done"
    try:
        with unit_of_work(reading=True):
            (day,) = calendar(entity_of(OWN), date(2026, 10, 30), date(2026, 10, 30))
        assert day.cells["110"].state == "nothing"
        assert day.whole.state == "late", "its file never left"
        assert day.whole.due == 1
    finally:
        with unit_of_work() as session:
            session.get_one(Batch, november.own).status = before
