"""Which records of agreements, guarantees, contracts, links and statements are due: before and after, one small story a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

Items = Mapping[str, str | None]
Row = tuple[str, Items]
"""A row of a standard entity."""

TODAY = date(2026, 10, 20)
TOMORROW = TODAY + timedelta(days=1)


@dataclass(frozen=True)
class Story:
    """What changes in the main row and which rows join it; the point and segments then due, '' for a record without either."""

    code: str
    says: str
    main: Items = field(default_factory=dict)
    beside: tuple[Row, ...] = ()
    due: str | None = None


DEBTOR: Items = {"Name": "某公司", "IDType": "20", "IDNum": "1", "MngmtOrgCode": "M"}
OWNER: Items = {"EntName": "某公司", "EntCertType": "20", "EntCertNum": "1"}
SHEET: Items = {**OWNER, "Cimoc": "M", "SheetYear": "2025", "SheetType": "10", "SheetTypeDivide": "1", "layout": "D"}
MAIN: dict[str, tuple[str, Items]] = {
    "340": ("organisation_identifier", {**OWNER, "OthEntCertType": "30", "OthEntCertNum": "2", "CertAssFlg": "1"}),
    "350": (
        "organisation_relation",
        {
            **OWNER, "AssoEntName": "另一公司", "AssoEntCertType": "20", "AssoEntCertNum": "2", "AssoType": "21",
            "AssoSign": "1",
        },
    ),
    "420": (
        "corporate_agreement",
        {
            **DEBTOR, "ContractCode": "M1", "CreditLimType": "11", "CreditLim": "900", "ConEffDate": "2026-10-01",
            "ConExpDate": "2027-10-01", "ConStatus": "1",
        },
    ),
    "440": (
        "corporate_guarantee",
        {
            **DEBTOR, "AcctCode": "G1", "AcctType": "G2", "OpenDate": "2026-10-01", "GuarAmt": "500", "AcctStatus": "1",
            "LoanAmt": "500", "FiveCate": "1", "GuarMode": "0", "DueDate": "2027-01-01",
        },
    ),
    "510": (
        "collateral_contract",
        {
            "CcCode": "P1", "InfoIDType": "2", "Name": "某公司", "CertType": "20", "CertNum": "1", "GuarType": "1",
            "CcAmt": "800", "CcExpDate": "2027-01-01", "CcStatus": "1",
        },
    ),
    "610": ("corporate_balance_sheet", {**SHEET, "TotalAssets": "10.00"}),
    "650": ("corporate_institution_income", {**SHEET, "layout": "C", "CurrentOperatingBalance": "-1.00"}),
}  # fmt: skip
SHARER: Row = ("corporate_agreement_party", {"ContractCode": "M1", "BrerType": "2", "CertRelName": "乙"})
GUARANTOR: Row = ("corporate_guarantee_party", {"AcctCode": "G1", "ArlpType": "2", "ArlpName": "乙"})
HOUSE: Row = ("mortgaged_property", {"CcCode": "P1", "PleType": "11", "PleValue": "900"})
DEARER: Row = ("mortgaged_property", {"CcCode": "P1", "PleType": "11", "PleValue": "950"})
LINK: Row = ("collateral_link", {"AcctCode": "G1", "subject": "organisation", "Ccc": "P9"})

FIRST = [
    Story("340", "a link that holds", due=""),
    Story("340", "a link that never held", {"CertAssFlg": "0"}),
    Story("350", "related", due=""),
    Story("420", "begins", due="10 BD"),
    Story("420", "begins with others", beside=(SHARER,), due="10 BCD"),
    Story("420", "lapsed just now", {"ConStatus": "2", "ConExpDate": "2026-10-10"}, due="20 BD"),
    Story("420", "lapsed long ago", {"ConStatus": "2", "ConExpDate": "2026-08-10"}),
    Story("440", "opens", due="10 BCD"),
    Story("440", "opens with all", {"Mcc": "M1"}, (GUARANTOR, LINK), due="10 BCEFGD"),
    Story("440", "closed without saying when", {"AcctStatus": "2"}, due="20 BCD"),
    Story("440", "closed long ago", {"AcctStatus": "2", "CloseDate": "2026-08-10"}),
    Story("510", "takes effect", beside=(HOUSE,), due="10 BCE"),
    Story(
        "510", "pledges", {"GuarType": "2"}, (("pledged_property", {"CcCode": "P1", "ImpType": "12"}),), due="10 BCF"
    ),
    Story("610", "handed in", due="10 BD"),
    Story("610", "handed in in the layout of 2002", {"layout": "C"}, due="10 BC"),
    Story("650", "handed in by an institution", due="10 BC"),
]
FOLLOWING = [
    *(Story(code, "nothing new", beside=(HOUSE,) if code == "510" else ()) for code in MAIN),
    Story("340", "comes apart", {"CertAssFlg": "0"}, due=""),
    Story("340", "has a new name", {"EntName": "新名公司"}, due=""),
    Story("350", "related in another way", {"AssoType": "23"}, due=""),
    Story("350", "not related any more", {"AssoSign": "0"}, due=""),
    Story("420", "is raised", {"CreditLim": "990"}, due="30 BD"),
    Story("420", "is shared", beside=(SHARER,), due="30 BCD"),
    Story("420", "lapses", {"ConStatus": "2"}, due="20 BD"),
    Story("420", "is kept by another branch, which no record says", {"MngmtOrgCode": "N"}),
    Story("440", "is drawn down", {"LoanAmt": "300"}, due="30 BD"),
    Story("440", "is classified anew", {"FiveCate": "2"}, due="40 BD"),
    Story("440", "runs longer", {"DueDate": "2027-04-01"}, due="50 BC"),
    Story("440", "gets a guarantor", beside=(GUARANTOR,), due="50 BE"),
    Story("440", "the liability says most", {"LoanAmt": "300", "FiveCate": "2", "DueDate": "2027-04-01"}, due="30 BCD"),
    Story("440", "closes", {"AcctStatus": "2", "CloseDate": "2026-10-21", "LoanAmt": "0"}, due="20 BD"),
    Story("510", "is valued anew", beside=(DEARER,), due="30 BCE"),
    Story("510", "lapses", {"CcStatus": "2"}, (HOUSE,), due="20 BCE"),
    Story("610", "is corrected", {"TotalAssets": "11.00"}, due="20 BD"),
    Story("610", "is audited", {"AuditFirmName": "某事务所"}, due="20 BD"),
    Story("610", "of another year is another statement", {"SheetYear": "2024"}, due="10 BD"),
]


def tell(desk: Any, code: str, day: date, changes: Items, beside: tuple[Row, ...]) -> list[str]:
    """Put the subject as the story has it into the standard layer; point and segments of what is due."""
    entity, items = MAIN[code]
    desk.clear_day(day)
    desk.put(entity, day, {**items, **changes})
    for name, row in beside:
        desk.put(name, day, row)
    found = []
    for fact in desk.derive(code, day):
        segments = "".join(letter for letter in fact if len(letter) == 1)
        found.append(f"{fact['B']['RptDateCode']} {segments}" if "B" in fact else "")
        assert (fact.get("B") or fact)["RptDate"] == day.isoformat()
    return found


@pytest.mark.parametrize("story", FIRST, ids=lambda story: f"{story.code} {story.says}")
def test_what_the_centre_does_not_know(desk, story: Story) -> None:
    assert tell(desk, story.code, TODAY, story.main, story.beside) == ([] if story.due is None else [story.due])


@pytest.mark.parametrize("story", FOLLOWING, ids=lambda story: f"{story.code} {story.says}")
def test_what_the_centre_knows(desk, story: Story) -> None:
    tell(desk, story.code, TODAY, {}, (HOUSE,) if story.code == "510" else ())
    desk.accept(story.code)

    assert tell(desk, story.code, TOMORROW, story.main, story.beside) == ([] if story.due is None else [story.due])


@pytest.mark.parametrize(
    ("code", "end"), [("420", {"ConStatus": "2"}), ("440", {"AcctStatus": "2"}), ("510", {"CcStatus": "2"})]
)
def test_nothing_follows_the_end(desk, code: str, end: Items) -> None:
    for day in (TODAY, TOMORROW):
        tell(desk, code, day, end if day == TOMORROW else {}, ())
        desk.accept(code, f"F{day}")
    revived: dict[str, Items] = {"420": {"CreditLim": "1"}, "440": {"LoanAmt": "1"}, "510": {"CcAmt": "1"}}

    assert tell(desk, code, TOMORROW + timedelta(days=1), revived[code], ()) == []


@pytest.mark.parametrize(
    ("code", "change"), [("350", {"AssoType": "23"}), ("420", {"CreditLim": "1"}), ("610", {"TotalAssets": "1.00"})]
)
def test_one_record_a_day(desk, code: str, change: Items) -> None:
    tell(desk, code, TODAY, {}, ())
    desk.accept(code)

    assert tell(desk, code, TODAY, change, ()) == []


@pytest.mark.parametrize("code", ["340", "440", "650"])
def test_what_is_on_its_way_is_left_alone(desk, code: str) -> None:
    assert len(tell(desk, code, TODAY, {}, ())) == 1
    desk.travel(code, "P1")

    assert desk.derive(code, TODAY, unanswered=("P1",)) == []


@pytest.mark.parametrize("code", ["350", "510"])
def test_buckets_share_the_subjects(desk, code: str) -> None:
    tell(desk, code, TODAY, {}, ())
    assert sum(len(desk.derive(code, TODAY, bucket=bucket, buckets=3)) for bucket in range(3)) == 1
