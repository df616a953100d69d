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
    parts = {source: partial(_map, work, known[source], rows) for source, rows in landed.items()}
    done = work.parts("standardise", parts, writing=True)
    unmapped = sum(detail["unmapped"] for _, detail in done.values())
    lay_over(work)
    return {"entities": standardised_by_entity(work.batch), "unmapped": unmapped}


def _landed(batch: str) -> dict[str, int]:
    """The sources that have landed with their rows, the largest first."""
    with unit_of_work(reading=True) as session:
        query = select(StageRun.part, StageRun.rows).filter_by(batch_id=batch, stage="collect")
        return dict(session.execute(query.order_by(StageRun.rows.desc(), StageRun.part)).all())


def _map(work: Work, mapping: SourceMapping, landed: int, again: bool) -> Outcome:
    today = of_day(work.provider, work.business_date)
    landing = {name: f"(SELECT * FROM {landing_name(mapping.source, name)} WHERE {today})" for name in mapping.tables}
    # Few rows are read whole for every bucket anyhow, and need no order.
    slots = {entity: f", {slot_sql(entity)} AS _slot" for entity in slot_keys()}
    ordered = landed > _UNORDERED_BUCKETS * work.settings.bucket_records
    selects = {
        entity: f"SELECT *, '{work.provider}' AS _provider{slots.get(entity, '')} FROM ("
        + " UNION ALL BY NAME ".join(
            target_select(mapping, target, landing) for target in mapping.targets if target.entity == entity
        )
        + f"){' ORDER BY _slot' if ordered and entity in slots else ''}"
        for entity in {target.entity for target in mapping.targets}
    }
    day = f"DATE '{work.business_date.isoformat()}'"
    beside = f"'{mapping.source}' AS source, {day} AS business_date, '{work.provider}' AS _provider"
    unmapped = f"SELECT *, {beside} FROM ({_unmapped(mapping, landing)})"

    def store(connection: Connection, again: bool) -> dict[str, Any]:
        mine = f"{today} AND _source = '{mapping.source}'"
        rows = {
            entity: replace_rows(connection, table, mine, selects[entity], again=again)
            for entity, table in standard_tables().items()
            if entity in selects
        }
        mine = f"{today} AND source = '{mapping.source}'"
        return {"entities": rows, "unmapped": replace_rows(connection, UNMAPPED, mine, unmapped, again=again)}

    detail = work.lake.write_part(store, again)
    return sum(detail["entities"].values()), detail


def _unmapped(mapping: SourceMapping, landing: Mapping[str, str]) -> str:
    listed = ((target.entity, unmapped_select(mapping, target, landing)) for target in mapping.targets)
    selects = [f"SELECT '{entity}' AS target, * FROM ({found})" for entity, found in listed if found]
    return " UNION ALL BY NAME ".join([*selects, "SELECT '' AS target, '' AS item, '' AS value, 0 AS rows WHERE FALSE"])
