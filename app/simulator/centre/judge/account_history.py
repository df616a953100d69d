"""Accounts of both subjects against what is stored: BLR019 to BLR028 and CLR019 to CLR029."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from app.simulator.centre.judge.case import Case
from app.simulator.centre.judge.values import (
    WHOLE,
    Fault,
    Segment,
    after,
    day,
    group,
    is_day,
    month,
    months_between,
    number,
    text,
)

_CLOSED = {"D1": "3", "R1": "3", "R4": "3", "R2": "4", "R3": "4"}


def performance_closes(account: str | None, monthly: Segment, other: Segment) -> bool:
    """Whether a personal account's performance segments (H monthly, J non-monthly) say that it is closed, cancelled
    or ended."""
    if account == "C1":
        return text(other, "AcctStatus") == "2"
    status = text(monthly, "AcctStatus")
    return status is not None and _CLOSED.get(account or "") == status


def same_type(case: Case) -> Iterator[Fault]:
    """BLR019 (R2101204), CLR019 (R4101201)."""
    account = text(case.segment("B"), "AcctType")
    if account is not None and case.stored.account_type is not None and account != case.stored.account_type:
        yield "BLR019" if case.record == "210" else "CLR019", "AcctType"


def person_closed(case: Case) -> Iterator[Fault]:
    """BLR020 (R2101205)."""
    if case.stored.closed and after(day(case.segment("B"), "RptDate"), case.stored.report_date):
        yield "BLR020", "AcctStatus"


def person_closes_last(case: Case) -> Iterator[Fault]:
    """BLR021 (R2101206)."""
    base = case.segment("B")
    if performance_closes(text(base, "AcctType"), case.segment("H"), case.segment("J")):
        reported = day(base, "RptDate")
        if after(case.stored.report_date, reported) or after(case.stored.event_date, reported):
            yield "BLR021", "RptDate"


def out_of_order(case: Case, segment: Segment, tag: str) -> bool:
    """Whether a date of this record lies before that of the record before, or after that of the one after."""
    value = day(segment, tag)
    return after(_known_day(case.stored.previous.get(tag)), value) or after(
        value, _known_day(case.stored.following.get(tag))
    )


def _known_day(value: str | None) -> str | None:
    return value if value is not None and is_day(value) else None


def person_classification_date(case: Case) -> Iterator[Fault]:
    """BLR022 (R2101207)."""
    if any(out_of_order(case, case.segment(letter), "FiveCateAdjDate") for letter in ("H", "J")):
        yield "BLR022", "FiveCateAdjDate"


def _repeats_transaction(case: Case, segment: Segment) -> bool:
    return any(
        (text(event, "TranDate"), text(event, "ChanTranType")) in case.stored.transactions
        for event in group(segment, "CagOfTrdInf")
    )


def person_transactions(case: Case) -> Iterator[Fault]:
    """BLR023 (R2101208)."""
    if _repeats_transaction(case, case.segment("K")):
        yield "BLR023", WHOLE


def person_events(case: Case) -> Iterator[Fault]:
    """BLR024, BLR025, BLR026, BLR028: special events in effect keep records out."""
    events = case.stored.events
    if not events:
        return
    base = case.segment("B")
    account, reported, of = text(base, "AcctType"), day(base, "RptDate"), month(case.segment("H"), "Month")
    if account == "R2" and of is not None and any(e.kind == "11" and e.month == of for e in events):
        yield "BLR024", WHOLE
    if account == "D1" and any(e.kind == "21" for e in events):
        yield "BLR025", "AcctStatus"
    if account == "R2" and reported is not None and in_cancelled_gap(case, reported[:7]):
        yield "BLR026", "RptDate"
    if case.has("J") and reported is not None and any(e.report_date == reported for e in events):
        yield "BLR028", "RptDate"


def in_cancelled_gap(case: Case, of: str) -> bool:
    """Whether a month lies after the month of cancellation and before that of re-opening."""
    cancelled = case.stored.closed_month
    return cancelled is not None and any(
        event.kind == "12" and months_between(cancelled, of) >= 1 and months_between(of, event.month) >= 1
        for event in case.stored.events
    )


def person_month_is_new(case: Case) -> Iterator[Fault]:
    """BLR027 (R2101212)."""
    of, reported = month(case.segment("H"), "Month"), day(case.segment("B"), "RptDate")
    if of is None or reported is None:
        return
    if any(stored == of and at >= reported for stored, at in case.stored.months) or any(
        event.month == of and event.report_date >= reported for event in case.stored.events
    ):
        yield "BLR027", "RptDate"


PERSON_RULES = (
    same_type,
    person_closed,
    person_closes_last,
    person_classification_date,
    person_transactions,
    person_events,
    person_month_is_new,
)


def organisation_closed(case: Case) -> Iterator[Fault]:
    """CLR020 (R4101202)."""
    if case.stored.closed and after(day(case.segment("B"), "RptDate"), case.stored.report_date):
        yield "CLR020", "AcctStatus"


def organisation_closes_last(case: Case) -> Iterator[Fault]:
    """CLR021 (R4101203)."""
    closing = text(case.segment("H"), "AcctStatus") == "21"
    if closing and after(case.stored.report_date, day(case.segment("B"), "RptDate")):
        yield "CLR021", "RptDate"


_IN_ORDER = (
    ("CLR023", "BalChgDate"),
    ("CLR024", "FiveCateAdjDate"),
    ("CLR025", "LatRpyDate"),
    ("CLR026", "LatAgrrRpyDate"),
    ("CLR027", "NxtAgrrRpyDate"),
)


def organisation_dates_in_order(case: Case) -> Iterator[Fault]:
    """CLR023 to CLR027 (R4101205 to R4101209)."""
    for code, tag in _IN_ORDER:
        if out_of_order(case, case.segment("H"), tag):
            yield code, tag


def organisation_transactions(case: Case) -> Iterator[Fault]:
    """CLR028 (R4101210)."""
    if _repeats_transaction(case, case.segment("I")):
        yield "CLR028", "TranDate"


def organisation_balance_falls(case: Case) -> Iterator[Fault]:
    """CLR029 (R4101211): except for R1 and for D1 disbursed in parts on one account."""
    account = text(case.segment("B"), "AcctType")
    at_once = account == "D1" and (text(case.segment("C"), "Flag") or case.stored.flag) in ("0", "1")
    if not at_once and account not in ("D2", "R4", "C1"):
        return
    balances = [
        number(segment, "AcctBal") for segment in (case.stored.previous, case.segment("H"), case.stored.following)
    ]
    if any(a is not None and b is not None and a < b for a, b in pairwise(balances)):
        yield "CLR029", "AcctBal"


ORGANISATION_RULES = (
    same_type,
    organisation_closed,
    organisation_closes_last,
    organisation_dates_in_order,
    organisation_transactions,
    organisation_balance_falls,
)
