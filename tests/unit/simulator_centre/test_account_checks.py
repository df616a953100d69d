"""Checks of 210 and 410 that look at the record alone."""

from __future__ import annotations

import pytest

CLOSED = {
    "H.AcctStatus": "3",
    "H.AcctBal": "0",
    "H.RpyStatus": "C",
    "H.SettDate": "2025-04-20",
    "H.CloseDate": "2025-04-20",
    "B.RptDateCode": "20",
}
RECOVERED = {
    "B.RptDateCode": "40",
    "H": None,
    "J": {
        "AcctStatus": "1",
        "AcctBal": "90000",
        "FiveCate": "1",
        "FiveCateAdjDate": "2025-04-01",
        "RemRepPrd": "35",
        "RpyStatus": "N",
        "OverdPrd": "0",
        "TotOverd": "0",
        "LatRpyAmt": "3000",
        "LatRpyDate": "2025-04-30",
        "CloseDate": "",
    },
}
WRITTEN_OFF = {
    "K": {
        "CagOfTrdNm": "1",
        "CagOfTrdInf": [
            {"ChanTranType": "11", "TranDate": "2025-04-10", "TranAmt": "5", "DueTranMon": "1", "DetInfo": ""},
        ],
    }
}

PERSON = [
    ("loan", {"C.OpenDate": "2025-04-01"}, ("ABE007", "OpenDate")),
    ("loan", {"H.LatRpyDate": "2025-04-01"}, ("ABE007", "LatRpyDate")),
    ("loan", {"B": None}, ("BLR029", "AcctBsSgmt")),
    ("loan", {"F": None}, ("BLR000", "AcctCredSgmt")),
    ("loan", {"C.Flag": "0"}, ("BLR001", "AcctCredSgmt")),
    ("loan", {"J": {}}, ("BLR001", "AcctDbtInfSgmt")),
    ("loan", {"B.RptDateCode": "31", "H": None}, ("BLR002", "AcctMthlyBlgInfSgmt")),
    ("collection", {"B.RptDateCode": "31"}, ("BLR002", "AcctType")),
    ("loan", {"B.RptDateCode": "31", "G": {}}, ("BLR003", "OrigCreditorInfSgmt")),
    ("monthly", {"H": None}, ("BLR006", "AcctMthlyBlgInfSgmt")),
    ("monthly", {"I": {}}, ("BLR007", "SpecPrdSgmt")),
    ("monthly", {"B.RptDateCode": "40"}, ("BLR008", "AcctDbtInfSgmt")),
    ("monthly", {"B.RptDateCode": "40"}, ("BLR009", "AcctMthlyBlgInfSgmt")),
    ("monthly", {"B.RptDateCode": "40", "B.AcctType": "R3"}, ("BLR008", "AcctType")),
    ("monthly", {"B.RptDateCode": "20", "H": None}, ("BLR010", "AcctMthlyBlgInfSgmt")),
    ("collection", {"B.RptDateCode": "20", "H": {}}, ("BLR011", "AcctMthlyBlgInfSgmt")),
    ("monthly", {"B.RptDateCode": "32", "H": None}, ("BLR012", "AcctMthlyBlgInfSgmt")),
    ("monthly", {"B.RptDateCode": "32", "J": {}}, ("BLR013", "AcctDbtInfSgmt")),
    ("loan", {"D": None}, ("BLR014", "RltRepymtInfSgmt")),
    ("loan", {"D": None, "C.OthRepyGuarWay": "2"}, ("BLR015", "RltRepymtInfSgmt")),
    ("loan", {"F": None}, ("BLR004", "AcctCredSgmt")),
    ("loan", {"J": {}}, ("BLR005", "AcctDbtInfSgmt")),
    ("card", {"F": None}, ("BLR000", "AcctCredSgmt")),
    ("card", {"C.BusiDtlLines": "82"}, ("BLR001", "AcctCredSgmt")),
    ("loan", {"C.RepayMode": "90", "C.RepayFreqcy": "01"}, ("BLE028", "RepayFreqcy")),
    ("loan", {"C.RepayMode": "21"}, ("BLE038", "RepayPrd")),
    ("loan", {"C.RepayMode": "31"}, ("BLE029", "RepayMode")),
    ("loan", {"C.RepayMode": "90", "B.AcctType": "R4"}, ("BLE029", "RepayMode")),
    ("card", {"C.CreditID": "12A4"}, ("BLE031", "CreditID")),
    ("loan", {"C.BusiDtlLines": "81"}, ("BLE036", "0000")),
    ("card", {"C.BusiLines": "1"}, ("BLE035", "BusiLines")),
    ("collection", {"C.BusiLines": "1"}, ("BLE035", "BusiLines")),
    ("loan", {"C.DueDate": "2025-03-01"}, ("BLE009", "0000")),
    ("loan", {"C.BusiDtlLines": "11"}, ("BLE050", "LoanConCode")),
    ("loan", {"C.FirstHouLoanFlag": "01"}, ("BLE050", "FirstHouLoanFlag")),
    ("loan", {"D.RltRepymtInf.0.ArlpAmt": ""}, ("BLE003", "ArlpAmt")),
    ("loan", {"D.RltRepymtInf.0.MaxGuarMcc": None}, ("BLE048", "MaxGuarMcc")),
    ("loan", {"D.RltRepymtInf.0.InfoIDType": "1", "D.RltRepymtInf.0.ArlpCertType": "30"}, ("BLE032", "0000")),
    ("loan", {"D.RltRepymtInf.0.ArlpCertType": "2"}, ("BLE032", "0000")),
    (
        "loan",
        {
            "D.RltRepymtInf.0.InfoIDType": "1",
            "D.RltRepymtInf.0.ArlpCertType": "10",
            "D.RltRepymtInf.0.ArlpCertNum": "110000190101010001",
        },
        ("BLE041", "0000"),
    ),
    ("card", {"H.RpyStatus": "*"}, ("BLE002", "RpyPrct")),
    ("loan", {"H.SettDate": "2025-02-28"}, ("BLE012", "SettDate")),
    ("loan", {"H.AcctStatus": "42"}, ("BLE013", "TotOverd")),
    ("card", {"H.AcctStatus": "6"}, ("BLE014", "AcctBal")),
    ("card", {"H.AcctStatus": "6"}, ("BLE014", "RpyStatus")),
    ("loan", {"H.CurRpyAmt": "5"}, ("BLE015", "CurRpyAmt")),
    ("card", {"H.RpyStatus": "*", "H.RpyPrct": ""}, ("BLE015", "PridAcctBal")),
    ("monthly", {"H.OverdPrd": "1"}, ("BLE017", "OverdPrd")),
    ("monthly", {"H.RpyStatus": "2"}, ("BLE019", "TotOverd")),
    ("loan", {"H.OverdPrinc": "5"}, ("BLE020", "0000")),
    ("monthly", CLOSED | {"H.AcctBal": "1"}, ("BLE026", "AcctBal")),
    ("monthly", CLOSED | {"H.RpyStatus": "N"}, ("BLE030", "RpyStatus")),
    ("monthly", CLOSED | {"H.CloseDate": ""}, ("BLE001", "CloseDate")),
    ("monthly", CLOSED | {"H.TotOverd": "1"}, ("BLE004", "TotOverd")),
    ("monthly", CLOSED | {"H.CloseDate": "2025-04-19"}, ("BLE011", "CloseDate")),
    ("monthly", CLOSED | {"H.CloseDate": "2025-03-30"}, ("BLE010", "RptDate")),
    ("monthly", CLOSED | {"H.AcctStatus": "1"}, ("BLE037", "AcctStatus")),
    (
        "monthly",
        CLOSED | WRITTEN_OFF | {"H.CloseDate": "2025-04-09"},
        ("BLE006", "CloseDate"),
    ),
    (
        "card",
        {"I": {"SpecLine": "1", "SpecEfctDate": "2025-03-12", "SpecEndDate": "2025-03-11", "UsedInstAmt": "0"}},
        ("BLE007", "SpecEfctDate"),
    ),
    ("monthly", RECOVERED | {"J.RpyStatus": "1"}, ("BLE034", "RpyStatus")),
    ("monthly", RECOVERED | {"J.TotOverd": "1"}, ("BLE018", "TotOverd")),
    ("monthly", RECOVERED | {"J.LatRpyDate": "2025-04-29"}, ("BLE040", "LatRpyDate")),
    ("monthly", RECOVERED | {"J.AcctStatus": "3"}, ("BLE016", "0000")),
    ("collection", {"J.CloseDate": "2025-03-19", "J.AcctStatus": "2", "J.AcctBal": "0"}, ("BLE042", "CloseDate")),
    ("collection", {"J.AcctStatus": "2"}, ("BLE043", "CloseDate")),
    ("collection", {"J.AcctStatus": "2"}, ("BLE027", "AcctBal")),
    ("monthly", {"K": {"CagOfTrdNm": "0"}}, ("BLE046", "CagOfTrdNm")),
    (
        "card",
        {"B.AcctType": "R3", "H.OvedrawBaOve180": "501"},
        ("BLE022", "OvedrawBaOve180"),
    ),
    ("card", {"B.AcctType": "R3", "H.RpyStatus": "*"}, ("BLE023", "AcctBal")),
    ("card", {"B.AcctType": "R3", "H.RpyStatus": "3", "H.AcctBal": "0"}, ("BLE025", "AcctBal")),
    ("loan", {"C.OpenDate": "2025-03-21"}, ("BLE005", "OpenDate")),
    ("loan", {"B.RptDate": "2025-04-09"}, ("BLE008", "RptDate")),
    ("monthly", {"H.Month": "2025-02", "H.SettDate": ""}, ("BLE039", "RptDate")),
]

