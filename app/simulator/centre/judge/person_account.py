"""Record 210, loan account of a person: the checks BLR and BLE that look at the record alone."""

from __future__ import annotations

from collections.abc import Iterator

from app.simulator.centre.judge.appearance import person_first_stored, person_point
from app.simulator.centre.judge.case import Case
from app.simulator.centre.judge.common import known_to_centre, not_before, party_lengths, party_number, person_number
from app.simulator.centre.judge.values import (
    WHOLE,
    Fault,
    Segment,
    after,
    day,
    days_between,
    group,
    is_zero,
    month,
    months_between,
    number,
    text,
)
from app.standard import catalogue

_CLOSED = {"D1": "3", "R1": "3", "R4": "3", "R2": "4", "R3": "4"}
_BAD_DEBT = frozenset({"41", "42", "51", "52"})
_OVERDUE = frozenset("1234567")
_ORGANISATION_TYPES = frozenset({"10", "20", "30"})


def identity_numbers(case: Case) -> Iterator[Fault]:
    """ABE004 for borrower and responsible parties, ABE005 and ABE001 (length) for the latter."""
    yield from person_number(case.segment("B"), "IDType", "IDNum")
    for party in group(case.segment("D"), "RltRepymtInf"):
        yield from party_number(party, "InfoIDType", "ArlpCertType", "ArlpCertNum")
        yield from known_to_centre(case, party, "InfoIDType", "ArlpCertType", "ArlpCertNum")
        yield from party_lengths(party, "InfoIDType")


def business_dates(case: Case) -> Iterator[Fault]:
    """ABE007 (I0000501)."""
    yield from not_before(case, case.segment("C"), "OpenDate")
    yield from not_before(case, case.segment("H"), "SettDate", "FiveCateAdjDate", "LatRpyDate", "CloseDate")
    yield from not_before(case, case.segment("J"), "FiveCateAdjDate", "LatRpyDate", "CloseDate")
    yield from not_before(case, case.segment("I"), "SpecEfctDate")
    for event in group(case.segment("K"), "CagOfTrdInf"):
        yield from not_before(case, event, "TranDate")


def base_segment(case: Case) -> Iterator[Fault]:
    """BLR029 (R2100117)."""
    if not case.has("B"):
        yield "BLR029", "AcctBsSgmt"


def guarantors_named(case: Case) -> Iterator[Fault]:
    """BLR014 (R2100115) and BLR015."""
    base, basics = case.segment("B"), case.segment("C")
    account = text(base, "AcctType")
    if text(base, "RptDateCode") not in ("10", "31") or account is None or account == "C1" or case.has("D"):
        return
    if text(basics, "GuarMode") in ("3", "5"):
        yield "BLR014", "RltRepymtInfSgmt"
    if text(basics, "OthRepyGuarWay") == "2":
        yield "BLR015", "RltRepymtInfSgmt"


def repayment_terms(case: Case) -> Iterator[Fault]:
    """BLE028, BLE038, BLE029: method against frequency, periods and account type."""
    basics = case.segment("C")
    mode = text(basics, "RepayMode")
    if mode is None:
        return
    account = text(case.segment("B"), "AcctType")
    frequency, periods = text(basics, "RepayFreqcy"), number(basics, "RepayPrd")
    if mode == "90" and frequency is not None and frequency != "03":
        yield "BLE028", "RepayFreqcy"
    if mode.startswith("2") and not is_zero(periods):
        yield "BLE038", "RepayPrd"
    tables = catalogue.current().codes("person")
    fits = {"D1": "RepayMode_D1R4", "R4": "RepayMode_D1R4", "R1": "RepayMode_R1"}.get(account or "")
    outside = fits is not None and mode not in tables[fits].values
    if outside or (mode == "90" and account is not None and account not in ("D1", "R1")):
        yield "BLE029", "RepayMode"


