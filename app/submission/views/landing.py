"""What the sources delivered and what it became as standard entities, row by row."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.audit import Thing, looked_at
from app.core.text import Text
from app.submission.permissions import RECORDS, VIEW
from app.submission.reading.batches import view_batch
from app.submission.reading.lake_rows import lake_page
from app.submission.reading.sources import TableView, entity_view, landing_view, main_tables
from app.submission.service import find_batch
from app.submission.tables import MAIN_ENTITY
from app.web.access import permission
from app.web.listing import Column, Listing

ROW: Final = "_row"


@permission(VIEW)
def landing(batch_id: str) -> ResponseReturnValue:
    """The deliveries of the day, table by table; the tables that count as landed are marked with their record type."""
    batch = find_batch(batch_id)
    counted = {place: code for code in MAIN_ENTITY for place in main_tables(code)}
    return render_template("submission/landing.html", batch=batch, view=view_batch(batch), counted=counted)


@permission(RECORDS)
def landing_rows(batch_id: str, source: str, table: str) -> ResponseReturnValue:
    """A source table as delivered, personal columns masked."""
    batch = find_batch(batch_id)
    shown = landing_view(source, table, batch.business_date, batch.provider)
    looked_at(Thing("landing", f"{batch.id}/{source}/{table}"), what="source rows", view="masked")
    return _rows(batch_id, shown, Text("来源行", "Source rows"))


@permission(RECORDS)
def entity_rows(batch_id: str, entity: str) -> ResponseReturnValue:
    """A standard entity's rows of the day, personal columns masked."""
    batch = find_batch(batch_id)
    shown = entity_view(entity, batch.business_date, batch.provider)
    looked_at(Thing("entity", f"{batch.id}/{entity}"), what="entity rows", view="masked")
    return _rows(batch_id, shown, Text("标准实体", "Standard entities"))


def _rows(batch_id: str, shown: TableView, section: Text) -> ResponseReturnValue:
    columns = tuple(Column(name, Text(name, name)) for name in shown.columns)
    query = Listing(columns=columns, order=ROW).read()
    page = lake_page(query, shown.selection.select, shown.selection.parameters, {ROW: ROW}, ROW)
    return render_template(
        "submission/table_rows.html", batch=find_batch(batch_id), shown=shown, page=page, section=section
    )


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/batches/<batch_id>/landing", "batches_landing", landing)
    blueprint.add_url_rule("/batches/<batch_id>/landing/<source>/<table>", "batches_landing_rows", landing_rows)
    blueprint.add_url_rule("/batches/<batch_id>/entities/<entity>", "batches_entity", entity_rows)
