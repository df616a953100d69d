"""Checks of every record: each has a case that it refuses, beside the valid records of `test_valid`."""

from __future__ import annotations

import pytest

from app.simulator.centre.judge.case import Stored

CASES = [
    # presence and form
    ("customer", {"D.Sex": None}, ("ABD000", "Sex")),
    ("loan", {"H.CloseDate": None}, ("ABD000", "CloseDate")),
    ("company", {"I": {}}, ("ABD001", "CotaInfSgmt")),
    ("customer", {"B.Name": "  \u3000"}, ("ABE000", "Name")),
    ("customer", {"G.CpnName": ""}, ("ABE000", "CpnName")),
    ("company_loan", {"C.LoanAmt": ""}, ("ABE000", "LoanAmt")),
    ("customer", {"D.Sex": "7"}, ("ABE001", "Sex")),
    ("customer", {"D.CellPhone": "1380000000"}, ("ABE001", "CellPhone")),
    ("loan", {"H.AcctBal": "-1"}, ("ABE001", "AcctBal")),
    ("loan", {"H.AcctBal": "10.5"}, ("ABE001", "AcctBal")),
    ("loan", {"H.AcctBal": "1234567890123456"}, ("ABE001", "AcctBal")),
    ("loan", {"H.AcctStatus": "31"}, ("ABE001", "AcctStatus")),
    ("loan", {"B.AcctCode": "Z9900000000001 中"}, ("ABE001", "AcctCode")),
    ("loan", {"D.RltRepymtInf.0.ArlpName": "某" * 81}, ("ABE001", "ArlpName")),
    ("loan", {"C.OpenDate": "2025/03/10"}, ("ABE001", "OpenDate")),
    ("company", {"F.SharHodInf.0.InvRatio": "60.505"}, ("ABE001", "InvRatio")),
    ("loan", {"C.OpenDate": "2025-02-30"}, ("ABE008", "OpenDate")),
    ("loan", {"C.DueDate": "2100-01-01"}, ("ABE008", "DueDate")),
    ("loan", {"H.Month": "2025-13"}, ("ABE008", "Month")),
    ("customer", {"G.WorkStartDate": "1800"}, ("ABE008", "WorkStartDate")),
    ("loan", {"D.RltRepymtNm": "2"}, ("ABE010", "RltRepymtNm")),
    ("company", {"F.SharHodInf": None}, ("ABE010", "MnSharHodNm")),
    # tags by account type
    ("loan", {"C.AcctCredLine": "1"}, ("BLD000", "AcctCredLine")),
    ("loan", {"C.Flag": None}, ("BLD000", "Flag")),
    ("company_loan", {"C.AcctCredLine": "1"}, ("CLD000", "AcctCredLine")),
    ("company_loan", {"H.TotOverd": None}, ("CLD000", "TotOverd")),
    # the record in its file
    ("loan", {"B.InfRecType": "220"}, ("ABR000", "0000")),
    ("loan", {"B.RptDate": "2025-05-01"}, ("ABR001", "RptDate")),
    # identity numbers and registers
    ("customer", {"B.IDNum": "110000190101010002"}, ("ABE004", "IDNum")),
    ("customer", {"E.SpoIDNum": "44000019850615000X"}, ("ABE004", "SpoIDNum")),
    ("customer", {"C.IDRec.0.OthIDType": "10"}, ("ABE004", "OthIDNum")),
    ("loan", {"D.RltRepymtInf.0.ArlpCertNum": "91110000QQ0000012Q"}, ("ABE004", "ArlpCertNum")),
    ("company", {"B.EntCertNum": "9111000OQQ0000010X"}, ("ABE004", "EntCertNum")),
    ("company", {"E.MmbInf.0.MmbIDNum": "110000190013010000"}, ("ABE004", "MmbIDNum")),
    ("company", {"F.SharHodInf.0.SharHodIDNum": "12310000000000019Y"}, ("ABE004", "SharHodIDNum")),
    ("company", {"G.ActuCotrlInf.0.ActuCotrlIDNum": "1"}, ("ABE004", "ActuCotrlIDNum")),
    ("company", {"H.SupOrgCertNum": "1"}, ("ABE004", "SupOrgCertNum")),
    ("company_loan", {"B.IDNum": "1"}, ("ABE004", "IDNum")),
    ("loan", {"B.AcctCode": "A1111111111111X1"}, ("ABE002", "AcctCode")),
    ("loan", {"F.Mcc": "A1111111111111X1"}, ("ABE002", "Mcc")),
    ("loan", {"D.RltRepymtInf.0.MaxGuarMcc": "A1111111111111X1"}, ("ABE002", "MaxGuarMcc")),
    ("customer", {"B.Cimoc": "Z9900000000099"}, ("ABE003", "Cimoc")),
    ("loan", {"B.MngmtOrgCode": "Z9900000000099"}, ("ABE003", "MngmtOrgCode")),
    (
        "loan",
        {"D.RltRepymtInf.0.ArlpCertType": "10", "D.RltRepymtInf.0.ArlpCertNum": "AB10000000000049"},
        ("ABE005", "ArlpCertNum"),
    ),
]


@pytest.mark.parametrize(
    ("name", "changes", "fault"), CASES, ids=[f"{c[2][0]}-{c[2][1]}-{n}" for n, c in enumerate(CASES)]
)
def test_fault_is_found(judged, name, changes, fault):
    assert fault in judged(name, changes)


def test_repeated_group_content(judged, facts):
    party = facts["loan"]["D"]["RltRepymtInf"][0]
    again = party | {"ArlpName": "另一名称"}
    changes = {"D.RltRepymtNm": "2", "D.RltRepymtInf": [party, again]}
    assert judged("loan", changes) == [("ABE011", "RltRepymtNm")]


def test_known_zhongzheng_code_passes(judged):
    changes = {"D.RltRepymtInf.0.ArlpCertType": "10", "D.RltRepymtInf.0.ArlpCertNum": "3301000000000149"}
    assert judged("loan", changes) == []


def test_duplicates(judged):
    assert judged("loan", repeated=True) == [("ABR002", "AcctCode")]
    assert ("ABR004", "InfSurcCode") in judged("customer", stored=Stored(exists=True, same=True))
    assert ("ABE012", "0000") in judged("loan", stored=Stored(replaced=True))


def test_national_tables_are_not_enforced(judged):
    assert judged("customer", {"D.HhDist": "990000"}) == []
    assert judged("company", {"D.EcoIndusCate": "ZZ999"}) == []


def test_blanks_around_a_value_do_not_count(judged):
    assert judged("loan", {"H.AcctBal": " 100000 "}) == []


def test_what_is_missing_or_unreadable_is_not_compared(judged):
    # the balance has its own error; no rule about amounts fires beside it
    assert judged("loan", {"H.AcctBal": "x"}) == [("ABE001", "AcctBal")]


def test_template_90_leaves_values_free(judged):
    changes = {"D.EcoType": "", "F.RegCap": "", "D.RegAdd": "", "B.RptDateCode": "10", "E": None}
    assert judged("company", changes, template="90") == []
    assert ("CBR000", "MnMmbInfSgmt") in judged("company", changes)
