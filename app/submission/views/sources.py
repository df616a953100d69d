"""Sources: what came for a day, and one source with its loads, columns and unmapped codes."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core import clock
from app.core.db import current_session
from app.core.entities import visible_entities
from app.core.text import Text
from app.submission.mapping_editions import open_draft
from app.submission.permissions import SOURCES
from app.submission.reading import source_pages as reading
from app.submission.reading.batches import newest_batch
from app.submission.reading.terms import options
from app.submission.sources.models import SourceLoad
from app.submission.views.day import parse_day, shown_entity
from app.web.access import permission
from app.web.listing import Column, Filter, Listing, csv_answer, database_page
from app.web.words import say

_COLUMNS: Final = (
    Column("day", Text("业务日", "Business day"), sortable=True),
    Column("state", Text("状态", "State"), sortable=True),
    Column("kind", Text("方式", "Load")),
    Column("serial", Text("批号", "Serial")),
    Column("rows", Text("行数", "Rows"), number=True),
    Column("size", Text("大小", "Size"), number=True),
    Column("drift", Text("结构变化", "Drift"), number=True),
    Column("at", Text("处理时间", "Dealt with"), sortable=True),
    Column("reason", Text("说明", "Reason")),
)
_SORTS: Final = {"day": SourceLoad.business_date, "state": SourceLoad.state, "at": SourceLoad.at}


@permission(SOURCES)
def sources() -> ResponseReturnValue:
    """All sources of a legal entity on a business day: by default that of its newest batch."""
    provider = shown_entity()
    newest = newest_batch(provider)
    yesterday = clock.today() - timedelta(days=1)
    day = parse_day(request.args.get("day")) or (newest.business_date if newest else yesterday)
    lines, fault = reading.source_lines(provider, day)
    return render_template(
        "submission/sources.html",
        day=day,
        provider=provider,
        entities=visible_entities(),
        earlier=day - timedelta(days=1),
        later=day + timedelta(days=1),
        lines=lines,
        fault=fault,
        reading=reading,
    )


def listing() -> Listing:
    """A source's loads, newest first."""
    states = tuple((name, title) for name, title in options(reading.STATES) if name != "awaited")
    return Listing(_COLUMNS, "-day", (Filter("state", Text("状态", "State"), options=states),), size=25)


@permission(SOURCES)
def sources_one(source: str) -> ResponseReturnValue:
    """One source. Raises NotFound."""
    provider, mapping = shown_entity(), reading.mapping_of(source)
    query = listing().read()
    statement = reading.loads_of(provider, source, query.filters.get("state", ""))
    newest = reading.newest_load(provider, source)
    return render_template(
        "submission/source.html",
        mapping=mapping,
        page=database_page(current_session(), statement, query, _SORTS, SourceLoad.id),
        newest=newest,
        columns=reading.columns_of(mapping, newest),
        unmapped=reading.unmapped_of(provider, mapping),
        draft=open_draft(source),
        reading=reading,
        provider=provider,
        export=query.at(url_for("submission.sources_csv", source=source, entity=provider)),
    )


@permission(SOURCES)
def sources_csv(source: str) -> ResponseReturnValue:
    """The history of a source's loads."""
    reading.mapping_of(source)
    query = listing().read()
    loads = current_session().scalars(
        reading.loads_of(shown_entity(), source, query.filters.get("state", "")).order_by(
            SourceLoad.business_date.desc(), SourceLoad.id
        )
    )
    rows = [_cells(load) for load in loads]
    return csv_answer("loads", [column.title for column in _COLUMNS], rows, lambda row: row)


def _cells(load: SourceLoad) -> tuple[object, ...]:
    reason = reading.reason_of(load)
    return (
        load.business_date.isoformat(),
        say(reading.STATES[load.state].title),
        say(reading.LOADS[load.kind]),
        load.serial,
        sum(int(count) for count in load.rows.values()),
        load.size,
        len(load.drift),
        load.at.isoformat(),
        say(reason) if reason else "",
    )


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/sources", "sources", sources)
    blueprint.add_url_rule("/sources/<source>", "sources_one", sources_one)
    blueprint.add_url_rule("/sources/<source>/loads.csv", "sources_csv", sources_csv)
