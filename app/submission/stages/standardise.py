"""Stage 2: landing becomes standard entities, by the mappings; codes that no table knows are listed with their counts."""

from __future__ import annotations

from functools import partial
from typing import Any

from app.lake.connection import Connection
from app.lake.tables import replace_rows
from app.submission.content import mappings
from app.submission.mapping import SourceMapping, target_select, unmapped_select
from app.submission.sources import landing_name
from app.submission.stages.work import Work
from app.submission.tables import UNMAPPED, standard_tables


def standardise(work: Work, sources: list[str]) -> dict[str, Any]:
    """Map the sources that have landed; rows by entity, and the number of unmapped values."""

    def one(mapping: SourceMapping) -> tuple[int, dict[str, Any]]:
        detail = work.lake.write(lambda connection: _map(work, connection, mapping))
        return sum(detail["entities"].values()), detail

    known = mappings()
    work.parts("standardise", {source: partial(one, known[source]) for source in sources})
    totals: dict[str, int] = {}
    unmapped = 0
    for source in sources:
        _, detail = work.part("standardise", source, partial(one, known[source]))
        for entity, rows in detail["entities"].items():
            totals[entity] = totals.get(entity, 0) + rows
        unmapped += detail["unmapped"]
    return {"entities": totals, "unmapped": unmapped}


def _map(work: Work, connection: Connection, mapping: SourceMapping) -> dict[str, Any]:
    day = f"DATE '{work.business_date.isoformat()}'"
    landing = {
        name: f"(SELECT * FROM {landing_name(mapping.source, name)} WHERE business_date = {day})"
        for name in mapping.tables
    }
    mine = f"business_date = {day} AND _source = '{mapping.source}'"
    entities: dict[str, int] = {}
    for entity in {target.entity for target in mapping.targets}:
        selects = [target_select(mapping, target, landing) for target in mapping.targets if target.entity == entity]
        table = standard_tables()[entity]
        entities[entity] = replace_rows(connection, table, mine, " UNION ALL BY NAME ".join(selects))
    unmapped = 0
    connection.execute(f"DELETE FROM {UNMAPPED.path} WHERE business_date = {day} AND source = '{mapping.source}'")
    for target in mapping.targets:
        if select := unmapped_select(mapping, target, landing):
            row = connection.execute(
                f"INSERT INTO {UNMAPPED.path} BY NAME SELECT '{mapping.source}' AS source, '{target.entity}' AS target,"
                f" {day} AS business_date, * FROM ({select})"
            ).fetchone()
            unmapped += int(row[0]) if row else 0
    return {"entities": entities, "unmapped": unmapped}
