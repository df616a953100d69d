"""Basic information of persons and organisations: first in full, then what has changed, else nothing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

DAY = date(2026, 10, 20)
NEXT = DAY + timedelta(days=1)

PERSON = {
    "Name": "测试甲", "IDType": "10", "IDNum": "110000190101010001", "Cimoc": "M", "CustomerType": "11", "Sex": "1", "DOB": "1990-01-01",
    "Nation": "CHN", "FcsInfoUpDate": "2026-10-01", "MariStatus": "10", "SpsInfoUpDate": "2026-10-01", "EduLevel": "20",
    "EduInfoUpDate": "2026-10-01", "EmpStatus": "11", "OctpnInfoUpDate": "2026-10-01", "ResiStatus": "1", "ResiAddr": "某路 1 号",
    "ResiInfoUpDate": "2026-10-01", "MailAddr": "某路 1 号", "MlgInfoUpDate": "2026-10-01",
}  # fmt: skip
COMPANY = {
    "EntName": "某公司", "EntCertType": "20", "EntCertNum": "91110000QQ0000012P", "Cimoc": "M", "CustomerType": "1", "EtpSts": "1",
    "OrgType": "1", "Nationality": "CHN", "RegAdd": "某区", "EstablishDate": "2012-03-15", "FcsInfoUpDate": "2026-10-01",
    "RegCap": "100", "RegCapCurrency": "CNY", "MnShaHodInfoUpDate": "2026-10-01", "MnMmbInfoUpDate": "2026-10-01",
    "ConAdd": "某路", "ConPhone": "1", "CotaInfoUpDate": "2026-10-01",
}  # fmt: skip
KEY = {"EntCertType": "20", "EntCertNum": "91110000QQ0000012P"}


def person(desk: Any, day: date, **changes: str | None) -> None:
    desk.clear_day(day)
    desk.put("person", day, {**PERSON, **changes})


def company(desk: Any, day: date, members: int = 1, holders: int = 1, **changes: str | None) -> None:
    desk.clear_day(day)
    desk.put("organisation", day, {**COMPANY, **changes})
    for number in range(members):
        desk.put("organisation_member", day, {**KEY, "MmbAlias": f"成员{number}", "MmbPstn": "1"})
    for number in range(holders):
        desk.put("organisation_shareholder", day, {**KEY, "SharHodName": f"股东{number}", "InvRatio": "50"})


def points(facts: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(fact["B"]["RptDateCode"], fact["B"]["RptDate"], "".join(fact)) for fact in facts]


def test_a_person_first_in_full(desk) -> None:
    person(desk, DAY)

    (fact,) = desk.derive("110", DAY)

    assert points([fact]) == [("10", "2026-10-20", "BDEFGHI")]
    assert fact["B"]["InfSurcCode"] == desk.provider
    assert fact["D"]["Sex"] == "1"


def test_an_unchanged_person_is_not_due(desk) -> None:
    person(desk, DAY)
    desk.derive("110", DAY)
    desk.accept("110")
    person(desk, NEXT)

    assert desk.derive("110", NEXT) == []


@pytest.mark.parametrize(
    ("changes", "letters"),
    [
        ({"ResiAddr": "另一条路"}, "BH"),
        ({"EduLevel": "10", "MailAddr": None}, "BFI"),
        ({"ResiAddr": None}, "BH"),
        ({"Name": "测试改名"}, None),
    ],
)
def test_only_what_has_changed_goes(desk, changes: dict[str, str | None], letters: str | None) -> None:
    person(desk, DAY)
    desk.derive("110", DAY)
    desk.accept("110")
    person(desk, NEXT, **changes)

    found = points(desk.derive("110", NEXT))

    assert found == ([("20", "2026-10-21", letters)] if letters else [])


def test_a_second_change_on_the_same_day_waits(desk) -> None:
    person(desk, DAY)
    desk.derive("110", DAY)
    desk.accept("110")
    person(desk, DAY, ResiAddr="另一条路")

    assert desk.derive("110", DAY) == []
    person(desk, NEXT, ResiAddr="另一条路")
    assert len(desk.derive("110", NEXT)) == 1


def test_changes_are_held_against_the_newest_of_each_segment(desk) -> None:
    person(desk, DAY)
    desk.derive("110", DAY)
    desk.accept("110")
    person(desk, NEXT, ResiAddr="另一条路")
    desk.derive("110", NEXT)
    desk.accept("110")
    third = NEXT + timedelta(days=1)

    person(desk, third, ResiAddr="另一条路")
    assert desk.derive("110", third) == []
    person(desk, third)
    assert points(desk.derive("110", third)) == [("20", "2026-10-22", "BH")]


@pytest.mark.parametrize(("code", "make"), [("110", person), ("310", company)])
def test_what_is_on_its_way_is_left_alone(desk, code: str, make: Any) -> None:
    make(desk, DAY)
    desk.derive(code, DAY)
    desk.travel(code, "P1")

    assert desk.derive(code, DAY, unanswered=("P1",)) == []


def test_an_organisation_first_in_full(desk) -> None:
    company(desk, DAY, members=2, holders=3, SupOrgName="母公司")

    (fact,) = desk.derive("310", DAY)

    assert points([fact]) == [("10", "2026-10-20", "BDEFHI")]
    assert (fact["E"]["MmbNm"], len(fact["E"]["MmbInf"])) == ("2", 2)
    assert (fact["F"]["MnSharHodNm"], len(fact["F"]["SharHodInf"])) == ("3", 3)


def test_an_organisation_without_members_capital_and_parent(desk) -> None:
    company(desk, DAY, members=0, holders=0, RegCap=None)

    assert points(desk.derive("310", DAY)) == [("10", "2026-10-20", "BDI")]


def test_capital_without_shareholders_says_none(desk) -> None:
    company(desk, DAY, holders=0)

    (fact,) = desk.derive("310", DAY)

    assert fact["F"]["MnSharHodNm"] == "0"
    assert not fact["F"].get("SharHodInf")


def test_an_organisation_whose_shareholder_changes(desk) -> None:
    company(desk, DAY)
    desk.derive("310", DAY)
    desk.accept("310")

    company(desk, NEXT)
    assert desk.derive("310", NEXT) == []
    company(desk, NEXT, holders=2)
    assert points(desk.derive("310", NEXT)) == [("20", "2026-10-21", "BF")]


def test_buckets_share_the_subjects_without_overlap(desk) -> None:
    for number in range(40):
        desk.put("person", DAY, {**PERSON, "IDNum": f"ID{number:03}"})

    whole = {fact["B"]["IDNum"] for fact in desk.derive("110", DAY)}
    parts = [{fact["B"]["IDNum"] for fact in desk.derive("110", DAY, bucket=bucket, buckets=4)} for bucket in range(4)]

    assert len(whole) == 40
    assert sum(map(len, parts)) == 40
    assert set.union(*parts) == whole
    assert all(parts)
