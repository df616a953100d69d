"""Mappings: how a source system's tables become standard entities, as content that the business owns.

A mapping says for every target item which source column it comes from and what is done to it. The verbs are few and
declarative: `from`, `const`, `codes`, `date`, `scale`, `default`, `concat`. They are turned into one SELECT per target.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from app.core.errors import Invalid
from app.core.text import Text
from app.submission.mapping_checks import SCALES, Fault, check_text

SourceKind = Literal["sql", "csv", "fixed", "excel", "parquet", "json"]


@dataclass(frozen=True, slots=True)
class Column:
    """One target item: where its value comes from and what is done to it, in this order."""

    source: tuple[str, ...] = ()
    const: str | None = None
    codes: str | None = None
    date: str | None = None
    scale: str | None = None
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Join:
    table: str
    on: tuple[tuple[str, str], ...]
    kind: Literal["left", "inner"]


@dataclass(frozen=True, slots=True)
class Target:
    """One SELECT into a standard entity."""

    entity: str
    table: str
    columns: Mapping[str, Column]
    joins: tuple[Join, ...] = ()
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    filled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FixedColumn:
    """A column of a fixed-width file: `start` counts from 1, in characters or bytes as its table says."""

    name: str
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Load:
    """How a table is delivered that does not come in full.

    `changes`: rows with a flag in `column`, which means insert, update or delete by its value; `order` names the column that says
    which of several changes to a row came last; `gaps` that days without a delivery are no loss. `watermark`: rows whose
    `column` has grown; a row that is deleted there is not seen, so such a table wants a full load now and then.
    """

    kind: Literal["changes", "watermark"]
    column: str
    insert: tuple[str, ...] = ()
    update: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    order: str = ""
    gaps: bool = False


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table as the source delivers it: its name there (table, sheet or file) and the columns that identify a row."""

    name: str
    location: str
    key: tuple[str, ...]
    load: Load | None = None
    layout: tuple[FixedColumn, ...] = ()
    bytewise: bool = False


@dataclass(frozen=True, slots=True)
class SourceMapping:
    """All mappings of one source system; `edition` is the hash of the file.

    `workbook` is the file of an Excel source where its folder cannot be looked into, `rows` where in a JSON document the rows
    stand, `shrink` by which share a table without a control file may fall against the load before.
    """

    source: str
    kind: SourceKind
    title: Text
    encoding: str
    delimiter: str
    control: str | None
    tables: Mapping[str, SourceTable]
    targets: tuple[Target, ...]
    code_tables: Mapping[str, Mapping[str, str]]
    edition: str
    workbook: str = ""
    rows: str = ""
    shrink: float = 0.5

    @property
    def files(self) -> tuple[str, ...]:
        """The files that make up a delivery, for places that cannot be asked what lies there."""
        if self.kind == "sql":
            names = [f"{self.source}.sqlite"]
        elif self.kind == "excel":
            names = [self.workbook or f"{self.source}.xlsx"]
        else:
            names = list(dict.fromkeys(table.location for table in self.tables.values()))
        return tuple(names + ([self.control] if self.control else []))

    @property
    def incremental(self) -> bool:
        return any(table.load for table in self.tables.values())


def needed_columns(mapping: SourceMapping) -> dict[str, set[str]]:
    """By source table the columns that its mapping reads; a delivery that lacks one of them cannot be mapped."""
    needed = {name: set(table.key) for name, table in mapping.tables.items()}
    for name, table in mapping.tables.items():
        if table.load:
            needed[name] |= {each for each in (table.load.column, table.load.order) if each}
    for target in mapping.targets:
        names = [name for column in target.columns.values() for name in column.source]
        for name in (*names, *target.where, *target.filled):
            joined, _, column = name.rpartition(".")
            needed[joined or target.table].add(column)
        for join in target.joins:
            needed[target.table] |= {left for left, _ in join.on}
            needed[join.table] |= {right for _, right in join.on}
    return needed


def load_mappings(folder: Path) -> dict[str, SourceMapping]:
    """All mappings below `folder`, by source. Raises Invalid with every error of every file at once."""
    found: dict[str, SourceMapping] = {}
    problems: list[Text] = []
    for path in sorted(folder.glob("*/mapping.yaml")):
        mapping, faults = parse_mapping(path.read_bytes())
        name = path.parent.name
        problems += [Text(f"{name}：{fault.words.zh}", f"{name}: {fault.words.en}") for fault in faults]
        if mapping is not None and mapping.source in found:
            problems.append(
                Text(f"{name}：来源 {mapping.source} 重复", f"{name}: the source {mapping.source} stands twice")
            )
        elif mapping is not None:
            found[mapping.source] = mapping
    if problems:
        raise Invalid("submission.mapping", Text("；".join(p.zh for p in problems), "; ".join(p.en for p in problems)))
    return found


