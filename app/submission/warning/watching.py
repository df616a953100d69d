"""Judging a reporting day by the early-warning rules in force, and keeping its warnings in step with what is found."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import select

from app.audit import Thing as Named
from app.audit import record
from app.core import clock
from app.core.actor import current_actor
from app.core.db import current_session, database, unit_of_work
from app.core.db.rows import inserting_if_new
from app.core.errors import Conflict, CreditLinkError, Invalid, NotFound
from app.core.events import publish
from app.core.jobs import TaskContext
from app.core.text import Text
from app.lake.connection import EngineError
from app.rules.explain import RuleFinding, judge_of
from app.rules.registry import in_force
from app.submission.entities.entity import Entity
from app.submission.entities.keeping import all_entities
from app.submission.models import Batch
from app.submission.warning.events import WarningOpened
from app.submission.warning.facts import Thing, things_of
from app.submission.warning.models import Warning

RULESET: Final = "submission.warning"
LOOK_SECONDS: Final = 300
LONGEST_SILENCE: Final = timedelta(days=14)
_DAYS_WATCHED: Final = 7

log = structlog.get_logger(__name__)


def judge_day(provider: str, day: date) -> int:
    """Judge a reporting day as it stands; number of warnings that are not closed. Safe to repeat and to run side by side.

    What is found anew opens a warning, what is found no more closes it, and a silence that is over ends.
    """
    ruleset = in_force(day).ruleset(RULESET)
    judge = judge_of(ruleset)
    found = {
        (finding.rule, thing.name): (finding, thing)
        for thing in things_of(provider, day)
        for finding in judge.judge(thing.fact)
        if finding.blame.partition(".")[0] == thing.kind
    }
    session, now = current_session(), clock.now()
    query = select(Warning).where(Warning.provider == provider, Warning.business_date == day, Warning.state != "closed")
    known = {(each.rule, each.thing): each for each in session.scalars(query)}
    for place, (finding, thing) in found.items():
        if place in known:
            if _renew(known[place], finding, thing, now):
                _announce(known[place])
        else:
            _open(provider, day, finding, thing, ruleset.edition, now)
    for place, warning in known.items():
        if place not in found:
            warning.state, warning.closed_at, warning.open_mark = "closed", now, None
    session.flush()
    return len(found)


def _renew(warning: Warning, finding: RuleFinding, thing: Thing, now: datetime) -> bool:
    """Note that it still holds; whether people need to hear of it again."""
    worse = warning.state == "open" and finding.severity == "block" != warning.severity
    warning.seen_at, warning.facts, warning.severity = now, dict(thing.fact), finding.severity
    if warning.state == "silenced" and warning.silenced_until is not None and warning.silenced_until <= now:
        warning.state, warning.silenced_until = "open", None
        return True
    return worse


def _announce(warning: Warning) -> None:
    publish(
        WarningOpened(
            warning.id,
            warning.provider,
            warning.business_date,
            warning.rule,
            warning.severity,
            warning.title_zh,
            warning.title_en,
        )
    )


def _open(provider: str, day: date, finding: RuleFinding, thing: Thing, edition: str, now: datetime) -> None:
    values = {
        "provider": provider,
        "business_date": day,
        "rule": finding.rule,
        "thing": thing.name,
        "severity": finding.severity,
        "title_zh": finding.message.zh,
        "title_en": finding.message.en,
        "edition": edition,
        "facts": dict(thing.fact),
        "state": "open",
        "opened_at": now,
        "seen_at": now,
        "remark": "",
        "open_mark": f"{provider}|{day.isoformat()}|{finding.rule}|{thing.name}",
    }
    # Whoever judges the same day at the same moment finds the same; one of them writes it down.
    made = inserting_if_new(database().kind, Warning).values(**values).returning(Warning.id)
    number = current_session().scalar(made)
    if number is not None:
        _announce(current_session().get_one(Warning, number))


def judge_batch(batch_id: str) -> None:
    """Judge the day of a batch after one of its stages. What goes wrong here keeps no batch from going on."""
    try:
        with unit_of_work() as session:
            batch = session.get_one(Batch, batch_id)
            judge_day(batch.provider, batch.business_date)
    except (CreditLinkError, EngineError) as problem:
        log.warning("day_not_judged", batch=batch_id, why=type(problem).__name__)


def judge_days(context: TaskContext) -> None:
    """Judge the last days of every legal entity by the clock: what is late makes no step run."""
    del context
    for entity in all_entities():
        for day in days_watched(entity):
            try:
                with unit_of_work():
                    judge_day(entity.provider, day)
            except (CreditLinkError, EngineError) as problem:
                why = type(problem).__name__
                log.warning("day_not_judged", provider=entity.provider, day=day.isoformat(), why=why)


def days_watched(entity: Entity) -> list[date]:
    """The days of the last week that an entity should have reported or has warnings for, and is not done with."""
    with unit_of_work(reading=True) as session:
        first = clock.today() - timedelta(days=_DAYS_WATCHED)
        query = select(Batch.business_date, Batch.status).filter_by(provider=entity.provider)
        known = dict(session.execute(query.order_by(Batch.business_date)).all())
        open_ = select(Warning.business_date).where(Warning.provider == entity.provider, Warning.state != "closed")
        warned = set(session.scalars(open_.distinct()))
    if not known:
        return []  # it has never reported: there is nothing yet that could be late
    began = min(known)
    days = (first + timedelta(days=number) for number in range(_DAYS_WATCHED))
    due = {day for day in days if day >= began and entity.active_on(day) and known.get(day) not in ("done", "stopped")}
    return sorted(due | warned)


def find_warning(number: int) -> Warning:
    """Raises NotFound (`submission.warning`)."""
    found = current_session().get(Warning, number)
    if found is None:
        raise NotFound("submission.warning", Text("没有这条预警", "There is no such warning"))
    return found


def acknowledge(warning: Warning, remark: str) -> None:
    """Somebody has seen it and sees to it. Raises Conflict (`submission.warning_closed`)."""
    _handle(warning, "acknowledged", remark)


def silence(warning: Warning, until: datetime | None, remark: str) -> None:
    """Say nothing of it until a moment, at most two weeks ahead; then it is open again if it still holds.

    Raises Invalid (`submission.warning_until`) and Conflict (`submission.warning_closed`).
    """
    now = clock.now()
    if until is None or not now < until <= now + LONGEST_SILENCE:
        raise Invalid(
            "submission.warning_until", Text("静默至多 14 天，且须晚于现在", "silence it for at most 14 days from now")
        )
    _handle(warning, "silenced", remark)
    warning.silenced_until = until
    current_session().flush()


def _handle(warning: Warning, state: str, remark: str) -> None:
    if warning.state == "closed":
        raise Conflict("submission.warning_closed", Text("该预警已关闭", "This warning is closed"))
    warning.state, warning.silenced_until = state, None
    warning.handled_by, warning.remark = current_actor().id, remark.strip()[:500]
    current_session().flush()
    record(f"submission.warning.{state}", Named("warning", str(warning.id)), detail={"rule": warning.rule})
