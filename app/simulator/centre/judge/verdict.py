"""The judgement of one record: every fault the official checks find, in a stable order and each once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from app.simulator.centre.judge import (
    account_history,
    common,
    organisation_account,
    organisation_basic,
    person_account,
    person_basic,
)
from app.simulator.centre.judge.case import Case
from app.simulator.centre.judge.operation import judged_operation, operation_of
from app.simulator.centre.judge.values import Fault

Rule = Callable[[Case], Iterator[Fault]]

_RULES: dict[str, tuple[Rule, ...]] = {
    "110": (*common.RULES, *person_basic.RULES),
    "210": (*common.RULES, *person_account.RULES, *account_history.PERSON_RULES),
    "310": (*common.RULES, *organisation_basic.RULES),
    "410": (*common.RULES, *organisation_account.RULES, *account_history.ORGANISATION_RULES),
}


def judge(case: Case) -> list[Fault]:
    """All faults of a record. Normal records of other types than 110, 210, 310 and 410 undergo the common checks only."""
    faults: dict[Fault, None] = {}
    for rule in _RULES.get(case.record, common.RULES):
        for fault in rule(case):
            faults[fault] = None
    operation = operation_of(case.record)
    if operation is not None:
        faults |= dict.fromkeys(judged_operation(case, operation))
    return list(faults)
