"""What is wrong with a mapping, all of it at once, each fault with its place in the text."""

from __future__ import annotations

import codecs
import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from app.core.text import Text
from app.submission.tables import SUPPLEMENTED, standard_tables

KINDS: Final = ("sql", "csv", "fixed", "excel", "parquet", "json")
VERBS: Final = frozenset({"from", "const", "codes", "date", "scale", "default", "concat"})
SCALES: Final = {"fen": 100, "wan": 10_000}
_READING: Final = ("kind", "encoding", "delimiter", "control", "workbook", "rows", "shrink")
_TOP: Final = frozenset({"mapping", "source", "title", "tables", "targets", "code_tables", *_READING})
_TABLE: Final = frozenset({"file", "table", "sheet", "key", "load", "columns", "units"})
_TARGET: Final = frozenset({"target", "from", "joins", "columns", "where", "filled"})
_JOIN: Final = frozenset({"table", "on", "kind"})
_LOAD: Final = frozenset({"kind", "column", "insert", "update", "delete", "order", "gaps"})
_LAYOUT: Final = frozenset({"name", "start", "length"})

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. `line` counts from 1, 0 where there is none to name; `path` leads to the place."""

    text: Text
    line: int = 0
    path: Place = ()

    @property
    def words(self) -> Text:
        if not self.line:
            return self.text
        return Text(f"{self.text.zh}（第 {self.line} 行）", f"{self.text.en} (line {self.line})")


def check_text(raw: str | bytes) -> tuple[dict[str, Any] | None, tuple[Fault, ...]]:
    """A mapping's text as data, with every fault; None where it is not even a set of names and values."""
    try:
        data = yaml.load(raw, Loader=yaml.CSafeLoader)
        lines = dict(_lines(yaml.compose(raw, Loader=yaml.CSafeLoader), ()))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as problem:
        mark = getattr(problem, "problem_mark", None)
        return None, (Fault(Text(f"{problem}", f"{problem}"), mark.line + 1 if mark else 0),)
    if not isinstance(data, dict):
        return None, (Fault(Text("不是映射文件", "not a mapping file"), 1),)
    found = []
    for path, text in _errors(data):
        near = path
        while near and near not in lines:
            near = near[:-1]
        found.append(Fault(text, lines.get(near, 0), path))
    return data, tuple(found)


def _lines(node: Any, path: Place) -> Iterator[tuple[Place, int]]:
    if node is None or len(path) > 12:
        return
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, str(key.value)), key.start_mark.line + 1
            for inner, line in _lines(value, (*path, str(key.value))):
                if inner != (*path, str(key.value)):
                    yield inner, line
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _lines(value, (*path, number))


def _errors(data: Mapping[str, Any]) -> Iterator[tuple[Place, Text]]:
    for name in data.keys() - _TOP:
        yield (str(name),), _unknown(str(name), "设置", "setting", str(name), _TOP)
    if not _plain(data.get("source")):
        yield ("source",), Text("缺少来源名 source", "the name of the source is missing")
    if data.get("source") == SUPPLEMENTED:
        yield ("source",), Text(f"来源名 {SUPPLEMENTED} 为补录保留", f"the name {SUPPLEMENTED} is kept for supplements")
    if data.get("kind") not in KINDS:
        yield ("kind",), Text(f"来源种类 {data.get('kind')} 不认识", f"unknown kind of source {data.get('kind')}")
    if not _encoding(data.get("encoding", "utf-8")):
        yield ("encoding",), Text(f"编码 {data['encoding']} 不认识", f"unknown encoding {data['encoding']}")
    delimiter = data.get("delimiter", ",")
    if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '\r\n"':
        yield ("delimiter",), Text("分隔符须为一个字符", "the delimiter must be one character")
    shrink = data.get("shrink", 0.5)
    if not isinstance(shrink, int | float) or not 0 <= shrink <= 1:
        yield ("shrink",), Text("shrink 须在 0 与 1 之间", "shrink must lie between 0 and 1")
    tables = data.get("tables")
    if not isinstance(tables, dict) or not tables:
        yield ("tables",), Text("缺少来源表 tables", "there are no tables")
        tables = {}
    for name, table in tables.items():
        yield from _table_errors(data, str(name), table)
    code_tables = data.get("code_tables") or {}
    if not isinstance(code_tables, dict):
        yield ("code_tables",), Text("code_tables 须写成一组代码表", "code_tables must be a set of code tables")
        code_tables = {}
    for name, codes in code_tables.items():
        if not isinstance(codes, dict) or not all(map(_scalar, (*codes, *codes.values()))):
            where = f"code_tables.{name}"
            yield ("code_tables", str(name)), Text(f"{where} 须写成“代码: 标准代码”", f"{where} must be pairs of codes")
    targets = data.get("targets")
    if not isinstance(targets, list):
        yield ("targets",), Text("缺少目标 targets", "there are no targets")
        return
    for number, target in enumerate(targets):
        for path, text in _target_errors(target, f"targets[{number + 1}]", tables, code_tables):
            yield ("targets", number, *path), text


