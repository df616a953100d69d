"""The job that looks after notices: what is over ends, what nobody acknowledged goes further up, what is due goes out.

It works under one lease, so that no two make messages of the same; every part can be killed and repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, cast

import structlog
from sqlalchemy import exists, or_, select

from app.audit import Thing, record
from app.core import clock
from app.core.db import current_session, unit_of_work
from app.core.errors import Unavailable
from app.core.lease import Lease, guard, holding
from app.core.notices import NoticeKind, Severity
from app.notices.bundling import bundle
from app.notices.house_rules import house_rules
from app.notices.models import Message, Notice, NoticeCause
from app.notices.sending import SENDER, Sent, send_due
from app.notices.telling import end_causes, holders, tell

EVERY_SECONDS: Final = 20
JOB: Final = "notices.round"
_LEASE_SECONDS: Final = 60.0
_USUAL_AGE: Final = timedelta(days=14)

log = structlog.get_logger(__name__)


def look_after(kinds: Mapping[str, NoticeKind]) -> Sent:
    """One round. Another that is at it now does what there is to do."""
    if not _anything():
        return Sent()
    try:
        with holding(SENDER, seconds=_LEASE_SECONDS, wait=0) as keeper:
            prepare(kinds, keeper.lease)
            done = send_due(keeper.lease, keeper.lost.is_set)
    except Unavailable:
        return Sent()
    if done != Sent():
        figures: dict[str, Any] = {"sent": done.sent, "again": done.again, "failed": done.failed}
        log.info("messages_sent", **figures, unknown=done.unknown)
    return done


def _anything() -> bool:
    with unit_of_work(reading=True) as session:
        open_ones = exists().where(NoticeCause.ended_at.is_(None))
        waiting = exists().where(Message.state.in_(("waiting", "sending")))
        return bool(session.scalar(select(or_(open_ones, waiting))))


def prepare(kinds: Mapping[str, NoticeKind], lease: Lease) -> None:
    """End what is over, escalate, and make the messages that are due, as one unit."""
    with unit_of_work():
        guard(lease)
        end_what_is_over(kinds)
        escalate()
        bundle()


def end_what_is_over(kinds: Mapping[str, NoticeKind]) -> None:
    """Causes end that hold no more; those that nobody can ask about once they have been read by all, and all by age."""
    session, now, rules = current_session(), clock.now(), house_rules()
    open_ones: dict[str, list[NoticeCause]] = {}
    for each in session.scalars(select(NoticeCause).where(NoticeCause.ended_at.is_(None))):
        open_ones.setdefault(each.kind, []).append(each)
    for name, causes in open_ones.items():
        kind, known = kinds.get(name), rules.kinds.get(name)
        if kind is not None and kind.holds is not None:
            still = set(kind.holds({each.mark for each in causes}))
            end_causes([each.id for each in causes if each.mark not in still], "over")
            continue
        age = known.ends_after if known else _USUAL_AGE
        aged = [each.id for each in causes if each.opened_at + age <= now]
        end_causes(aged, "aged")
        rest = [each.id for each in causes if each.id not in aged]
        if not rest:
            continue
        told = set(session.scalars(select(Notice.cause_id).where(Notice.cause_id.in_(rest))))
        unread = select(Notice.cause_id).where(Notice.cause_id.in_(rest), Notice.read_at.is_(None))
        end_causes(sorted(told - set(session.scalars(unread))), "read")


def escalate() -> int:
    """Tell the next role of what is urgent and was acknowledged by nobody in time; how many causes went further up."""
    session, now, rules = current_session(), clock.now(), house_rules()
    due = select(NoticeCause).where(NoticeCause.ended_at.is_(None), NoticeCause.escalate_at <= now)
    moved = 0
    for cause in session.scalars(due.order_by(NoticeCause.id)).all():
        rule = rules.rule(cause.kind, cast(Severity, cause.severity))
        told = 0
        while rule is not None and cause.level < len(rule.escalate_to) and not told:
            role = rule.escalate_to[cause.level]
            cause.level += 1
            told = tell(cause, rule, holders([role], cause.provider), level=cause.level)
            record("notices.escalated", Thing("notice_cause", str(cause.id)), detail={"to": role, "told": told})
        further = rule is not None and cause.level < len(rule.escalate_to)
        cause.escalate_at = now + rule.escalate_after if rule is not None and further else None
        moved += 1
        session.flush()
    return moved
