"""Operations on stored records: change of identifier, correction and deletion by segment, deletion of the whole.

Of a correction the segment that it holds is judged as in a normal record, by the same rules, and the request against what is
stored (R2120101 to R2121225, R4120101 to R4121218).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from app.simulator.centre.judge import common
from app.simulator.centre.judge.case import Case, Stored
from app.simulator.centre.judge.values import NOTHING, WHOLE, Fault, Segment, after, day, group, month, text
from app.standard import catalogue
from app.standard.model import RecordType


@dataclass(frozen=True, slots=True)
class Codes:
    """What the centre answers where an operation names something it does not have: error code and blamed tag."""

    same: str = ""
    unknown: Fault = ("", "")
    taken: str = ""


_CHANGES: Mapping[str, Codes] = {
    "211": Codes("BIE000", ("BIE001", "OdBnesCode"), "BIE002"),
    "221": Codes("BIE100", ("BIE101", "OdBnesCode"), "BIE102"),
    "231": Codes("BIE200", ("BIE201", "OdBnesCode"), "BIE202"),
    "511": Codes("BIE300", ("BIE301", "OdBnesCode"), "BIE302"),
    "411": Codes("CIR000", ("CIR001", "OdBnesCode"), "CIR002"),
    "421": Codes("CIR100", ("CIR101", "OdBnesCode"), "CIR102"),
    "441": Codes("CIR200", ("CIR201", "OdBnesCode"), "CIR202"),
}
_DELETIONS: Mapping[str, Fault] = {
    "114": ("BDE000", "InfSurcCode"),
    "134": ("BDE001", "InfSurcCode"),
    "214": ("BTE000", "DelRecCode"),
    "224": ("BTE100", "DelRecCode"),
    "234": ("BTE200", "DelRecCode"),
    "514": ("BTE300", "DelRecCode"),
    "314": ("CDR000", "EntCertNum"),
    "414": ("CTR000", "DelRecCode"),
    "424": ("CTR100", "DelRecCode"),
    "444": ("CTR200", "DelRecCode"),
}
_INTERVALS: Mapping[str, tuple[str, str, str]] = {
    "213": ("BSE000", "BSE001", "BSR000"),
    "223": ("BSE100", "BSE101", "BSR100"),
    "233": ("BSE200", "BSE201", "BSR200"),
    "413": ("CSE000", "CSE001", "CSR000"),
    "423": ("CSE100", "CSE101", "CSR100"),
    "443": ("CSE200", "CSE201", "CSR200"),
}
_CLOSED: Mapping[str, str] = {"D1": "3", "R1": "3", "R4": "3", "R2": "4", "R3": "4"}


def judged_operation(case: Case, record: RecordType) -> Iterator[Fault]:
    """All faults of a request; the common checks of the request itself are made elsewhere."""
    if record.kind == "change_identifier" and record.code in _CHANGES:
        yield from _change(case, _CHANGES[record.code])
    elif record.kind == "delete_record" and record.code in _DELETIONS and not case.stored.exists:
        yield _DELETIONS[record.code]
    elif record.kind == "delete_segment" and record.code in _INTERVALS:
        yield from _interval(case, *_INTERVALS[record.code])
    elif record.kind == "correct_segment" and record.parent in ("210", "410"):
        yield from _correction(case, record)
    yield from _identity(case, record)


def _identity(case: Case, record: RecordType) -> Iterator[Fault]:
    """ABE004, ABE005 where a request names its subject itself."""
    if record.code in ("114", "134"):
        yield from common.person_number(case.fact, "IDType", "IDNum")
    if record.code == "314":
        yield from common.organisation_number(case.fact, "EntCertType", "EntCertNum")
        yield from common.organisation_known(case, case.fact, "EntCertType", "EntCertNum")


def _change(case: Case, codes: Codes) -> Iterator[Fault]:
    """I2110B01, I2111B02, I2111B03 and their like."""
    if text(case.fact, "OdBnesCode") == text(case.fact, "NwBnesCode"):
        yield codes.same, WHOLE
    if not case.stored.exists:
        yield codes.unknown
    if case.stored.new_exists and not case.stored.new_own:
        yield codes.taken, "NwBnesCode"


def _interval(case: Case, neither: str, backwards: str, unknown: str) -> Iterator[Fault]:
    """I2130B01, I2130B02, R2131201 to R2131203."""
    start, end = day(case.fact, "DelStartDate"), day(case.fact, "DelEndDate")
    if text(case.fact, "DelStartDate") is None and text(case.fact, "DelEndDate") is None:
        yield neither, WHOLE if case.record[0] == "2" else "DelStartDate"
    if after(start, end):
        yield backwards, "DelStartDate" if case.record[0] == "2" else "DelEndDate"
    if not case.stored.exists:
        yield unknown, WHOLE if case.record[0] == "2" else "DelRecCode"
    if case.record == "213":
        reopened = [event.report_date for event in case.stored.events if event.kind == "12"]
        if reopened and (start is None or any(start <= at for at in reopened)):
            yield "BSR001", WHOLE
        if any(
            (start is None or start <= e.report_date) and (end is None or e.report_date <= end)
            for e in case.stored.events
        ):
            yield "BSR002", WHOLE


def _correction(case: Case, record: RecordType) -> Iterator[Fault]:
    head, held = case.segment("BsSgmt"), case.fact.get("MdfcSgmt", NOTHING)
    letter, account = text(head, "MdfcSgmtCode"), text(head, "AcctType")
    person = record.code == "212"
    if letter is not None and set(held) != {letter}:
        yield ("BMR001", WHOLE) if person else ("CMR002", "MdfcSgmtCode")
    if letter is not None and not _usable(person, letter, account):
        yield ("BMR005", WHOLE) if person else ("CMR004", "MdfcSgmtCode")
    for found, content in held.items():
        yield from _form(case, record, found, content, account)
        yield from _as_reported(case, record, found, content, head)
    yield from _against_stored(case, person, letter, held.get(letter or "", NOTHING))


def _usable(person: bool, letter: str, account: str | None) -> bool:
    """R2120107, R4120105."""
    if account is None:
        return True
    if person:
        never = "EFHI" if account == "C1" else "G"
        return letter not in never and (letter != "I" or account == "R2")
    never = {"C1": "EF", "D2": "FG"}.get(account, "G")
    return letter not in never


def _form(case: Case, record: RecordType, letter: str, content: Segment, account: str | None) -> Iterator[Fault]:
    """The tags of the segment, as in a normal record; of the base segment only those that may be corrected."""
    corrected = next((each for each in record.corrections if each.code == letter), None)
    if corrected is None:
        return
    allowed = {member.tag for member in corrected.items}
    if letter == "B" and any(tag not in content for tag in allowed):
        yield ("BMR003", WHOLE) if record.code == "212" else ("CMR005", "AcctBsSgmt")
    forbidden = {"BLD000": "BLD000", "CLD000": "CMR003"}
    for code, tag in common.segment_faults(record.parent or "", letter, content, account):
        if tag in allowed or letter != "B":
            yield forbidden.get(code, code), tag


def _as_reported(case: Case, record: RecordType, letter: str, content: Segment, head: Segment) -> Iterator[Fault]:
    """The segment judged as if it stood in a normal record of that account and report date."""
    from app.simulator.centre.judge import organisation_account, person_account

    base: dict[str, str] = {tag: head[tag] for tag in ("AcctType", "RptDate") if tag in head}
    fact = {"B": base | dict(content)} if letter == "B" else {"B": base, letter: content}
    # The borrower belongs to the stored record: who is responsible must be somebody else (BMR020, CMR018, judged below).
    normal = replace(case, record=record.parent or "", fact=fact, stored=Stored(exists=True))
    rules = person_account.RULES if record.code == "212" else organisation_account.RULES
    for rule in (*rules, common.check_registers):
        yield from rule(normal)


def _against_stored(case: Case, person: bool, letter: str | None, content: Segment) -> Iterator[Fault]:
    head, stored = case.segment("BsSgmt"), case.stored
    reported, account = day(head, "RptDate"), text(head, "AcctType")
    if not stored.exists:
        yield ("BMR007", WHOLE) if person else ("CMR007", "ModRecCode")
        return
    if account is not None and stored.account_type is not None and account != stored.account_type:
        yield "BMR012" if person else "CMR013", "AcctType"
    if letter is None or reported is None:
        return
    held = [at for code, at in stored.segments if code == letter]
    yield from _dates(person, letter, reported, held, stored)
    if letter == "H":
        yield from _performance(case, person, content, reported, held)
    if letter == "J" and person:
        yield from _other_performance(case, content, reported, held)
    if (
        letter == "I"
        and person
        and any(start == text(content, "SpecEfctDate") and at > reported for start, at in stored.instalments)
    ):
        yield "BMR014", "RptDate"
    if letter == "D":
        for party in group(content, "RltRepymtInf"):
            same = (text(party, "ArlpCertType"), text(party, "ArlpCertNum")) == stored.identity
            if same and (not person or text(party, "InfoIDType") == "1"):
                yield ("BMR020", WHOLE) if person else ("CMR018", "ArlpCertNum")


def _dates(person: bool, letter: str, reported: str, held: list[str], stored: Stored) -> Iterator[Fault]:
    """Which report dates a correction of the segment may carry."""
    if letter == "B" and held and reported != max(held):
        yield ("BMR019", WHOLE) if person else ("CMR016", "RptDate")
    if letter in ("CJIK" if person else "CI") and reported not in held and any(at > reported for at in held):
        yield ("BMR021", WHOLE) if person else ("CMR014", "RptDate")
    if letter in "DEFG" and any(at > reported for at in held):
        yield ("BMR009", WHOLE) if person else ("CMR015", "RptDate")


def _performance(case: Case, person: bool, content: Segment, reported: str, held: list[str]) -> Iterator[Fault]:
    stored, account = case.stored, text(case.segment("BsSgmt"), "AcctType")
    status = text(content, "AcctStatus")
    closing = status is not None and status == (_CLOSED.get(account or "") if person else "21")
    if closing and any(at > reported for at in held):
        yield ("BMR010", WHOLE) if person else ("CMR006", "AcctStatus")
    if stored.closed and all(at < reported for at in held):
        yield ("BMR016", WHOLE) if person else ("CMR017", "RptDate")
    in_order = {"FiveCateAdjDate": "BMR011" if person else "CMR019"}
    if not person:
        in_order |= {"LatRpyDate": "CMR008", "LatAgrrRpyDate": "CMR009", "NxtAgrrRpyDate": "CMR010"}
    for tag, code in in_order.items():
        value = day(content, tag)
        if after(stored.previous.get(tag), value) or after(value, stored.following.get(tag)):
            yield code, WHOLE if person else tag
    if not person:
        return
    of = month(content, "Month")
    same = [at for stored_month, at in stored.months if stored_month == of]
    if same and reported != max(same):
        yield "BMR008", "RptDate"
    if any(event.month == of for event in stored.events):
        yield "BMR013", WHOLE
    reopened = any(event.kind == "12" for event in stored.events)
    if account == "R2" and reopened and stored.status == "4" and status != "4":
        yield "BMR006", WHOLE


def _other_performance(case: Case, content: Segment, reported: str, held: list[str]) -> Iterator[Fault]:
    stored, account = case.stored, text(case.segment("BsSgmt"), "AcctType")
    if any(event.report_date == reported for event in stored.events):
        yield "BMR015", WHOLE
    if account == "C1":
        if stored.closed and all(at < reported for at in held):
            yield "BMR017", WHOLE
        if text(content, "AcctStatus") == "2" and any(at > reported for at in held):
            yield "BMR018", WHOLE


def operation_of(code: str) -> RecordType | None:
    """The record type, if it is an operation on stored records."""
    record = catalogue.current().record(code)
    return record if record.parent and record.kind not in ("record", "special_event") else None
