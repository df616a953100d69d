"""What is stored, and what it lets in: the ledger and the checks against it."""

from __future__ import annotations

import copy

import pytest

from app.simulator.centre.judge.case import NEW, Event, Stored
from app.simulator.centre.ledger import Ledger, key_of
from app.simulator.centre.store import Store
from app.standard import catalogue

ACCOUNT = "Z9900000000001A0001"


@pytest.fixture
def keep(tmp_path, facts):
    """Accept changed copies of named records and tell what is stored."""
    store = Store(tmp_path)
    arrival = store.arrive("x.enc", "", "", "", 0, "")
    ledger = Ledger(store)

    def accept(name: str, **segments: dict[str, str]) -> Stored:
        fact = copy.deepcopy(facts[name])
        for letter, items in segments.items():
            fact[letter] = fact.get(letter, {}) | items
        record = catalogue.current().record(fact["B"]["InfRecType"])
        key = key_of(record, fact)
        assert key is not None
        ledger.accept(record, fact, key, arrival, 2)
        return ledger.stored(record.code, *key)

    accept.ledger = ledger
    yield accept
    store.close()


def accept_flat(ledger: Ledger, code: str, fact: dict[str, str]) -> None:
    record = catalogue.current().record(code)
    key = key_of(record, fact)
    assert key is not None
    ledger.accept(record, fact, key, 1, 2)


def event(kind: str, month: str, report_date: str, flag: str = "1") -> dict[str, str]:
    items = {"InfRecType": "215", "AcctCode": ACCOUNT, "OpetnType": kind}
    return items | {"Month": month, "Flag": flag, "RptDate": report_date}


def test_nothing_is_known_of_a_new_subject(keep):
    assert keep.ledger.stored("210", ACCOUNT, "2025-03-31") == NEW


def test_an_account_with_its_neighbours(keep):
    keep("loan")
    keep("monthly", B={"RptDate": "2025-05-31"}, H={"Month": "2025-05", "FiveCateAdjDate": "2025-05-02"})
    stored = keep.ledger.stored("210", ACCOUNT, "2025-04-30")
    assert (stored.exists, stored.same, stored.closed) == (True, False, False)
    assert (stored.account_type, stored.flag, stored.report_date) == ("D1", "1", "2025-05-31")
    assert stored.previous["FiveCateAdjDate"] == "2025-03-20"
    assert stored.following["FiveCateAdjDate"] == "2025-05-02"
    assert stored.months == (("2025-03", "2025-03-31"), ("2025-05", "2025-05-31"))
    assert keep.ledger.stored("210", ACCOUNT, "2025-05-31").same


def test_a_closed_account_and_its_reopening(keep):
    card = "Z9900000000001R0001"
    keep("card", H={"AcctStatus": "4"})
    assert keep.ledger.stored("210", card, "2025-04-30").closed
    accept_flat(keep.ledger, "215", event("12", "2025-06", "2025-06-10") | {"AcctCode": card})
    stored = keep.ledger.stored("210", card, "2025-06-30")
    assert (stored.closed, stored.closed_month, stored.event_date) == (False, "2025-03", "2025-06-10")


def test_a_revoked_event_is_gone(keep):
    keep("loan")
    accept_flat(keep.ledger, "215", event("21", "2025-04", "2025-04-10"))
    assert keep.ledger.stored("210", ACCOUNT, "2025-04-30").events == (Event("21", "2025-04", "2025-04-10"),)
    accept_flat(keep.ledger, "215", event("21", "2025-04", "2025-04-11", flag="0"))
    assert keep.ledger.stored("210", ACCOUNT, "2025-04-30").events == ()


def test_a_replaced_identifier(keep):
    keep("loan")
    change = {"InfRecType": "211", "OdBnesCode": ACCOUNT, "NwBnesCode": ACCOUNT + "X"}
    accept_flat(keep.ledger, "211", change)
    assert keep.ledger.stored("210", ACCOUNT, "2025-04-30").replaced
    assert keep.ledger.stored("210", ACCOUNT + "X", "2025-04-30").account_type == "D1"


def test_a_customer(keep):
    keep("customer")
    stored = keep("customer", B={"RptDate": "2025-04-10"}, D={"FcsInfoUpDate": "2025-04-10"})
    assert (stored.exists, stored.same, stored.report_date) == (True, True, "2025-04-10")
    assert stored.updates["FcsInfoUpDate"] == "2025-04-10"
    assert stored.updates["EduInfoUpDate"] == "2025-03-31"


