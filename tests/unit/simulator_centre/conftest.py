"""Complete valid records of the four judged types, and a judge to put them before."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from app.simulator.centre.judge.case import NEW, Case, Header, Institution, Stored
from app.simulator.centre.judge.values import Fault
from app.simulator.centre.judge.verdict import judge

PROVIDER = "Z9900000000001"
PERSON = "110000190101010001"
OTHER_PERSON = "440000198506150005"
COMPANY = "91110000QQ0000012P"
OTHER_COMPANY = "9233000099990002XL"

Fact = dict[str, Any]
Judged = Callable[..., list[Fault]]

CUSTOMER: Fact = {
    "B": {
        "InfRecType": "110",
        "Name": "测试甲",
        "IDType": "10",
        "IDNum": PERSON,
        "InfSurcCode": PROVIDER + "000001",
        "RptDate": "2025-03-31",
        "RptDateCode": "10",
        "Cimoc": PROVIDER,
        "CustomerType": "11",
    },
    "C": {
        "IDNm": "1",
        "IDRec": [{"Alias": "测试甲", "OthIDType": "2", "OthIDNum": "CHN1234567"}],
        "IDInfoUpDate": "2025-03-31",
    },
    "D": {
        "Sex": "1",
        "DOB": "1901-01-01",
        "Nation": "CHN",
        "HouseAdd": "",
        "HhDist": "",
        "CellPhone": "",
        "Email": "",
        "FcsInfoUpDate": "2025-03-31",
    },
    "E": {
        "MariStatus": "20",
        "SpoName": "测试乙",
        "SpoIDType": "10",
        "SpoIDNum": OTHER_PERSON,
        "SpoTel": "",
        "SpsCmpyNm": "",
        "SpsInfoUpDate": "2025-03-31",
    },
    "F": {"EduLevel": "20", "AcaDegree": "4", "EduInfoUpDate": "2025-03-31"},
    "G": {
        "EmpStatus": "11",
        "CpnName": "某单位",
        "CpnType": "10",
        "Industry": "J",
        "CpnAddr": "",
        "CpnPc": "",
        "CpnDist": "",
        "CpnTEL": "",
        "Occupation": "1",
        "Title": "9",
        "TechTitle": "9",
        "WorkStartDate": "2010",
        "OctpnInfoUpDate": "2025-03-31",
    },
    "H": {
        "ResiStatus": "1",
        "ResiAddr": "",
        "ResiPc": "",
        "ResiDist": "",
        "HomeTel": "",
        "ResiInfoUpDate": "2025-03-31",
    },
    "I": {"MailAddr": "某路1号", "MailPc": "100000", "MailDist": "", "MlgInfoUpDate": "2025-03-31"},
}

_PERSON_BASE: Fact = {
    "InfRecType": "210",
    "AcctType": "D1",
    "AcctCode": PROVIDER + "A0001",
    "RptDate": "2025-03-31",
    "RptDateCode": "10",
    "Name": "测试甲",
    "IDType": "10",
    "IDNum": PERSON,
    "MngmtOrgCode": "Z9900000000002",
}

_GUARANTOR: Fact = {
    "InfoIDType": "2",
    "ArlpName": "某公司",
    "ArlpCertType": "20",
    "ArlpCertNum": COMPANY,
    "ArlpType": "2",
    "ArlpAmt": "5000",
    "WartySign": "0",
    "MaxGuarMcc": PROVIDER + "G1",
}

LOAN: Fact = {
    "B": _PERSON_BASE,
    "C": {
        "BusiLines": "1",
        "BusiDtlLines": "91",
        "OpenDate": "2025-03-10",
        "Cy": "CNY",
        "LoanAmt": "100000",
        "Flag": "1",
        "DueDate": "2028-03-10",
        "RepayMode": "11",
        "RepayFreqcy": "03",
        "RepayPrd": "36",
        "ApplyBusiDist": "",
        "GuarMode": "3",
        "OthRepyGuarWay": "0",
        "AssetTrandFlag": "0",
        "FundSou": "1",
        "LoanForm": "1",
    },
    "D": {"RltRepymtNm": "1", "RltRepymtInf": [_GUARANTOR]},
    "F": {"Mcc": PROVIDER + "M1"},
    "H": {
        "Month": "2025-03",
        "SettDate": "2025-03-31",
        "AcctStatus": "1",
        "AcctBal": "100000",
        "RemRepPrd": "36",
        "FiveCate": "1",
        "FiveCateAdjDate": "2025-03-20",
        "RpyStatus": "*",
        "OverdPrd": "0",
        "TotOverd": "0",
        "OverdPrinc": "0",
        "Oved31_60Princ": "0",
        "Oved61_90Princ": "0",
        "Oved91_180Princ": "0",
        "OvedPrinc180": "0",
        "CurRpyAmt": "0",
        "ActRpyAmt": "0",
        "LatRpyDate": "2025-03-20",
        "CloseDate": "",
    },
}

MONTHLY: Fact = {
    "B": _PERSON_BASE | {"RptDateCode": "30", "RptDate": "2025-04-30"},
    "H": LOAN["H"]
    | {"Month": "2025-04", "SettDate": "2025-04-30", "RpyStatus": "N", "CurRpyAmt": "3000", "ActRpyAmt": "3000"}
    | {"LatRpyDate": "2025-04-20", "AcctBal": "97000"},
}

CARD: Fact = {
    "B": _PERSON_BASE | {"AcctType": "R2", "AcctCode": PROVIDER + "R0001"},
    "C": {
        "BusiLines": "2",
        "BusiDtlLines": "81",
        "OpenDate": "2025-03-10",
        "Cy": "CNY",
        "AcctCredLine": "20000",
        "DueDate": "2030-03-10",
        "ApplyBusiDist": "",
        "GuarMode": "4",
        "OthRepyGuarWay": "0",
        "AssetTrandFlag": "0",
        "FundSou": "1",
        "LoanForm": "1",
        "CreditID": "1234",
    },
    "F": {"Mcc": PROVIDER + "M2"},
    "H": {
        "Month": "2025-03",
        "SettDate": "2025-03-25",
        "AcctStatus": "1",
        "AcctBal": "500",
        "PridAcctBal": "300",
        "UsedAmt": "500",
        "NotIsuBal": "0",
        "RemRepPrd": "0",
        "FiveCate": "1",
        "FiveCateAdjDate": "2025-03-20",
        "RpyStatus": "N",
        "RpyPrct": "100",
        "OverdPrd": "0",
        "TotOverd": "0",
        "CurRpyAmt": "300",
        "ActRpyAmt": "300",
        "LatRpyDate": "2025-03-20",
        "CloseDate": "",
    },
}

COLLECTION: Fact = {
    "B": _PERSON_BASE | {"AcctType": "C1", "AcctCode": PROVIDER + "C0001"},
    "C": {
        "BusiLines": "5",
        "BusiDtlLines": "A1",
        "OpenDate": "2025-03-10",
        "Cy": "CNY",
        "LoanAmt": "8000",
    },
    "G": {"InitCredName": "某银行", "InitCredOrgNm": "", "OrigDbtCate": "1", "InitRpySts": "1"},
    "J": {
        "AcctStatus": "1",
        "AcctBal": "8000",
        "LatRpyAmt": "0",
        "LatRpyDate": "2025-03-20",
        "CloseDate": "",
    },
}

COMPANY_PROFILE: Fact = {
    "B": {
        "InfRecType": "310",
        "EntName": "某有限公司",
        "EntCertType": "20",
        "EntCertNum": COMPANY,
        "InfSurcCode": PROVIDER + "000001",
        "RptDate": "2025-03-31",
        "RptDateCode": "10",
        "Cimoc": PROVIDER,
        "CustomerType": "1",
        "EtpSts": "1",
        "OrgType": "11",
    },
    "C": {
        "IDNm": "1",
        "IDRec": [{"OthEntCertType": "01", "OthEntCertNum": "110000000000001"}],
        "IDInfoUpDate": "2025-03-31",
    },
    "D": {
        "Nationality": "CHN",
        "RegAdd": "某路2号",
        "AdmDivOfReg": "",
        "EstablishDate": "2010-01-01",
        "BizEndDate": "2099-12-31",
        "BizRange": "",
        "EcoIndusCate": "J66",
        "EcoType": "110",
        "EntScale": "2",
        "FcsInfoUpDate": "2025-03-31",
    },
    "E": {
        "MmbNm": "2",
        "MmbInf": [
            {"MmbAlias": "测试甲", "MmbIDType": "10", "MmbIDNum": PERSON, "MmbPstn": "1"},
            {"MmbAlias": "测试乙", "MmbIDType": "10", "MmbIDNum": OTHER_PERSON, "MmbPstn": "4"},
        ],
        "MnMmbInfoUpDate": "2025-03-31",
    },
    "F": {
        "RegCapCurrency": "CNY",
        "RegCap": "1000000",
        "MnSharHodNm": "1",
        "SharHodInf": [
            {
                "SharHodType": "10",
                "SharHodCertType": "2",
                "SharHodName": "某集团",
                "SharHodIDType": "20",
                "SharHodIDNum": OTHER_COMPANY,
                "InvRatio": "60.50",
            }
        ],
        "MnShaHodInfoUpDate": "2025-03-31",
    },
    "G": {
        "ActuCotrlNm": "1",
        "ActuCotrlInf": [
            {
                "ActuCotrlCertType": "1",
                "ActuCotrlName": "测试甲",
                "ActuCotrlIDType": "10",
                "ActuCotrlIDNum": PERSON,
            }
        ],
        "ActuCotrlInfoUpDate": "2025-03-31",
    },
    "H": {
        "SupOrgType": "1",
        "SupOrgName": "某集团",
        "SupOrgCertType": "20",
        "SupOrgCertNum": OTHER_COMPANY,
        "SupOrgInfoUpDate": "2025-03-31",
    },
    "I": {
        "ConAddDistrictCode": "",
        "ConAdd": "",
        "ConPhone": "",
        "FinConPhone": "",
        "CotaInfoUpDate": "2025-03-31",
    },
}

COMPANY_LOAN: Fact = {
    "B": {
        "InfRecType": "410",
        "AcctType": "D1",
        "AcctCode": PROVIDER + "E0001",
        "RptDate": "2025-03-31",
        "RptDateCode": "10",
        "Name": "某有限公司",
        "IDType": "20",
        "IDNum": COMPANY,
        "MngmtOrgCode": "Z9900000000003",
    },
    "C": {
        "BusiLines": "11",
        "BusiDtlLines": "11",
        "OpenDate": "2025-03-10",
        "Cy": "CNY",
        "LoanAmt": "500000",
        "Flag": "0",
        "DueDate": "2026-03-10",
        "RepayMode": "13",
        "RepayFreqcy": "10",
        "ApplyBusiDist": "",
        "GuarMode": "1",
        "OthRepyGuarWay": "0",
        "LoanTimeLimCat": "20",
        "LoaFrm": "1",
        "ActInvest": "",
        "FundSou": "1",
        "AssetTrandFlag": "0",
    },
    "D": {
        "RltRepymtNm": "1",
        "RltRepymtInf": [
            {
                "ArlpIDType": "1",
                "ArlpName": "测试甲",
                "ArlpCertType": "10",
                "ArlpCertNum": PERSON,
                "ArlpType": "2",
                "ArlpAmt": "500000",
                "WartySign": "0",
                "MaxGuarMcc": PROVIDER + "G2",
            }
        ],
    },
    "H": {
        "AcctStatus": "10",
        "AcctBal": "500000",
        "BalChgDate": "2025-03-10",
        "FiveCate": "1",
        "FiveCateAdjDate": "2025-03-10",
        "TotOverd": "0",
        "OverdPrinc": "0",
        "OverdDy": "0",
        "LatRpyDate": "2025-03-10",
        "LatRpyAmt": "0",
        "LatRpyPrincAmt": "0",
        "RpmtType": "10",
        "LatAgrrRpyDate": "2025-03-10",
        "LatAgrrRpyAmt": "0",
        "NxtAgrrRpyDate": "2025-04-10",
        "CloseDate": "",
    },
}

BASES: dict[str, Fact] = {
    "customer": CUSTOMER,
    "loan": LOAN,
    "monthly": MONTHLY,
    "card": CARD,
    "collection": COLLECTION,
    "company": COMPANY_PROFILE,
    "company_loan": COMPANY_LOAN,
}


@pytest.fixture
def facts() -> dict[str, Fact]:
    """A fresh copy of every valid record by name."""
    return copy.deepcopy(BASES)


@pytest.fixture
def judged(facts: dict[str, Fact]) -> Judged:
    """Judge a named record after changes: `judged('loan', {'H.AcctBal': '5', 'H.CloseDate': None}, stored=…)`.

    None takes a tag or segment away; `D.RltRepymtInf.0.ArlpAmt` reaches into a group.
    """

    def change(fact: Fact, path: str, value: Any) -> None:
        *way, last = path.split(".")
        holder: Any = fact
        for step in way:
            holder = holder[int(step)] if isinstance(holder, list) else holder.setdefault(step, {})
        if value is None:
            holder.pop(last, None)
        elif isinstance(holder, list):
            holder[int(last)] = value
        else:
            holder[last] = value

    def run(
        name: str,
        changes: dict[str, Any] | None = None,
        stored: Stored | None = None,
        template: str = "",
        repeated: bool = False,
    ) -> list[Fault]:
        fact = facts[name]
        record = fact["B"]["InfRecType"]
        for path, value in (changes or {}).items():
            change(fact, path, copy.deepcopy(value))
        institution = Institution(
            frozenset({PROVIDER}), frozenset(f"Z99{n:011}" for n in range(1, 21)), frozenset({"3301000000000149"})
        )
        header = Header(record, "2.0.0", template, PROVIDER, "2025-04-30")
        # a monthly record belongs to an account that is already stored
        known = Stored(exists=True, account_type="D1", report_date="2025-03-31") if name == "monthly" else NEW
        return judge(Case(record, fact, header, institution, stored or known, repeated))

    return run
