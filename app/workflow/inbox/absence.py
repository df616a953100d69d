"""When people are away and who does their tasks meanwhile.

A substitute may be away too: then it falls to their own substitute, and so on. Where a chain comes back to somebody
who is away, nobody is left to stand in, and the tasks wait or are reassigned by who leads.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import select

from app.core import clock
from app.core.db import current_session
from app.core.errors import Conflict, Invalid, NotFound, Refused
from app.core.events import publish
from app.core.people import directory
from app.core.text import Text
from app.workflow.inbox.events import AbsenceEnded, AbsenceEntered
from app.workflow.models import Absence

LONGEST_DAYS = 400


def substitutes(day: date) -> dict[str, str]:
    """Who is away on `day` and whom they have named."""
    rows = current_session().execute(
        select(Absence.person, Absence.substitute).where(Absence.first_day <= day, Absence.last_day >= day)
    )
    return {row.person: row.substitute for row in rows}


def stand_in(person: str, away: Mapping[str, str]) -> str | None:
    """Who does the tasks of `person`, themselves if they are there; None where everybody in the chain is away."""
    seen = {person}
    while person in away:
        person = away[person]
        if person in seen:
            return None
        seen.add(person)
    return person


def covered_by(person: str, day: date | None = None) -> list[str]:
    """Everybody whose tasks fall to `person` on `day` (today), by id."""
    away = substitutes(day or clock.today())
    return sorted(each for each in away if each != person and stand_in(each, away) == person)


def absences_of(person: str | None = None) -> list[Absence]:
    """Absences that are not over yet, earliest first: of one person or of everybody."""
    query = select(Absence).where(Absence.last_day >= clock.today())
    if person is not None:
        query = query.where(Absence.person == person)
    return list(current_session().scalars(query.order_by(Absence.first_day, Absence.id)))


def enter_absence(
    me: str, person: str, substitute: str, first_day: date, last_day: date, *, leads: bool = False
) -> Absence:
    """Note an absence, both days included; `leads` lets `me` do it for others.

    Raises Refused (`workflow.absence_other`), Invalid (`workflow.absence` with what is wrong) and Conflict
    (`workflow.absence_overlaps`).
    """
    _require_own(me, person, leads)
    if problems := _problems(person, substitute, first_day, last_day):
        raise Invalid(
            "workflow.absence", Text("；".join(each.zh for each in problems), "; ".join(each.en for each in problems))
        )
    session = current_session()
    overlapping = select(Absence.id).where(
        Absence.person == person, Absence.first_day <= last_day, Absence.last_day >= first_day
    )
    if session.scalar(overlapping.limit(1)) is not None:
        raise Conflict(
            "workflow.absence_overlaps",
            Text("这段时间已登记过外出", "An absence has been entered for some of these days already"),
        )
    made = Absence(person=person, substitute=substitute, first_day=first_day, last_day=last_day)
    session.add(made)
    session.flush()
    publish(AbsenceEntered(made.id, person, substitute))
    return made


def end_absence(me: str, number: int, *, leads: bool = False) -> None:
    """Take an absence back, or let it end with yesterday where it has begun. Raises NotFound and Refused."""
    session = current_session()
    found = session.get(Absence, number)
    if found is None:
        raise NotFound("workflow.absence", Text("没有这条外出登记", "There is no such absence"))
    _require_own(me, found.person, leads)
    if found.first_day < clock.today() <= found.last_day:
        found.last_day = clock.today() - timedelta(days=1)
    elif found.last_day >= clock.today():
        session.delete(found)
    session.flush()
    publish(AbsenceEnded(number, found.person))


def _require_own(me: str, person: str, leads: bool) -> None:
    if person != me and not leads:
        raise Refused(
            "workflow.absence_other",
            Text("只能登记本人的外出", "One may enter one's own absences only"),
        )


def _problems(person: str, substitute: str, first_day: date, last_day: date) -> list[Text]:
    found = []
    if directory().person(person) is None:
        found.append(Text("没有这个人", "There is no such person"))
    if directory().person(substitute) is None:
        found.append(Text("请选择代办人", "Choose a substitute"))
    if substitute == person:
        found.append(Text("代办人不能是本人", "One cannot be one's own substitute"))
    if last_day < first_day:
        found.append(Text("结束日早于开始日", "The last day lies before the first"))
    elif last_day < clock.today():
        found.append(Text("这段时间已经过去", "These days are over"))
    elif last_day - first_day > timedelta(days=LONGEST_DAYS):
        found.append(Text(f"最长 {LONGEST_DAYS} 天", f"At most {LONGEST_DAYS} days"))
    return found