BEFORE = {"FiveCateAdjDate": "2025-04-25", "BalChgDate": "2025-04-25", "AcctBal": "400000"}
PERSON = [
    ("monthly", {}, Stored(exists=True, account_type="R4"), ("BLR019", "AcctType")),
    ("monthly", {}, Stored(exists=True, closed=True, report_date="2025-03-31"), ("BLR020", "AcctStatus")),
    (
        "monthly",
        {"H.AcctStatus": "3"},
        Stored(exists=True, report_date="2025-05-31"),
        ("BLR021", "RptDate"),
    ),
    ("monthly", {}, Stored(exists=True, previous=BEFORE), ("BLR022", "FiveCateAdjDate")),
    (
        "monthly",
        {"K": {"CagOfTrdNm": "1", "CagOfTrdInf": [{"ChanTranType": "11", "TranDate": "2025-04-10"}]}},
        Stored(exists=True, transactions=frozenset({("2025-04-10", "11")})),
        ("BLR023", "0000"),
    ),
    ("card", {}, Stored(exists=True, events=(Event("11", "2025-03", "2025-03-26"),)), ("BLR024", "0000")),
    ("monthly", {}, Stored(exists=True, events=(Event("21", "2025-03", "2025-03-26"),)), ("BLR025", "AcctStatus")),
    (
        "card",
        {},
        Stored(exists=True, closed_month="2025-01", events=(Event("12", "2025-05", "2025-05-05"),)),
        ("BLR026", "RptDate"),
    ),
    ("monthly", {}, Stored(exists=True, months=(("2025-04", "2025-04-30"),)), ("BLR027", "RptDate")),
    ("collection", {}, Stored(exists=True, events=(Event("11", "2025-03", "2025-03-31"),)), ("BLR028", "RptDate")),
]
LATER = {"B.RptDateCode": "49", "B.RptDate": "2025-04-10"}
FOLLOWING = {"NxtAgrrRpyDate": "2025-04-01", "LatAgrrRpyDate": "2025-03-01", "LatRpyDate": "2025-03-01"}
ORGANISATION = [
    ({}, Stored(exists=True, account_type="R4"), ("CLR019", "AcctType")),
    (LATER, Stored(exists=True, closed=True, report_date="2025-03-31"), ("CLR020", "AcctStatus")),
    ({"H.AcctStatus": "21"}, Stored(exists=True, report_date="2025-04-30"), ("CLR021", "RptDate")),
    (LATER, Stored(exists=True, previous=BEFORE), ("CLR023", "BalChgDate")),
    (LATER, Stored(exists=True, previous=BEFORE), ("CLR024", "FiveCateAdjDate")),
    (LATER, Stored(exists=True, following=FOLLOWING), ("CLR025", "LatRpyDate")),
    (LATER, Stored(exists=True, following=FOLLOWING), ("CLR026", "LatAgrrRpyDate")),
    (LATER, Stored(exists=True, following=FOLLOWING), ("CLR027", "NxtAgrrRpyDate")),
    (
        {"I": {"CagOfTrdNm": "1", "CagOfTrdInf": [{"ChanTranType": "11", "TranDate": "2025-03-20"}]}},
        Stored(exists=True, transactions=frozenset({("2025-03-20", "11")})),
        ("CLR028", "TranDate"),
    ),
    (LATER, Stored(exists=True, previous=BEFORE), ("CLR029", "AcctBal")),
]


@pytest.mark.parametrize(("name", "changes", "stored", "fault"), PERSON, ids=[case[3][0] for case in PERSON])
def test_person_against_the_store(judged, name, changes, stored, fault):
    assert fault in judged(name, changes, stored=stored)


@pytest.mark.parametrize(("changes", "stored", "fault"), ORGANISATION, ids=[case[2][0] for case in ORGANISATION])
def test_organisation_against_the_store(judged, changes, stored, fault):
    assert fault in judged("company_loan", changes, stored=stored)


def test_balance_may_rise_on_an_account_disbursed_in_parts(judged):
    stored = Stored(exists=True, previous={"AcctBal": "400000"})
    changes = {"C.Flag": "2", "F": {"Mcc": "Z9900000000001M1"}}
    assert judged("company_loan", changes, stored=stored) == []
