"""The calendar strip and the trend of the day page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

from app.core import clock, workdays
from app.core.text import Text
from app.standard import catalogue
from app.standard.catalogue import Catalogue
from app.submission.lake import lake
from app.submission.models import Batch
from app.submission.reading.batches import batches_between, statuses_of, totals_of
from app.submission.tables import RECORD_TYPES, UNMAPPED

STRIP: Final = 14
_UNMAPPED_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class DayCell:
    """One day of the strip; `status` is None where no batch has been begun."""

    day: date
    working: bool
    status: str | None
    blocked: int
    rejected: int


@dataclass(frozen=True, slots=True)
class UnmappedCode:
    """A source value that no code table of the mapping knows, and how many rows hold it."""

    source: str
    entity: str
    item: str
    title: Text
    value: str
    rows: int


def day_strip(chosen: date, provider: str) -> tuple[DayCell, ...]:
    """Two weeks of a legal entity's business days that hold the chosen one, ending yesterday where that fits."""
    end = max(chosen, min(clock.today() - timedelta(days=1), chosen + timedelta(days=STRIP - 4)))
    first = end - timedelta(days=STRIP - 1)
    known = batches_between(first, end, provider)
    statuses = statuses_of(tuple(known.values()))
    cells = []
    for day in (first + timedelta(days=number) for number in range(STRIP)):
        batch = known.get(day)
        counts = totals_of(batch) if batch else {}
        cells.append(
            DayCell(
                day,
                workdays.is_working_day(day, assume_weekdays=True),
                statuses[batch.id] if batch else None,
                counts.get("blocked", 0),
                counts.get("rejected", 0),
            )
        )
    return tuple(cells)


def unmapped_codes(day: date, provider: str) -> tuple[UnmappedCode, ...]:
    """The values of a legal entity's business day that no code table knows, the most frequent first; at most 50."""
    rows = lake().rows(
        f"SELECT source, target, item, value, sum(rows) AS n FROM {UNMAPPED.path} WHERE business_date = ? AND _provider = ?"
        f" GROUP BY ALL ORDER BY n DESC, source, item, value LIMIT {_UNMAPPED_MOST}",
        [day, provider],
    )
    return tuple(
        UnmappedCode(source, entity, item, item_title(item), value, int(number))
        for source, entity, item, value, number in rows
    )


def item_title(tag: str) -> Text:
    """The official name of an item, wherever among the daily records it stands; the tag itself where it is none."""
    return _titles(catalogue.current()).get(tag) or Text(tag, tag)


@lru_cache(maxsize=4)
def _titles(edition: Catalogue) -> Mapping[str, Text]:
    titles: dict[str, Text] = {}
    for code in RECORD_TYPES:
        for _, _, item in edition.record(code).items():
            titles.setdefault(item.tag, item.title)
    return titles


def trend(batches: Sequence[Batch], words: tuple[str, str, str, str]) -> dict[str, Any]:
    """Chart options: accepted, blocked, rejected and awaiting records by business day. `words` name these in this order."""
    ordered = sorted(batches, key=lambda batch: batch.business_date)
    counts = [totals_of(batch) for batch in ordered]
    names = ("accepted", "blocked", "rejected", "awaiting")
    return {
        "tooltip": {"trigger": "axis"},
        "legend": {"bottom": 0, "itemWidth": 12, "itemHeight": 8},
        "grid": {"left": 8, "right": 16, "top": 16, "bottom": 32, "containLabel": True},
        "xAxis": {"type": "category", "data": [f"{batch.business_date:%m-%d}" for batch in ordered]},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {"name": word, "type": "bar", "stack": "all", "barMaxWidth": 36, "data": [each[name] for each in counts]}
            for name, word in zip(names, words, strict=True)
        ],
    }
