"""Starting and stopping shadows: by hand, when the candidate is released, and when their last day has been reported."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core import clock, workdays
from app.core.actor import current_actor
from app.core.db import current_session, unit_of_work
from app.core.errors import Conflict, Invalid, NotFound
from app.core.events import Received, publish
from app.core.jobs import TaskContext
from app.core.text import Text
from app.rules.model import RulesetInvalid
from app.rules.registry import drafts
from app.rules.registry.checking import check
from app.rules.registry.editions import remember
from app.rules.registry.events import EditionReleased
from app.rules.registry.force import in_force
from app.rules.shadow.events import ShadowStarted, ShadowStopped
from app.rules.shadow.models import Shadow
from app.web.parts import Tone

LONGEST: Final = 92
"""Days for which a shadow may run at most."""
STATES: Final[Mapping[str, Text]] = {
    "running": Text("运行中", "Running"),
    "stopped": Text("已停止", "Stopped"),
    "over": Text("已到期", "Over"),
    "released": Text("候选已生效", "Candidate released"),
}
TONES: Final[Mapping[str, Tone]] = {"running": "info", "released": "success"}


def latest_end() -> date:
    """The last business day that may be asked for."""
    return clock.today() + timedelta(days=LONGEST)


def start(ruleset: str, until: date, note: str = "") -> Shadow:
    """Let the present draft of a ruleset run beside the edition in force, as it is now, on the days to come up to `until`.

    The draft may be changed or released meanwhile: what runs is remembered as an edition. Raises NotFound (`rules.draft`),
    RulesetInvalid with all faults where the draft does not pass its check, Invalid (`rules.shadow_until`,
    `rules.shadow_records`), and Conflict (`rules.shadow_runs`).
    """
    if not clock.today() <= until <= latest_end():
        raise Invalid(
            "rules.shadow_until",
            Text(
                f"截止日须在今天与 {latest_end():%Y-%m-%d} 之间",
                f"the last day must lie between today and {latest_end():%Y-%m-%d}",
            ),
        )
    draft = drafts.find(ruleset)
    texts = drafts.content(draft)
    if shadow_running(ruleset) is not None:
        raise _runs()
    checked = check(ruleset, texts, draft.base, clock.today())
    if checked.ruleset is None or not checked.fit:
        raise RulesetInvalid(checked.faults)
    if checked.ruleset.record_type is None:
        raise Invalid(
            "rules.shadow_records",
            Text("只有判断记录的规则集可以影子运行", "only rulesets about records can run as shadows"),
        )
    remember(checked.ruleset, texts, "console", authors=tuple(draft.authors))
    force = in_force(clock.today())
    shadow = Shadow(
        id=f"SH-{clock.today():%Y%m%d}-{secrets.token_hex(4)}",
        ruleset=ruleset,
        edition=checked.ruleset.edition,
        base=force.ruleset(ruleset).edition if ruleset in force.places else None,
        record_type=checked.ruleset.record_type,
        until=until,
        state="running",
        note=" ".join(note.split())[:500],
        started_by=current_actor().id,
        started_at=clock.now(),
        open_mark=ruleset,
    )
    try:
        with unit_of_work():
            current_session().add(shadow)
            current_session().flush()
    except IntegrityError:
        raise _runs() from None
    publish(ShadowStarted(shadow.id, ruleset, shadow.edition, until))
    return shadow


def _runs() -> Conflict:
    return Conflict(
        "rules.shadow_runs",
        Text("该规则集已有影子在运行，请先停止", "a shadow of this ruleset runs already; stop it first"),
    )


def find(shadow_id: str) -> Shadow:
    """Raises NotFound (`rules.shadow`)."""
    found = current_session().get(Shadow, shadow_id)
    if found is None:
        raise NotFound("rules.shadow", Text("没有这次影子运行", "there is no such shadow"))
    return found


def shadow_running(ruleset: str) -> Shadow | None:
    """The shadow of a ruleset that runs now."""
    return current_session().scalar(select(Shadow).filter_by(ruleset=ruleset, state="running"))


def shadows_of(ruleset: str) -> list[Shadow]:
    """All shadows of a ruleset, the newest first."""
    query = select(Shadow).filter_by(ruleset=ruleset).order_by(Shadow.started_at.desc(), Shadow.id)
    return list(current_session().scalars(query))


def stop(shadow: Shadow) -> None:
    """Let it run no more; what it has found stays. Raises Conflict (`rules.shadow_over`) where it does not run."""
    if not end(shadow, "stopped"):
        raise shadow_over()


def shadow_over() -> Conflict:
    return Conflict("rules.shadow_over", Text("影子运行已经结束", "this shadow does not run any more"))


def end(shadow: Shadow, state: str) -> bool:
    """Note that it runs no more and why; whether it ran."""
    if shadow.state != "running":
        return False
    shadow.state, shadow.open_mark = state, None
    shadow.stopped_at, shadow.stopped_by = clock.now(), current_actor().id
    current_session().flush()
    publish(ShadowStopped(shadow.id, shadow.ruleset, state))
    return True


def end_with_release(received: Received) -> None:
    """The candidate is in force: there is nothing to compare any more."""
    event = received.event
    if isinstance(event, EditionReleased):
        shadow = shadow_running(event.ruleset)
        if shadow is not None and shadow.edition == event.edition:
            end(shadow, "released")


def end_by_day(context: TaskContext) -> None:
    """End the shadows whose last business day should have been reported by now."""
    del context
    for shadow in current_session().scalars(select(Shadow).filter_by(state="running")):
        if last_report_day(shadow.until) < clock.today():
            end(shadow, "over")


def last_report_day(day: date) -> date:
    """By when the records of a business day are to be judged and sent: the next working day."""
    return workdays.add_working_days(day, 1, assume_weekdays=True).day