ORGANISATION = [
    ({"H.BalChgDate": "2025-04-01"}, ("ABE007", "BalChgDate")),
    ({"B": None}, ("CLR018", "AcctBsSgmt")),
    ({"H": None}, ("CLR000", "ActLbltyInfSgmt")),
    ({"C.Flag": "1"}, ("CLR000", "AcctCredSgmt")),
    ({"G": {}}, ("CLR001", "OrigCreditorInfSgmt")),
    ({"F": {}}, ("CLR001", "AcctCredSgmt")),
    ({"B.RptDateCode": "20", "H": None}, ("CLR002", "ActLbltyInfSgmt")),
    ({"B.RptDateCode": "20", "G": {}}, ("CLR003", "OrigCreditorInfSgmt")),
    ({"B.RptDateCode": "31", "C": None}, ("CLR004", "AcctBsInfSgmt")),
    ({"B.RptDateCode": "31", "B.AcctType": "R1"}, ("CLR004", "AcctType")),
    ({"B.RptDateCode": "31"}, ("CLR004", "Flag")),
    ({"B.RptDateCode": "31", "C.Flag": "2", "G": {}}, ("CLR005", "OrigCreditorInfSgmt")),
    ({"B.RptDateCode": "32", "H": None}, ("CLR006", "ActLbltyInfSgmt")),
    ({"B.RptDateCode": "32", "G": {}}, ("CLR007", "OrigCreditorInfSgmt")),
    ({"B.RptDateCode": "33", "B.AcctType": "R1"}, ("CLR008", "AcctType")),
    ({"B.RptDateCode": "33", "F": {}}, ("CLR009", "AcctCredSgmt")),
    ({"B.RptDateCode": "41", "H": None}, ("CLR010", "ActLbltyInfSgmt")),
    ({"B.RptDateCode": "41", "G": {}}, ("CLR011", "OrigCreditorInfSgmt")),
    ({"B.RptDateCode": "42"}, ("CLR012", "AcctSpecTrstDspnSgmt")),
    ({"B.RptDateCode": "42", "G": {}}, ("CLR013", "OrigCreditorInfSgmt")),
    ({"B.RptDateCode": "49", "H": None}, ("CLR014", "ActLbltyInfSgmt")),
    ({"B.RptDateCode": "49", "G": {}}, ("CLR015", "OrigCreditorInfSgmt")),
    ({"D": None}, ("CLR016", "RltRepymtInfSgmt")),
    ({"C.GuarMode": "3"}, ("CLR017", "MotgaCltalCtrctInfSgmt")),
    ({"H": None, "B.RptDateCode": "31"}, ("CLR030", "ActLbltyInfSgmt")),
    ({"B.AcctType": "D2", "E": {}}, ("CLR031", "MotgaCltalCtrctInfSgmt")),
    ({"C.DueDate": "2025-03-01"}, ("CLE001", "OpenDate")),
    ({"C.DueDate": "2025-03-01"}, ("CLE024", "OpenDate")),
    ({"C.RepayMode": "90", "C.RepayFreqcy": "20"}, ("CLE002", "RepayFreqcy")),
    ({"C.RepayMode": "21"}, ("CLE003", "RepayFreqcy")),
    ({"C.RepayMode": "31"}, ("CLE004", "RepayMode")),
    ({"B.AcctType": "R1"}, ("CLE005", "RepayMode")),
    ({"B.AcctType": "R1"}, ("CLE029", "RepayMode")),
    ({"D.RltRepymtInf.0.ArlpAmt": ""}, ("CLE006", "ArlpAmt")),
    ({"D.RltRepymtInf.0.ArlpType": "1"}, ("CLE006", "ArlpAmt")),
    ({"D.RltRepymtInf.0.WartySign": None}, ("CLE007", "WartySign")),
    ({"D.RltRepymtInf.0.ArlpIDType": "2", "D.RltRepymtInf.0.ArlpCertType": "01"}, ("CLE008", "ArlpCertType")),
    ({"H.AcctStatus": "21"}, ("CLE012", "AcctBal")),
    ({"H.AcctStatus": "21"}, ("CLE013", "CloseDate")),
    ({"H.CloseDate": "2025-03-20"}, ("CLE013", "CloseDate")),
    ({"H.AcctStatus": "31"}, ("CLE014", "TotOverd")),
    ({"H.AcctStatus": "21", "H.OverdDy": "3"}, ("CLE015", "OverdDy")),
    ({"H.OverdPrinc": "5"}, ("CLE016", "OverdPrinc")),
    ({"H.LatRpyPrincAmt": "5"}, ("CLE017", "LatRpyPrincAmt")),
    ({"H.TotOverd": "5"}, ("CLE018", "OverdDy")),
    ({"H.CloseDate": "2025-03-01"}, ("CLE019", "CloseDate")),
    ({"H.AcctStatus": "21"}, ("CLE020", "NxtAgrrRpyDate")),
    ({"H.NxtAgrrRpyDate": "2025-03-09"}, ("CLE021", "NxtAgrrRpyDate")),
    ({"H.NxtAgrrRpyDate": "2025-03-30"}, ("CLE031", "NxtAgrrRpyDate")),
    ({"H.CloseDate": "2025-04-01"}, ("CLE025", "CloseDate")),
    ({"H.AcctStatus": "21"}, ("CLE026", "AcctStatus")),
    ({"B.AcctType": "C1"}, ("CLE027", "BusiLines")),
    ({"C.BusiDtlLines": "99"}, ("ABE001", "BusiDtlLines")),
    ({"D.RltRepymtInf.0.ArlpCertType": "20", "D.RltRepymtInf.0.ArlpCertNum": "91110000QQ0000012P"}, ("CLE030", "0000")),
    ({"I": {"CagOfTrdNm": "0"}}, ("CLE023", "CagOfTrdNm")),
]


