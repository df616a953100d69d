"""Asking for a role: begun by whoever needs it, decided in the process `security.access_request`, followed by the asker."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.audit import Thing, record
from app.core import clock
from app.core.db import current_session, unit_of_work
from app.core.errors import Conflict, Invalid, NotFound
from app.core.masking import mask_name
from app.core.text import Text
from app.security.grants import LONGEST_DAYS
from app.security.models import AccessRequest, User
from app.security.roles import WORDS, Role, parse_roles
from app.workflow import host
from app.workflow.models import ProcessTask

PROCESS: Final = "security.access_request"
WITHDRAWN: Final = "security.access_withdrawn"
"""The message by which an asker takes a request back."""
SHORTEST_REASON, LONGEST_REASON = 4, 500

STATES: Final = {
    "asked": Text("审批中", "Being decided"),
    "granted": Text("已授予", "Granted"),
    "ended": Text("已到期收回", "Ended"),
    "refused": Text("未批准", "Refused"),
    "conflict": Text("岗位冲突", "Roles conflict"),
    "withdrawn": Text("已撤回", "Withdrawn"),
}
OPEN: Final = ("asked", "granted")
_ACTIONS: Final = {
    "ended": "security.access_ended",
    "refused": "security.access_refused_by_decision",
    "conflict": "security.access_conflict",
    "withdrawn": "security.access_withdrawn",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for: a role by its name, why, and the last day on which it is to be held."""

    role: str
    reason: str
    until: date | None


class WishRefused(Invalid):
    """A request cannot be taken; `errors` are all of the reasons, by field."""

    def __init__(self, errors: dict[str, Text]) -> None:
        words = errors.values()
        super().__init__(
            "security.access_wish", Text("；".join(each.zh for each in words), "; ".join(each.en for each in words))
        )
        self.errors = errors


def latest_end() -> date:
    """The last day that may be asked for."""
    return clock.today() + timedelta(days=LONGEST_DAYS)


def ask_for_role(user: User, wish: Wish) -> AccessRequest:
    """Begin a request of `user`, who must be the one acting.

    Raises WishRefused, and Conflict (`security.role_held`, `security.request_open`).
    """
    reason = " ".join(wish.reason.split())
    errors = _errors(wish, reason)
    if errors or wish.until is None:
        raise WishRefused(errors)
    (role,) = parse_roles([wish.role])
    if role in user.roles:
        raise Conflict(
            "security.role_held",
            Text("您已持有该岗位；临近到期时由主管复核续期", "you hold this role; it is reviewed before its end"),
        )
    now = clock.now()
    request = AccessRequest(
        id=f"AR-{clock.today():%Y%m%d}-{secrets.token_hex(4)}",
        user_id=user.id,
        role=role.value,
        reason=reason,
        until=wish.until,
        state="asked",
        answer="",
        asked_at=now,
        open_mark=f"{user.id}:{role.value}",
    )
    try:
        with unit_of_work():
            current_session().add(request)
            current_session().flush()
    except IntegrityError:
        raise Conflict(
            "security.request_open",
            Text("该岗位的申请正在办理，不必重复提交", "a request for this role is already being dealt with"),
        ) from None
    record("security.access_asked", Thing("access_request", request.id), detail={"role": role.value})
    request.instance_id = host.start(
        PROCESS, request.id, {"request": request.id}, subject=f"{mask_name(user.display_name)} · {WORDS[role].title.zh}"
    )
    current_session().flush()
    return request


def _errors(wish: Wish, reason: str) -> dict[str, Text]:
    errors = {}
    if wish.role not in {role.value for role in Role}:
        errors["role"] = Text("请选择岗位", "choose a role")
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON or not reason.isprintable():
        errors["reason"] = Text(
            f"请用 {SHORTEST_REASON}–{LONGEST_REASON} 字说明为何需要",
            f"say why in {SHORTEST_REASON} to {LONGEST_REASON} characters",
        )
    if wish.until is None or not clock.today() < wish.until <= latest_end():
        errors["until"] = Text(
            f"到期日须在明天与 {latest_end():%Y-%m-%d} 之间（最长 {LONGEST_DAYS} 天）",
            f"the last day must lie between tomorrow and {latest_end():%Y-%m-%d} ({LONGEST_DAYS} days at most)",
        )
    return errors


def find_request(request_id: str, of: User | None = None) -> AccessRequest:
    """A request; with `of`, one of theirs only. Raises NotFound (`security.access_request`)."""
    found = current_session().get(AccessRequest, request_id)
    if found is None or (of is not None and found.user_id != of.id):
        raise NotFound("security.access_request", Text("没有这个申请", "there is no such request"))
    return found


def requests_of(user: User) -> list[AccessRequest]:
    """Somebody's requests, the newest first; at most 100."""
    wanted = select(AccessRequest).filter_by(user_id=user.id).order_by(AccessRequest.asked_at.desc(), AccessRequest.id)
    return list(current_session().scalars(wanted.limit(100)))


def withdraw(request: AccessRequest) -> None:
    """Take a request back that is not decided. Raises Conflict (`security.not_withdrawable`)."""
    if request.state != "asked" or not host.send_message(WITHDRAWN, request.id):
        raise Conflict(
            "security.not_withdrawable",
            Text("该申请已处理完毕，不能撤回", "this request has been dealt with and cannot be withdrawn"),
        )
    close(request, "withdrawn")


def close(request: AccessRequest, state: str, answer: str = "") -> bool:
    """Note what came of a request; whether it was open. A second time changes nothing."""
    if request.state not in OPEN:
        return False
    request.state, request.closed_at, request.open_mark = state, clock.now(), None
    request.answer = answer or request.answer
    current_session().flush()
    record(_ACTIONS[state], Thing("access_request", request.id), detail={"role": request.role})
    return True


def questions_of(requests: Sequence[AccessRequest]) -> dict[str, list[ProcessTask]]:
    """What people were and are asked about each request, by its id, the oldest first."""
    found: dict[str, list[ProcessTask]] = {each.id: [] for each in requests}
    wanted = select(ProcessTask).where(
        ProcessTask.instance_id.in_([each.instance_id for each in requests if each.instance_id]),
        ProcessTask.kind == "question",
    )
    for task in current_session().scalars(wanted.order_by(ProcessTask.opened_at, ProcessTask.id)):
        found[task.business_key].append(task)
    return found
