"""Telling people of a cause: it is opened once, told to whom the rules of the house name, and over when it holds no more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import select, update

from app.audit import Thing, record
from app.core import clock
from app.core.actor import current_actor
from app.core.db import current_session
from app.core.errors import NotFound
from app.core.events import Handler, Received
from app.core.notices import SEVERITIES, Cause, NoticeKind, Severity
from app.core.people import Person, directory
from app.core.text import Text
from app.notices.channels import usable
from app.notices.contacts import address_of, contacts_of, does_without
from app.notices.house_rules import NAMED, Rule, house_rules
from app.notices.models import Contact, Delivery, Notice, NoticeCause


def hearer(kind: NoticeKind, read: Callable[[Received], Cause | None]) -> Handler:
    """What hears an event: the cause that the room reads off it is opened."""

    def hear(received: Received) -> None:
        cause = read(received)
        if cause is not None:
            open_cause(kind.name, cause)

    return hear


def open_cause(kind: str, cause: Cause) -> NoticeCause | None:
    """Tell of a cause. None where nobody is to be told, or where it was told already and is not more urgent now."""
    session = current_session()
    rule = house_rules().rule(kind, cause.severity)
    open_mark = f"{kind}|{cause.mark}"
    before = session.scalar(select(NoticeCause).where(NoticeCause.open_mark == open_mark))
    if before is not None:
        if SEVERITIES.index(cause.severity) >= SEVERITIES.index(cast(Severity, before.severity)):
            return None
        end_causes([before.id], "raised")
    if rule is None:
        return None
    now = clock.now()
    made = NoticeCause(
        kind=kind,
        mark=cause.mark,
        open_mark=open_mark,
        severity=cause.severity,
        title_zh=cause.title.zh[:300],
        title_en=cause.title.en[:300],
        provider=cause.provider,
        day=cause.day,
        link=cause.link,
        opened_at=now,
    )
    session.add(made)
    session.flush()
    told = tell(made, rule, _meant(cause, rule), level=0)
    if rule.escalate_to:
        # What reaches nobody goes further at once.
        made.escalate_at = now + rule.escalate_after if told else now
    session.flush()
    return made


def _meant(cause: Cause, rule: Rule) -> list[Person]:
    roles = [role for role in rule.to if role != NAMED]
    people: list[Person] = []
    if NAMED in rule.to:
        roles += [role for role in cause.roles if role]
        people = [each for each in map(directory().person, cause.people) if each is not None]
        people = [each for each in people if _sees(each, each.roles, cause.provider)]
    return [*people, *holders(roles, cause.provider)]


def holders(roles: Iterable[str], provider: str | None) -> list[Person]:
    """Who holds one of the roles for the entity; where it is none, who holds it at all."""
    return [each for role in roles for each in directory().holders(role) if _sees(each, (role,), provider)]


def _sees(person: Person, roles: Collection[str], provider: str | None) -> bool:
    return provider is None or any(role not in person.limits or provider in person.limits[role] for role in roles)


def tell(cause: NoticeCause, rule: Rule, people: Sequence[Person], *, level: int) -> int:
    """Tell those who have not been told of it yet; how many they are."""
    session = current_session()
    known = set(session.scalars(select(Notice.person).where(Notice.cause_id == cause.id)))
    fresh = [each for each in dict.fromkeys(person.id for person in people) if each not in known]
    contacts, open_channels = contacts_of(fresh), usable()
    for person in fresh:
        notice = Notice(cause_id=cause.id, person=person, level=level, told_at=clock.now())
        session.add(notice)
        session.flush()
        for channel in rule.channels:
            why = _why_not(contacts.get(person), cause.kind, channel, rule, open_channels)
            state = "dropped" if why else "waiting"
            session.add(Delivery(notice_id=notice.id, channel=channel, state=state, reason=why))
    session.flush()
    return len(fresh)


def _why_not(contact: Contact | None, kind: str, channel: str, rule: Rule, open_channels: Collection[str]) -> str:
    if channel not in open_channels:
        return "unconfigured"
    if not address_of(contact, channel):
        return "no_address"
    return "unwanted" if does_without(contact, kind, channel) and not rule.must else ""


def end_causes(ids: Collection[int], because: str) -> None:
    """These are over: they may be told anew, and what has not gone out of them is dropped."""
    if not ids:
        return
    session = current_session()
    open_ones = update(NoticeCause).where(NoticeCause.id.in_(ids), NoticeCause.ended_at.is_(None))
    session.execute(
        open_ones.values(ended_at=clock.now(), ended_because=because, open_mark=None, escalate_at=None),
        execution_options={"synchronize_session": "fetch"},
    )
    _drop(select(Notice.id).where(Notice.cause_id.in_(ids)), because)


def _drop(notices: object, because: str) -> None:
    waiting = update(Delivery).where(Delivery.notice_id.in_(notices), Delivery.state == "waiting")  # type: ignore[arg-type]
    current_session().execute(
        waiting.values(state="dropped", reason=because, held_until=None),
        execution_options={"synchronize_session": "fetch"},
    )


def read_notice(number: int, person: str) -> None:
    """Somebody has seen a notice of theirs. Raises NotFound (`notices.notice`)."""
    found = current_session().scalar(select(Notice).where(Notice.id == number, Notice.person == person))
    if found is None:
        raise NotFound("notices.notice", Text("没有这条通知", "There is no such notice"))
    _read([found.id], clock.now())


def read_all(person: str) -> int:
    """Somebody has seen all their notices; how many were new."""
    query = select(Notice.id).join(NoticeCause).where(Notice.person == person, Notice.read_at.is_(None))
    unread = list(current_session().scalars(query))
    _read(unread, clock.now())
    return len(unread)


def _read(ids: Collection[int], now: datetime) -> None:
    """What was read is not sent any more, and does not go further up."""
    if not ids:
        return
    session = current_session()
    mine = Notice.id.in_(ids)
    session.execute(update(Notice).where(mine, Notice.read_at.is_(None)).values(read_at=now))
    _drop(ids, "read")
    who = current_actor().id
    causes = select(Notice.cause_id).where(mine)
    first = update(NoticeCause).where(NoticeCause.id.in_(causes), NoticeCause.acknowledged_at.is_(None))
    session.execute(
        first.values(acknowledged_at=now, acknowledged_by=who, escalate_at=None),
        execution_options={"synchronize_session": "fetch"},
    )
    session.flush()
    record("notices.read", Thing("notice", "*" if len(ids) > 1 else str(next(iter(ids)))))