@pytest.mark.parametrize(
    ("name", "changes", "fault"), PERSON, ids=[f"{c[2][0]}-{c[2][1]}-{n}" for n, c in enumerate(PERSON)]
)
def test_person(judged, name, changes, fault):
    assert fault in judged(name, changes)


@pytest.mark.parametrize(
    ("changes", "fault"), ORGANISATION, ids=[f"{f[0]}-{f[1]}-{n}" for n, (_, f) in enumerate(ORGANISATION)]
)
def test_organisation(judged, changes, fault):
    assert fault in judged("company_loan", changes)


@pytest.mark.parametrize("changes", [CLOSED, RECOVERED, WRITTEN_OFF], ids=["closed", "recovered", "extended"])
def test_later_reports_pass(judged, changes):
    assert judged("monthly", changes) == []


def test_extension_and_its_amount(judged):
    event = {"ChanTranType": "11", "TranDate": "2025-03-20", "TranAmt": "500001", "DueTranMon": "0", "DetInfo": ""}
    changes = {"I": {"CagOfTrdNm": "1", "CagOfTrdInf": [event]}}
    assert judged("company_loan", changes) == [("CLE022", "DueTranMon"), ("CLE028", "TranAmt")]


def test_closing_after_the_last_transaction(judged):
    event = {"ChanTranType": "12", "TranDate": "2025-03-25", "TranAmt": "5", "DueTranMon": "0", "DetInfo": ""}
    closed = {"H.AcctStatus": "21", "H.AcctBal": "0", "H.CloseDate": "2025-03-24", "H.NxtAgrrRpyDate": ""}
    changes = closed | {"B.RptDateCode": "20", "I": {"CagOfTrdNm": "1", "CagOfTrdInf": [event]}}
    assert judged("company_loan", changes) == [("CLE025", "CloseDate"), ("CLE033", "CloseDate")]
