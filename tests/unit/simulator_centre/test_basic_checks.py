"""Checks of 110 and 310."""

from __future__ import annotations

import pytest

from app.simulator.centre.judge.case import Stored

STORED = Stored(exists=True, report_date="2025-03-01", org_type="11", updates={"FcsInfoUpDate": "2025-03-01"})
UPDATED = {"B.RptDateCode": "20"}

PERSON = [
    ({"D.FcsInfoUpDate": "2025-04-01"}, ("ABE007", "FcsInfoUpDate")),
    ({"D.DOB": "2025-04-01"}, ("ABE007", "DOB")),
    ({"B": None}, ("BBR000", "BsSgmt")),
    ({"G": None}, ("BBR000", "OctpnInfSgmt")),
    ({"B.RptDateCode": "20", "I": None}, ("BBR001", "MlgInfSgmt")),
    ({"G.CpnName": None}, ("BBD000", "CpnName")),
    ({"G.EmpStatus": "90"}, ("BBD000", "TechTitle")),
    ({"E.SpoTel": None}, ("BBD001", "SpoTel")),
    ({"E.MariStatus": "10"}, ("BBD001", "SpoName")),
    ({"C.IDNm": "0", "C.IDRec": None}, ("BBE006", "IDNm")),
    ({"D.DOB": "2025-03-31", "D.FcsInfoUpDate": "2025-03-30"}, ("BBE001", "0000")),
    ({"E.SpoIDType": ""}, ("BBE002", "SpoIDType")),
    ({"E.SpoIDNum": ""}, ("BBE002", "SpoIDNum")),
    ({"F.EduLevel": "70"}, ("BBE004", "AcaDegree")),
    ({"G.CpnType": "30", "G.Occupation": "X"}, ("BBE005", "Occupation")),
    ({"C.IDRec.0.OthIDType": "10", "C.IDRec.0.OthIDNum": "110000190101010001"}, ("BBD002", "0000")),
    ({"E.SpoIDNum": "110000190101010001"}, ("BBD003", "0000")),
]

ORGANISATION = [
    ({"D.EstablishDate": "2025-04-01"}, ("ABE007", "EstablishDate")),
    ({"F.MnShaHodInfoUpDate": "2025-04-01"}, ("ABE007", "MnShaHodInfoUpDate")),
    ({"B": None}, ("CBR005", "BsSgmt")),
    ({"E": None}, ("CBR000", "MnMmbInfSgmt")),
    ({"B.RptDateCode": "20", "I": None}, ("CBR002", "CotaInfSgmt")),
    ({"B.OrgType": "31"}, ("CBR001", "MnShaHodInfSgmt")),
    ({"B.OrgType": "31"}, ("CBE006", "OthEntCertType")),
    ({"B.OrgType": "71"}, ("CBE007", "OthEntCertType")),
    ({"B.OrgType": "91"}, ("CBE008", "OthEntCertType")),
    ({"B.OrgType": "93"}, ("CBE009", "OthEntCertType")),
    ({"B.OrgType": "94"}, ("CBE010", "OthEntCertType")),
    (
        {"C.IDRec.0.OthEntCertType": "20", "C.IDRec.0.OthEntCertNum": "91110000QQ0000012P"},
        ("CBE011", "0000"),
    ),
    ({"D.EstablishDate": "2025-03-31", "D.FcsInfoUpDate": "2025-03-30"}, ("CBE011", "EstablishDate")),
    ({"C.IDNm": "0", "C.IDRec": None}, ("CBE012", "IDNm")),
    ({"D.RegAdd": ""}, ("CBE013", "RegAdd")),
    ({"E.MmbInf.1.MmbPstn": "1"}, ("CBE000", "MmbPstn")),
    ({"E.MmbInf.0.MmbPstn": "2"}, ("CBE001", "MmbPstn")),
    ({"E.MmbNm": "0", "E.MmbInf": None}, ("CBE014", "MmbNm")),
    ({"F.SharHodInf.0.SharHodIDType": "01"}, ("CBE003", "SharHodIDType")),
    ({"F.SharHodInf.0.SharHodCertType": "1", "F.SharHodInf.0.SharHodIDType": "30"}, ("CBE003", "SharHodIDType")),
    ({"F.SharHodInf.0.InvRatio": "100.01"}, ("CBE004", "InvRatio")),
    ({"F.SharHodInf.0.InvRatio": "0"}, ("CBE004", "InvRatio")),
    (
        {"G.ActuCotrlInf.0.ActuCotrlCertType": "2", "G.ActuCotrlInf.0.ActuCotrlIDType": "01"},
        ("CBE005", "ActuCotrlIDType"),
    ),
    ({"H.SupOrgCertType": "01"}, ("CBE015", "SupOrgCertType")),
]


@pytest.mark.parametrize(("changes", "fault"), PERSON, ids=[f"{f[0]}-{f[1]}-{n}" for n, (_, f) in enumerate(PERSON)])
def test_person(judged, changes, fault):
    assert fault in judged("customer", changes)


@pytest.mark.parametrize(
    ("changes", "fault"), ORGANISATION, ids=[f"{f[0]}-{f[1]}-{n}" for n, (_, f) in enumerate(ORGANISATION)]
)
def test_organisation(judged, changes, fault):
    assert fault in judged("company", changes)


def test_update_needs_no_other_segment(judged):
    changes = UPDATED | dict.fromkeys(("C", "E", "F", "G", "H", "I"))
    assert judged("customer", changes, stored=STORED) == []


def test_never_back_in_time(judged):
    late = Stored(exists=True, report_date="2025-04-15", updates={"FcsInfoUpDate": "2025-04-01"})
    assert judged("customer", UPDATED, stored=late) == [("BBR002", "RptDate"), ("BBR002", "FcsInfoUpDate")]
    assert judged("company", UPDATED, stored=late) == [("CBR003", "RptDate"), ("CBR003", "FcsInfoUpDate")]


def test_type_of_organisation_is_constant(judged):
    assert judged("company", UPDATED, stored=STORED) == []
    assert judged("company", UPDATED | {"B.OrgType": "13"}, stored=STORED) == [("CBR004", "OrgType")]


def test_chairs_are_two_persons(judged, facts):
    board = facts["company"]["E"]["MmbInf"]
    supervisor = board[1] | {"MmbPstn": "5"}
    changes = {"E.MmbNm": "3", "E.MmbInf": [*board, supervisor]}
    assert judged("company", changes) == [("CBE002", "MmbInf")]


def test_spouse_tags_stand_together_under_template_90(judged):
    assert ("BBD004", "SpoIDNum") in judged("customer", {"E.SpoIDNum": None}, template="90")
    assert ("BBD004", "SpoIDNum") not in judged("customer", {"E.SpoIDNum": None})