def parse_mapping(raw: bytes) -> tuple[SourceMapping | None, tuple[Fault, ...]]:
    """A mapping from its text; None with its faults where it cannot be used."""
    data, faults = check_text(raw)
    if data is None or faults:
        return None, faults
    try:
        return _read(data, hashlib.sha256(raw).hexdigest()), ()
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as problem:
        return None, (Fault(Text(f"无法读取：{problem}", f"cannot be read: {problem}")),)


def _read(data: Mapping[str, Any], edition: str) -> SourceMapping:
    tables = {
        name: SourceTable(
            name,
            str(given.get("file") or given.get("table") or given.get("sheet") or name),
            tuple(given.get("key", ())),
            _load(given["load"]) if given.get("load") else None,
            tuple(FixedColumn(each["name"], each["start"], each["length"]) for each in given.get("columns") or ()),
            given.get("units") == "bytes",
        )
        for name, given in data["tables"].items()
    }
    return SourceMapping(
        source=data["source"],
        kind=data["kind"],
        title=Text.of(data["title"]) if "title" in data else Text(data["source"], data["source"]),
        encoding=data.get("encoding", "utf-8"),
        delimiter=data.get("delimiter", ","),
        control=data.get("control"),
        tables=tables,
        targets=tuple(_target(each) for each in data["targets"]),
        code_tables={
            name: {str(key): str(value) for key, value in table.items()}
            for name, table in (data.get("code_tables") or {}).items()
        },
        edition=edition,
        workbook=data.get("workbook", ""),
        rows=data.get("rows", ""),
        shrink=float(data.get("shrink", 0.5)),
    )


def _load(given: Mapping[str, Any]) -> Load:
    flags = {
        name: tuple(map(str, values if isinstance(values, list) else [values]))
        for name in ("insert", "update", "delete")
        if (values := given.get(name)) is not None
    }
    return Load(
        given["kind"],
        given["column"],
        **flags,
        order=given.get("order", ""),
        gaps=given.get("gaps") in (True, "allowed"),
    )


def _target(given: Mapping[str, Any]) -> Target:
    joins = tuple(
        Join(join["table"], tuple(_pair(each) for each in join["on"]), join.get("kind", "left"))
        for join in given.get("joins") or ()
    )
    where = {
        name: tuple(str(value) for value in (values if isinstance(values, list) else [values]))
        for name, values in (given.get("where") or {}).items()
    }
    columns = {item: _column(column) for item, column in given["columns"].items()}
    return Target(given["target"], given["from"], columns, joins, where, tuple(given.get("filled") or ()))


def _pair(given: Any) -> tuple[str, str]:
    if isinstance(given, str):
        left, _, right = given.partition("=")
        return left.strip(), (right or left).strip()
    if isinstance(given, dict):
        ((left, right),) = given.items()
        return str(left), str(right)
    return str(given[0]), str(given[1])


def _column(given: Mapping[str, Any]) -> Column:
    source = given.get("concat") or given.get("from") or ()
    return Column(
        source=(source,) if isinstance(source, str) else tuple(source),
        const=None if given.get("const") is None else str(given["const"]),
        codes=given.get("codes"),
        date=given.get("date"),
        scale=given.get("scale"),
        default=None if given.get("default") is None else str(given["default"]),
    )


def target_select(mapping: SourceMapping, target: Target, landing: Mapping[str, str]) -> str:
    """SELECT giving the rows of a target; `landing` names the relation of each source table (columns all text)."""
    # Two layers, so that a value which is asked for many times, as by every code of a table, is read and trimmed once.
    values = [f'{_given(column)} AS "{item}"' for item, column in target.columns.items()]
    columns = [f'{_made(mapping, column, item)} AS "{item}"' for item, column in target.columns.items()]
    origin = [
        f"{_literal(mapping.source)} AS _source",
        'm."_load" AS _load',
        f"{_literal(target.table)} || ':' || m.\"_row\" AS _row",
        'm."business_date" AS business_date',
    ]
    given = f"SELECT {', '.join(values + origin)} FROM {_rows(target, landing)}"
    return f"SELECT {', '.join(columns)}, _source, _load, _row, business_date FROM ({_placed(target, given)})"


