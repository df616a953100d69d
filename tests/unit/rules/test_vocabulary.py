"""Every record type of the catalogue has names for its rules, and every fact beside a record can be swept."""

from __future__ import annotations

import pytest

from app.language import parse
from app.rules.cases import Execute
from app.rules.sweep import facts_to_relation
from app.rules.vocabulary import column_types, record_vocabulary
from app.standard import catalogue
from app.standard.layout import column_types as stored_columns

BESIDE = ("header", "form", "batch", "sets", "accepted")


@pytest.mark.parametrize("code", catalogue.current().records)
def test_every_record_type_has_its_items_and_the_facts_beside(code: str, execute: Execute) -> None:
    vocabulary = record_vocabulary(code)

    columns = column_types(vocabulary)
    assert {name: kind for name, kind in columns.items() if name not in BESIDE} == stored_columns(code)
    assert set(BESIDE) < columns.keys()
    assert vocabulary.find("accepted.exists")
    assert vocabulary.constants == {"record.type": code}
    relation, parameters = facts_to_relation(vocabulary, [{}])
    assert len([*execute(f"SELECT * FROM {relation}", parameters)]) == 1


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("110", "any(p.OthIDType == '10' for p in accepted.identities) or accepted.IDInfoUpDate < B.RptDate"),
        ("210", "accepted.previous.TotOverd > 0 and any(p.RptDateCode == '10' for p in accepted.points)"),
        ("211", "accepted.exists and not accepted.new_exists or accepted.new_own"),
        ("212", "MdfcSgmt.H.AcctStatus == accepted.status and accepted.next.FiveCateAdjDate > BsSgmt.RptDate"),
        ("213", "any(p.OpetnType == '11' for p in accepted.events)"),
        ("215", "accepted.same_day or all(p.Month != Month for p in accepted.months)"),
        ("222", "any(p.Code == 'D' and p.RptDate == BsSgmt.RptDate for p in accepted.segments)"),
        ("314", "accepted.exists and EntCertType == '10'"),
        ("412", "accepted.OpenDate <= BsSgmt.RptDate and accepted.previous.AcctBal == 0"),
        ("440", "accepted.AcctType == B.AcctType and accepted.previous.FiveCateAdjDate <= B.RptDate"),
        ("610", "or_zero(C.CurrencyFunds) >= 0 or not accepted.same"),
    ],
)
def test_names_that_rules_of_a_record_type_use(code: str, text: str) -> None:
    assert parse(text, record_vocabulary(code))


def test_a_record_for_both_subjects_has_the_codes_of_each() -> None:
    person, organisation = (record_vocabulary("510", subject) for subject in catalogue.SUBJECTS)

    assert "RptDateCode_510" in person.codes
    assert "MoCRptDateCode" in organisation.codes
    assert "MoCRptDateCode" not in person.codes
