"""Record 215, special event of a person's loan account: the checks BQR. What is stored is that of the account."""

from __future__ import annotations

from collections.abc import Iterator

from app.simulator.centre.judge.account_history import in_cancelled_gap
from app.simulator.centre.judge.case import Case
from app.simulator.centre.judge.values import WHOLE, Fault, day, month, months_between, text


def within_month(case: Case) -> Iterator[Fault]:
    """BQR000 (I2150B01)."""
    of, reported = month(case.fact, "Month"), day(case.fact, "RptDate")
    if of is not None and reported is not None and reported[:7] != of:
        yield "BQR000", WHOLE


def account_stored(case: Case) -> Iterator[Fault]:
    """BQR001 (R2151201)."""
    if not case.stored.exists:
        yield "BQR001", "AcctCode"


def no_statement(case: Case) -> Iterator[Fault]:
    """BQR002 (R2151202): a month without a statement."""
    if not _takes_effect(case, "11"):
        return
    of, reported, stored = month(case.fact, "Month"), day(case.fact, "RptDate"), case.stored
    if stored.account_type != "R2":
        yield "BQR002", "AcctType"
    if of is not None and (any(of == known for known, _ in stored.months) or in_cancelled_gap(case, of)):
        yield "BQR002", "Month"
    if stored.closed and reported is not None and stored.report_date is not None and reported > stored.report_date:
        yield "BQR002", "AcctStatus"
    if _known(case):
        yield "BQR002", WHOLE


def opened_again(case: Case) -> Iterator[Fault]:
    """BQR003 (R2151203): a cancelled card is opened again."""
    if not _takes_effect(case, "12"):
        return
    of, stored = month(case.fact, "Month"), case.stored
    if stored.account_type != "R2":
        yield "BQR003", "AcctType"
    if not stored.closed:
        yield "BQR003", "AcctStatus"
    if of is not None and any(known >= of for known, _ in stored.months):
        yield "BQR003", "Month"
    if _known(case):
        yield "BQR003", WHOLE


def transferred(case: Case) -> Iterator[Fault]:
    """BQR004 (R2151204): a loan goes to another lender."""
    if not _takes_effect(case, "21"):
        return
    of, reported, stored = month(case.fact, "Month"), day(case.fact, "RptDate"), case.stored
    if stored.account_type != "D1":
        yield "BQR004", "AcctType"
    if reported is not None and stored.report_date is not None and reported <= stored.report_date:
        yield "BQR004", "RptDate"
    if stored.closed:
        yield "BQR004", "AcctStatus"
    latest = max((known for known, _ in stored.months), default=None)
    if of is not None and (latest is None or months_between(latest, of) != 1):
        yield "BQR004", "Month"
    if _known(case):
        yield "BQR004", WHOLE


def revoked(case: Case) -> Iterator[Fault]:
    """BQR005 (R2151205)."""
    if text(case.fact, "Flag") != "0" or not case.stored.exists:
        return
    of, kind = month(case.fact, "Month"), text(case.fact, "OpetnType")
    # Of an event whose month or type cannot be read it is not known whether it is stored, if one like it is.
    alike = [event for event in case.stored.events if kind is None or event.kind == kind]
    if not alike or (kind is not None and of is not None and all(event.month != of for event in alike)):
        yield "BQR005", WHOLE
    if kind == "12" and of is not None and any(known > of for known, _ in case.stored.months):
        yield "BQR005", "OpetnType"


def not_beside_a_record(case: Case) -> Iterator[Fault]:
    """BQR006 (R2151206)."""
    if case.stored.same_day:
        yield "BQR006", WHOLE


def _takes_effect(case: Case, kind: str) -> bool:
    return text(case.fact, "OpetnType") == kind and text(case.fact, "Flag") == "1" and case.stored.exists


def _known(case: Case) -> bool:
    kind, of = text(case.fact, "OpetnType"), month(case.fact, "Month")
    return any(event.kind == kind and event.month == of for event in case.stored.events)


RULES = (within_month, account_stored, no_statement, opened_again, transferred, revoked, not_beside_a_record)
