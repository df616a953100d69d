"""Mappings: how a source system's tables become standard entities, as content that the business owns.

A mapping says for every target item which source column it comes from and what is done to it. The verbs are few and
declarative: `from`, `const`, `codes`, `date`, `scale`, `default`, `concat`. They are turned into one SELECT per target.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from app.core.errors import Invalid
from app.core.text import Text
from app.submission.tables import standard_tables

SourceKind = Literal["sql", "csv", "excel", "parquet"]
_VERBS = frozenset({"from", "const", "codes", "date", "scale", "default", "concat"})
_SCALES = {"fen": 100, "wan": 10_000}


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
class SourceTable:
    """A table as the source delivers it: its name there (table, sheet or file) and the columns that identify a row."""

    name: str
    location: str
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceMapping:
    """All mappings of one source system; `edition` is the hash of the file."""

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


def needed_columns(mapping: SourceMapping) -> dict[str, set[str]]:
    """By source table the columns that its mapping reads; a delivery that lacks one of them cannot be mapped."""
    needed = {name: set(table.key) for name, table in mapping.tables.items()}
    for target in mapping.targets:
        names = [name for column in target.columns.values() for name in column.source]
        for name in (*names, *target.where, *target.filled):
            table, _, column = name.rpartition(".")
            needed[table or target.table].add(column)
        for join in target.joins:
            needed[target.table] |= {left for left, _ in join.on}
            needed[join.table] |= {right for _, right in join.on}
    return needed


def load_mappings(folder: Path) -> dict[str, SourceMapping]:
    """All mappings below `folder`, by source. Raises Invalid with every error of every file at once."""
    found: dict[str, SourceMapping] = {}
    problems: list[Text] = []
    for path in sorted(folder.glob("*/mapping.yaml")):
        raw = path.read_bytes()
        try:
            data = yaml.load(raw, Loader=yaml.CSafeLoader)
        except yaml.YAMLError as problem:
            problems.append(Text(f"{path.parent.name}：{problem}", f"{path.parent.name}: {problem}"))
            continue
        errors = list(_errors(data)) if isinstance(data, dict) else [Text("不是映射文件", "not a mapping file")]
        problems += [Text(f"{path.parent.name}：{error.zh}", f"{path.parent.name}: {error.en}") for error in errors]
        if not errors:
            mapping = _read(data, hashlib.sha256(raw).hexdigest())
            found[mapping.source] = mapping
    if problems:
        raise Invalid("submission.mapping", Text("；".join(p.zh for p in problems), "; ".join(p.en for p in problems)))
    return found


def _errors(data: Mapping[str, Any]) -> Iterator[Text]:
    entities = standard_tables()
    if data.get("kind") not in ("sql", "csv", "excel", "parquet"):
        yield Text(f"来源种类 {data.get('kind')} 不认识", f"unknown kind of source {data.get('kind')}")
    for position, target in enumerate(data.get("targets") or (), start=1):
        where = f"targets[{position}]"
        entity = target.get("target")
        if entity not in entities:
            yield _unknown(where, "标准实体", "standard entity", str(entity), entities)
            continue
        if any(True in join for join in target.get("joins") or ()):
            yield Text(f"{where}：连接条件须写成带引号的 'on'", f"{where}: the key of a join must be quoted, 'on'")
        for table in (target.get("from"), *(join.get("table") for join in target.get("joins") or ())):
            if table not in data.get("tables", {}):
                yield _unknown(where, "来源表", "source table", str(table), data.get("tables", {}))
        for item, column in (target.get("columns") or {}).items():
            place = f"{where}.{item}"
            if item not in entities[entity].columns:
                yield _unknown(place, "数据项", "item", item, entities[entity].columns)
            if not isinstance(column, dict):
                yield Text(f"{place} 须写成一组动词", f"{place} must be a set of verbs")
                continue
            for verb in column.keys() - _VERBS:
                yield _unknown(place, "动词", "verb", verb, _VERBS)
            if (codes := column.get("codes")) and codes not in data.get("code_tables", {}):
                yield _unknown(place, "代码表", "code table", codes, data.get("code_tables", {}))
            if (scale := column.get("scale")) and scale not in _SCALES:
                yield _unknown(place, "单位", "scale", str(scale), _SCALES)


def _unknown(where: str, zh: str, en: str, name: str, known: Any) -> Text:
    near = difflib.get_close_matches(name, list(known), 1)
    hint = Text(f"，是否指 {near[0]}？", f"; did you mean {near[0]}?") if near else Text("", "")
    return Text(f"{where}：没有名为 {name} 的{zh}{hint.zh}", f"{where}: there is no {en} named {name}{hint.en}")


def _read(data: Mapping[str, Any], edition: str) -> SourceMapping:
    tables = {
        name: SourceTable(
            name,
            str(given.get("file") or given.get("table") or given.get("sheet") or name),
            tuple(given.get("key", ())),
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
    aliases = {target.table: "m"}
    joins = []
    for number, join in enumerate(target.joins):
        aliases[join.table] = alias = f"j{number}"
        keys = " AND ".join(f'm."{left}" = {alias}."{right}"' for left, right in join.on)
        joins.append(f"{join.kind.upper()} JOIN {landing[join.table]} {alias} ON {keys}")
    conditions = [
        f"{_reference(name)} IN ({', '.join(_literal(value) for value in values)})"
        for name, values in target.where.items()
    ] + [f"nullif(trim({_reference(name)}), '') IS NOT NULL" for name in target.filled]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    given = f"SELECT {', '.join(values + origin)} FROM {landing[target.table]} m {' '.join(joins)}{where}"
    sql = f"SELECT {', '.join(columns)}, _source, _load, _row, business_date FROM ({given})"
    for table, alias in aliases.items():
        sql = sql.replace(f"@{table}.", f"{alias}.")
    return sql


def unmapped_select(mapping: SourceMapping, target: Target, landing: Mapping[str, str]) -> str | None:
    """SELECT of source values that no code table knows: item, value, rows. None where the target translates nothing."""
    unknown = {}
    for item, column in target.columns.items():
        if column.codes and len(column.source) == 1 and "." not in column.source[0]:
            value = _reference(column.source[0])
            # Compared one by one, since the engine would make a join of every longer IN.
            known = ("", *mapping.code_tables[column.codes])
            unknown[item] = (" AND ".join(f"{value} <> {_literal(code)}" for code in known), value)
    if not unknown:
        return None
    anything = " OR ".join(condition for condition, _ in unknown.values())
    each = ", ".join(
        f"struct_pack(item := {_literal(item)}, value := CASE WHEN {condition} THEN {value} END)"
        for item, (condition, value) in unknown.items()
    )
    rows = f"SELECT unnest([{each}]) AS u FROM {landing[target.table]} m WHERE {anything}"
    return f"SELECT u.item AS item, u.value AS value, count(*) AS rows FROM ({rows}) WHERE u.value IS NOT NULL GROUP BY ALL"


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
    if column.codes:
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
        yuan = f"CAST(round({exact} * {_SCALES[scale]}, 0) AS BIGINT)"
    else:
        yuan = (
            f"coalesce(({whole} + CASE WHEN {whole} < 0 THEN -50 ELSE 50 END) // {_SCALES[scale]},"
            f" CAST(round({exact} / {_SCALES[scale]}, 0) AS BIGINT))"
        )
    return f"coalesce(CAST({yuan} AS VARCHAR), {value})"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
