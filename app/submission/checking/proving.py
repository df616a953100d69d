"""The pre-check held against the centre's answers, counted once and kept by rule and day.

A day is counted when feedback for it has been applied, and again whenever more of it comes. What becomes of the records that
were held back is known later still: with every count the fates of the last `FATES` days are looked up in one pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date, timedelta
from typing import Final

from sqlalchemy import delete, select, update

from app.core import clock
from app.core.db import current_session, unit_of_work
from app.core.events import Received
from app.core.jobs import TaskContext, TaskRow, enqueue
from app.core.jobs.models import WAITING
from app.rules.registry import in_force
from app.rules.statistics import Counts, DayCounts, RuleCode
from app.submission.checking.events import FeedbackApplied
from app.submission.checking.models import ProvenDay, ProvenRule
from app.submission.checking.reviewing import ask_for_reviews
from app.submission.checking.volume import ACCEPTED, judge_volume
from app.submission.judging import REFUSED_BEFORE
from app.submission.lake import lake
from app.submission.models import Batch, ReportFile
from app.submission.service import batch_id_of
from app.submission.tables import (
    FEEDBACK,
    FILE_LINE,
    FINDING,
    RECORD_TYPES,
    accepted_of,
    accepted_table,
    of_provider,
    record_table,
    same_provider,
)

TASK: Final = "submission.prove"
FATES: Final = timedelta(days=35)
"""For so long the fate of a record that was held back is followed: beyond the next monthly reporting point."""
_REFUSED_WHOLE: Final = "2"
_KEPT: Final = tuple(each.name for each in fields(Counts) if each.name != "days")


def ask_for_proof(received: Received) -> None:
    """Have a day counted once feedback for it has been applied, unless a count that will see it waits already."""
    event = received.event
    if not isinstance(event, FeedbackApplied):
        return
    waiting = select(TaskRow.id).where(
        TaskRow.name == TASK, TaskRow.state == WAITING, TaskRow.key.startswith(f"{event.batch}/", autoescape=True)
    )
    if current_session().scalar(waiting.limit(1)) is None:
        enqueue(TASK, {"batch": event.batch}, f"{event.batch}/{received.id}")


def run_proof(context: TaskContext) -> None:
    """The task: count the day of a batch, the fates, the volumes that the centre has; ask for reviews. May be repeated."""
    batch = str(context.params["batch"])
    with unit_of_work(reading=True) as session:
        found = session.get_one(Batch, batch)
        provider, day = found.provider, found.business_date
    count_day(provider, day)
    follow_fates(provider, day)
    judge_volume(batch, ACCEPTED)
    with unit_of_work():
        ask_for_reviews(provider, day)


def count_day(provider: str, day: date) -> None:
    """Count the rules of a legal entity's business day from the lake, in place of an earlier count."""
    from app.submission.outcomes import live_counts  # it reads what is kept here

    codes = _codes(day)
    counted = live_counts({batch_id_of(provider, day): day}, codes, narrow=False)
    totals = _totals(provider, day)
    known = _fates_kept(provider, day)
    with unit_of_work() as session:
        session.execute(delete(ProvenRule).where(ProvenRule.provider == provider, ProvenRule.day == day))
        session.execute(delete(ProvenDay).where(ProvenDay.provider == provider, ProvenDay.day == day))
        for each in counted:
            figures = {name: getattr(each.counts, name) for name in _KEPT}
            figures["mended"], figures["unchanged"] = known.get((each.record_type, each.rule), (0, 0))
            place = {"provider": provider, "day": day, "record_type": each.record_type}
            session.add(ProvenRule(**place, rule=each.rule, **figures))
        for code, (passed, accepted) in totals.items():
            place = {"provider": provider, "day": day, "record_type": code}
            session.add(ProvenDay(**place, passed=passed, accepted=accepted, counted_at=clock.now()))


def _codes(day: date) -> list[RuleCode]:
    force = in_force(day)
    rulesets = (place.ruleset() for code in RECORD_TYPES if (place := force.about_record(code)) is not None)
    return [
        RuleCode(ruleset.record_type or "", rule.id, rule.code or rule.id)
        for ruleset in rulesets
        for rule in ruleset.rules
    ]


def _fates_kept(provider: str, day: date) -> dict[tuple[str, str], tuple[int, int]]:
    with unit_of_work(reading=True) as session:
        rows = session.scalars(select(ProvenRule).filter_by(provider=provider, day=day))
        return {(each.record_type, each.rule): (each.mended, each.unchanged) for each in rows}


def _totals(provider: str, day: date) -> dict[str, tuple[int, int]]:
    """Records answered and accepted of a legal entity's day by type; a file refused as a whole says nothing about rules."""
    totals = dict.fromkeys(RECORD_TYPES, (0, 0))
    with unit_of_work(reading=True) as session:
        query = select(ReportFile.record_type, ReportFile.accepted, ReportFile.rejected).where(
            ReportFile.batch_id == batch_id_of(provider, day),
            ReportFile.status == "answered",
            ReportFile.flag != _REFUSED_WHOLE,
        )
        for code, accepted, rejected in session.execute(query):
            passed, taken = totals.get(code, (0, 0))
            totals[code] = passed + (accepted or 0) + (rejected or 0), taken + (accepted or 0)
    return totals


def follow_fates(provider: str, until: date) -> None:
    """Look up what has become of the records of a legal entity that were held back in the last days: `unchanged` were accepted
    as they had been held back, so the rule was wrong; `mended` were accepted with other content only."""
    since = until - FATES
    found = lake().rows(
        " UNION ALL ".join(_fates(provider, code) for code in RECORD_TYPES), [since] * len(RECORD_TYPES)
    )
    with unit_of_work() as session:
        for day, code, rule, mended, unchanged in found:
            place = (ProvenRule.day == day, ProvenRule.record_type == code, ProvenRule.rule == rule)
            mine = update(ProvenRule).where(ProvenRule.provider == provider, *place)
            session.execute(mine.values(mended=int(mended), unchanged=int(unchanged)))


