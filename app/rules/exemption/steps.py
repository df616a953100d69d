"""The verbs of an exemption that diagrams may call. Each takes the exemption, may be called again, and says what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from app.core.db import current_session, unit_of_work
from app.core.errors import Conflict
from app.core.registry import Registry, Step
from app.core.text import Text
from app.rules.exemption import asking
from app.rules.exemption.models import Exemption
from app.workflow.models import ProcessTask
from app.workflow.stepping import StepContext, StepFailed

_NOT_NOW: Final = ("rules.four_eyes", "rules.day_past")
"""Why an approval may have no effect; the diagram says how it goes on."""


@dataclass(frozen=True, slots=True)
class ExemptionParams:
    """Which exemption a step works on."""

    exemption: str


def register_steps(registry: Registry) -> None:
    """Announce the verbs."""
    verbs: dict[str, tuple[Text, Callable[[StepContext, ExemptionParams], dict[str, Any]]]] = {
        "grant_exemption": (Text("登记豁免", "Grant an exemption"), grant_exemption),
        "refuse_exemption": (Text("登记豁免未批准", "Refuse an exemption"), refuse_exemption),
        "withdraw_exemption": (Text("登记豁免申请撤回", "Note an exemption as withdrawn"), withdraw_exemption),
    }
    for name, (title, run) in verbs.items():
        registry.step(Step(f"rules.{name}", title, run, ExemptionParams))


def grant_exemption(context: StepContext, params: ExemptionParams) -> dict[str, Any]:
    """Raises StepFailed (`rules.four_eyes`, `rules.day_past`)."""
    del context
    with unit_of_work():
        exemption = asking.find(params.exemption)
        approver, words = _decision(exemption)
        try:
            asking.grant(exemption, approver, words)
        except Conflict as problem:
            if problem.code in _NOT_NOW:
                raise StepFailed(problem.code, problem.message) from problem
            raise
        return {"state": exemption.state}


def refuse_exemption(context: StepContext, params: ExemptionParams) -> dict[str, Any]:
    """With the words of whoever refused it, or why an approval had no effect."""
    del context
    with unit_of_work():
        exemption = asking.find(params.exemption)
        by, words = _decision(exemption)
        asking.refuse(exemption, by, _failure(exemption) or words)
        return {"state": exemption.state}


def withdraw_exemption(context: StepContext, params: ExemptionParams) -> dict[str, Any]:
    del context
    with unit_of_work():
        exemption = asking.find(params.exemption)
        asking.note_withdrawal(exemption)
        return {"state": exemption.state}


def _decision(exemption: Exemption) -> tuple[str, str]:
    """Who has decided last, and in which words. What whoever asked has answered does not count where another has too."""
    wanted = select(ProcessTask).filter_by(instance_id=exemption.instance_id, kind="question", status="done")
    answered = list(current_session().scalars(wanted.order_by(ProcessTask.finished_at.desc())))
    if not answered:
        raise Conflict("rules.not_approved", Text("尚未批准", "it has not been approved"))
    task = next((each for each in answered if each.finished_by != exemption.asked_by), answered[0])
    given = task.result if isinstance(task.result, Mapping) else {}
    return task.finished_by or "", str(given.get("comment") or "")


def _failure(exemption: Exemption) -> str:
    """Why the approval had no effect, as its step has left it."""
    wanted = select(ProcessTask.error).where(
        ProcessTask.instance_id == exemption.instance_id,
        ProcessTask.name == "rules.grant_exemption",
        ProcessTask.error.is_not(None),
    )
    found = current_session().scalar(wanted.order_by(ProcessTask.opened_at.desc()).limit(1)) or ""
    return "" if found.startswith("rules.four_eyes") else found
