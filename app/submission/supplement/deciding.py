"""What becomes of supplements: approved or returned by a second person, ended, withdrawn, and decided against their source."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from sqlalchemy import select

from app.core import clock
from app.core.actor import current_actor
from app.core.db import current_session
from app.core.errors import Conflict, Invalid, NotFound, Refused
from app.core.events import publish
from app.core.text import Text
from app.submission.supplement.events import (
    ConflictDecided,
    SupplementEnded,
    SupplementMatched,
    SupplementsApproved,
    SupplementsReturned,
)
from app.submission.supplement.models import Supplement, SupplementRequest
from app.workflow import host
from app.workflow.intervention import cancel
from app.workflow.models import ProcessInstance

PROCESS: Final = "submission.supplement_review"
WITHDRAWN: Final = "submission.supplements_withdrawn"
"""The message by which a request is taken back."""
SHORTEST_REASON: Final = 4
LONGEST_REASON: Final = 500


def find(number: str) -> Supplement:
    """Raises NotFound (`submission.supplement`)."""
    found = current_session().get(Supplement, number)
    if found is None:
        raise NotFound("submission.supplement", Text("没有这条补录", "there is no such supplement"))
    return found


def find_request(number: str) -> SupplementRequest:
    """Raises NotFound (`submission.supplement_request`)."""
    found = current_session().get(SupplementRequest, number)
    if found is None:
        raise NotFound("submission.supplement_request", Text("没有这次提交", "there is no such request"))
    return found


def supplements_of(request: SupplementRequest) -> list[Supplement]:
    """The supplements of a request, in the order in which they were written."""
    query = select(Supplement).filter_by(request_id=request.id).order_by(Supplement.created_at, Supplement.id)
    return list(current_session().scalars(query))


def standing(supplement: Supplement) -> str:
    """Where it stands as people see it: what is approved is `waiting` before its first day, `in_force`, or `expired`."""
    if supplement.state != "approved":
        return supplement.state
    today = clock.today()
    if is_over(supplement, today):
        return "expired"
    return "waiting" if today < supplement.valid_from else "in_force"


def is_over(supplement: Supplement, today: date) -> bool:
    """Whether no batch to come can be about a business day for which it applies: today's batch is about yesterday."""
    return supplement.valid_until <= last_over(today)


def last_over(today: date) -> date:
    """The newest business day that no batch to come is about."""
    return today - timedelta(days=2)


def approve(request: SupplementRequest, reviewer: str, words: str, *, clean_only: bool) -> tuple[int, int]:
    """The request's supplements apply from their first day on; with `clean_only` those with a finding that blocks, and always
    those whose last day is over, go back. How many were approved and returned; a second time changes nothing.

    Raises Conflict (`submission.four_eyes`) where whoever wrote them approved them.
    """
    if request.state != "asked":
        return 0, 0
    if reviewer == request.author:
        raise Conflict(
            "submission.four_eyes",
            Text("补录人不能批准自己的补录", "whoever wrote the supplements may not approve them"),
        )
    waiting = [each for each in supplements_of(request) if each.state == "submitted"]
    today = clock.today()
    back = [each for each in waiting if is_over(each, today) or (clean_only and each.blocks)]
    taken = [each for each in waiting if each not in back]
    _replace_earlier(taken)
    for each in taken:
        _decided(each, "approved", reviewer, words)
        each.open_mark, each.force_mark = None, each.key_print
    for each in back:
        _decided(each, "returned", reviewer, words)
    request.state = "decided"
    current_session().flush()
    if taken:
        publish(SupplementsApproved(request.id, request.form, len(taken), reviewer))
    if back:
        publish(SupplementsReturned(request.id, request.form, len(back), reviewer))
    return len(taken), len(back)


def _replace_earlier(taken: Sequence[Supplement]) -> None:
    """What is in force of the same rows applies until the day before its successor begins, or no more at all."""
    session = current_session()
    later = {each.key_print: each for each in taken}
    marks = list(later)
    for start in range(0, len(marks), 500):
        query = select(Supplement).where(Supplement.force_mark.in_(marks[start : start + 500]))
        for each in session.scalars(query):
            begins = later[each.key_print].valid_from
            each.force_mark, each.conflict, each.conflict_on = None, None, None
            if each.valid_from < begins:
                each.valid_until = min(each.valid_until, begins - timedelta(days=1))
            else:
                each.state, each.ended_at = "replaced", clock.now()
    session.flush()


def give_back(request: SupplementRequest, reviewer: str, words: str) -> int:
    """All of a request goes back to its author, with words; how many. A second time changes nothing."""
    if request.state != "asked":
        return 0
    back = [each for each in supplements_of(request) if each.state == "submitted"]
    for each in back:
        _decided(each, "returned", reviewer, words)
    request.state = "decided"
    current_session().flush()
    publish(SupplementsReturned(request.id, request.form, len(back), reviewer))
    return len(back)


