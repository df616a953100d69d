"""The corrections desk, from a feedback error to the day on which the centre has taken the correction: two people, three days."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from story_house import HouseWithBank, running_with_bank

from app.core import clock
from app.core.db import current_session
from app.simulator.bank import DefectPlan
from app.submission.lake import forget, lake
from app.submission.models import HeldRecord, OperationRequest
from app.submission.tables import RECORD_TYPES, accepted_table, record_columns

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.whole]

FIRST = clock.today() - timedelta(days=10)
ERROR = "CLR029"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[HouseWithBank]:
    root = tmp_path_factory.mktemp("lender")
    with running_with_bank(root, request, persons=60, companies=40, seed=29, start=FIRST) as house:
        yield house


@pytest.fixture(scope="module")
def server(house: HouseWithBank) -> Any:
    return house.server


def test_from_a_feedback_error_to_acceptance(house: HouseWithBank, visit: Any) -> None:
    house.report(FIRST)
    # Without the pre-check the rising balance reaches the centre, and the centre refuses it.
    house.report(FIRST + timedelta(days=1), DefectPlan(seed=7, counts={"balance_rising": 1}), precheck=False)
    held = _held(house)
    assert (held.kind, held.status) == ("rejected", "open")
    balance = _balance(house, held.key)

    clerk = visit(user="lin.hai", language="zh")
    clerk.go("/submission/corrections")
    assert clerk.serious_findings() == []
    clerk.picture("corrections-groups")
    group = clerk.page.locator("section.listing a", has_text=ERROR)
    group.focus()
    group.press("Enter")
    clerk.page.locator("#corrections-rows tbody a").first.press("Enter")
    clerk.page.wait_for_url(f"**/corrections/{held.id}")
    # One screen: the error, our rule, the record, the source row.
    clerk.page.locator("#origin .source-row").first.wait_for()
    clerk.page.locator("#why article").first.wait_for()
    assert ERROR in clerk.page.locator("#blames-title").locator("xpath=../..").inner_text()
    assert "按段更正" in clerk.page.locator("#suggestion").inner_text()
    assert clerk.serious_findings() == []
    clerk.picture("corrections-one")
    form = clerk.page.locator("#by-hand")
    form.locator("select").select_option("H.AcctBal")
    form.locator("#value").fill(balance)
    form.locator("#by-hand-reason").fill("余额录入有误")
    form.locator("button").press("Enter")
    clerk.page.get_by_text("等待复核").first.wait_for()

    second = visit(user="xu.wen", language="zh")
    second.go("/submission/corrections")
    second.page.locator("#requests-title").locator("xpath=../..").locator("a").first.press("Enter")
    assert second.serious_findings() == []
    second.page.get_by_role("button", name="同意", exact=True).press("Enter")
    second.page.wait_for_url("**/corrections")

    house.report(FIRST + timedelta(days=2))
    with house.server.inside():
        request = current_session().scalars(select(OperationRequest)).one()
        assert request.status == "accepted", request.findings
    found = _held(house)
    assert (found.status, found.resolution) == ("closed", "accepted")
    assert _balance(house, held.key) == balance
    assert _ours(house) == _theirs(house)
    clerk.go(f"/submission/corrections/{held.id}")
    assert "已办结" in clerk.page.locator("main").inner_text()
    clerk.picture("corrections-closed")


def _held(house: HouseWithBank) -> HeldRecord:
    with house.server.inside():
        return current_session().scalars(select(HeldRecord).filter_by(cause_code=ERROR)).one()


def _balance(house: HouseWithBank, key: str) -> str:
    """The newest balance of an account that the centre holds, as we know it."""
    with house.server.inside():
        path = accepted_table("410").path
        found = lake().value(
            f'SELECT arg_max("H"."AcctBal", "RptDate") FROM {path} WHERE key = ? AND "H" IS NOT NULL', [key]
        )
        forget()
        return str(found)


def _ours(house: HouseWithBank) -> dict[str, list[Any]]:
    """Everything that we believe the centre to hold, by record type."""
    with house.server.inside():
        found = {code: _rows(code) for code in RECORD_TYPES}
        forget()
        return found


def _rows(code: str) -> list[Any]:
    columns = ", ".join(f'"{name}"' for name in record_columns(code))
    rows = lake().records(f"SELECT {columns} FROM {accepted_table(code).path}")
    return sorted((_present(row) for row in rows), key=_written)


def _theirs(house: HouseWithBank) -> dict[str, list[Any]]:
    """Everything that the centre holds, asked of itself."""
    with closing(sqlite3.connect(house.stage.centre / "centre.sqlite")) as centre:
        rows = centre.execute("SELECT record_type, content FROM record").fetchall()
    return {
        code: sorted((json.loads(each) for kind, each in rows if kind == code), key=_written) for code in RECORD_TYPES
    }


def _present(value: Any) -> Any:
    """Without what is absent."""
    if isinstance(value, dict):
        return {name: _present(inner) for name, inner in value.items() if inner is not None and inner != []}
    return [_present(each) for each in value] if isinstance(value, list) else value


def _written(fact: Any) -> str:
    return json.dumps(fact, ensure_ascii=False, sort_keys=True)