def _fates(provider: str, code: str) -> str:
    return f"""
        SELECT day, '{code}' AS record_type, rule, count(*) FILTER (NOT same) AS mended, count(*) FILTER (same) AS unchanged
        FROM (
            SELECT h.business_date AS day, h.rule, h.record_id, bool_or(a.content = r.content) AS same
            FROM (SELECT DISTINCT batch, business_date, rule, record_id, key FROM {FINDING.path}
                  WHERE record_type = '{code}' AND severity = 'block' AND rule <> '{REFUSED_BEFORE}' AND business_date >= ?
                        AND {of_provider("batch", provider)}) h
                 JOIN {record_table(code).path} r ON r.record_id = h.record_id AND r.batch = h.batch
                 JOIN ({accepted_of(code, provider)}) a ON a.key = h.key AND a.accepted_on > h.business_date
            GROUP BY ALL)
        GROUP BY day, rule"""


def kept_days(days: Sequence[date]) -> set[tuple[str, date]]:
    """Which of these days have been counted, of which legal entity in sight."""
    query = select(ProvenDay.provider, ProvenDay.day).where(ProvenDay.day.in_(days)).distinct()
    with unit_of_work(reading=True) as session:
        return {(provider, day) for provider, day in session.execute(query)}


def kept_counts(
    days: Sequence[date], codes: Sequence[RuleCode], narrow: bool, provider: str | None = None
) -> Iterable[DayCounts]:
    """The figures of days that have been counted, of one legal entity or each of those in sight."""
    query = select(ProvenRule).where(ProvenRule.day.in_(days))
    if provider is not None:
        query = query.where(ProvenRule.provider == provider)
    if narrow:
        query = query.where(ProvenRule.rule.in_({each.rule for each in codes}))
    wanted = {(each.record_type, each.rule) for each in codes}
    with unit_of_work(reading=True) as session:
        return [
            DayCounts(row.record_type, row.rule, row.day, Counts(**{name: getattr(row, name) for name in _KEPT}))
            for row in session.scalars(query)
            if not narrow or (row.record_type, row.rule) in wanted
        ]


def passed_by_type(provider: str, day: date) -> Mapping[str, tuple[int, int]]:
    """Records answered and accepted by type, of a legal entity's day that has been counted."""
    query = select(ProvenDay).filter_by(provider=provider, day=day)
    return {each.record_type: (each.passed, each.accepted) for each in current_session().scalars(query)}


def records_select(cell: str, code: str, rule: str, error: str, batches: Sequence[str]) -> tuple[str, list[object]]:
    """SELECT of the records behind one figure of a rule on a day: key, record_id, batch, file, line, what became of them."""
    hits = (
        f"SELECT DISTINCT batch, record_id, key, severity FROM {FINDING.path}"
        " WHERE record_type = ? AND rule = ? AND list_contains(?::VARCHAR[], batch)"
    )
    lines = f"SELECT file, line, record_id, batch FROM {FILE_LINE.path} WHERE list_contains(?::VARCHAR[], batch)"
    refused = f"SELECT file, line, list(DISTINCT code) AS codes FROM {FEEDBACK.path} WHERE record_type = ? GROUP BY ALL"
    given: list[object] = [code, rule, list(batches), list(batches), code]
    if cell == "missed":
        select_ = (
            f"WITH h AS ({hits}), l AS ({lines}), f AS ({refused})"
            f" SELECT b.key, l.record_id, l.batch, l.file, l.line, 'missed' AS fate FROM l JOIN f USING (file, line)"
            f" JOIN (SELECT record_id, batch, key FROM {record_table(code).path}) b USING (record_id, batch)"
            " WHERE list_contains(f.codes, ?) AND l.record_id NOT IN (SELECT record_id FROM h)"
        )
        return select_, [*given, error]
    fate = (
        "CASE WHEN h.severity = 'block' THEN CASE WHEN a.same THEN 'unchanged' WHEN a.same = FALSE THEN 'mended'"
        " ELSE 'held' END WHEN l.file IS NULL THEN 'sent' WHEN f.codes IS NULL THEN 'accepted'"
        " WHEN list_contains(f.codes, ?) THEN 'confirmed' ELSE 'otherwise' END"
    )
    later = (
        f"SELECT h.record_id, h.batch, bool_or(a.content = r.content) AS same FROM h"
        f" JOIN {record_table(code).path} r ON r.record_id = h.record_id AND r.batch = h.batch"
        f" JOIN {accepted_table(code).path} a ON a.key = h.key AND a.accepted_on > r.business_date"
        f" AND {same_provider('a.file', 'h.batch')} GROUP BY ALL"
    )
    select_ = (
        f"WITH h AS ({hits}), l AS ({lines}), f AS ({refused}), a AS ({later})"
        f" SELECT * FROM (SELECT h.key, h.record_id, h.batch, l.file, l.line, {fate} AS fate FROM h"
        " LEFT JOIN l USING (record_id, batch) LEFT JOIN f ON f.file = l.file AND f.line = l.line"
        " LEFT JOIN a ON a.record_id = h.record_id AND a.batch = h.batch)"
    )
    where = (
        ""
        if cell == "records"
        else " WHERE fate IN ('held', 'mended', 'unchanged')"
        if cell == "held"
        else " WHERE fate = ?"
    )
    return select_ + where, [*given, error, *([] if cell in ("records", "held") else [cell])]
