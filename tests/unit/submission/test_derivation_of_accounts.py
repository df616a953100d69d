"""Which account records are due, at which reporting point, with which segments: one small story a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

Items = Mapping[str, str | None]

OPENED, SETTLED, TODAY = "2026-10-05", "2026-10-18", date(2026, 10, 20)
TOMORROW, NEXT_MONTH = TODAY + timedelta(days=1), date(2026, 11, 20)


@dataclass(frozen=True)
class Story:
    """An account as the lender's systems show it on one day, or what is different on the next."""

    says: str
    account: Items = field(default_factory=dict)
    day: Items = field(default_factory=dict)
    settled: Items | None = None
    """The settlement row; none where the account has not been settled yet."""
    deeds: tuple[tuple[str, str], ...] = ()
    """(type, date) of special transactions."""
    parties: int = 0
    links: int = 0
    on: date = TODAY
    due: tuple[str, str, str] | None = None
    """(reporting point, report date, letters of the segments) or None where nothing is due."""


D1: Items = {
    "AcctCode": "A1", "AcctType": "D1", "Name": "甲", "IDType": "10", "IDNum": "1", "MngmtOrgCode": "M", "BusiLines": "1",
    "BusiDtlLines": "11", "OpenDate": OPENED, "Cy": "CNY", "LoanAmt": "1000", "Flag": "0", "DueDate": "2027-10-05",
    "RepayMode": "11", "RepayFreqcy": "03", "RepayPrd": "12", "GuarMode": "4",
}  # fmt: skip
D1_DAY: Items = {
    "as_of": TODAY.isoformat(), "AcctStatus": "1", "AcctBal": "1000", "TotOverd": "0", "LatRpyDate": OPENED, "CloseDate": None,
    "SettDate": SETTLED, "FiveCate": "1", "RpyStatus": "N",
}  # fmt: skip
OLD: Items = {"OpenDate": "2026-01-05"}
C1: Items = {
    "AcctType": "C1",
    "BusiLines": "5",
    "Flag": None,
    "InitCredName": "某银行",
    "OrigDbtCate": "1",
    "InitRpySts": "1",
}

FIRST = [
    Story("just opened, not settled yet", due=("10", "2026-10-20", "BCH")),
    Story("an older account on its first settlement day", OLD, settled={}, due=("31", SETTLED, "BCH")),
    Story("an older account between settlement days", OLD),
    Story("opened and settled before it was first reported", settled={}, due=("31", SETTLED, "BCH")),
    Story("with parties, pledges and a limit", {"Flag": "1", "Mcc": "M1"}, parties=2, links=1, due=("10", "2026-10-20", "BCDEFH")),
    Story("closed before it was ever reported", OLD, {"AcctStatus": "3", "CloseDate": "2026-10-19"}, due=("20", "2026-10-20", "BCH")),
    Story("closed more than a month before it was first seen", OLD, {"AcctStatus": "3", "CloseDate": "2026-09-01"}),
    Story(
        "closed on its settlement day", OLD, {"AcctStatus": "3", "CloseDate": SETTLED}, {"AcctStatus": "3", "CloseDate": SETTLED},
        due=("32", SETTLED, "BCH"),
    ),
    Story("a revolving account has a limit", {"AcctType": "R1"}, due=("10", "2026-10-20", "BCFH")),
    Story("a large instalment", {"AcctType": "R2", "SpecLine": "500"}, due=("10", "2026-10-20", "BCFHI")),
    Story("a collection account just opened", C1, due=("10", "2026-10-20", "BCGJ")),
    Story("an older collection account", {**C1, **OLD}, due=("40", "2026-10-20", "BCGJ")),
    Story("a collection account that ended long ago", C1, {"AcctStatus": "2", "CloseDate": "2026-09-01"}),
    Story("a collection account that ends", C1, {"AcctStatus": "2", "CloseDate": "2026-10-19"}, due=("20", "2026-10-20", "BCGJ")),
    Story("deeds wait until the settlement day", deeds=(("11", "2026-10-19"),), due=("10", "2026-10-20", "BCH")),
    Story("deeds on the settlement day", OLD, settled={}, deeds=(("11", SETTLED), ("11", "2026-10-19")), due=("31", SETTLED, "BCHK")),
]  # fmt: skip