def card_identification(case: Case) -> Iterator[Fault]:
    """BLE031 (I2100C03)."""
    card = text(case.segment("C"), "CreditID")
    if card is not None and card not in ("NULL", "MULT") and not (len(card) == 4 and card.isascii() and card.isdigit()):
        yield "BLE031", "CreditID"


def line_of_business(case: Case) -> Iterator[Fault]:
    """BLE036 (I2100C04) and BLE035 (I2100A07)."""
    basics = case.segment("C")
    line, detail = text(basics, "BusiLines"), text(basics, "BusiDtlLines")
    if line is None:
        return
    wider = catalogue.current().codes("person")["BusiDtlLines"].parents.get(detail or "")
    if wider is not None and wider != line:
        yield "BLE036", WHOLE
    account = text(case.segment("B"), "AcctType")
    if (account == "C1" and line not in ("5", "6")) or (account in ("R2", "R3") and line != "2"):
        yield "BLE035", "BusiLines"


def opened_before_due(case: Case) -> Iterator[Fault]:
    """BLE009 (I2100C06)."""
    basics = case.segment("C")
    if after(day(basics, "OpenDate"), day(basics, "DueDate")):
        yield "BLE009", WHOLE


def housing_loan_tags(case: Case) -> Iterator[Fault]:
    """BLE050 (I2100C07)."""
    basics = case.segment("C")
    detail = text(basics, "BusiDtlLines")
    if detail is not None:
        for tag in ("LoanConCode", "FirstHouLoanFlag"):
            if (tag in basics) != (detail == "11"):
                yield "BLE050", tag


def responsible_parties(case: Case) -> Iterator[Fault]:
    """BLE003, BLE032, BLE048, BLE041: each responsible party."""
    base = case.segment("B")
    borrower = (text(base, "IDType"), text(base, "IDNum"))
    documents = catalogue.current().codes("person")["IDType"].values
    for party in group(case.segment("D"), "RltRepymtInf"):
        if text(party, "ArlpType") in ("2", "3"):
            if text(party, "ArlpAmt") is None:
                yield "BLE003", "ArlpAmt"
            for tag in ("WartySign", "MaxGuarMcc"):
                if text(party, tag) is None:
                    yield "BLE048", tag
        kind, category = text(party, "ArlpCertType"), text(party, "InfoIDType")
        suited = {"1": documents, "2": _ORGANISATION_TYPES}.get(category or "")
        if kind is not None and suited is not None and kind not in suited:
            yield "BLE032", WHOLE
        if category == "1" and None not in borrower and (kind, text(party, "ArlpCertNum")) == borrower:
            yield "BLE041", WHOLE


def _is_closed(account: str | None, status: str | None) -> bool:
    return status is not None and _CLOSED.get(account or "") == status


def monthly_month(case: Case) -> Iterator[Fault]:
    """BLE012 (I2100H02) and BLE039 (I2100A13)."""
    monthly = case.segment("H")
    of = month(monthly, "Month")
    if of is None:
        return
    settled = day(monthly, "SettDate")
    if settled is not None and settled[:7] != of:
        yield "BLE012", "SettDate"
    reported = day(case.segment("B"), "RptDate")
    if reported is not None and abs(months_between(of, reported[:7])) > 1:
        yield "BLE039", "RptDate"


def _nonzero(segment: Segment, *tags: str) -> Iterator[str]:
    for tag in tags:
        if not is_zero(number(segment, tag)):
            yield tag


def bad_debt_is_overdue(case: Case) -> Iterator[Fault]:
    """BLE013 (I2100H03)."""
    monthly = case.segment("H")
    if text(monthly, "AcctStatus") in _BAD_DEBT:
        overdue = number(monthly, "TotOverd")
        if overdue is not None and overdue <= 0:
            yield "BLE013", "TotOverd"


