"""Records without segments: relatives, documents and events, sent whole when they are new or have changed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

DAY = date(2026, 10, 20)
NEXT = DAY + timedelta(days=1)
Items = dict[str, str | None]

PERSON: Items = {"Name": "测试甲", "IDType": "10", "IDNum": "110000190101010001"}
ROWS: dict[str, tuple[str, Items]] = {
    "120": (
        "family_relation",
        {
            **PERSON,
            "FamMemName": "测试乙",
            "FamMemCertType": "10",
            "FamMemCertNum": "2",
            "FamRel": "1",
            "FamRelaAssFlag": "1",
        },
    ),
    "130": (
        "person_document",
        {**PERSON, "IDEfctDate": "2016-01-01", "IDDueDate": "2026-12-31", "IDOrgName": "某局", "Cimoc": "M"},
    ),
    "140": ("document_link", {**PERSON, "OthName": "测试甲", "OthIDType": "2", "OthIDNum": "CHNE1", "OthAssFlg": "1"}),
}
KEYS = {"120": "10|110000190101010001|10|2", "130": "10|110000190101010001", "140": "10|110000190101010001|2|CHNE1"}


def deliver(desk: Any, code: str, day: date, **change: str | None) -> None:
    desk.clear_day(day)
    entity, items = ROWS[code]
    desk.put(entity, day, {**items, **change})


@pytest.mark.parametrize("code", ROWS)
def test_first_in_full_then_nothing(desk, code: str) -> None:
    deliver(desk, code, DAY)
    (fact,) = desk.derive(code, DAY)
    assert (fact["InfRecType"], fact["RptDate"], fact["InfSurcCode"]) == (code, "2026-10-20", desk.provider)
    assert desk.reasons(code, DAY) == [(KEYS[code], "new", [])]
    desk.accept(code)

    deliver(desk, code, NEXT)
    assert desk.derive(code, NEXT) == []
    assert desk.reasons(code, NEXT) == [(KEYS[code], "unchanged", [])]


@pytest.mark.parametrize(
    ("code", "change", "reason"),
    [
        ("120", {"FamRelaAssFlag": "0"}, "revoked"),
        ("120", {"FamRel": "8"}, "changed"),
        ("130", {"IDEfctDate": "2026-10-21", "IDDueDate": "2046-10-21"}, "changed"),
        ("140", {"OthAssFlg": "0"}, "revoked"),
    ],
)
def test_a_change_is_sent_whole_the_next_day(desk, code: str, change: dict[str, str], reason: str) -> None:
    deliver(desk, code, DAY)
    desk.derive(code, DAY)
    desk.accept(code)
    deliver(desk, code, DAY, **change)
    assert desk.derive(code, DAY) == []

    deliver(desk, code, NEXT, **change)

    (fact,) = desk.derive(code, NEXT)
    assert {tag: fact[tag] for tag in change} == change
    assert desk.reasons(code, NEXT) == [(KEYS[code], reason, list(change))]


@pytest.mark.parametrize(("code", "flag"), [("120", "FamRelaAssFlag"), ("140", "OthAssFlg")])
def test_what_was_never_reported_need_not_be_revoked(desk, code: str, flag: str) -> None:
    deliver(desk, code, DAY, **{flag: "0"})

    assert desk.derive(code, DAY) == []
    assert desk.reasons(code, DAY) == [(KEYS[code], "never_valid", [])]


def test_one_key_is_asked_for_alone(desk) -> None:
    deliver(desk, "130", DAY)
    desk.put("person_document", DAY, {**ROWS["130"][1], "IDNum": "x"})

    assert desk.reasons("130", DAY, only="10|x") == [("10|x", "new", [])]


ACCOUNT: Items = {
    "AcctCode": "A1", "AcctType": "D1", **PERSON, "MngmtOrgCode": "M", "BusiLines": "1", "BusiDtlLines": "91",
    "OpenDate": "2025-01-05", "Cy": "CNY", "LoanAmt": "1000", "Flag": "0", "DueDate": "2027-10-05",
}  # fmt: skip
STATE: Items = {
    "AcctCode": "A1", "AcctStatus": "1", "AcctBal": "1000", "FiveCate": "1", "FiveCateAdjDate": "2026-09-01", "TotOverd": "0",
    "OverdPrd": "0", "RpyStatus": "N", "LatRpyDate": "2026-09-20",
}  # fmt: skip
EVENT: Items = {"AcctCode": "A1", "OpetnType": "21", "Month": "2026-10", "Flag": "1"}


def lend(desk: Any, day: date, settled: str = "2026-09-25", **event: str | None) -> None:
    """A loan settled on a day, and an event of it."""
    desk.clear_day(day)
    desk.put("personal_account", day, ACCOUNT)
    desk.put("personal_performance", day, {**STATE, "kind": "D", "as_of": day.isoformat()})
    desk.put("personal_performance", day, {**STATE, "kind": "S", "as_of": settled, "SettDate": settled})
    if event:
        desk.put("special_event", day, {**EVENT, **event})


def test_an_event_waits_for_its_account(desk) -> None:
    lend(desk, DAY, Flag="1")

    assert desk.derive("215", DAY) == []
    assert desk.reasons("215", DAY) == [("A1|21|2026-10", "account_unknown", [])]


def test_an_event_is_sent_once_and_the_account_rests(desk) -> None:
    lend(desk, DAY)
    assert [fact["B"]["RptDateCode"] for fact in desk.derive("210", DAY)] == ["31"]
    desk.accept("210")

    lend(desk, NEXT, Flag="1")
    (fact,) = desk.derive("215", NEXT)
    assert (fact["OpetnType"], fact["Month"], fact["RptDate"]) == ("21", "2026-10", "2026-10-21")
    assert desk.reasons("210", NEXT) == [("A1", "transferred", [])]
    desk.accept("215")

    later = date(2026, 11, 2)
    lend(desk, later, settled="2026-10-25", Flag="1")
    assert desk.derive("215", later) == []
    assert desk.derive("210", later) == []
    assert desk.reasons("210", later) == [("A1", "transferred", [])]


def test_a_revoked_transfer_lets_the_account_report_again(desk) -> None:
    lend(desk, DAY)
    desk.derive("210", DAY)
    desk.accept("210")
    lend(desk, NEXT, Flag="1")
    desk.derive("215", NEXT)
    desk.accept("215")

    third = NEXT + timedelta(days=1)
    lend(desk, third, Flag="0")
    (fact,) = desk.derive("215", third)
    assert fact["Flag"] == "0"
    assert desk.reasons("215", third) == [("A1|21|2026-10", "revoked", ["Flag"])]
    desk.accept("215")
    later = date(2026, 10, 26)
    lend(desk, later, settled="2026-10-25", Flag="0")
    assert [fact["B"]["RptDateCode"] for fact in desk.derive("210", later)] == ["30"]


def test_an_event_is_dated_on_a_day_without_a_record_of_its_account(desk) -> None:
    lend(desk, DAY)
    desk.derive("210", DAY)
    desk.accept("210")

    lend(desk, NEXT, settled=NEXT.isoformat(), Flag="1")

    (fact,) = desk.derive("215", NEXT)
    assert fact["RptDate"] == DAY.isoformat()


def test_an_event_of_a_past_month_is_dated_within_it(desk) -> None:
    lend(desk, DAY)
    desk.derive("210", DAY)
    desk.accept("210")
    later = date(2026, 11, 3)

    lend(desk, later, Flag="1")

    (fact,) = desk.derive("215", later)
    assert fact["RptDate"] == "2026-10-31"
