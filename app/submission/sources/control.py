"""Control files: what a source says it has delivered, held against what has come before anything goes on.

JSON: `{serial, business_date, load, tables: {name: {rows, totals: {column: sum}}}}`, of which only `tables` with `rows` must be
there; CSV with the columns table and rows. Sums are compared exactly.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from app.core.errors import Invalid
from app.core.text import Text

_LARGEST = 4 << 20


@dataclass(frozen=True, slots=True)
class Control:
    """What a control file says; `totals` by table and column."""

    rows: Mapping[str, int] = field(default_factory=dict)
    totals: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    serial: str = ""
    business_date: date | None = None
    full: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a control file beside what was found; `name` is `rows` or the column that was summed up."""

    table: str
    name: str
    expected: str
    found: str

    @property
    def holds(self) -> bool:
        return self.expected == self.found

    def as_data(self) -> dict[str, str]:
        return {"table": self.table, "name": self.name, "expected": self.expected, "found": self.found}


def read_control(path: Path) -> Control:
    """Raises Invalid (`submission.control`)."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("too large")
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".json":
            return _from_json(json.loads(text))
        return Control(rows={row["table"]: int(row["rows"]) for row in csv.DictReader(io.StringIO(text))})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InvalidOperation, RecursionError) as problem:
        raise Invalid(
            "submission.control",
            Text("控制文件 {name} 无法读取", "The control file {name} cannot be read").format(name=path.name),
        ) from problem


def _from_json(data: Any) -> Control:
    tables = data["tables"]
    day = data.get("business_date")
    return Control(
        rows={str(name): int(given["rows"]) for name, given in tables.items()},
        totals={
            str(name): {str(column): Decimal(str(total)) for column, total in (given.get("totals") or {}).items()}
            for name, given in tables.items()
        },
        serial=str(data.get("serial") or "")[:80],
        business_date=date.fromisoformat(day) if day else None,
        full=data.get("load") == "full",
    )


def refuse_short(source: str, figures: list[Figure]) -> None:
    """Raises Invalid (`submission.delivery_short`) naming every figure that differs."""
    short = [figure for figure in figures if not figure.holds]
    if short:
        what = "；".join(
            f"{each.table}{'' if each.name == 'rows' else '.' + each.name} {each.found}/{each.expected}"
            for each in short
        )
        raise Invalid(
            "submission.delivery_short",
            Text("{source} 与控制文件不符：{what}", "{source} differs from its control file: {what}").format(
                source=source, what=what
            ),
        )


def written(number: Decimal) -> str:
    """A sum in one way of writing, whatever the notation that it came in."""
    plain = format(number.normalize(), "f")
    return "0" if plain in ("-0", "") else plain
