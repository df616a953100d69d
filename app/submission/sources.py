"""Reading the deliveries of source systems into the landing layer, as they are: every column text, every row with its key.

Where a source's delivery for a day lies is said by the installation (`sources_file`); what its tables are called and how they
are keyed is part of its mapping. What reads workbooks is imported when one is read: it takes long to load.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import yaml

from app.core.errors import Invalid, Unavailable
from app.core.text import Text
from app.lake.connection import Connection, EngineError, Lake
from app.submission.mapping import SourceMapping, SourceTable, needed_columns

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = 50_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """One source's delivery for one day: a folder or a database file."""

    source: str
    path: Path

    @property
    def size(self) -> int:
        """Bytes in the delivery; 0 where it has not come."""
        files = self.path.rglob("*") if self.path.is_dir() else (self.path,)
        return sum(file.stat().st_size for file in files if file.is_file())


def deliveries(sources_file: Path, business_date: date) -> list[Delivery]:
    """The deliveries to expect for a day. Raises Invalid when the list of sources cannot be read."""
    try:
        listed = yaml.safe_load(sources_file.read_text(encoding="utf-8"))["sources"]
        return [Delivery(name, Path(str(given["path"]).format(date=business_date))) for name, given in listed.items()]
    except (OSError, KeyError, TypeError, AttributeError, ValueError, yaml.YAMLError) as problem:
        raise Invalid(
            "submission.sources",
            Text("来源清单无法读取：{why}", "The list of sources cannot be read: {why}").format(why=problem),
        ) from problem


def landing_name(source: str, table: str) -> str:
    """The landing relation of a source table."""
    return f'lake.landing."{source}__{table}"'


def land(
    lake: Lake,
    mapping: SourceMapping,
    delivery: Delivery,
    business_date: date,
    *,
    provider: str = "",
    again: bool = True,
) -> dict[str, int]:
    """Bring all tables of a legal entity's delivery into landing, all or nothing; rows by table.

    `again` as in `Lake.write_part`.

    Raises Unavailable when the delivery is not there, Invalid when it is damaged, lacks what the mapping reads, or differs
    from its control file.
    """
    if not delivery.path.exists():
        raise Unavailable(
            "submission.delivery_missing",
            Text("{source} 的数据尚未送达", "The delivery of {source} has not come yet").format(source=delivery.source),
        )
    load = f"{mapping.source}-{business_date:%Y%m%d}"
    expected = _expected(mapping, delivery)

    def store(connection: Connection, again: bool) -> dict[str, int]:
        connection.execute("CREATE SCHEMA IF NOT EXISTS lake.landing")
        if mapping.kind == "sql":
            connection.execute("SET sqlite_all_varchar = true")
        counts = {}
        for table, readable in ready.items():
            with _relation(connection, readable) as relation:
                counts[table.name] = _store(connection, mapping, table, relation, load, provider, business_date, again)
        _reconcile(delivery, expected, counts)
        return counts

    with ExitStack() as stack:
        # Made ready while another source has its turn to be written.
        ready = {
            table: stack.enter_context(_readable(mapping, table, delivery.path)) for table in mapping.tables.values()
        }
        try:
            return lake.write_part(store, again)
        except EngineError as problem:
            # Only the first line: the others may quote the data.
            raise _damaged(delivery.source, str(problem).partition("\n")[0]) from problem


def _store(
    connection: Connection,
    mapping: SourceMapping,
    table: SourceTable,
    relation: str,
    load: str,
    provider: str,
    business_date: date,
    again: bool,
) -> int:
    target = landing_name(mapping.source, table.name)
    columns = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()]
    missing = sorted(needed_columns(mapping)[table.name].difference(columns))
    if missing:
        raise Invalid(
            "submission.delivery_columns",
            Text("{table} 缺少列 {names}", "{table} lacks the columns {names}").format(
                table=table.name, names=", ".join(missing)
            ),
        )
    key = (
        " || '|' || ".join(f"coalesce({_name(name)}, '')" for name in table.key)
        or "CAST(row_number() OVER () AS VARCHAR)"
    )
    day = f"DATE '{business_date.isoformat()}'"
    select = (
        f"SELECT *, '{load}' AS _load, {key} AS _row, {day} AS business_date, '{provider}' AS _provider FROM {relation}"
    )
    connection.execute(f"CREATE TABLE IF NOT EXISTS {target} AS {select} LIMIT 0")
    known = {row[0] for row in connection.execute(f"DESCRIBE {target}").fetchall()}
    for name in columns:
        if name not in known:
            connection.execute(f"ALTER TABLE {target} ADD COLUMN {_name(name)} VARCHAR")
    if again:
        connection.execute(f"DELETE FROM {target} WHERE business_date = {day} AND _provider = '{provider}'")
    row = connection.execute(f"INSERT INTO {target} BY NAME {select}").fetchone()
    return int(row[0]) if row else 0


@contextmanager
def _readable(mapping: SourceMapping, table: SourceTable, path: Path) -> Iterator[str | pa.Table]:
    """A delivered table as the engine can read it: what may stand after FROM, or its rows."""
    if mapping.kind == "sql":
        yield f"sqlite_scan({_text(str(path))}, {_text(table.location)})"
    elif mapping.kind == "csv":
        with TemporaryDirectory() as folder:
            plain = Path(folder) / "plain.csv"
            _transcode(path / table.location if path.is_dir() else path, plain, mapping.encoding)
            # The shape is said, not guessed from the data: a guess may skip lines that are damaged.
            names = _header(plain, table, mapping.delimiter)
            columns = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in names)
            yield (
                f"read_csv({_text(str(plain))}, auto_detect = false, columns = {{{columns}}}, header = true,"
                f" delim = {_text(mapping.delimiter)}, quote = '\"', escape = '\"', strict_mode = true)"
            )
    else:
        file = _workbook(path, table)
        if file.suffix == ".parquet":
            yield f"(SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet({_text(str(file))}))"
        else:
            yield _sheet(file, table)


