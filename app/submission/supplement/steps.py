"""The verbs of a review that diagrams may call. Each takes the request, may be called again, and says what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.core.db import current_session, unit_of_work
from app.core.errors import Conflict
from app.core.registry import Registry, Step
from app.core.text import Text
from app.submission.supplement import deciding
from app.submission.supplement.models import SupplementRequest
from app.workflow.models import ProcessTask
from app.workflow.stepping import StepContext, StepFailed


@dataclass(frozen=True, slots=True)
class RequestParams:
    """Which request a step works on."""

    request: str


def register_steps(registry: Registry) -> None:
    """Announce the verbs."""
    verbs: dict[str, tuple[Text, Callable[[StepContext, RequestParams], dict[str, Any]]]] = {
        "approve_supplements": (Text("补录生效", "Let supplements take effect"), approve_supplements),
        "return_supplements": (Text("退回补录", "Return supplements"), return_supplements),
        "withdraw_supplements": (Text("登记补录撤回", "Note supplements as taken back"), withdraw_supplements),
    }
    for name, (title, run) in verbs.items():
        registry.step(Step(f"submission.{name}", title, run, RequestParams))


def approve_supplements(context: StepContext, params: RequestParams) -> dict[str, Any]:
    """All of them, or (`approve_clean`) those that no finding blocks. Raises StepFailed (`submission.four_eyes`)."""
    del context
    with unit_of_work():
        request = deciding.find_request(params.request)
        reviewer, decision, words = _decision(request)
        try:
            approved, returned = deciding.approve(request, reviewer, words, clean_only=decision == "approve_clean")
        except Conflict as problem:
            if problem.code == "submission.four_eyes":
                raise StepFailed(problem.code, problem.message) from problem
            raise
        return {"approved": approved, "returned": returned}


def return_supplements(context: StepContext, params: RequestParams) -> dict[str, Any]:
    """With the words of whoever reviewed them."""
    del context
    with unit_of_work():
        request = deciding.find_request(params.request)
        reviewer, _, words = _decision(request)
        return {"approved": 0, "returned": deciding.give_back(request, reviewer, words)}


def withdraw_supplements(context: StepContext, params: RequestParams) -> dict[str, Any]:
    del context
    with unit_of_work():
        deciding.note_withdrawal(deciding.find_request(params.request))
        return {}


def _decision(request: SupplementRequest) -> tuple[str, str, str]:
    """Who has decided, what, and in which words. What the author has answered does not count where another has too."""
    wanted = select(ProcessTask).filter_by(instance_id=request.instance_id, kind="question", status="done")
    answered = list(current_session().scalars(wanted.order_by(ProcessTask.finished_at.desc())))
    if not answered:
        raise Conflict("submission.not_reviewed", Text("尚未复核", "it has not been reviewed"))
    task = next((each for each in answered if each.finished_by != request.author), answered[0])
    given = task.result if isinstance(task.result, Mapping) else {}
    return task.finished_by or "", str(given.get("decision") or ""), str(given.get("comment") or "")
