"""How a delivery's tables differ in shape from the one before: columns new, missing, probably renamed, of another kind."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from app.core.text import Text
from app.lake.connection import Connection

Shape = Mapping[str, str]
"""The columns of a table in their order, each with the kind of its values: number, date, text, empty."""

WORDS: Final[Mapping[str, Text]] = {
    "new": Text("新增列", "new column"),
    "missing": Text("缺少列", "missing column"),
    "renamed": Text("疑似改名", "probably renamed"),
    "kind": Text("类型变化", "other kind of values"),
    "table": Text("缺少表", "missing table"),
}
KINDS: Final[Mapping[str, Text]] = {
    "number": Text("数字", "number"),
    "date": Text("日期", "date"),
    "text": Text("文本", "text"),
    "empty": Text("空", "empty"),
}


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference. `what` is a key of WORDS, `before` and `now` columns or kinds; `needed` where the mapping reads it."""

    table: str
    what: str
    before: str
    now: str
    needed: bool

    def as_data(self) -> dict[str, object]:
        return {
            "table": self.table,
            "what": self.what,
            "before": self.before,
            "now": self.now,
            "needed": self.needed,
        }


def compare(table: str, before: Shape, now: Shape, needed: Collection[str]) -> list[Drift]:
    """What has changed in a table; nothing where there was none before."""
    if not before:
        return []
    gone = [name for name in before if name not in now]
    come = [name for name in now if name not in before]
    found = []
    for name in gone:
        other = _renamed(name, list(before), list(now), come)
        if other:
            come.remove(other)
            found.append(Drift(table, "renamed", name, other, name in needed))
        else:
            found.append(Drift(table, "missing", name, "", name in needed))
    found += [Drift(table, "new", "", name, name in needed) for name in come]
    for name in now:
        kinds = {before.get(name, "empty"), now[name]}
        if len(kinds) > 1 and "empty" not in kinds:
            found.append(Drift(table, "kind", f"{name}: {before[name]}", now[name], name in needed))
    return found


def _renamed(name: str, before: list[str], now: list[str], come: list[str]) -> str | None:
    """The new column that the lost one probably is: alike in name, or alone in the same place among the same neighbours."""
    near = difflib.get_close_matches(name, come, 1, 0.7)
    if near:
        return near[0]
    place = before.index(name)
    if len(before) == len(now) and now[place] in come:
        return now[place]
    return None


def shape_of(connection: Connection, columns: Collection[str], relation: str) -> dict[str, str]:
    """The kind of each column's values in a relation of texts."""
    # A row a value: a statement that says it of every column in turn takes much longer to plan than to run.
    found = connection.execute(
        f"""SELECT name, count(value), count(value) FILTER (dated), count(TRY_CAST(value AS DOUBLE))
            FROM (SELECT name, nullif(trim(given), '') AS value, regexp_matches(given, '{_DATE}') AS dated
                  FROM (UNPIVOT {relation} ON COLUMNS(*) INTO NAME name VALUE given)) GROUP BY name"""
    ).fetchall()
    counted = {name: counts for name, *counts in found}
    return {name: _kind(*counted.get(name, (0, 0, 0))) for name in columns}


_DATE: Final = "^[12][0-9]{3}[-/.]?(0[1-9]|1[0-2])[-/.]?(0[1-9]|[12][0-9]|3[01])"


def _kind(values: int, dates: int, numbers: int) -> str:
    if not values:
        return "empty"
    return "date" if dates == values else "number" if numbers == values else "text"