@contextmanager
def _relation(connection: Connection, readable: str | pa.Table) -> Iterator[str]:
    if isinstance(readable, str):
        yield readable
    else:
        connection.register("delivered_sheet", readable)
        try:
            yield "delivered_sheet"
        finally:
            connection.unregister("delivered_sheet")


def _transcode(source: Path, target: Path, encoding: str) -> None:
    """Rewrite a text file as UTF-8; a byte that is not of the encoding refuses the delivery with its place."""
    decoder = codecs.getincrementaldecoder("gb18030" if encoding.lower() in ("gbk", "gb2312") else encoding)()
    done = 0
    try:
        with source.open("rb") as raw, target.open("w", encoding="utf-8", newline="") as plain:
            while chunk := raw.read(1 << 20):
                plain.write(decoder.decode(chunk))
                done += len(chunk)
            plain.write(decoder.decode(b"", final=True))
    except UnicodeDecodeError as problem:
        raise Invalid(
            "submission.delivery_encoding",
            Text("{name} 第 {place} 字节附近不是 {encoding} 编码", "{name} is not {encoding} near byte {place}").format(
                name=source.name, place=done + problem.start, encoding=encoding
            ),
        ) from problem
    except OSError as problem:
        raise Unavailable(
            "submission.delivery_missing",
            Text("缺少文件 {name}", "The file {name} is missing").format(name=source.name),
        ) from problem


def _header(plain: Path, table: SourceTable, delimiter: str) -> list[str]:
    """The column names in the first line of a delimited file. Raises Invalid where there are none."""
    with plain.open(encoding="utf-8", newline="") as file:
        try:
            names = next(csv.reader(file, delimiter=delimiter, strict=True), [])
        except csv.Error as problem:
            raise _damaged(table.location, problem) from problem
    if not names or len(set(names)) < len(names):
        raise _damaged(table.location, ", ".join(names) or "0")
    return names


def _workbook(path: Path, table: SourceTable) -> Path:
    if path.is_file():
        return path
    stem = Path(table.location).stem
    for candidate in (path / table.location, path / f"{stem}.parquet", path / f"{stem}.xlsx"):
        if candidate.is_file():
            return candidate
    books = sorted(path.glob("*.xlsx"))
    if len(books) == 1:
        return books[0]
    raise Unavailable(
        "submission.delivery_missing",
        Text("缺少表 {name}", "The table {name} is missing").format(name=table.location),
    )


def _sheet(file: Path, table: SourceTable) -> pa.Table:
    """A worksheet as text columns; the first row names them. A workbook of one sheet needs no sheet of the table's name."""
    import openpyxl

    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        try:
            if table.location not in book.sheetnames and len(book.sheetnames) > 1:
                raise _damaged(file.name, table.location)
            sheet = book[table.location] if table.location in book.sheetnames else book[book.sheetnames[0]]
            return _columns(sheet.iter_rows(values_only=True))
        finally:
            book.close()
    except Invalid:
        raise
    except Exception as problem:
        # openpyxl raises whatever the zip, XML and number readers below it raise.
        raise _damaged(file.name, type(problem).__name__) from problem


def _columns(rows: Iterator[tuple[Any, ...]]) -> pa.Table:
    import pyarrow as pa

    places = {place: str(name) for place, name in enumerate(next(rows, ())) if name is not None}
    names = list(places.values())
    batches = []
    while part := [row for _, row in zip(range(_BATCH), rows, strict=False)]:
        columns = [pa.array([_cell(row, place) for row in part], pa.string()) for place in places]
        batches.append(pa.record_batch(columns, names=names))
    return pa.Table.from_batches(batches, schema=pa.schema([(name, pa.string()) for name in names]))


def _cell(row: tuple[Any, ...], place: int) -> str | None:
    value = row[place] if place < len(row) else None
    if value is None:
        return None
    if hasattr(value, "strftime"):
        return str(value.strftime("%Y-%m-%d"))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _damaged(name: str, why: object) -> Invalid:
    return Invalid(
        "submission.delivery_damaged",
        Text("{name} 无法读取：{why}", "{name} cannot be read: {why}").format(name=name, why=why),
    )


def _expected(mapping: SourceMapping, delivery: Delivery) -> Mapping[str, int]:
    if mapping.control is None:
        return {}
    folder = delivery.path if delivery.path.is_dir() else delivery.path.parent
    return _control(folder / mapping.control)


def _reconcile(delivery: Delivery, expected: Mapping[str, int], counts: Mapping[str, int]) -> None:
    """Hold the rows landed against the delivery's control file. Raises Invalid naming every table that differs."""
    short = [f"{table} {counts.get(table, 0)}/{rows}" for table, rows in expected.items() if counts.get(table) != rows]
    if short:
        raise Invalid(
            "submission.delivery_short",
            Text("{source} 行数与控制文件不符：{what}", "{source} differs from its control file: {what}").format(
                source=delivery.source, what="；".join(short)
            ),
        )


def _control(path: Path) -> dict[str, int]:
    """Row counts by table from a control file: JSON `{tables: {name: {rows}}}` or CSV with table and rows."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".json":
            tables = json.loads(text)["tables"]
            return {name: int(given["rows"]) for name, given in tables.items()}
        return {row["table"]: int(row["rows"]) for row in csv.DictReader(io.StringIO(text))}
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise Invalid(
            "submission.control",
            Text("控制文件 {name} 无法读取", "The control file {name} cannot be read").format(name=path.name),
        ) from problem
