"""Record 410, loan account of an organisation: the checks CLR and CLE that look at the record alone."""

from __future__ import annotations

from collections.abc import Iterator

from app.simulator.centre.judge.appearance import organisation_first_stored, organisation_point
from app.simulator.centre.judge.case import Case
from app.simulator.centre.judge.common import (
    known_to_centre,
    not_before,
    organisation_known,
    organisation_number,
    party_lengths,
    party_number,
    party_type_fits,
)
from app.simulator.centre.judge.values import WHOLE, Fault, after, day, group, is_zero, number, text
from app.standard import catalogue

_INSTALMENT_MODES = frozenset({"11", "12", "13", "14", "15", "19", "21", "22", "23", "29"})
_REVOLVING_MODES = frozenset({"31", "32", "33", "39"})
_LIABILITY_DATES = ("BalChgDate", "FiveCateAdjDate", "LatRpyDate", "LatAgrrRpyDate")


def identity_numbers(case: Case) -> Iterator[Fault]:
    """ABE004 and ABE005 for borrower and responsible parties, ABE001 for the lengths of the latter."""
    yield from organisation_number(case.segment("B"), "IDType", "IDNum")
    yield from organisation_known(case, case.segment("B"), "IDType", "IDNum")
    for party in group(case.segment("D"), "RltRepymtInf"):
        yield from party_number(party, "ArlpIDType", "ArlpCertType", "ArlpCertNum")
        yield from known_to_centre(case, party, "ArlpIDType", "ArlpCertType", "ArlpCertNum")
        yield from party_lengths(party, "ArlpIDType")


def business_dates(case: Case) -> Iterator[Fault]:
    """ABE007 (I0000501)."""
    yield from not_before(case, case.segment("C"), "OpenDate")
    yield from not_before(case, case.segment("H"), *_LIABILITY_DATES, "CloseDate")
    for event in group(case.segment("I"), "CagOfTrdInf"):
        yield from not_before(case, event, "TranDate")


def base_segment(case: Case) -> Iterator[Fault]:
    """CLR018 (R4100119)."""
    if not case.has("B"):
        yield "CLR018", "AcctBsSgmt"


def security_named(case: Case) -> Iterator[Fault]:
    """CLR016 (R4100117) and CLR017 (R4100118)."""
    if text(case.segment("B"), "RptDateCode") != "10":
        return
    mode = text(case.segment("C"), "GuarMode")
    if mode == "1" and not case.has("D"):
        yield "CLR016", "RltRepymtInfSgmt"
    if mode in ("2", "3") and not case.has("E"):
        yield "CLR017", "MotgaCltalCtrctInfSgmt"


def opened_first(case: Case) -> Iterator[Fault]:
    """CLE024 (I4100A01) and CLE001 (I4100C02)."""
    basics = case.segment("C")
    opened, due = day(basics, "OpenDate"), day(basics, "DueDate")
    if opened is None:
        return
    if after(opened, due):
        yield "CLE001", "OpenDate"
    others = [due]
    others += [day(case.segment("H"), tag) for tag in (*_LIABILITY_DATES, "NxtAgrrRpyDate", "CloseDate")]
    others += [day(event, "TranDate") for event in group(case.segment("I"), "CagOfTrdInf")]
    if any(after(opened, other) for other in others):
        yield "CLE024", "OpenDate"


def closed_last(case: Case) -> Iterator[Fault]:
    """CLE025 (I4100A02), CLE019 (I4100H09), CLE033 (I4100A10)."""
    liability = case.segment("H")
    closed = day(liability, "CloseDate")
    if closed is None:
        return
    performance = any(after(day(liability, tag), closed) for tag in _LIABILITY_DATES)
    traded = any(after(day(event, "TranDate"), closed) for event in group(case.segment("I"), "CagOfTrdInf"))
    if performance or traded or after(day(liability, "NxtAgrrRpyDate"), closed):
        yield "CLE025", "CloseDate"
    if performance:
        yield "CLE019", "CloseDate"
    if traded:
        yield "CLE033", "CloseDate"


def closing_point(case: Case) -> Iterator[Fault]:
    """CLE026 (I4100A03): status 21 and reporting point 20 go together; 90 is a take-on point that may have it too."""
    point, status = text(case.segment("B"), "RptDateCode"), text(case.segment("H"), "AcctStatus")
    if point is not None and status is not None and point != "90" and (point == "20") != (status == "21"):
        yield "CLE026", "AcctStatus"


def line_of_business(case: Case) -> Iterator[Fault]:
    """CLE027 (I4100A04), and ABE001 for a detail that does not belong to its line (no code of its own)."""
    basics = case.segment("C")
    line, detail = text(basics, "BusiLines"), text(basics, "BusiDtlLines")
    if line is None:
        return
    if text(case.segment("B"), "AcctType") == "C1" and line not in ("41", "51"):
        yield "CLE027", "BusiLines"
    tables = catalogue.current().codes("organisation")
    name = f"EntBusiDtlLines{line}"
    if detail is not None and name in tables and detail not in tables[name].values:
        yield "ABE001", "BusiDtlLines"


