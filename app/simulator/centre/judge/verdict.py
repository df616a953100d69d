"""The judgement of one record: every fault the official checks find, in a stable order and each once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

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
    person_agreement,
    person_basic,
    person_documents,
    person_event,
    person_guarantee,
    statement,
)
from app.simulator.centre.judge.case import Case
from app.simulator.centre.judge.operation import judged_operation, operation_of
from app.simulator.centre.judge.values import Fault

Rule = Callable[[Case], Iterator[Fault]]

JUDGED: Mapping[str, tuple[Rule, ...]] = {
    "110": person_basic.RULES,
    "120": person_documents.FAMILY_RULES,
    "130": person_documents.VALIDITY_RULES,
    "140": person_documents.LINK_RULES,
    "210": (*person_account.RULES, *account_history.PERSON_RULES),
    "215": person_event.RULES,
    "220": person_agreement.RULES,
    "230": person_guarantee.RULES,
    "310": organisation_basic.RULES,
    "340": link.IDENTIFIER_RULES,
    "350": link.RELATION_RULES,
    "410": (*organisation_account.RULES, *account_history.ORGANISATION_RULES),
    "420": organisation_agreement.RULES,
    "440": organisation_guarantee.RULES,
    "510": collateral_contract.RULES,
    **dict.fromkeys(("610", "620", "630", "640", "650"), statement.RULES),
}
"""The checks of each record type beside the common ones, which records of all other types undergo alone."""


def judge(case: Case) -> list[Fault]:
    """All faults of a record."""
    faults: dict[Fault, None] = {}
    for rule in (*common.RULES, *JUDGED.get(case.record, ())):
        for fault in rule(case):
            faults[fault] = None
    operation = operation_of(case.record)
    if operation is not None:
        faults |= dict.fromkeys(judged_operation(case, operation))
    return list(faults)