def _table_errors(data: Mapping[str, Any], name: str, table: Any) -> Iterator[tuple[Place, Text]]:
    path: Place = ("tables", name)
    where = f"tables.{name}"
    if not _plain(name) or "." in name:
        yield path, Text(f"{where}：表名不可用", f"{where}: the name cannot be used")
    if not isinstance(table, dict):
        yield path, Text(f"{where} 须写成一组设置", f"{where} must be a set of settings")
        return
    for each in table.keys() - _TABLE:
        yield (*path, str(each)), _unknown(where, "设置", "setting", str(each), _TABLE)
    key = table.get("key", [])
    if not isinstance(key, list) or not all(map(_plain, key)):
        yield (*path, "key"), Text(f"{where}.key 须为列名的列表", f"{where}.key must be a list of columns")
    load = table.get("load")
    if load is not None:
        yield from _load_errors(load, where, (*path, "load"), has_key=bool(key))
    if data.get("kind") == "fixed":
        yield from _layout_errors(table, where, path)


def _load_errors(load: Any, where: str, path: Place, *, has_key: bool) -> Iterator[tuple[Place, Text]]:
    if not isinstance(load, dict) or load.get("kind") not in ("changes", "watermark"):
        yield (
            path,
            Text(
                f"{where}.load 的 kind 须为 changes 或 watermark", f"{where}.load must be of kind changes or watermark"
            ),
        )
        return
    for each in load.keys() - _LOAD:
        yield (*path, str(each)), _unknown(f"{where}.load", "设置", "setting", str(each), _LOAD)
    if not _plain(load.get("column")):
        yield path, Text(f"{where}.load 缺少 column", f"{where}.load lacks its column")
    if not has_key:
        yield path, Text(f"{where}：增量的表须有主键", f"{where}: a table that is loaded incrementally needs a key")
    if load["kind"] == "changes" and not any(load.get(each) for each in ("insert", "update", "delete")):
        yield path, Text(f"{where}.load 缺少增改删的标志", f"{where}.load lacks the flags of changes")


def _layout_errors(table: Mapping[str, Any], where: str, path: Place) -> Iterator[tuple[Place, Text]]:
    layout = table.get("columns")
    if not isinstance(layout, list) or not layout:
        yield path, Text(f"{where} 缺少定长列 columns", f"{where} lacks its columns with their positions")
        return
    if table.get("units", "characters") not in ("characters", "bytes"):
        yield (*path, "units"), Text(f"{where}.units 须为 characters 或 bytes", f"{where}.units is characters or bytes")
    end, names = 0, set()
    for number, column in enumerate(layout):
        here = (*path, "columns", number)
        if not isinstance(column, dict) or column.keys() - _LAYOUT or not _plain(column.get("name")):
            yield here, _unplaced(f"{where}.columns[{number + 1}]")
            continue
        start, length = column.get("start"), column.get("length")
        if not isinstance(start, int) or not isinstance(length, int) or start < 1 or not 1 <= length <= 100_000:
            yield (
                here,
                Text(f"{where}.{column['name']} 的位置不可用", f"{where}.{column['name']} has no usable position"),
            )
            continue
        if start <= end:
            yield (
                here,
                Text(f"{where}.{column['name']} 与前一列重叠", f"{where}.{column['name']} overlaps the one before"),
            )
        if column["name"] in names:
            yield here, Text(f"{where}.{column['name']} 重复", f"{where}.{column['name']} stands twice")
        names.add(column["name"])
        end = start + length - 1


