"""The verbs of a release that diagrams may call. Each takes the request, may be called again, and says what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from app.core.db import current_session, unit_of_work
from app.core.errors import Conflict
from app.core.registry import Registry, Step
from app.core.text import Text
from app.rules.loading import load_ruleset
from app.rules.model import Ruleset
from app.rules.registry import drafts, requests
from app.rules.registry.backtest import Trial, backtest, keep, usual_days
from app.rules.registry.checking import check, words_of
from app.rules.registry.force import in_force
from app.rules.registry.models import ReleaseRequest
from app.workflow.models import ProcessTask
from app.workflow.stepping import StepContext, StepFailed

_NOT_NOW: Final = ("rules.four_eyes", "rules.day_past", "rules.base_moved")
"""Why an approval may have no effect; the diagram says how it goes on."""


@dataclass(frozen=True, slots=True)
class RequestParams:
    """Which request a step works on."""

    request: str


@dataclass(frozen=True, slots=True)
class ReturnParams:
    """The request, and what the approver answered, if it came so far."""

    request: str
    approval: Any = None


def register_steps(registry: Registry) -> None:
    """Announce the verbs."""
    verbs: dict[str, tuple[Text, Callable[..., Any], type]] = {
        "check_candidate": (Text("检查待生效规则集", "Check a candidate"), check_candidate, RequestParams),
        "try_candidate": (Text("在历史数据上试跑", "Try a candidate on stored days"), try_candidate, RequestParams),
        "put_in_force": (Text("登记生效或停用", "Put in force or retire"), put_in_force, RequestParams),
        "return_draft": (Text("退回草稿", "Return a draft"), return_draft, ReturnParams),
        "note_withdrawal": (Text("登记申请撤回", "Note a request as withdrawn"), note_withdrawal, RequestParams),
    }
    for name, (title, run, params) in verbs.items():
        registry.step(Step(f"rules.{name}", title, run, params))


def check_candidate(context: StepContext, params: RequestParams) -> dict[str, Any]:
    """Whether the candidate is fit to be tried; what is wrong with it is kept with the request."""
    del context
    with unit_of_work(reading=True):
        request = requests.find(params.request)
        draft = requests.draft_of(request)
        if draft is None:
            found: dict[str, Any] = {"fit": True}
        else:
            checked = check(draft.ruleset, drafts.content(draft), draft.base, request.effective_from)
            found = checked.as_data()
    with unit_of_work():
        request = requests.find(params.request)
        request.checked, request.edition = found, found.get("edition")
        if found["fit"]:
            requests.move(request, "checked")
        return {"fit": found["fit"]}


def try_candidate(context: StepContext, params: RequestParams) -> dict[str, Any]:
    """What the candidate would change on the newest stored days; nothing to try on where none are stored."""
    with unit_of_work(reading=True):
        request = requests.find(params.request)
        candidate, name, day = _candidate(request), request.ruleset, request.effective_from
        about = candidate or in_force(day).ruleset(name)
    days = usual_days(about.record_type) if about.record_type and about.rules else ()
    done: dict[str, Any] = {"days": len(days), "newly": 0, "no_longer": 0}
    backtest_id = None
    if days and about.record_type:
        trial = Trial(name, candidate, about.record_type)
        result = backtest(trial, days, context.progress)
        backtest_id = keep(trial, result, context.key)
        done |= {side: result[side]["records"] for side in ("newly", "no_longer")}
    with unit_of_work():
        request = requests.find(params.request)
        request.backtest = backtest_id
        requests.move(request, "tried")
    return done


def put_in_force(context: StepContext, params: RequestParams) -> dict[str, Any]:
    """Raises StepFailed (`rules.four_eyes`, `rules.day_past`, `rules.base_moved`)."""
    del context
    with unit_of_work():
        request = requests.find(params.request)
        try:
            approver, note = _approval(request)
            release = requests.put_in_force(request, approver, note)
        except Conflict as problem:
            if problem.code in _NOT_NOW:
                raise StepFailed(problem.code, problem.message) from problem
            raise
        return {"edition": release.edition or "", "effective_from": release.effective_from.isoformat()}


def return_draft(context: StepContext, params: ReturnParams) -> dict[str, Any]:
    """Back to its authors, with the faults of the check, the approver's words, or why an approval had no effect."""
    del context
    with unit_of_work():
        request = requests.find(params.request)
        words = "" if request.checked.get("fit") else words_of(request.checked)
        given = params.approval if isinstance(params.approval, Mapping) else {}
        told = words or _failure(request) or str(given.get("comment") or "")
        requests.close(request, "returned", told)
        return {"state": request.state}


def note_withdrawal(context: StepContext, params: RequestParams) -> dict[str, Any]:
    del context
    with unit_of_work():
        requests.close(requests.find(params.request), "withdrawn")
        return {"state": "withdrawn"}


def _candidate(request: ReleaseRequest) -> Ruleset | None:
    draft = requests.draft_of(request)
    return load_ruleset(drafts.content(draft)) if draft is not None else None


def _approval(request: ReleaseRequest) -> tuple[str, str]:
    """Who approved the request, and in which words. An author's approval has no effect: then it is asked for again, and
    what somebody else has answered counts."""
    wanted = select(ProcessTask).filter_by(instance_id=request.instance_id, kind="question", status="done")
    answered = list(current_session().scalars(wanted.order_by(ProcessTask.finished_at.desc())))
    if not answered:
        raise Conflict("rules.not_approved", Text("尚未批准", "it has not been approved"))
    task = next((each for each in answered if each.finished_by not in request.authors), answered[0])
    given = task.result if isinstance(task.result, Mapping) else {}
    return task.finished_by or "", str(given.get("comment") or "")


def _failure(request: ReleaseRequest) -> str:
    """Why the approved request could not take effect, as its step has left it."""
    wanted = select(ProcessTask.error).where(
        ProcessTask.instance_id == request.instance_id,
        ProcessTask.name == "rules.put_in_force",
        ProcessTask.error.is_not(None),
    )
    found = current_session().scalar(wanted.order_by(ProcessTask.opened_at.desc()).limit(1)) or ""
    return "" if found.startswith("rules.four_eyes") else found
