"""The judgement of one record: every fault the official checks find, in a stable order and each once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from app.simulator.centre.judge import (
    account_history,
    collateral_contract,
    common,
    link,
    organisation_account,
    organisation_agreement,
    organisation_basic,
    organisation_guarantee,
    person_account,
    person_basic,
    statement,
)
from app.simulator.centre.judge.case import Case
from app.simulator.centre.judge.values import Fault

Rule = Callable[[Case], Iterator[Fault]]

_RULES: dict[str, tuple[Rule, ...]] = {
    "110": (*common.RULES, *person_basic.RULES),
    "210": (*common.RULES, *person_account.RULES, *account_history.PERSON_RULES),
    "310": (*common.RULES, *organisation_basic.RULES),
    "340": (*common.RULES, *link.IDENTIFIER_RULES),
    "350": (*common.RULES, *link.RELATION_RULES),
    "410": (*common.RULES, *organisation_account.RULES, *account_history.ORGANISATION_RULES),
    "420": (*common.RULES, *organisation_agreement.RULES),
    "440": (*common.RULES, *organisation_guarantee.RULES),
    "510": (*common.RULES, *collateral_contract.RULES),
    **dict.fromkeys(("610", "620", "630", "640", "650"), (*common.RULES, *statement.RULES)),
}
"""By record type all that is judged, in this order; a further type or an operation is one more line."""


def judge(case: Case) -> list[Fault]:
    """All faults of a record. Records of types that have no rules of their own undergo the common checks only."""
    faults: dict[Fault, None] = {}
    for rule in _RULES.get(case.record, common.RULES):
        for fault in rule(case):
            faults[fault] = None
    return list(faults)