SETTLED_ONCE = Story("settled once", OLD, settled={}, due=("31", SETTLED, "BCH"))
IN_ARREARS = Story("in arrears when settled", OLD, {"TotOverd": "90"}, {"TotOverd": "90"}, due=("31", SETTLED, "BCH"))
AGAIN = "2026-11-18"
FOLLOWING = [
    (SETTLED_ONCE, Story("nothing new on the next day", OLD, settled={}, on=TOMORROW)),
    (SETTLED_ONCE, Story("the next settlement", OLD, {}, {"as_of": AGAIN, "SettDate": AGAIN}, on=NEXT_MONTH, due=("30", AGAIN, "BH"))),
    (
        SETTLED_ONCE,
        Story(
            "what has changed goes with the settlement", {**OLD, "DueDate": "2028-01-01"}, {}, {"as_of": AGAIN}, parties=1, on=NEXT_MONTH,
            due=("30", AGAIN, "BCDH"),
        ),
    ),
    (
        SETTLED_ONCE,
        Story("a deed goes once", OLD, {}, {"as_of": AGAIN}, deeds=(("11", "2026-11-03"),), on=NEXT_MONTH, due=("30", AGAIN, "BHK")),
    ),
    (
        SETTLED_ONCE,
        Story(
            "closed between settlement days", OLD, {"AcctStatus": "3", "CloseDate": "2026-10-21"}, {}, on=TOMORROW,
            due=("20", "2026-10-21", "BH"),
        ),
    ),
    (
        SETTLED_ONCE,
        Story(
            "closed on a settlement day", OLD, {"AcctStatus": "3", "CloseDate": AGAIN}, {"as_of": AGAIN, "AcctStatus": "3"}, on=NEXT_MONTH,
            due=("32", AGAIN, "BH"),
        ),
    ),
    (
        IN_ARREARS,
        Story(
            "arrears cured between settlement days", OLD, {"LatRpyDate": "2026-10-21"}, {"TotOverd": "90"}, on=TOMORROW,
            due=("40", "2026-10-21", "BJ"),
        ),
    ),
    (IN_ARREARS, Story("arrears not cured", OLD, {"TotOverd": "90", "LatRpyDate": "2026-10-21"}, {"TotOverd": "90"}, on=TOMORROW)),
    (IN_ARREARS, Story("no payment, no recovery", OLD, {"LatRpyDate": OPENED}, {"TotOverd": "90"}, on=TOMORROW)),
    (
        Story("", C1, due=("10", "2026-10-20", "BCGJ")),
        Story("a collection account pays", C1, {"AcctBal": "700"}, on=TOMORROW, due=("40", "2026-10-21", "BJ")),
    ),
    (Story("", C1, due=("10", "2026-10-20", "BCGJ")), Story("a collection account does not pay", C1, on=TOMORROW)),
    (
        Story("", C1, due=("10", "2026-10-20", "BCGJ")),
        Story("a collection account ends", C1, {"AcctStatus": "2", "CloseDate": "2026-10-21"}, on=TOMORROW, due=("20", "2026-10-21", "BJ")),
    ),
    (
        Story("", OLD, {"AcctStatus": "3", "CloseDate": "2026-10-19"}, due=("20", "2026-10-20", "BCH")),
        Story("a closed account is never due again", OLD, {"AcctStatus": "3", "CloseDate": "2026-10-19"}, {"as_of": AGAIN}, on=NEXT_MONTH),
    ),
]  # fmt: skip


def tell(desk: Any, story: Story) -> list[tuple[str, str, str]]:
    """Put the account as the story has it into the standard layer, and derive."""
    desk.clear_day(story.on)
    desk.put("personal_account", story.on, {**D1, **story.account})
    day = {**D1_DAY, "as_of": story.on.isoformat(), **story.day}
    desk.put("personal_performance", story.on, {"AcctCode": "A1", "kind": "D", **day})
    if story.settled is not None:
        desk.put(
            "personal_performance",
            story.on,
            {"AcctCode": "A1", "kind": "S", **D1_DAY, "as_of": SETTLED, **story.settled},
        )
    for kind, made in story.deeds:
        desk.put(
            "special_transaction",
            story.on,
            {"AcctCode": "A1", "subject": "person", "ChanTranType": kind, "TranDate": made, "TranAmt": "1"},
        )
    for number in range(story.parties):
        desk.put(
            "repayment_party",
            story.on,
            {"AcctCode": "A1", "subject": "person", "ArlpName": f"乙{number}", "ArlpType": "2"},
        )
    for number in range(story.links):
        desk.put("collateral_link", story.on, {"AcctCode": "A1", "subject": "person", "Ccc": f"C{number}"})
    return [(fact["B"]["RptDateCode"], fact["B"]["RptDate"], "".join(fact)) for fact in desk.derive("210", story.on)]


@pytest.mark.parametrize("story", FIRST, ids=lambda story: story.says)
def test_an_account_that_the_centre_does_not_know(desk, story: Story) -> None:
    assert tell(desk, story) == ([story.due] if story.due else [])


@pytest.mark.parametrize(("before", "story"), FOLLOWING, ids=lambda story: story.says)
def test_an_account_that_the_centre_knows(desk, before: Story, story: Story) -> None:
    assert tell(desk, before) == [before.due]
    desk.accept("210")

    assert tell(desk, story) == ([story.due] if story.due else [])