def _target_errors(
    target: Any, where: str, tables: Mapping[str, Any], code_tables: Mapping[str, Any]
) -> Iterator[tuple[Place, Text]]:
    entities = standard_tables()
    if not isinstance(target, dict):
        yield (), Text(f"{where} 须写成一组设置", f"{where} must be a set of settings")
        return
    entity = target.get("target")
    if not isinstance(entity, str) or entity not in entities:
        yield ("target",), _unknown(where, "标准实体", "standard entity", str(entity), entities)
        return
    if any(isinstance(join, dict) and True in join for join in target.get("joins") or ()):
        yield (
            ("joins",),
            Text(f"{where}：连接条件须写成带引号的 'on'", f"{where}: the key of a join must be quoted, 'on'"),
        )
        return
    for each in target.keys() - _TARGET:
        yield (str(each),), _unknown(where, "设置", "setting", str(each), _TARGET)
    joined = {target.get("from")}
    for number, join in enumerate(target.get("joins") or ()):
        if not isinstance(join, dict) or join.keys() - _JOIN or join.get("kind", "left") not in ("left", "inner"):
            yield ("joins", number), Text(f"{where}：连接写法不对", f"{where}: a join cannot be read")
            continue
        joined.add(join.get("table"))
        if not isinstance(join.get("on"), list) or not join["on"]:
            yield ("joins", number), Text(f"{where}：连接缺少条件", f"{where}: a join lacks its columns")
    for table in joined:
        if table not in tables:
            yield ("from",), _unknown(where, "来源表", "source table", str(table), tables)
    for name in (*(target.get("where") or {}), *(target.get("filled") or ())):
        yield from (((), text) for text in _column_faults(where, name, joined, tables, str(target.get("from"))))
    columns = target.get("columns")
    if not isinstance(columns, dict):
        yield (), Text(f"{where} 缺少 columns", f"{where} lacks its columns")
        return
    for item, column in columns.items():
        place = f"{where}.{item}"
        if item not in entities[entity].columns:
            yield ("columns", str(item)), _unknown(place, "数据项", "item", str(item), entities[entity].columns)
        for text in _verb_faults(place, column, joined, tables, str(target.get("from")), code_tables):
            yield ("columns", str(item)), text


def _verb_faults(
    place: str,
    column: Any,
    joined: set[Any],
    tables: Mapping[str, Any],
    main: str,
    code_tables: Mapping[str, Any],
) -> Iterator[Text]:
    if not isinstance(column, dict):
        yield Text(f"{place} 须写成一组动词", f"{place} must be a set of verbs")
        return
    unknown = column.keys() - VERBS
    for verb in unknown:
        yield _unknown(place, "动词", "verb", str(verb), VERBS)
    if not unknown and len(column.keys() & {"from", "concat", "const"}) != 1:
        yield Text(f"{place} 须有 from、concat、const 之一", f"{place} needs one of from, concat, const")
    given = column.get("concat") or column.get("from") or ()
    for name in given if isinstance(given, list | tuple) else (given,):
        yield from _column_faults(place, name, joined, tables, main)
    for verb in ("const", "default"):
        if verb in column and not _scalar(column[verb]):
            yield Text(f"{place}.{verb} 须为一个值", f"{place}.{verb} must be a value")
    if (codes := column.get("codes")) and codes not in code_tables:
        yield _unknown(place, "代码表", "code table", str(codes), code_tables)
    if (scale := column.get("scale")) and scale not in SCALES:
        yield _unknown(place, "单位", "scale", str(scale), SCALES)
    if (form := column.get("date")) and (not isinstance(form, str) or "%" not in form):
        yield Text(f"{place}.date 须为日期格式，如 %Y%m%d", f"{place}.date must be a date's form such as %Y%m%d")


def _column_faults(where: str, name: Any, joined: set[Any], tables: Mapping[str, Any], main: str) -> Iterator[Text]:
    """A column that a mapping names: usable as a name, in a table of this target, and in the layout where there is one."""
    if not _plain(name):
        yield Text(f"{where}：列名 {name} 不可用", f"{where}: {name} cannot be a column")
        return
    table, dot, column = name.rpartition(".")
    if dot and table not in joined:
        yield Text(f"{where}：{table} 没有连接进来", f"{where}: {table} is not joined")
        return
    given = tables.get(table or main)
    layout = given.get("columns") if isinstance(given, dict) else None
    if isinstance(layout, list):
        names = [each.get("name") for each in layout if isinstance(each, dict)]
        if column not in names:
            yield _unknown(where, "列", "column", column, [each for each in names if isinstance(each, str)])


def _unplaced(where: str) -> Text:
    return Text(f"{where} 须有 name、start、length", f"{where} needs name, start, length")


def _plain(name: Any) -> bool:
    """Usable as a name between double quotes, whatever its script."""
    return isinstance(name, str) and 0 < len(name) <= 128 and not set(name) & {'"', "\0", "\n", "\r"}


def _scalar(value: Any) -> bool:
    return isinstance(value, str | int | float) or value is None


def _encoding(name: Any) -> bool:
    try:
        codecs.lookup(name)
    except (LookupError, TypeError):
        return False
    return True


def _unknown(where: str, zh: str, en: str, name: str, known: Iterable[str]) -> Text:
    near = difflib.get_close_matches(name, [str(each) for each in known], 1)
    hint = Text(f"，是否指 {near[0]}？", f"; did you mean {near[0]}?") if near else Text("", "")
    return Text(f"{where}：没有名为 {name} 的{zh}{hint.zh}", f"{where}: there is no {en} named {name}{hint.en}")
