"""Counts of a batch by record type, and the identities that show nothing was lost."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, select

from app.core.db import current_session, unit_of_work
from app.submission.content import mappings
from app.submission.exempting import EXEMPT
from app.submission.lake import lake
from app.submission.models import Batch, ReportFile, StageRun
from app.submission.tables import FINDING, MAIN_ENTITY, RECORD_TYPES, operation_types, reported_types

_TYPE_IN_PREFIX = slice(22, 25)
"""Where a file name has its record type."""


@dataclass(slots=True)
class TypeCounts:
    """Numbers of one record type in one batch.

    `landed` and `standardised` count entities in the day's deliveries, `due` the records derived from them. Every due record
    is blocked or sent, every sent one accepted, rejected or awaiting: `lost` is what is missing in these two sums. `exempt`
    are those of which an exemption has let a finding through; another finding may block them all the same.
    """

    landed: int = 0
    standardised: int = 0
    due: int = 0
    blocked: int = 0
    exempt: int = 0
    sent: int = 0
    accepted: int = 0
    rejected: int = 0
    awaiting: int = 0
    corrected: int = 0
    files: int = 0
    lost: int = 0
    seconds: float = 0.0
    """Working time of the stages that go type by type: derive, judge, hold, write."""


def due_by_type(batch: str) -> dict[str, int]:
    """Records derived so far, by type."""
    due = dict.fromkeys(reported_types(), 0)
    with unit_of_work(reading=True) as session:
        query = select(StageRun.part, StageRun.rows).filter_by(batch_id=batch, stage="derive")
        for part, rows in session.execute(query):
            due[part[:3]] += rows
    return due


@dataclass(frozen=True, slots=True)
class Held:
    """Of the records of one type: how many a finding holds back, and of how many one is let through by an exemption."""

    blocked: int = 0
    exempt: int = 0


def held_by_type(batch: str) -> dict[str, Held]:
    """What the pre-check holds back and lets through, by record type."""
    query = f"""SELECT record_type, count(DISTINCT record_id) FILTER (severity = 'block'),
            count(DISTINCT record_id) FILTER (severity = '{EXEMPT}')
        FROM {FINDING.path} WHERE batch = ? AND severity IN ('block', '{EXEMPT}') GROUP BY 1"""
    found = {code: Held(int(blocked), int(exempt)) for code, blocked, exempt in lake().rows(query, [batch])}
    return dict.fromkeys(reported_types(), Held()) | found


def standardised_by_entity(batch: str) -> dict[str, int]:
    """Rows of the batch's day by standard entity, over all sources."""
    rows: dict[str, int] = {}
    with unit_of_work(reading=True) as session:
        for detail in session.scalars(select(StageRun.detail).filter_by(batch_id=batch, stage="standardise")):
            for entity, count in detail["entities"].items():
                rows[entity] = rows.get(entity, 0) + count
    return rows


def _counted(batch: str) -> tuple[str, ...]:
    """The record types, and the operations of which anything is due."""
    due = due_by_type(batch)
    return (*RECORD_TYPES, *(code for code in operation_types() if due[code]))


def count_batch(batch: str) -> dict[str, TypeCounts]:
    """Count the batch anew from where the rows are, and keep the counts with it."""
    counts = {code: TypeCounts() for code in _counted(batch)}
    for code, due in due_by_type(batch).items():
        if due:
            counts[code].due = due
    judged = _has(batch, "judge")
    if judged:
        for code, held in held_by_type(batch).items():
            if code in counts:
                counts[code].blocked, counts[code].exempt = held.blocked, held.exempt
    with unit_of_work() as session:
        entities, landed = standardised_by_entity(batch), _landed(batch)
        for code, entity in MAIN_ENTITY.items():
            counts[code].landed, counts[code].standardised = landed.get(entity, 0), entities.get(entity, 0)
        for file in session.scalars(select(ReportFile).filter_by(batch_id=batch)):
            _count_file(counts[file.record_type], file)
        for code, seconds in _seconds(batch).items():
            if code in counts:
                counts[code].seconds = round(seconds, 2)
        # by the name, since PostgreSQL does not take an expression with parameters for the same when it comes again
        record_type = StageRun.detail["record_type"].as_string().label("record_type")
        corrected = select(record_type, func.sum(StageRun.rows)).filter_by(batch_id=batch, stage="corrected")
        for code, rows in session.execute(corrected.group_by("record_type")):
            counts[code].corrected = int(rows)
        planned = _has(batch, "plan")
        for each in counts.values():
            each.lost = _lost(each, judged=judged, planned=planned)
        session.get_one(Batch, batch).counts = {code: asdict(each) for code, each in counts.items()}
    return counts


def _seconds(batch: str) -> dict[str, float]:
    spent = dict.fromkeys(reported_types(), 0.0)
    query = select(StageRun.stage, StageRun.part, StageRun.seconds).filter_by(batch_id=batch)
    for stage, part, seconds in current_session().execute(query):
        code = part[_TYPE_IN_PREFIX] if stage == "write" else part[:3]
        if stage in ("derive", "judge", "hold", "write") and code in spent:
            spent[code] += seconds
    return spent


def _count_file(counts: TypeCounts, file: ReportFile) -> None:
    counts.files += 1
    counts.sent += file.records
    if file.status == "answered":
        counts.accepted += file.accepted or 0
        counts.rejected += file.rejected or 0
    else:
        counts.awaiting += file.records


def _lost(counts: TypeCounts, *, judged: bool, planned: bool) -> int:
    lost = abs(counts.sent - counts.accepted - counts.rejected - counts.awaiting)
    return lost + (abs(counts.due - counts.blocked - counts.sent) if judged and planned else 0)


def _landed(batch: str) -> dict[str, int]:
    """Rows delivered for the main table of each entity."""
    with unit_of_work(reading=True) as session:
        query = select(StageRun.part, StageRun.detail).filter_by(batch_id=batch, stage="collect")
        tables = {
            (source, name): rows for source, detail in session.execute(query) for name, rows in detail["tables"].items()
        }
    landed: dict[str, int] = {}
    for source, mapping in mappings().items():
        for entity in {target.entity for target in mapping.targets}:
            mains = {target.table for target in mapping.targets if target.entity == entity}
            landed[entity] = landed.get(entity, 0) + sum(tables.get((source, name), 0) for name in mains)
    return landed


def _has(batch: str, stage: str) -> bool:
    with unit_of_work(reading=True) as session:
        query = select(func.count()).select_from(StageRun).filter_by(batch_id=batch, stage=stage)
        return bool(session.scalar(query))


def identities(counts: dict[str, dict[str, Any]]) -> int:
    """Records that a batch's counts cannot account for; 0 is what must be."""
    return sum(each["lost"] for each in counts.values())