def test_a_deed_that_the_centre_has_is_not_reported_again(desk) -> None:
    first = Story("", OLD, settled={}, deeds=(("11", SETTLED),), due=("31", SETTLED, "BCHK"))
    assert tell(desk, first) == [first.due]
    desk.accept("210")

    again = Story("", OLD, {}, {"as_of": AGAIN}, deeds=(("11", SETTLED), ("12", "2026-11-01")), on=NEXT_MONTH)
    tell(desk, again)

    (fact,) = desk.derive("210", NEXT_MONTH)
    assert [deed["ChanTranType"] for deed in fact["K"]["CagOfTrdInf"]] == ["12"]
    assert fact["K"]["CagOfTrdNm"] == "1"


@pytest.mark.parametrize("code", ["210", "410"])
def test_what_is_on_its_way_is_left_alone_until_the_centre_has_spoken(desk, code: str) -> None:
    tell_of(desk, code)
    assert len(desk.derive(code, TODAY)) == 1
    desk.travel(code, "P1")

    assert desk.derive(code, TODAY, unanswered=("P1",)) == []
    assert len(desk.derive(code, TODAY, unanswered=("P2",))) == 1


def tell_of(desk: Any, code: str) -> None:
    if code == "210":
        tell(desk, FIRST[0])
    else:
        tell_corporate(desk, Corporate("", due="10"))


@dataclass(frozen=True)
class Corporate:
    """An organisation's account on one day."""

    says: str
    account: Items = field(default_factory=dict)
    day: Items = field(default_factory=dict)
    deeds: tuple[tuple[str, str], ...] = ()
    parties: int = 0
    on: date = TODAY
    due: str | None = None
    letters: str = "BH"


LOAN: Items = {
    "AcctCode": "A1", "AcctType": "D1", "Name": "某公司", "IDType": "20", "IDNum": "1", "MngmtOrgCode": "M", "BusiLines": "10",
    "OpenDate": OPENED, "Cy": "CNY", "AcctCredLine": "1000", "LoanAmt": "1000", "Flag": "0", "DueDate": "2027-10-05",
}  # fmt: skip
LOAN_DAY: Items = {
    "AcctStatus": "10", "AcctBal": "1000", "BalChgDate": OPENED, "FiveCate": "1", "FiveCateAdjDate": OPENED, "TotOverd": "0",
    "LatRpyDate": OPENED, "LatAgrrRpyDate": "2026-10-18", "NxtAgrrRpyDate": "2026-11-18", "CloseDate": None,
}  # fmt: skip

CORPORATE_FIRST = [
    Corporate("opened", due="10", letters="BCH"),
    Corporate("with a limit and parties", {"Flag": "1"}, parties=2, due="10", letters="BCDFH"),
    Corporate("a collection account", {"AcctType": "C1"}, due="10", letters="BCGH"),
    Corporate("with deeds", deeds=(("12", "2026-10-19"),), due="10", letters="BCHI"),
    Corporate("closed just now", day={"AcctStatus": "21", "CloseDate": "2026-10-19"}, due="20", letters="BCH"),
    Corporate("closed long ago", day={"AcctStatus": "21", "CloseDate": "2026-08-01"}),
]
CORPORATE_FOLLOWING = [
    Corporate("nothing new"),
    Corporate("closes", day={"AcctStatus": "21", "CloseDate": "2026-10-21"}, due="20"),
    Corporate("is extended", deeds=(("11", "2026-10-21"),), due="42", letters="BHI"),
    Corporate("an agreed repayment day has come", day={"LatAgrrRpyDate": "2026-10-21"}, due="32"),
    Corporate("is repaid in between", day={"LatRpyDate": "2026-10-21", "AcctBal": "900"}, due="33"),
    Corporate("is classified anew", day={"FiveCate": "2", "FiveCateAdjDate": "2026-10-21"}, due="41"),
    Corporate("falls into arrears", day={"TotOverd": "50"}, due="49"),
    Corporate("changes its state", day={"AcctStatus": "31"}, due="49"),
    Corporate("another deed", deeds=(("12", "2026-10-21"),), due="49", letters="BHI"),
    Corporate("a deed of tomorrow", deeds=(("12", "2026-10-22"),)),
    Corporate("the closing says most", day={"AcctStatus": "21", "LatRpyDate": "2026-10-21", "FiveCate": "2"}, due="20"),
    Corporate(
        "agreed before actual repayment", day={"LatAgrrRpyDate": "2026-10-21", "LatRpyDate": "2026-10-21"}, due="32"
    ),
    Corporate("with a party that joins", day={"LatAgrrRpyDate": "2026-10-21"}, parties=1, due="32", letters="BDH"),
]


