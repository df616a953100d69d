"""What begins, changes and ends: agreements, collateral contracts and guarantee accounts, point by point."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

DAY = date(2026, 10, 20)
NEXT = DAY + timedelta(days=1)
THIRD = NEXT + timedelta(days=1)
Items = dict[str, str | None]

DEBTOR: Items = {"Name": "测试甲", "IDType": "10", "IDNum": "110000190101010001", "MngmtOrgCode": "M"}
MAIN: dict[str, tuple[str, Items]] = {
    "220": (
        "personal_agreement",
        {
            "ContractCode": "K1", **DEBTOR, "CreditLimType": "10", "LimLoopFlg": "1", "CreditLim": "100", "Cy": "CNY",
            "ConEffDate": "2026-10-01", "ConExpDate": "2029-10-01", "ConStatus": "1",
        },
    ),
    "230": (
        "personal_guarantee",
        {
            "AcctCode": "K1", "AcctType": "G1", **DEBTOR, "BusiLines": "1", "BusiDtilLines": "06", "OpenDate": "2026-10-01",
            "AcctCredLine": "100", "Cy": "CNY", "DueDate": "2027-10-01", "GuarMode": "0", "OthRepyGuarWay": "0", "SecDep": "10",
            "AcctStatus": "1", "LoanAmt": "100", "RepayPrd": "2026-10-01", "FiveCate": "1", "FiveCateAdjDate": "2026-10-01",
            "CompAdvFlag": "0",
        },
    ),
    "510": (
        "collateral_contract",
        {
            "CcCode": "K1", "InfoIDType": "1", "Name": "测试甲", "CertType": "10", "CertNum": "110000190101010001",
            "MngmtOrgCode": "M", "GuarType": "1", "CcAmt": "100", "Cy": "CNY", "CcValDate": "2026-10-01",
            "CcExpDate": "2029-10-01", "MaxGuar": "0", "CcStatus": "1",
        },
    ),
}  # fmt: skip
HOUSE: Items = {"CcCode": "K1", "PleType": "11", "PleValue": "150", "ValDate": "2026-10-01", "PledgorType": "1"}


@dataclass(frozen=True)
class Story:
    """One of them on the second day, after the centre has taken the first."""

    code: str
    says: str
    change: Items = field(default_factory=dict)
    beside: tuple[tuple[str, Items], ...] = ()
    due: tuple[str, str] | None = None
    reason: str = "unchanged"
    changed: tuple[str, ...] = ()


UNTIL = {"220": "ConExpDate", "230": "CloseDate", "510": "CcExpDate"}
"""The item that says when it ended."""
ENDS = {
    "220": {"ConStatus": "2"},
    "510": {"CcStatus": "2"},
    "230": {"AcctStatus": "2", "CloseDate": "2026-10-21", "LoanAmt": "0"},
}
STORIES = [
    Story("220", "nothing new"),
    Story("220", "a higher limit", {"CreditLim": "120"}, due=("30", "BD"), reason="changed", changed=("D",)),
    Story(
        "220",
        "somebody joins",
        beside=(("personal_agreement_party", {"ContractCode": "K1", "BrerType": "1"}),),
        due=("30", "BCD"),
        reason="changed",
        changed=("C",),
    ),
    Story("220", "ends", ENDS["220"], due=("20", "BD"), reason="closing", changed=("D",)),
    Story("230", "nothing new"),
    Story(
        "230",
        "half released",
        {"LoanAmt": "50", "RepayPrd": "2026-10-21"},
        due=("30", "BD"),
        reason="balance",
        changed=("D",),
    ),
    Story(
        "230",
        "watched",
        {"FiveCate": "2", "FiveCateAdjDate": "2026-10-21"},
        due=("40", "BD"),
        reason="classified",
        changed=("D",),
    ),
    Story("230", "extended", {"DueDate": "2028-10-01"}, due=("50", "BC"), reason="changed", changed=("C",)),
    Story("230", "lapses", ENDS["230"], due=("20", "BD"), reason="closing", changed=("D",)),
    Story("510", "nothing new"),
    Story("510", "a higher amount", {"CcAmt": "120"}, due=("30", "BCE"), reason="changed", changed=("C",)),
    Story(
        "510",
        "a second asset",
        beside=(("mortgaged_property", {**HOUSE, "PleType": "12"}),),
        due=("30", "BCE"),
        reason="changed",
        changed=("E",),
    ),
    Story(
        "510",
        "a further debtor",
        beside=(("collateral_debtor", {"CcCode": "K1", "InfoIDType": "1"}),),
        due=("30", "BCDE"),
        reason="changed",
        changed=("D",),
    ),
    Story("510", "ends", ENDS["510"], due=("20", "BCE"), reason="closing", changed=("C",)),
]


def deliver(desk: Any, code: str, day: date, change: Items, beside: tuple[tuple[str, Items], ...] = ()) -> None:
    desk.clear_day(day)
    entity, items = MAIN[code]
    desk.put(entity, day, {**items, **change})
    for name, row in ((("mortgaged_property", HOUSE),) if code == "510" else ()) + beside:
        desk.put(name, day, row)


def points(facts: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(fact["B"]["RptDateCode"], "".join(fact)) for fact in facts]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: f"{story.code} {story.says}")
def test_a_day_after_the_first_report(desk, story: Story) -> None:
    deliver(desk, story.code, DAY, {})
    assert desk.reasons(story.code, DAY) == [("K1", "new", [])]
    assert [point for point, _ in points(desk.derive(story.code, DAY))] == ["10"]
    desk.accept(story.code)

    deliver(desk, story.code, NEXT, story.change, story.beside)

    assert points(desk.derive(story.code, NEXT)) == ([story.due] if story.due else [])
    assert desk.reasons(story.code, NEXT) == [("K1", story.reason, list(story.changed))]


@pytest.mark.parametrize("code", MAIN)
def test_nothing_follows_the_end(desk, code: str) -> None:
    deliver(desk, code, DAY, {})
    desk.derive(code, DAY)
    desk.accept(code)
    deliver(desk, code, NEXT, ENDS[code])
    desk.derive(code, NEXT)
    desk.accept(code)

    deliver(
        desk, code, THIRD, {**ENDS[code], "MngmtOrgCode": "N", "DueDate": "2029-01-01"} if code == "230" else ENDS[code]
    )

    assert desk.derive(code, THIRD) == []
    assert [reason for _, reason, _ in desk.reasons(code, THIRD)] == ["closed"]


@pytest.mark.parametrize("code", MAIN)
def test_what_ended_long_before_it_was_first_seen_is_not_reported(desk, code: str) -> None:
    deliver(desk, code, DAY, {**ENDS[code], UNTIL[code]: str(DAY - timedelta(days=31))})

    assert desk.derive(code, DAY) == []
    assert [reason for _, reason, _ in desk.reasons(code, DAY)] == ["ended_before"]


@pytest.mark.parametrize("code", MAIN)
def test_what_ended_within_a_month_before_it_was_first_seen_is(desk, code: str) -> None:
    deliver(desk, code, DAY, {**ENDS[code], UNTIL[code]: str(DAY - timedelta(days=30))})

    assert [point for point, _ in points(desk.derive(code, DAY))] == ["20"]
    assert [reason for _, reason, _ in desk.reasons(code, DAY)] == ["closing"]


@pytest.mark.parametrize("code", MAIN)
def test_what_is_on_its_way_is_left_alone(desk, code: str) -> None:
    deliver(desk, code, DAY, {})
    desk.derive(code, DAY)
    desk.travel(code, "P1")

    assert desk.derive(code, DAY, unanswered=("P1",)) == []
    assert [reason for _, reason, _ in desk.reasons(code, DAY, unanswered=("P1",))] == ["on_its_way"]


@pytest.mark.parametrize("code", MAIN)
def test_a_second_change_of_a_day_waits_for_the_next(desk, code: str) -> None:
    deliver(desk, code, DAY, {})
    desk.derive(code, DAY)
    desk.accept(code)
    deliver(desk, code, DAY, {"Cy": "USD"})

    assert desk.derive(code, DAY) == []
    assert [reason for _, reason, _ in desk.reasons(code, DAY)] == ["reported_today"]


def test_a_cap_and_its_number_stand_together_or_not_at_all(desk) -> None:
    deliver(desk, "220", DAY, {})
    (bare,) = desk.derive("220", DAY)
    deliver(desk, "220", DAY, {"CreditRest": "500", "CreditRestCode": "A1"})
    (capped,) = desk.derive("220", DAY)

    assert not {"CreditRest", "CreditRestCode"} & bare["D"].keys()
    assert (capped["D"]["CreditRest"], capped["D"]["CreditRestCode"]) == ("500", "A1")