def not_activated(case: Case) -> Iterator[Fault]:
    """BLE014 (I2100H04)."""
    monthly = case.segment("H")
    if text(case.segment("B"), "AcctType") in ("R2", "R3") and text(monthly, "AcctStatus") == "6":
        for tag in _nonzero(monthly, "AcctBal", "OverdPrd", "TotOverd"):
            yield "BLE014", tag
        repayment = text(monthly, "RpyStatus")
        if repayment is not None and repayment != "*":
            yield "BLE014", "RpyStatus"


def repayment_status(case: Case) -> Iterator[Fault]:
    """BLE002, BLE015, BLE017, BLE019, BLE023, BLE025: what the repayment status of the month entails."""
    monthly = case.segment("H")
    status = text(monthly, "RpyStatus")
    account = text(case.segment("B"), "AcctType")
    balance = number(monthly, "AcctBal")
    if status == "*":
        if account == "R2" and text(monthly, "RpyPrct") is not None:
            yield "BLE002", "RpyPrct"
        for tag in _nonzero(monthly, "CurRpyAmt", "OverdPrd", "TotOverd", "PridAcctBal"):
            yield "BLE015", tag
        if account == "R3" and not is_zero(balance):
            yield "BLE023", "AcctBal"
    elif status in ("N", "M"):
        for tag in _nonzero(monthly, "OverdPrd", "TotOverd"):
            yield "BLE017", tag
    elif status in _OVERDUE:
        for tag in ("OverdPrd", "TotOverd"):
            overdue = number(monthly, tag)
            if overdue is not None and overdue <= 0:
                yield "BLE019", tag
        if account == "R3" and balance is not None and balance <= 0:
            yield "BLE025", "AcctBal"


def overdue_principal(case: Case) -> Iterator[Fault]:
    """BLE020 (I2100H10) and BLE022 (I2100A01)."""
    monthly = case.segment("H")
    account = text(case.segment("B"), "AcctType")
    if account in ("D1", "R1", "R4"):
        principal, total = number(monthly, "OverdPrinc"), number(monthly, "TotOverd")
        if principal is not None and total is not None and principal > total:
            yield "BLE020", WHOLE
    elif account == "R3":
        overdraft, balance = number(monthly, "OvedrawBaOve180"), number(monthly, "AcctBal")
        if overdraft is not None and balance is not None and overdraft > balance:
            yield "BLE022", "OvedrawBaOve180"


def closed_account(case: Case) -> Iterator[Fault]:
    """BLE026, BLE030, BLE001, BLE004: what a closed or cancelled account looks like."""
    monthly = case.segment("H")
    if not _is_closed(text(case.segment("B"), "AcctType"), text(monthly, "AcctStatus")):
        return
    for tag in _nonzero(monthly, "AcctBal"):
        yield "BLE026", tag
    repayment = text(monthly, "RpyStatus")
    if repayment is not None and repayment not in ("C", "G"):
        yield "BLE030", "RpyStatus"
    if text(monthly, "CloseDate") is None:
        yield "BLE001", "CloseDate"
    for tag in _nonzero(monthly, "OverdPrd", "TotOverd"):
        yield "BLE004", tag


def closing_date(case: Case) -> Iterator[Fault]:
    """BLE011, BLE042, BLE006: the closing date comes last."""
    instalments, events = case.segment("I"), group(case.segment("K"), "CagOfTrdInf")
    for letter, code, tags in (
        ("H", "BLE011", ("SettDate", "LatRpyDate", "FiveCateAdjDate")),
        ("J", "BLE042", ("LatRpyDate", "FiveCateAdjDate")),
    ):
        segment = case.segment(letter)
        closed = day(segment, "CloseDate")
        if closed is None:
            continue
        if any(after(day(segment, tag), closed) for tag in tags):
            yield code, "CloseDate"
        if after(day(instalments, "SpecEfctDate"), closed) or any(after(day(e, "TranDate"), closed) for e in events):
            yield "BLE006", "CloseDate"


def instalment_limit(case: Case) -> Iterator[Fault]:
    """BLE007 (I2100I01)."""
    instalments = case.segment("I")
    if after(day(instalments, "SpecEfctDate"), day(instalments, "SpecEndDate")):
        yield "BLE007", "SpecEfctDate"


