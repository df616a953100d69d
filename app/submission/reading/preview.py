"""What a mapping would make of rows that have really landed, personal values masked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from app.core.masking import mask
from app.core.text import Text
from app.lake.connection import EngineError
from app.submission.lake import lake
from app.submission.mapping import SourceMapping, target_select
from app.submission.reading.days import item_title
from app.submission.reading.personal import entity_subject, personal_kind
from app.submission.sources.landing import landing_name
from app.submission.tables import of_day

_ROWS: Final = 10


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows of a target, as (item, title) and rows of values; `fault` where they cannot be made."""

    day: date | None = None
    columns: tuple[tuple[str, Text], ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    fault: Text | None = None


def preview(mapping: SourceMapping, number: int, day: date, provider: str) -> Preview:
    """Run one target over the rows of a legal entity that landed on a day; at most ten rows."""
    target = mapping.targets[number]
    tables = {target.table, *(join.table for join in target.joins)}
    here = of_day(provider, day)
    landing = {name: f"(SELECT * FROM {landing_name(mapping.source, name)} WHERE {here})" for name in tables}
    items = list(target.columns)
    names = ", ".join(f'"{item}"' for item in items)
    try:
        rows = lake().rows(
            f"SELECT {names} FROM ({target_select(mapping, target, landing)}) ORDER BY _row LIMIT {_ROWS}"
        )
    except EngineError as problem:
        words = str(problem).partition("\n")[0][:200]
        return Preview(day, fault=Text(f"无法取数：{words}", f"It cannot be read: {words}"))
    subject = entity_subject(target.entity)
    kinds = [personal_kind(item, subject) for item in items]
    shown = tuple(
        tuple(
            "" if value is None else mask(kind, value) if kind else value
            for kind, value in zip(kinds, row, strict=True)
        )
        for row in rows
    )
    return Preview(day, tuple((item, item_title(item)) for item in items), shown)
