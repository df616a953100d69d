"""Changing a mapping's text as the grid of the editor does: one item, one code at a time, the rest left as it is.

The text is data between two changes, so comments in it are lost when the grid writes it; who wants to keep them edits the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from app.core.errors import Invalid, NotFound
from app.core.text import Text
from app.submission.reading.days import item_title
from app.submission.tables import standard_tables

WAYS: Final[Mapping[str, Text]] = {
    "": Text("不取", "nothing"),
    "from": Text("取列", "a column"),
    "concat": Text("拼接几列", "columns joined"),
    "const": Text("固定值", "a fixed value"),
}
_MARKS: Final = ("_source", "_load", "_row", "_provider", "business_date")


@dataclass(frozen=True, slots=True)
class GridLine:
    """One target item: its name and title, and what is done for it."""

    item: str
    title: Text
    way: str
    value: str
    codes: str
    date: str
    scale: str
    default: str


def read_data(content: str) -> dict[str, Any]:
    """A text as data; nothing where it cannot be read."""
    try:
        data = yaml.load(content, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return {}
    return data if isinstance(data, dict) else {}


def targets_in(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The targets of a text, as far as they can be shown."""
    given = data.get("targets")
    return [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []


def grid(data: Mapping[str, Any], number: int) -> tuple[GridLine, ...]:
    """All items of a target, those that have something first. Raises NotFound."""
    target = _target(data, number)
    entity = standard_tables().get(str(target.get("target")))
    given = target.get("columns") if isinstance(target.get("columns"), dict) else {}
    names = [name for name in (entity.columns if entity else ()) if name not in _MARKS]
    ordered = [*(given or {}), *(name for name in names if name not in (given or {}))]
    return tuple(_line(str(name), (given or {}).get(name)) for name in ordered)


def _line(item: str, column: Any) -> GridLine:
    column = column if isinstance(column, dict) else {}
    way = next((each for each in ("from", "concat", "const") if each in column), "")
    value = column.get(way, "") if way else ""
    shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    rest = [
        str(column.get(each) if column.get(each) is not None else "") for each in ("codes", "date", "scale", "default")
    ]
    return GridLine(item, item_title(item), way, shown, *rest)


def with_grid(content: str, number: int, form: Mapping[str, str]) -> str:
    """The text with a target's items as the grid's form has them. Raises NotFound."""
    data = read_data(content)
    target = _target(data, number)
    columns: dict[str, Any] = {}
    for line in grid(data, number):
        if f"way-{line.item}" not in form:
            if isinstance(target.get("columns"), dict) and line.item in target["columns"]:
                columns[line.item] = target["columns"][line.item]
            continue
        made = _column(line.item, form)
        if made:
            columns[line.item] = made
    target["columns"] = columns
    return written(data)


def _column(item: str, form: Mapping[str, str]) -> dict[str, Any]:
    way, value = form.get(f"way-{item}", ""), form.get(f"value-{item}", "").strip()
    if way not in WAYS or not way:
        return {}
    column: dict[str, Any] = {way: [part.strip() for part in value.split(",")] if way == "concat" else value}
    for name in ("codes", "date", "scale", "default"):
        if given := form.get(f"{name}-{item}", "").strip():
            column[name] = given
    return column


def with_codes(content: str, table: str, pairs: Iterable[tuple[str, str]]) -> str:
    """The text with a code table replaced. Raises Invalid for a code that stands twice, NotFound."""
    data = read_data(content)
    tables = data.get("code_tables")
    if not isinstance(tables, dict) or table not in tables:
        raise NotFound("submission.code_table", Text("没有这张代码表", "There is no such code table"))
    made: dict[str, str] = {}
    for own, standard in pairs:
        if not own or not standard:
            continue
        if own in made:
            raise Invalid("submission.code_twice", Text(f"代码 {own} 重复", f"the code {own} stands twice"))
        made[own] = standard
    tables[table] = made
    return written(data)


def written(data: Mapping[str, Any]) -> str:
    """Data as the text of a mapping."""
    return yaml.dump(dict(data), Dumper=_Plain, allow_unicode=True, sort_keys=False, width=130, default_flow_style=None)


class _Plain(yaml.SafeDumper):
    """Without anchors: what two targets share is written twice, and can then differ."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _target(data: Mapping[str, Any], number: int) -> dict[str, Any]:
    targets = targets_in(data)
    if not 0 <= number < len(targets):
        raise NotFound("submission.mapping_target", Text("没有这个目标", "There is no such target"))
    return targets[number]