def tell_corporate(desk: Any, story: Corporate) -> list[tuple[str, str]]:
    desk.clear_day(story.on)
    desk.put("corporate_account", story.on, {**LOAN, **story.account})
    desk.put(
        "corporate_performance", story.on, {"AcctCode": "A1", "as_of": story.on.isoformat(), **LOAN_DAY, **story.day}
    )
    for kind, made in story.deeds:
        deed = {"AcctCode": "A1", "subject": "organisation", "ChanTranType": kind, "TranDate": made, "TranAmt": "1"}
        desk.put("special_transaction", story.on, deed)
    for number in range(story.parties):
        party = {"AcctCode": "A1", "subject": "organisation", "ArlpName": f"乙{number}", "ArlpType": "2"}
        desk.put("repayment_party", story.on, party)
    return [(fact["B"]["RptDateCode"], "".join(fact)) for fact in desk.derive("410", story.on)]


def expected(story: Corporate) -> list[tuple[str, str]]:
    return [(story.due, story.letters)] if story.due else []


@pytest.mark.parametrize("story", CORPORATE_FIRST, ids=lambda story: story.says)
def test_a_corporate_account_that_the_centre_does_not_know(desk, story: Corporate) -> None:
    assert tell_corporate(desk, story) == expected(story)


@pytest.mark.parametrize("story", CORPORATE_FOLLOWING, ids=lambda story: story.says)
def test_a_corporate_account_that_the_centre_knows(desk, story: Corporate) -> None:
    tell_corporate(desk, CORPORATE_FIRST[0])
    desk.accept("410")

    assert tell_corporate(desk, Corporate(**{**fields_of(story), "on": TOMORROW})) == expected(story)


def fields_of(story: Corporate) -> dict[str, Any]:
    return {name: getattr(story, name) for name in Corporate.__dataclass_fields__}


def test_a_drawing_on_a_pooled_loan(desk) -> None:
    pooled = {"Flag": "2"}
    tell_corporate(desk, Corporate("", pooled))
    desk.accept("410")

    drawn = Corporate("", pooled, {"AcctBal": "1500"}, on=TOMORROW)
    assert tell_corporate(desk, drawn) == [("31", "BCH")]
    lower = Corporate("", pooled, {"AcctBal": "500"}, on=TOMORROW)
    assert tell_corporate(desk, lower) == [("49", "BH")]


@pytest.mark.parametrize(
    "change", [{"LatAgrrRpyDate": "2026-10-21"}, {"FiveCate": "2"}, {"AcctBal": "900", "LatRpyDate": "2026-10-21"}]
)
def test_a_revolving_account_knows_only_other(desk, change: Items) -> None:
    revolving = {"AcctType": "R1"}
    assert tell_corporate(desk, Corporate("", revolving)) == [("10", "BCFH")]
    desk.accept("410")

    found = tell_corporate(desk, Corporate("", revolving, change, on=TOMORROW))

    assert [point for point, _ in found] in ([], ["49"])
    assert found or change == {"LatAgrrRpyDate": "2026-10-21"}


def test_one_record_an_account_and_day(desk) -> None:
    tell_corporate(desk, CORPORATE_FIRST[0])
    desk.accept("410")

    assert tell_corporate(desk, Corporate("", day={"FiveCate": "2"})) == []


def test_a_record_carries_its_origin_and_a_digest_without_the_report_date(desk) -> None:
    tell(desk, FIRST[0])
    desk.derive("210", TODAY)
    (first,) = desk.rows("210", "record_id, key, content, origin")
    assert first["key"] == "A1"
    assert [(each["entity"], each["source"], each["load"]) for each in first["origin"]] == [
        ("personal_account", "test", "L1"),
        ("personal_performance", "test", "L1"),
    ]

    tell(desk, Story("the same on another day", on=TOMORROW))
    (again,) = desk.rows("210", "record_id, content")
    assert again["content"] == first["content"]
    assert again["record_id"] != first["record_id"]


REASONS = {
    "10": "new", "31": "new", "30": "settlement", "20": "closing", "32": "closing", "40": "cured",
}  # fmt: skip


@pytest.mark.parametrize(("before", "story"), FOLLOWING[::4], ids=lambda story: story.says)
def test_every_account_says_why(desk, before: Story, story: Story) -> None:
    tell(desk, before)
    desk.accept("210")

    due = tell(desk, story)

    ((key, reason, _),) = desk.reasons("210", story.on)
    assert key == "A1"
    if due:
        collecting = {**D1, **story.account}["AcctType"] == "C1"
        assert reason == ("balance" if collecting and due[0][0] == "40" else REASONS[due[0][0]])
    else:
        assert reason in ("unchanged", "closed")