def _decided(supplement: Supplement, state: str, reviewer: str, words: str) -> None:
    supplement.state, supplement.reviewer, supplement.answer = state, reviewer, words[:4000]
    supplement.decided_at = clock.now()


def withdraw(request: SupplementRequest) -> None:
    """Its author takes back what is not decided: all of it is a draft again.

    Raises Refused (`submission.not_the_author`), Conflict (`submission.not_withdrawable`).
    """
    if current_actor().id != request.author:
        raise Refused("submission.not_the_author", Text("只有补录人可以撤回", "only whoever wrote it may take it back"))
    if request.state != "asked" or not (host.send_message(WITHDRAWN, request.id) or _given_up(request)):
        raise Conflict(
            "submission.not_withdrawable", Text("已经处理，不能撤回", "it has been decided and cannot be taken back")
        )
    note_withdrawal(request)


def note_withdrawal(request: SupplementRequest) -> None:
    """It has been taken back; a second time changes nothing."""
    if request.state != "asked":
        return
    for each in supplements_of(request):
        if each.state == "submitted":
            each.state = "draft"
    request.state = "withdrawn"
    current_session().flush()


def _given_up(request: SupplementRequest) -> bool:
    """Whether its process goes no further; one that has failed is ended."""
    instance = current_session().get(ProcessInstance, request.instance_id) if request.instance_id else None
    if instance is not None and instance.status == "incident":
        cancel(instance.id, "提交已撤回 / the request was withdrawn")
        return True
    return instance is None or instance.status in ("cancelled", "done")


def discard(supplement: Supplement) -> None:
    """Throw a draft away. Raises Conflict (`submission.supplement_not_draft`)."""
    if supplement.state not in ("draft", "returned"):
        raise not_draft()
    _end(supplement, "withdrawn", "")


def not_draft() -> Conflict:
    return Conflict(
        "submission.supplement_not_draft",
        Text("只有草稿或退回的补录可以修改", "only a draft, or what was returned, can be changed"),
    )


def end(supplement: Supplement, reason: str) -> None:
    """Let it apply no more from the next batch on. Raises Conflict (`submission.supplement_over`), Invalid."""
    words = checked_reason(reason)
    if standing(supplement) not in ("in_force", "waiting"):
        raise Conflict("submission.supplement_over", Text("这条补录不在生效中", "this supplement is not in force"))
    _end(supplement, "withdrawn", words)


def _end(supplement: Supplement, state: str, words: str) -> None:
    supplement.state, supplement.open_mark, supplement.force_mark = state, None, None
    supplement.conflict, supplement.conflict_on = None, None
    supplement.ended_by, supplement.ended_at, supplement.ended_because = current_actor().id, clock.now(), words
    current_session().flush()
    if state == "withdrawn":
        publish(SupplementEnded(supplement.id, supplement.form))


def end_by_itself(supplement: Supplement, day: date) -> None:
    """The source says the same on a business day: it has ended, and its author is told."""
    words = f"{day.isoformat()} 来源已一致 / the source says the same"
    _end(supplement, "matched", words)
    publish(SupplementMatched(supplement.id, supplement.form, supplement.author))


def decide_conflict(supplement: Supplement, holds: str, reason: str) -> None:
    """A person other than the author says which holds: `supplement`, or `source`, which ends the supplement.

    Raises Conflict (`submission.no_conflict`), Refused (`submission.four_eyes`), Invalid.
    """
    words = checked_reason(reason)
    if supplement.state != "approved" or supplement.conflict is None:
        raise Conflict("submission.no_conflict", Text("没有待裁定的冲突", "there is no conflict to decide"))
    if current_actor().id == supplement.author:
        raise Refused(
            "submission.four_eyes", Text("补录人不能裁定自己的补录", "whoever wrote it may not decide about it")
        )
    if holds not in ("supplement", "source"):
        raise Invalid("submission.conflict_choice", Text("请选择以哪一方为准", "choose which of the two holds"))
    publish(ConflictDecided(supplement.id, supplement.form, holds))
    if holds == "source":
        _end(supplement, "withdrawn", words)
        return
    supplement.seen = {**supplement.seen, **supplement.conflict}
    supplement.conflict, supplement.conflict_on = None, None
    supplement.answer = f"{supplement.answer}\n{words}".strip()[:4000]
    current_session().flush()


def checked_reason(reason: str) -> str:
    """Raises Invalid (`submission.supplement_reason`)."""
    words = " ".join(reason.split())
    if not SHORTEST_REASON <= len(words) <= LONGEST_REASON:
        raise Invalid(
            "submission.supplement_reason",
            Text(
                f"请用 {SHORTEST_REASON}–{LONGEST_REASON} 字说明理由",
                f"say why in {SHORTEST_REASON} to {LONGEST_REASON} characters",
            ),
        )
    return words