def unmapped_select(mapping: SourceMapping, target: Target, landing: Mapping[str, str]) -> str | None:
    """SELECT of source values that no code table knows, of the rows that the target takes: item, value, rows.

    None where the target translates nothing.
    """
    values = {
        item: (_reference(column.source[0]), ("", *mapping.code_tables[column.codes]))
        for item, column in target.columns.items()
        if column.codes and len(column.source) == 1 and "." not in column.source[0]
    }
    if not values:
        return None
    # A left join that no condition names takes no row away.
    asked = {name.rpartition(".")[0] for name in (*target.where, *target.filled)}
    target = replace(target, joins=tuple(join for join in target.joins if join.kind == "inner" or join.table in asked))
    # Compared one by one, since the engine would make a join of every longer IN; blanks are minded where few are left.
    unknown = {
        item: " AND ".join(f"{value} <> {_literal(code)}" for code in known) for item, (value, known) in values.items()
    }
    each = ", ".join(
        f"struct_pack(item := {_literal(item)}, value := CASE WHEN {unknown[item]} THEN {value} END)"
        for item, (value, _) in values.items()
    )
    rows = _placed(target, f"SELECT unnest([{each}]) AS u FROM {_rows(target, landing, ' OR '.join(unknown.values()))}")
    listed = f"""SELECT u.item AS item, trim(u.value) AS value, count(*) AS rows FROM ({rows})
        WHERE u.value IS NOT NULL GROUP BY ALL"""
    known_of = " ".join(
        f"WHEN {_literal(item)} THEN list_contains([{', '.join(map(_literal, known))}], value)"
        for item, (_, known) in values.items()
    )
    return f"SELECT * FROM ({listed}) WHERE NOT CASE item {known_of} END"


def _rows(target: Target, landing: Mapping[str, str], condition: str = "") -> str:
    """What stands after FROM: the rows that a target takes, of these the ones that fulfil a further condition.

    Its tables still go by their own names; `_placed` gives them those that they have here.
    """
    conditions = [f"({condition})"] if condition else []
    for name, values in target.where.items():
        conditions.append(f"trim({_reference(name)}) IN ({', '.join(_literal(value.strip()) for value in values)})")
    conditions += [f"nullif(trim({_reference(name)}), '') IS NOT NULL" for name in target.filled]
    joins = []
    for number, join in enumerate(target.joins):
        keys = " AND ".join(f'm."{left}" = j{number}."{right}"' for left, right in join.on)
        joins.append(f"{join.kind.upper()} JOIN {landing[join.table]} j{number} ON {keys}")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"{landing[target.table]} m {' '.join(joins)}{where}"


def _placed(target: Target, sql: str) -> str:
    """A statement on `_rows` with the names that the tables have there."""
    for table, alias in [(target.table, "m"), *((join.table, f"j{at}") for at, join in enumerate(target.joins))]:
        sql = sql.replace(f"@{table}.", f"{alias}.")
    return sql


def _reference(name: str) -> str:
    table, dot, column = name.rpartition(".")
    return f'@{table}."{column}"' if dot else f'm."{name}"'


def _given(column: Column) -> str:
    """What the source says: trimmed, NULL for blank."""
    if column.const is not None:
        return _literal(column.const)
    references = [_reference(name) for name in column.source]
    value = references[0] if len(references) == 1 else f"concat({', '.join(references)})"
    return f"nullif(trim({value}), '')"


def _made(mapping: SourceMapping, column: Column, item: str) -> str:
    """What becomes of it, given as the column `item`."""
    value = f'"{item}"'
    if column.const is not None:
        return value
    if column.codes and mapping.code_tables[column.codes]:
        pairs = " ".join(
            f"WHEN {_literal(key)} THEN {_literal(code)}" for key, code in mapping.code_tables[column.codes].items()
        )
        value = f"CASE {value} {pairs} ELSE {value} END"
    if column.date:
        value = _date(value, column.date)
    if column.scale:
        value = _scaled(value, column.scale)
    if column.default is not None:
        value = f"coalesce({value}, {_literal(column.default)})"
    return value


def _date(value: str, form: str) -> str:
    """A date in ISO notation. One that is none in the notation `form` goes on as delivered, for the check to name it."""
    if form == "%Y-%m-%d":
        return value
    pieces = re.fullmatch(r"%Y([^%]?)%m([^%]?)%d", form)
    if pieces is None:
        return f"coalesce(strftime(try_strptime({value}, {_literal(form)}), '%Y-%m-%d'), {value})"
    first, second = pieces.groups()
    shape = _literal(f"____{first}__{second}__")
    month = 5 + len(first)
    parts = f"left({value}, 4) || '-' || substring({value}, {month}, 2) || '-' || right({value}, 2)"
    return f"CASE WHEN {value} LIKE {shape} AND TRY_CAST({parts} AS DATE) IS NOT NULL THEN {parts} ELSE {value} END"


def _scaled(value: str, scale: str) -> str:
    """An amount in whole yuan, halves away from zero; what is no number goes on as delivered."""
    whole = f"TRY_CAST({value} AS BIGINT)"
    exact = f"TRY_CAST({value} AS DECIMAL(24, 4))"
    if scale == "wan":
        yuan = f"CAST(round({exact} * {SCALES[scale]}, 0) AS BIGINT)"
    else:
        yuan = (
            f"coalesce(({whole} + CASE WHEN {whole} < 0 THEN -50 ELSE 50 END) // {SCALES[scale]},"
            f" CAST(round({exact} / {SCALES[scale]}, 0) AS BIGINT))"
        )
    return f"coalesce(CAST({yuan} AS VARCHAR), {value})"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
