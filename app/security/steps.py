"""The verbs of security that diagrams may call. Each takes the request, may be called again, and says what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select

from app.core.db import current_session, unit_of_work
from app.core.errors import Invalid
from app.core.registry import Registry, Step
from app.core.text import Text
from app.security import grants
from app.security.models import AccessRequest
from app.security.permissions import GRANT_ACCESS
from app.security.requests import close, find_request
from app.security.roles import Role, refuse_exclusive
from app.workflow.models import ProcessTask
from app.workflow.stepping import StepContext, StepFailed

_EXTENSIONS: Final = {"30": 30, "90": 90, "180": grants.LONGEST_DAYS}


@dataclass(frozen=True, slots=True)
class RequestParams:
    """Which request a step works on."""

    request: str


@dataclass(frozen=True, slots=True)
class RefusalParams:
    """The request, and what manager and security administrator answered, as far as they did."""

    request: str
    approval: Any = None
    authorisation: Any = None


@dataclass(frozen=True, slots=True)
class RenewalParams:
    """The request, and the manager's answer: `days` by which it is prolonged."""

    request: str
    renewal: Any = None


def register_steps(registry: Registry) -> None:
    """Announce the verbs."""
    verbs: dict[str, tuple[Text, Callable[..., Any], type]] = {
        "check_access": (Text("核对岗位冲突", "Check for roles that conflict"), check_access, RequestParams),
        "grant_role": (Text("授予申请的岗位", "Grant the role asked for"), grant_role, RequestParams),
        "extend_role": (Text("续期岗位", "Prolong a role"), extend_role, RenewalParams),
        "revoke_role": (Text("到期收回岗位", "Take a role back at its end"), revoke_role, RequestParams),
        "note_refusal": (Text("登记申请未批准", "Note a request as refused"), note_refusal, RefusalParams),
        "note_conflict": (Text("登记岗位冲突", "Note that roles conflict"), note_conflict, RequestParams),
        "note_withdrawal": (Text("登记申请撤回", "Note a request as withdrawn"), note_withdrawal, RequestParams),
    }
    for name, (title, run, params) in verbs.items():
        registry.step(Step(f"security.{name}", title, run, params))


def check_access(context: StepContext, params: RequestParams) -> dict[str, Any]:
    """Whether the asker could hold the role beside those they hold."""
    del context
    with unit_of_work(reading=True):
        request = find_request(params.request)
        user = grants.user_of(request)
        try:
            refuse_exclusive(user.roles | {Role(request.role)})
        except Invalid:
            return {"allowed": False}
        return {"allowed": not user.locked}


def grant_role(context: StepContext, params: RequestParams) -> dict[str, Any]:
    """Raises StepFailed (`security.roles_exclusive`) where the asker has come to hold a role meanwhile that forbids it."""
    del context
    with unit_of_work():
        request = find_request(params.request)
        try:
            term = grants.grant_role(request, _granted_by(request))
        except Invalid as problem:
            if problem.code == "security.roles_exclusive":
                raise StepFailed(problem.code, problem.message) from problem
            raise
        if request.state == "asked":
            request.state = "granted"
        return term.as_result()


def extend_role(context: StepContext, params: RenewalParams) -> dict[str, Any]:
    """Prolong by the days that the manager chose, counted from the present end."""
    days = _EXTENSIONS.get(str(_said(params.renewal, "days")), 30)
    with unit_of_work():
        request = find_request(params.request)
        if request.extended_by != context.key:
            term = grants.extend_role(request, request.until + timedelta(days=days))
            request.extended_by = context.key
        else:
            term = grants.extend_role(request, request.until)
        return term.as_result()


def revoke_role(context: StepContext, params: RequestParams) -> dict[str, Any]:
    del context
    with unit_of_work():
        request = find_request(params.request)
        revoked = grants.revoke_role(request)
        close(request, "ended")
        return {"revoked": revoked}


def note_refusal(context: StepContext, params: RefusalParams) -> dict[str, Any]:
    del context
    words = _said(params.authorisation, "comment") or _said(params.approval, "comment")
    return _close(params.request, "refused", words)


def note_conflict(context: StepContext, params: RequestParams) -> dict[str, Any]:
    del context
    return _close(params.request, "conflict")


def note_withdrawal(context: StepContext, params: RequestParams) -> dict[str, Any]:
    del context
    return _close(params.request, "withdrawn")


def _close(request_id: str, state: str, answer: str = "") -> dict[str, Any]:
    with unit_of_work():
        close(find_request(request_id), state, answer)
        return {"state": state}


def _said(answers: Any, key: str) -> str:
    value = answers.get(key) if isinstance(answers, Mapping) else None
    return value if isinstance(value, str) else ""


def _granted_by(request: AccessRequest) -> str:
    """Who answered last whether the role be granted: whose decision the step carries out."""
    wanted = select(ProcessTask.finished_by).filter_by(
        instance_id=request.instance_id, kind="question", status="done", permission=GRANT_ACCESS
    )
    return current_session().scalar(wanted.order_by(ProcessTask.finished_at.desc()).limit(1)) or "system"
