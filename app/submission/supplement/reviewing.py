"""Reviewing: what waits, whose question it is, and the answer of a second person, given to the process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select

from app.core.actor import current_actor
from app.core.db import current_session
from app.core.errors import Conflict, Refused
from app.core.text import Text
from app.submission.service import release_form
from app.submission.supplement.models import SupplementRequest
from app.workflow import host
from app.workflow.forms import FormErrors, validate
from app.workflow.models import ProcessTask


def waiting() -> Select[SupplementRequest]:
    """The requests that nobody has decided."""
    return select(SupplementRequest).filter_by(state="asked")


def question_of(request: SupplementRequest) -> ProcessTask | None:
    """The open question of a request's process, if it is not answered."""
    query = select(ProcessTask).filter_by(instance_id=request.instance_id, kind="question", status="open")
    return current_session().scalar(query)


def answer(request: SupplementRequest, answers: Mapping[str, Any]) -> dict[str, Any]:
    """A second person's decision; the answers as they are kept.

    Raises FormErrors (`submission.decision`), Refused (`submission.four_eyes`), Conflict (`submission.not_waiting`).
    """
    question = question_of(request)
    if question is None:
        raise Conflict("submission.not_waiting", Text("该提交不在等待复核", "this request does not wait for a review"))
    if current_actor().id == request.author:
        raise Refused(
            "submission.four_eyes",
            Text("补录人不能复核自己的补录", "whoever wrote the supplements may not review them"),
        )
    try:
        accepted = validate(release_form(question), answers)
    except FormErrors as wrong:
        raise wrong.called("submission.decision") from wrong
    host.answer(question.id, accepted)
    return accepted


def clean_requests(numbers: Sequence[str], reviewer: str) -> list[SupplementRequest]:
    """Of these, the ones that wait, that `reviewer` has not written, and in which no finding holds anything back."""
    query = waiting().where(
        SupplementRequest.id.in_(numbers), SupplementRequest.blocked == 0, SupplementRequest.author != reviewer
    )
    found = current_session().scalars(query.order_by(SupplementRequest.submitted_at))
    return [each for each in found if question_of(each) is not None]
