"""Operations as the centre judges them and carries them out on its own registry."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from app.simulator.centre.judge.case import Case, Header, Institution
from app.simulator.centre.judge.verdict import judge
from app.simulator.centre.ledger import Ledger, key_of
from app.simulator.centre.store import Store
from app.standard import catalogue

PROVIDER = "Z9900000000001"
ACCOUNT, OTHER = f"{PROVIDER}A0001", f"{PROVIDER}A0002"
INSTITUTION = Institution(frozenset({PROVIDER}), frozenset({PROVIDER, "Z9900000000002"}), frozenset())


class Centre:
    """A registry with the account of `loan` reported in March and May."""

    def __init__(self, store: Store, facts: dict[str, Any]) -> None:
        self.store, self.ledger, self.facts = store, Ledger(store), facts
        self.arrival = store.arrive("x.enc", "", "", "", 0, "")
        self.report("loan")
        self.report("monthly", B={"RptDate": "2025-05-31"}, H={"Month": "2025-05", "SettDate": "2025-05-31"})

    def report(self, name: str, **segments: dict[str, str]) -> None:
        fact = copy.deepcopy(self.facts[name])
        for letter, items in segments.items():
            fact[letter] = fact.get(letter, {}) | items
        record = catalogue.current().record(fact["B"]["InfRecType"])
        key = key_of(record, fact)
        assert key is not None
        self.ledger.accept(record, fact, key, self.arrival, 2)

    def ask(self, code: str, fact: dict[str, Any]) -> set[str]:
        """The codes with which a request is refused; without any it is carried out."""
        record = catalogue.current().record(code)
        header = Header(code, "2.0.0", "", PROVIDER, "2025-07-01")
        stored = self.ledger.operated(record, fact)
        faults = judge(Case(code, fact, header, INSTITUTION, stored))
        if not faults:
            self.ledger.accept(record, fact, ("", ""), self.arrival, 2)
        return {code for code, _ in faults}

    def held(self) -> list[tuple[str, str, dict[str, Any]]]:
        rows = self.store.connection.execute("SELECT subject, report_date, content FROM record ORDER BY 1, 2")
        return [(subject, at, json.loads(content)) for subject, at, content in rows]

    def correction(self, letter: str, at: str, content: dict[str, Any], **head: str) -> set[str]:
        base = {"InfRecType": "212", "ModRecCode": ACCOUNT, "RptDate": at, "AcctType": "D1", "MdfcSgmtCode": letter}
        return self.ask("212", {"BsSgmt": base | head, "MdfcSgmt": {letter: content}})


@pytest.fixture
def centre(tmp_path, facts):
    store = Store(tmp_path)
    yield Centre(store, facts)
    store.close()


def change(old: str, new: str) -> dict[str, str]:
    return {"InfRecType": "211", "OdBnesCode": old, "NwBnesCode": new}


def test_an_account_goes_by_its_new_identifier_alone(centre):
    assert centre.ask("211", change(ACCOUNT, OTHER)) == set()
    assert [(subject, fact["B"]["AcctCode"]) for subject, _, fact in centre.held()] == [(OTHER, OTHER)] * 2
    assert centre.ask("211", change(ACCOUNT, OTHER)) == {"BIE001", "BIE002"}
    assert centre.ask("214", {"InfRecType": "214", "DelRecCode": ACCOUNT}) == {"BTE000", "ABE012"}
    assert centre.ask("211", change(OTHER, OTHER)) >= {"BIE000"}
    assert centre.ask("211", change(OTHER, ACCOUNT)) == set()


def test_a_corrected_segment_takes_the_place_of_the_stored_one(centre):
    (_, _, may) = centre.held()[1]
    assert centre.correction("H", "2025-05-31", may["H"] | {"AcctBal": "77"}) == set()
    assert [fact["H"]["AcctBal"] for _, _, fact in centre.held()] == ["100000", "77"]


def test_a_correction_is_judged_as_a_record_and_against_what_is_stored(centre):
    (_, _, march), (_, _, may) = centre.held()
    assert "BLE017" in centre.correction("H", "2025-05-31", may["H"] | {"RpyStatus": "N", "TotOverd": "5"})
    assert "BMR008" in centre.correction("H", "2025-05-30", may["H"])
    assert "BMR012" in centre.correction("C", "2025-03-31", march["C"], AcctType="R1")
    assert "BMR007" in centre.correction("C", "2025-03-31", march["C"], ModRecCode=OTHER)
    assert "BMR001" in centre.correction("C", "2025-03-31", march["C"], MdfcSgmtCode="D")
    assert "BMR019" in centre.correction("B", "2025-03-31", _base(march))
    assert "BMR003" in centre.correction("B", "2025-05-31", {"Name": "测试丙"})
    assert len(centre.held()) == 2


def test_the_holder_of_an_account_is_corrected(centre):
    (_, _, march) = centre.held()[0]
    assert centre.correction("B", "2025-05-31", _base(march) | {"Name": "测试丙"}) == set()
    assert [fact["B"]["Name"] for _, _, fact in centre.held()] == ["测试甲", "测试丙"]


def _base(fact: dict[str, Any]) -> dict[str, str]:
    return {tag: fact["B"][tag] for tag in ("Name", "IDType", "IDNum", "MngmtOrgCode")}


def interval(letter: str, start: str, end: str) -> dict[str, str]:
    return {"InfRecType": "213", "DelRecCode": ACCOUNT, "DelSgmtCode": letter, "DelStartDate": start, "DelEndDate": end}


def test_segments_of_an_interval_go_and_with_the_last_the_record(centre):
    assert centre.ask("213", interval("H", "", "")) >= {"BSE000"}
    assert centre.ask("213", interval("H", "2025-06-01", "2025-05-01")) == {"BSE001"}
    assert centre.ask("213", interval("H", "2025-04-01", "")) == set()
    assert [at for _, at, _ in centre.held()] == ["2025-03-31"]


def test_a_deleted_account_is_new_again(centre):
    assert centre.ask("214", {"InfRecType": "214", "DelRecCode": ACCOUNT}) == set()
    assert centre.held() == []
    assert not centre.ledger.stored("210", ACCOUNT, "2025-06-30").exists
    assert centre.ask("214", {"InfRecType": "214", "DelRecCode": ACCOUNT}) == {"BTE000"}


def test_a_person_is_deleted_by_the_whole_name(centre):
    centre.report("customer")
    base = centre.facts["customer"]["B"]
    wish = {"InfRecType": "114", **{tag: base[tag] for tag in ("Name", "IDType", "IDNum", "InfSurcCode")}}
    assert centre.ask("114", wish | {"Name": "测试乙"}) == {"BDE000"}
    assert centre.ask("114", wish) == set()
    assert all(fact["B"]["InfRecType"] != "110" for _, _, fact in centre.held())


def test_a_statement_is_deleted_at_the_lender_that_asks_alone(centre):
    """Nothing in its key names the lender, so the lender stands before it."""
    base = {"EntCertType": "20", "EntCertNum": "911", "SheetYear": "2025", "SheetType": "10", "SheetTypeDivide": "1"}
    record, deletion = catalogue.current().record("610"), catalogue.current().record("614")
    for provider in (PROVIDER, "Z9900000000009"):
        key = key_of(record, {"B": base | {"RptDate": "2026-03-01"}}, provider)
        centre.ledger.accept(record, {"B": base | {"RptDate": "2026-03-01"}}, key, centre.arrival, 2)
    request = {"InfRecType": "614", "EntName": "某公司", **base}
    assert centre.ledger.operated(deletion, request, PROVIDER).exists
    assert not centre.ledger.operated(deletion, request, "Z9900000000017").exists
    centre.ledger.accept(deletion, request, ("", ""), centre.arrival, 2, PROVIDER)
    held = [subject.partition("\x1f")[0] for subject, _, _ in centre.held() if "911" in subject]
    assert held == ["Z9900000000009"]
