"""Making messages of what waits, as the plan says."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from app.core import clock
from app.core.config import settings
from app.core.db import current_session
from app.core.notices import Severity
from app.core.text import LANGUAGES, Language
from app.notices.contacts import contacts_of, quiet_hours
from app.notices.house_rules import HouseRules, house_rules
from app.notices.models import Delivery, Message, Notice, NoticeCause
from app.notices.timing import DIGEST, Bundle, Held, Waiting, plan
from app.notices.wording import Line, Words, words_of
from app.security.models import User


def bundle() -> int:
    """Make the messages that are due now; how many. What is held says why and until when."""
    session, now, rules = current_session(), clock.now(), house_rules()
    query = (
        select(
            Delivery.id,
            Delivery.channel,
            Delivery.reason,
            Delivery.held_until,
            Notice.person,
            Notice.told_at,
            Notice.level,
            NoticeCause.kind,
            NoticeCause.provider,
            NoticeCause.day,
            NoticeCause.severity,
        )
        .join(Notice, Notice.id == Delivery.notice_id)
        .join(NoticeCause, NoticeCause.id == Notice.cause_id)
        .where(Delivery.state == "waiting")
        .order_by(Delivery.id)
    )
    rows: dict[int, Any] = {row.id: row for row in session.execute(query)}
    if not rows:
        return 0
    contacts = contacts_of({row.person for row in rows.values()})
    waiting = [
        Waiting(row.id, row.person, row.channel, row.kind, row.provider, row.day, row.severity, row.told_at)
        for row in rows.values()
    ]
    bundles, held = plan(waiting, now, rules.timing, lambda person: quiet_hours(contacts.get(person), rules))
    for kept in held:
        _hold(kept, rows[kept.id])
    languages = languages_of({each.person for each in bundles})
    for each in bundles:
        _make(each, [rows[number] for number in each.ids], rules, languages, now)
    session.flush()
    return len(bundles)


def _hold(held: Held, row: Any) -> None:
    if (row.reason, row.held_until) == (held.reason, held.until):
        return
    held_now = update(Delivery).where(Delivery.id == held.id).values(reason=held.reason, held_until=held.until)
    current_session().execute(held_now)


def languages_of(people: Collection[str]) -> dict[str, Language]:
    """The language in which each reads the console; the house's where they have not chosen."""
    query = select(User.username, User.language).where(User.username.in_(people))
    chosen = {name: each for name, each in current_session().execute(query) if each in LANGUAGES}
    return {person: chosen.get(person) or settings().language for person in people}


def _make(each: Bundle, rows: Sequence[Any], rules: HouseRules, languages: dict[str, Language], now: datetime) -> None:
    counted = Counter((row.kind, row.provider, row.day) for row in rows)
    lines = [Line(*place, count) for place, count in sorted(counted.items(), key=lambda item: str(item[0]))]
    urgent = any(row.severity == "high" for row in rows)
    escalated = any(row.level > 0 for row in rows)
    words = words_of(rules, lines, languages[each.person], each.channel, urgent=urgent, escalated=escalated)
    severity: Severity = "high" if urgent else "low" if each.kind == DIGEST else "normal"
    made = new_message(each.channel, each.person, each.kind, severity, len(rows), words, now)
    made.provider, made.day = each.provider, each.day
    session = current_session()
    session.flush()
    taken = update(Delivery).where(Delivery.id.in_(each.ids))
    session.execute(taken.values(state="bundled", reason="", held_until=None, message_id=made.id))


def new_message(
    channel: str, person: str, kind: str, severity: Severity, count: int, words: Words, now: datetime
) -> Message:
    """A message that waits to be sent."""
    made = Message(
        id=str(uuid.uuid4()),
        channel=channel,
        person=person,
        kind=kind,
        severity=severity,
        count=count,
        subject=words.subject[:300],
        body=words.body,
        link=words.link,
        state="waiting",
        due_at=now,
        created_at=now,
    )
    current_session().add(made)
    return made