def non_monthly(case: Case) -> Iterator[Fault]:
    """BLE034, BLE043, BLE027, BLE018, BLE040, BLE016: the non-monthly performance segment."""
    segment = case.segment("J")
    base = case.segment("B")
    account, status = text(base, "AcctType"), text(segment, "AcctStatus")
    repayment = text(segment, "RpyStatus")
    if repayment is not None and repayment != "N":
        yield "BLE034", "RpyStatus"
    if repayment in ("N", "M"):
        for tag in _nonzero(segment, "OverdPrd", "TotOverd"):
            yield "BLE018", tag
    if account == "C1" and status == "2":
        if case.has("J") and text(segment, "CloseDate") is None:
            yield "BLE043", "CloseDate"
        for tag in _nonzero(segment, "AcctBal"):
            yield "BLE027", tag
    if account is not None and account != "C1":
        paid, reported = day(segment, "LatRpyDate"), day(base, "RptDate")
        if paid is not None and reported is not None and paid != reported:
            yield "BLE040", "LatRpyDate"
        if _is_closed(account, status):
            yield "BLE016", WHOLE


def transactions_counted(case: Case) -> Iterator[Fault]:
    """BLE046 (I2100K01)."""
    count = number(case.segment("K"), "CagOfTrdNm")
    if count is not None and count <= 0:
        yield "BLE046", "CagOfTrdNm"


def closing_point(case: Case) -> Iterator[Fault]:
    """BLE037 (I2100A08)."""
    base = case.segment("B")
    status = text(case.segment("H"), "AcctStatus")
    expected = _CLOSED.get(text(base, "AcctType") or "")
    if text(base, "RptDateCode") in ("20", "32") and status is not None and expected is not None and status != expected:
        yield "BLE037", "AcctStatus"


def opened_first(case: Case) -> Iterator[Fault]:
    """BLE005 (I2100A09)."""
    opened = day(case.segment("C"), "OpenDate")
    if opened is None:
        return
    others = [
        *(day(case.segment("H"), tag) for tag in ("SettDate", "FiveCateAdjDate", "LatRpyDate", "CloseDate")),
        *(day(case.segment("J"), tag) for tag in ("FiveCateAdjDate", "LatRpyDate", "CloseDate")),
        *(day(case.segment("I"), tag) for tag in ("SpecEfctDate", "SpecEndDate")),
        *(day(event, "TranDate") for event in group(case.segment("K"), "CagOfTrdInf")),
    ]
    if any(after(opened, other) for other in others):
        yield "BLE005", "OpenDate"


def reported_in_time(case: Case) -> Iterator[Fault]:
    """BLE008 (I2100A11) and BLE010 (I2100A12): less than 30 days after opening and after closing."""
    base = case.segment("B")
    reported, point = day(base, "RptDate"), text(base, "RptDateCode")
    if reported is None:
        return
    if point == "10":
        opened = day(case.segment("C"), "OpenDate")
        if opened is not None and days_between(opened, reported) >= 30:
            yield "BLE008", "RptDate"
    elif point == "20":
        for letter in ("H", "J"):
            closed = day(case.segment(letter), "CloseDate")
            if closed is not None and days_between(closed, reported) >= 30:
                yield "BLE010", "RptDate"


RULES = (
    identity_numbers,
    business_dates,
    base_segment,
    person_point,
    guarantors_named,
    person_first_stored,
    repayment_terms,
    card_identification,
    line_of_business,
    opened_before_due,
    housing_loan_tags,
    responsible_parties,
    monthly_month,
    bad_debt_is_overdue,
    not_activated,
    repayment_status,
    overdue_principal,
    closed_account,
    closing_date,
    instalment_limit,
    non_monthly,
    transactions_counted,
    closing_point,
    opened_first,
    reported_in_time,
)
