"""Asking that a draft be put in force or a ruleset retired: decided in the process `rules.ruleset_release`."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.actor import current_actor
from app.core.db import current_session, unit_of_work
from app.core.errors import Conflict, Invalid, NotFound
from app.core.events import publish
from app.core.text import Text
from app.rules.loading import load_ruleset
from app.rules.registry import drafts
from app.rules.registry.editions import remember, row_of
from app.rules.registry.events import EditionReleased, RequestMoved, RulesetRetired
from app.rules.registry.force import forget_in_force, in_force, no_ruleset
from app.rules.registry.models import Release, ReleaseRequest, RulesetDraft
from app.rules.registry.shipped import shipped
from app.workflow import host
from app.workflow.intervention import cancel
from app.workflow.models import ProcessInstance

PROCESS: Final = "rules.ruleset_release"
WITHDRAWN: Final = "rules.release_withdrawn"
"""The message by which a request is taken back."""
OPEN: Final = ("submitted", "checked", "tried")

STATES: Final = {
    "submitted": Text("已提交，待检查", "Submitted, to be checked"),
    "checked": Text("检查通过，待试跑", "Checked, to be tried"),
    "tried": Text("已试跑，待批准", "Tried, to be approved"),
    "approved": Text("已批准", "Approved"),
    "returned": Text("已退回", "Returned"),
    "withdrawn": Text("已撤回", "Withdrawn"),
}
KINDS: Final = {"release": Text("生效", "Put in force"), "retirement": Text("停用", "Retire")}


def submit(ruleset: str, lock: int, effective_from: date, note: str) -> ReleaseRequest:
    """Ask that the draft judge from a business day on. What is wrong in it is told by the check, which follows.

    Raises NotFound (`rules.draft`), Conflict (`rules.draft_changed`, `rules.draft_submitted`, `rules.request_open`), and
    Invalid (`rules.day_past`, `rules.note`).
    """
    words = _require_fit(effective_from, note)
    drafts.save(ruleset, lock, {})
    draft = drafts.find(ruleset)
    authors = list(dict.fromkeys((*draft.authors, current_actor().id)))
    request = _begin("release", ruleset, effective_from, words, authors)
    draft.status, draft.answer = "submitted", ""
    return _start(request)


def retire(ruleset: str, effective_from: date, note: str) -> ReleaseRequest:
    """Ask that a ruleset judge no more from a business day on. Raises as `submit`, and NotFound (`rules.ruleset`)."""
    words = _require_fit(effective_from, note)
    if ruleset not in in_force(effective_from).places:
        raise no_ruleset(ruleset)
    drafts.newest(ruleset)  # a shipped edition is remembered, so that what judged until then can be read ever after
    return _start(_begin("retirement", ruleset, effective_from, words, [current_actor().id]))


def withdraw(request: ReleaseRequest) -> None:
    """Take back a request that waits for its approval, or whose process has failed or was ended by hand.

    Raises Conflict (`rules.not_withdrawable`).
    """
    if request.state not in OPEN or not (host.send_message(WITHDRAWN, request.id) or _given_up(request)):
        raise Conflict(
            "rules.not_withdrawable",
            Text("该申请不在等待批准，不能撤回", "this request does not wait for approval and cannot be withdrawn"),
        )
    close(request, "withdrawn")


def _given_up(request: ReleaseRequest) -> bool:
    """Whether the process of a request goes no further; one that has failed is ended."""
    instance = current_session().get(ProcessInstance, request.instance_id) if request.instance_id else None
    if instance is not None and instance.status == "incident":
        cancel(instance.id, "申请已撤回 / the request was withdrawn")
        return True
    return instance is None or instance.status in ("cancelled", "done")


def find(request_id: str) -> ReleaseRequest:
    """Raises NotFound (`rules.request`)."""
    found = current_session().get(ReleaseRequest, request_id)
    if found is None:
        raise NotFound("rules.request", Text("没有这个申请", "there is no such request"))
    return found


def requests_of(ruleset: str) -> list[ReleaseRequest]:
    """All requests about a ruleset, the newest first."""
    query = select(ReleaseRequest).filter_by(ruleset=ruleset).order_by(ReleaseRequest.asked_at.desc())
    return list(current_session().scalars(query))


def draft_of(request: ReleaseRequest) -> RulesetDraft | None:
    """The draft that a request asks to be put in force; None for a retirement."""
    return drafts.find(request.ruleset) if request.kind == "release" else None


def move(request: ReleaseRequest, state: str) -> None:
    """Note how far a request has come; a second time changes nothing."""
    if request.state != state and request.state in OPEN:
        request.state = state
        current_session().flush()
        publish(RequestMoved(request.ruleset, request.id, state))


def close(request: ReleaseRequest, state: str, answer: str = "") -> None:
    """The request has ended without effect; its draft can be changed again. A second time changes nothing."""
    if request.state not in OPEN:
        return
    request.answer = answer[:4000]
    request.closed_at, request.open_mark = clock.now(), None
    draft = draft_of(request)
    if draft is not None:
        draft.status, draft.answer = "editing", request.answer
    move(request, state)


def put_in_force(request: ReleaseRequest, approver: str, note: str) -> Release:
    """What was asked for takes effect from its day; once, however often it is called.

    Raises Conflict: `rules.four_eyes` where an author approved it, `rules.day_past` where its day is over, `rules.base_moved`
    where another edition was released since the draft began, `rules.draft_changed` where it is not what was checked.
    """
    session = current_session()
    done = session.scalar(select(Release).filter_by(request=request.id))
    if done is not None:
        return done
    _require_approvable(request, approver)
    draft = draft_of(request)
    edition = None
    if draft is not None:
        edition = _edition_of(request, draft, note)
        session.delete(draft)
    release = Release(
        ruleset=request.ruleset,
        edition=edition,
        effective_from=request.effective_from,
        request=request.id,
        approved_by=approver,
        approved_at=clock.now(),
        note=note[:500],
    )
    session.add(release)
    request.answer, request.closed_at, request.open_mark = note[:4000], clock.now(), None
    move(request, "approved")
    forget_in_force()
    if edition is None:
        publish(RulesetRetired(request.ruleset, request.id, request.effective_from, approver))
    else:
        number = row_of(edition).number
        publish(EditionReleased(request.ruleset, request.id, edition, number, request.effective_from, approver))
    return release


def _edition_of(request: ReleaseRequest, draft: RulesetDraft, note: str) -> str:
    ruleset = load_ruleset(drafts.content(draft))
    if ruleset.edition != request.edition:
        raise Conflict("rules.draft_changed", Text("草稿与检查过的不同", "the draft is not what was checked"))
    texts, words = drafts.content(draft), request.note or note
    row = remember(ruleset, texts, "console", authors=tuple(request.authors), note=words)
    released = current_session().scalar(select(Release.id).filter_by(edition=row.edition).limit(1))
    if released is None and row.origin == "console":
        # A shadow may have remembered it before, with the cases and authors of that time.
        row.texts, row.authors, row.note = dict(texts.files), list(request.authors), words
    return row.edition


def _require_approvable(request: ReleaseRequest, approver: str) -> None:
    if approver in request.authors:
        raise Conflict(
            "rules.four_eyes",
            Text(
                "编写或提交者不能批准，须由他人批准",
                "whoever wrote or submitted it may not approve it; somebody else must",
            ),
        )
    if request.effective_from < clock.today():
        raise Conflict(
            "rules.day_past",
            Text(
                "生效日 {day} 已过，请重新选择", "the day from which it was to judge, {day}, is over; choose another"
            ).format(day=request.effective_from),
        )
    draft = draft_of(request)
    if draft is not None and (draft.base or draft.ruleset in _known()) and drafts.newest(draft.ruleset) != draft.base:
        raise Conflict(
            "rules.base_moved",
            Text(
                "草稿开始后该规则集已有新版本生效，请重新对照",
                "another edition was released since this draft began; compare it anew",
            ),
        )


def _known() -> set[str]:
    return {*shipped(), *current_session().scalars(select(Release.ruleset).distinct())}


def _require_fit(effective_from: date, note: str) -> str:
    words = " ".join(note.split())
    if effective_from < clock.today():
        raise Invalid("rules.day_past", Text("生效日不能早于今天", "the day from which it is to judge may not be past"))
    if not 2 <= len(words) <= 500:
        raise Invalid(
            "rules.note", Text("请用 2–500 字说明改了什么、为什么", "say in 2 to 500 characters what changes and why")
        )
    return words


def _begin(kind: str, ruleset: str, effective_from: date, note: str, authors: list[str]) -> ReleaseRequest:
    request = ReleaseRequest(
        id=f"RR-{clock.today():%Y%m%d}-{secrets.token_hex(4)}",
        ruleset=ruleset,
        kind=kind,
        state="submitted",
        effective_from=effective_from,
        note=note,
        authors=authors,
        checked={},
        answer="",
        asked_by=current_actor().id,
        asked_at=clock.now(),
        open_mark=ruleset,
    )
    try:
        with unit_of_work():
            current_session().add(request)
            current_session().flush()
    except IntegrityError:
        raise Conflict(
            "rules.request_open",
            Text("该规则集已有申请在办理", "a request about this ruleset is already being dealt with"),
        ) from None
    return request


def _start(request: ReleaseRequest) -> ReleaseRequest:
    publish(RequestMoved(request.ruleset, request.id, "submitted"))
    request.instance_id = host.start(PROCESS, request.id, {"request": request.id}, subject=request.ruleset)
    current_session().flush()
    return request