def repayment_terms(case: Case) -> Iterator[Fault]:
    """CLE002 to CLE005 and CLE029: the repayment method against frequency and account type."""
    basics = case.segment("C")
    account, mode = text(case.segment("B"), "AcctType"), text(basics, "RepayMode")
    if mode is None:
        return
    frequency = text(basics, "RepayFreqcy")
    if mode == "90" and frequency is not None and frequency != "10":
        yield "CLE002", "RepayFreqcy"
    if mode.startswith("2") and frequency is not None and frequency != "99":
        yield "CLE003", "RepayFreqcy"
    if account in ("R4", "D1") and mode in _REVOLVING_MODES:
        yield "CLE004", "RepayMode"
    if account == "R1" and mode in _INSTALMENT_MODES:
        yield "CLE005", "RepayMode"
    tables = catalogue.current().codes("organisation")
    if account in ("D1", "R1", "R4") and mode not in tables[f"EntRepayMode{account}"].values:
        yield "CLE029", "RepayMode"


def responsible_parties(case: Case) -> Iterator[Fault]:
    """CLE006, CLE007, CLE008, CLE030: each responsible party."""
    base = case.segment("B")
    borrower = (text(base, "IDType"), text(base, "IDNum"))
    for party in group(case.segment("D"), "RltRepymtInf"):
        role, category, kind = text(party, "ArlpType"), text(party, "ArlpIDType"), text(party, "ArlpCertType")
        if role is not None and (role == "1") != (text(party, "ArlpAmt") is None):
            yield "CLE006", "ArlpAmt"
        if role in ("2", "6"):
            for tag in ("WartySign", "MaxGuarMcc"):
                if text(party, tag) is None:
                    yield "CLE007", tag
        if not party_type_fits(category, kind):
            yield "CLE008", "ArlpCertType"
        if None not in borrower and (kind, text(party, "ArlpCertNum")) == borrower:
            yield "CLE030", WHOLE


def closed_account(case: Case) -> Iterator[Fault]:
    """CLE012, CLE013, CLE015, CLE020: status 21 and what goes with it."""
    liability = case.segment("H")
    status = text(liability, "AcctStatus")
    if status is None:
        return
    if (status == "21") != (text(liability, "CloseDate") is not None):
        yield "CLE013", "CloseDate"
    if status != "21":
        return
    if not is_zero(number(liability, "AcctBal")):
        yield "CLE012", "AcctBal"
    for tag in ("TotOverd", "OverdPrinc", "OverdDy"):
        if not is_zero(number(liability, tag)):
            yield "CLE015", tag
    if text(liability, "NxtAgrrRpyDate") is not None:
        yield "CLE020", "NxtAgrrRpyDate"


def overdue(case: Case) -> Iterator[Fault]:
    """CLE014, CLE016, CLE018: overdue total, principal and days."""
    liability = case.segment("H")
    total, principal, days = (number(liability, tag) for tag in ("TotOverd", "OverdPrinc", "OverdDy"))
    if total is None:
        return
    if text(liability, "AcctStatus") in ("31", "32") and total == 0:
        yield "CLE014", "TotOverd"
    if text(case.segment("B"), "AcctType") in ("D1", "D2", "R1", "R4") and principal is not None and principal > total:
        yield "CLE016", "OverdPrinc"
    if days is not None and (total > 0) != (days != 0):
        yield "CLE018", "OverdDy"


def repaid_principal(case: Case) -> Iterator[Fault]:
    """CLE017 (I4100H07)."""
    liability = case.segment("H")
    principal, paid = number(liability, "LatRpyPrincAmt"), number(liability, "LatRpyAmt")
    if principal is not None and paid is not None and principal > paid:
        yield "CLE017", "LatRpyPrincAmt"


def next_repayment(case: Case) -> Iterator[Fault]:
    """CLE021 (I4100H11) and CLE031 (I4100H12)."""
    liability = case.segment("H")
    following = day(liability, "NxtAgrrRpyDate")
    if any(after(day(liability, tag), following) for tag in _LIABILITY_DATES):
        yield "CLE021", "NxtAgrrRpyDate"
    if after(day(case.segment("B"), "RptDate"), following):
        yield "CLE031", "NxtAgrrRpyDate"


def transactions(case: Case) -> Iterator[Fault]:
    """CLE022, CLE023, CLE028: special transactions."""
    special = case.segment("I")
    count = number(special, "CagOfTrdNm")
    if count is not None and count <= 0:
        yield "CLE023", "CagOfTrdNm"
    lent = number(case.segment("C"), "LoanAmt")
    for event in group(special, "CagOfTrdInf"):
        months, amount = number(event, "DueTranMon"), number(event, "TranAmt")
        if text(event, "ChanTranType") == "11" and months is not None and months <= 0:
            yield "CLE022", "DueTranMon"
        if lent is not None and amount is not None and amount > lent:
            yield "CLE028", "TranAmt"


RULES = (
    identity_numbers,
    business_dates,
    base_segment,
    organisation_point,
    security_named,
    organisation_first_stored,
    opened_first,
    closed_last,
    closing_point,
    line_of_business,
    repayment_terms,
    responsible_parties,
    closed_account,
    overdue,
    repaid_principal,
    next_repayment,
    transactions,
)
