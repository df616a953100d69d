"""Stage 2: landing becomes standard entities, by the mappings; codes that no table knows are listed with their counts.

Supplements in force are laid over what the sources gave."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from sqlalchemy import select

from app.core.db import unit_of_work
from app.lake.connection import Connection
from app.lake.tables import replace_rows
from app.submission.at_hand import FEW, IN_LAKE, AtHand
from app.submission.content import mappings
from app.submission.counts import standardised_by_entity
from app.submission.mapping import SourceMapping, target_select, unmapped_select
from app.submission.models import StageRun
from app.submission.slots import slot_keys, slot_sql
from app.submission.sources.landing import landing_name
from app.submission.stages.work import Outcome, Work
from app.submission.supplement.overlay import lay_over
from app.submission.tables import UNMAPPED, of_day, standard_tables

_UNORDERED_BUCKETS: Final = 5


def standardise(work: Work) -> dict[str, Any]:
    """Map what has landed; rows by entity, and the number of unmapped values."""
    known, landed = mappings(work.business_date), _landed(work.batch)
    parts = {source: partial(_map, work, known[source], tables) for source, tables in landed.items()}
    many = any(rows > FEW for tables in landed.values() for rows in tables.values())
    done = work.parts("standardise", parts, writing=many)
    unmapped = sum(detail["unmapped"] for _, detail in done.values())
    lay_over(work)
    return {"entities": standardised_by_entity(work.batch), "unmapped": unmapped}


def _landed(batch: str) -> dict[str, Mapping[str, int]]:
    """The sources that have landed, the largest first, with their rows by table."""
    with unit_of_work(reading=True) as session:
        query = select(StageRun.part, StageRun.detail).filter_by(batch_id=batch, stage="collect")
        found = session.execute(query.order_by(StageRun.rows.desc(), StageRun.part))
        return {source: detail["tables"] for source, detail in found}


def _map(work: Work, mapping: SourceMapping, landed: Mapping[str, int], again: bool) -> Outcome:
    today = of_day(work.provider, work.business_date)
    day = f"DATE '{work.business_date.isoformat()}'"
    beside = f"'{mapping.source}' AS source, {day} AS business_date, '{work.provider}' AS _provider"
    entities = {target.entity for target in mapping.targets}
    # Few rows are read whole for every bucket anyhow, and need no order.
    ordered = sum(landed.values()) > _UNORDERED_BUCKETS * work.settings.bucket_records

    def store(connection: Connection, again: bool) -> dict[str, Any]:
        # Most tables are read by several targets, and by the search for unmapped values.
        hand = AtHand(connection)
        landing = {
            name: (hand if landed.get(name, 0) <= FEW else IN_LAKE)(landing_name(mapping.source, name), today)
            for name in mapping.tables
        }
        rows_of = partial(_of_entity, work, mapping, landing=landing, ordered=ordered)
        mine = f"{today} AND _source = '{mapping.source}'"
        rows = {
            entity: replace_rows(connection, table, mine, rows_of(entity), again=again)
            for entity, table in standard_tables().items()
            if entity in entities
        }
        mine = f"{today} AND source = '{mapping.source}'"
        unmapped = f"SELECT *, {beside} FROM ({_unmapped(mapping, landing)})"
        return {"entities": rows, "unmapped": replace_rows(connection, UNMAPPED, mine, unmapped, again=again)}

    detail = work.lake.write_part(store, again)
    return sum(detail["entities"].values()), detail


def _of_entity(work: Work, mapping: SourceMapping, entity: str, landing: Mapping[str, str], *, ordered: bool) -> str:
    """SELECT of all rows of an entity that a source has; `ordered` by their slots, where the entity has any."""
    targets = (target_select(mapping, target, landing) for target in mapping.targets if target.entity == entity)
    slotted = entity in slot_keys()
    slot = f", {slot_sql(entity)} AS _slot" if slotted else ""
    order = " ORDER BY _slot" if slotted and ordered else ""
    return f"SELECT *, '{work.provider}' AS _provider{slot} FROM ({' UNION ALL BY NAME '.join(targets)}){order}"


def _unmapped(mapping: SourceMapping, landing: Mapping[str, str]) -> str:
    listed = ((target.entity, unmapped_select(mapping, target, landing)) for target in mapping.targets)
    selects = [f"SELECT '{entity}' AS target, * FROM ({found})" for entity, found in listed if found]
    return " UNION ALL BY NAME ".join([*selects, "SELECT '' AS target, '' AS item, '' AS value, 0 AS rows WHERE FALSE"])
