"""Lines of companies' records before the centre: a valid one of every type is taken, a bad one of every rule refused by its code.

The samples are the cases of the platform's rulesets, which the centre does not know; they go to it as lines of a file.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from app.rules.cases import load_bases, load_cases
from app.rules.loading import load_ruleset
from app.simulator.centre.inspection import Inspector
from app.simulator.centre.ledger import Ledger, key_of
from app.simulator.centre.registry import Provider, Registry
from app.simulator.centre.store import Store
from app.standard.catalogue import current
from app.standard.files import FileHeader, FileName, render_record
from app.standard.layout import column_types

RULESETS = Path(__file__).parents[3] / "rulesets" / "submission"
RECORDS = {
    "corporate_identifier_integration": "340",
    "corporate_relationship": "350",
    "corporate_credit_agreement": "420",
    "corporate_guarantee_account": "440",
    "corporate_collateral_contract": "510",
    "corporate_balance_sheet": "610",
    "corporate_income_statement": "620",
    "corporate_cash_flow": "630",
    "corporate_institution_balance_sheet": "640",
    "corporate_institution_income": "650",
}
PROVIDER = "A1234567890123"
CREATED = datetime(2026, 11, 20, 8, 0, 0)
Fact = dict[str, Any]
Taken = Callable[..., set[str]]


@pytest.fixture
def taken(tmp_path: Path) -> Iterator[Taken]:
    """Sends facts as one file to a centre; the codes of whatever it refuses. What it takes, it keeps for the next file."""
    store = Store(tmp_path)
    names = frozenset({PROVIDER, "A1234567890124"})
    provider = Provider(names, names, frozenset({"2.0.0"}), {"default": ("",)})
    registry = Registry(dict.fromkeys(names, provider), frozenset({"3301000000000149", "AB10000000000049"}))
    serial = iter(range(1, 1000))

    def send(code: str, *facts: Fact) -> set[str]:
        prefix = FileName(PROVIDER, CREATED.date(), code, f"{next(serial):03}").text
        header = FileHeader(code, PROVIDER, CREATED, len(facts), template="  ").text
        record = current().record(code)
        path = tmp_path / "plain.txt"
        path.write_bytes(
            "".join(f"{line}\r\n" for line in [header, *(render_record(record, f) for f in facts)]).encode()
        )
        refused: set[str] = set()
        with store.transaction():
            arrival = store.arrive(f"{prefix}.enc", "", "", "", 0, "")
            outcome = Inspector(registry, Ledger(store)).inspect(
                path, prefix, arrival, False, lambda _, faults: refused.update(error for error, _ in faults)
            )
        assert outcome.faults == []
        assert outcome.accepted + outcome.rejected == len(facts)
        return refused

    yield send
    store.close()


def content(code: str, fact: Mapping[str, Any]) -> Fact:
    """What of a case stands in the record itself."""

    def standing(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: standing(inner) for name, inner in value.items() if inner is not None}
        return [standing(inner) for inner in value] if isinstance(value, list) else value

    found: Fact = standing({name: fact[name] for name in column_types(code) if name in fact})
    return copy.deepcopy(found)


def bases(name: str) -> dict[str, Fact]:
    return {title: content(RECORDS[name], fact) for title, fact in load_bases(load_ruleset(RULESETS / name)).items()}


@pytest.mark.parametrize("name", RECORDS)
def test_a_valid_record_of_every_kind_is_taken_once(taken: Taken, name: str) -> None:
    record = current().record(RECORDS[name])
    by_key = {key_of(record, fact): fact for fact in bases(name).values()}
    for fact in by_key.values():
        assert taken(RECORDS[name], fact) == set(), fact
        assert "ABR004" in taken(RECORDS[name], fact), fact


@pytest.mark.parametrize("name", RECORDS)
def test_a_bad_record_of_every_rule_is_refused_by_its_code(taken: Taken, name: str) -> None:
    ruleset = load_ruleset(RULESETS / name)
    own = {rule.id: rule for rule in ruleset.rules if rule.severity == "block" and rule.stage == "format" and rule.code}
    shown: set[str] = set()
    usual = next(iter(load_bases(ruleset).values()))
    for case in load_cases(ruleset):
        fact = content(RECORDS[name], case.fact)
        carrier = fact if current().record(RECORDS[name]).flat else fact.get("B")
        if case.rule not in own or case.rule not in case.expect or not carrier:
            continue
        if any(case.fact[beside] != usual[beside] for beside in ("form", "header", "sets")):
            continue  # what is wrong is not in the record but in its file, or was never a fact that could be written
        assert own[case.rule].code in taken(RECORDS[name], fact), (case.rule, case.name.en)
        shown.add(case.rule)
    wanted = {rule for rule in own if not rule.startswith(("P0", "CALL"))} - {"C440-R4400105"}
    assert wanted <= shown


def changed(fact: Fact, **changes: str) -> Fact:
    """`B_RptDate='2026-11-20'` sets an item of a segment, `RptDate=…` one of a record without segments."""
    fresh = copy.deepcopy(fact)
    for path, value in changes.items():
        letter, _, tag = path.rpartition("_")
        (fresh[letter] if letter else fresh)[tag] = value
    return fresh


EARLIER, LATER = "2026-11-18", "2026-11-20"


def test_links_do_not_go_back_in_time(taken: Taken) -> None:
    for name, error in (("corporate_identifier_integration", "CGR000"), ("corporate_relationship", "CFR000")):
        (fact, *_), code = bases(name).values(), RECORDS[name]
        assert taken(code, fact) == set()
        assert taken(code, changed(fact, RptDate=EARLIER)) == {error}
        assert taken(code, changed(fact, RptDate=LATER)) == set()


def test_what_has_ended_takes_nothing_later(taken: Taken) -> None:
    agreement = bases("corporate_credit_agreement")["agreement_expired"]
    assert taken("420", agreement) == set()
    assert taken("420", changed(agreement, B_RptDate=LATER)) == {"CCR001"}
    assert taken("420", changed(agreement, B_RptDate=EARLIER, D_ConExpDate=EARLIER)) == {"CCR002"}
    contract = changed(next(iter(bases("corporate_collateral_contract").values())), C_CcStatus="2")
    assert taken("510", contract) == set()
    assert taken("510", changed(contract, B_RptDate=LATER)) == {"BPR003"}
    assert taken("510", changed(contract, B_RptDate="2026-11-01")) >= {"BPR002"}


def test_the_history_of_a_guarantee_account_holds_together(taken: Taken) -> None:
    opened = next(fact for fact in bases("corporate_guarantee_account").values() if fact["B"]["RptDateCode"] == "10")
    assert taken("440", opened) == set()
    moved = changed(opened, B_RptDate=LATER, B_RptDateCode="30")
    assert taken("440", changed(moved, B_AcctType="G1" if opened["B"]["AcctType"] != "G1" else "G2")) == {"CAR009"}
    backwards = changed(moved, D_FiveCateAdjDate="2020-01-01", C_OpenDate="2019-01-01")
    assert taken("440", backwards) == {"CAR005"}
    closed = changed(moved, B_RptDateCode="20", D_AcctStatus="2", D_CloseDate=LATER)
    assert taken("440", closed) == set()
    between = changed(opened, B_RptDate="2026-11-19", B_RptDateCode="30", D_AcctStatus="2", D_CloseDate="2026-11-19")
    assert "CAR007" in taken("440", between) or between["B"]["RptDate"] == opened["B"]["RptDate"]


def test_a_statement_belongs_to_its_lender(taken: Taken) -> None:
    statement = bases("corporate_balance_sheet")["layout_2002"]
    assert taken("610", statement, changed(statement, B_SheetType="20")) == set()
    assert taken("610", changed(statement, B_RptDate=LATER, B_RptDateCode="20")) == set()
