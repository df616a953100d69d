"""Reading the centre's check files (docs/adr/0017-check-files.md): one statement of what it holds, in one or more parts.

What a stranger sends is bounded and judged whole: a file with anything wrong is refused with all that is wrong, each with its
line, and nothing of it is compared. Lines are read in blocks, never one by one, and never lie on the disk in the open.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.core import clock, crypto, packaging
from app.core.config import settings
from app.core.crypto.keyring import key_ring
from app.core.errors import Invalid
from app.core.text import Text
from app.lake.connection import Connection
from app.standard.catalogue import RecordType
from app.submission.checking.digests import ITEM_DIGITS, SEGMENT_DIGITS, key_items
from app.submission.checking.tables import STATED
from app.submission.entities.entity import Entity
from app.submission.tables import RECORD_TYPES, record_type

if TYPE_CHECKING:
    import pyarrow as pa

NAME: Final = re.compile(r"(?P<provider>[0-9A-Za-z]{14})(?P<date>\d{8})(?P<type>\d{3})C(?P<part>\d{3})0\.enc", re.ASCII)
_HEADER: Final = re.compile(
    r"C080(?P<type>\d{3})\d\.\d\.\d(?P<provider>[0-9A-Za-z]{14})(?P<as_of>\d{14})(?P<part>\d{3})(?P<parts>\d{3})"
    r"(?P<count>\d{11})(?P<total>\d{11})0{12}",
    re.ASCII,
)
_LIMIT_BYTES: Final = 4 << 30
_BLOCK: Final = 8 << 20
_FIRST_LINES: Final = 64 << 10
_SHOWN: Final = 20
"""How many faults of a file are told."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One part of a statement, as its header says."""

    name: str
    record_type: str
    provider: str
    as_of: datetime
    part: int
    parts: int
    count: int
    total: int


class _Pieces(io.RawIOBase):
    """An iterator of bytes as a file, with what is read ahead for the first two lines."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._ahead = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ahead and (piece := next(self._pieces, None)) is not None:
            self._ahead = piece
        size = min(len(buffer), len(self._ahead))
        buffer[:size], self._ahead = self._ahead[:size], self._ahead[size:]
        return size

    def first_line(self) -> str | None:
        """The next line without its CR LF; None where none of sensible length in UTF-8 stands."""
        while b"\r\n" not in self._ahead[:_FIRST_LINES]:
            piece = next(self._pieces, None)
            if piece is None or len(self._ahead) > _FIRST_LINES:
                return None
            self._ahead += piece
        line, _, self._ahead = self._ahead.partition(b"\r\n")
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            return None


def read_head(entity: Entity, sealed: Path, name: str) -> Statement:
    """What a file sealed for a legal entity states by its name and its first line. Raises Invalid (`submission.check_file`)."""
    return _statement(name, _opened(entity, sealed, name).first_line(), entity.provider)


def _opened(entity: Entity, sealed: Path, name: str) -> _Pieces:
    suite = crypto.suite(settings().crypto_suite)
    private = key_ring().key_pair(entity.own_key, suite).private
    return _Pieces(packaging.unpack(sealed, suite, private, _LIMIT_BYTES, prefix=name.removesuffix(".enc")))


def take(connection: Connection, entity: Entity, sealed: Path, name: str, check: str) -> Statement:
    """Put the lines of one sealed file into `STATED`, within the writer's transaction.

    Raises Invalid (`submission.check_file`) with everything that is wrong with it.
    """
    bare = name.removesuffix(".enc")
    pieces = _opened(entity, sealed, name)
    statement = _statement(name, pieces.first_line(), entity.provider)
    record = record_type(statement.record_type)
    names = [*key_items(record), "RptDate", *(segment.tag for segment in record.segments)]
    found = pieces.first_line()
    if found != "\t".join(names):
        raise _refused(name, [(2, Text("列名与接口规范不符", "the columns are not those of the interface"))])
    connection.execute("CREATE OR REPLACE TEMP TABLE check_lines (line BIGINT, cells VARCHAR[])")
    faults: list[tuple[int, Text]] = []
    rows = _copy(connection, name, pieces, len(names), faults)
    skipped = [line for line, _ in faults]
    faults += [(_moved(line, skipped), words) for line, words in _faults(connection, record)]
    if not faults and rows != statement.count:
        wrong = Text("应有 {count} 条，实有 {rows} 条", "states {count} records, holds {rows}")
        faults.append((1, wrong.format(count=statement.count, rows=rows)))
    if faults:
        raise _refused(name, sorted(faults, key=lambda fault: fault[0]))
    keys = len(key_items(record))
    connection.execute(
        f"INSERT INTO {STATED.path} BY NAME SELECT '{check}' AS check_id, '{record.code}' AS record_type,"
        f" array_to_string(cells[1:{keys}], '|') AS subject, cells[{keys + 1}] AS \"RptDate\","
        f" cells[{keys + 2}:] AS fields, '{bare}' AS file, line FROM check_lines"
    )
    connection.execute("DROP TABLE check_lines")
    return statement


def _statement(name: str, line: str | None, provider: str) -> Statement:
    named, head = NAME.fullmatch(name), _HEADER.fullmatch(line or "")
    if named is None:
        raise _refused(name, [(0, Text("文件名不符合核对文件命名规则", "this is not the name of a check file"))])
    as_of = _moment(head["as_of"]) if head else None
    if head is None or as_of is None:
        raise _refused(name, [(1, Text("文件头无法读取", "the header cannot be read"))])
    wrong: list[tuple[int, Text]] = []
    if (head["type"], head["provider"], head["part"]) != (named["type"], named["provider"], named["part"]):
        wrong.append((1, Text("文件头与文件名不一致", "header and file name disagree")))
    if head["provider"] != provider:
        wrong.append((1, Text("不是本机构的核对文件", "this states the records of another provider")))
    if head["type"] not in RECORD_TYPES and int(head["total"]):
        words = Text(
            "征信中心称有 {n} 条，本机构不报送该类记录", "states {n} records of a type that is not reported here"
        )
        wrong.append((1, words.format(n=int(head["total"]))))
    part, parts = int(head["part"]), int(head["parts"])
    if not 1 <= part <= parts:
        wrong.append((1, Text("分卷号有误", "the number of the part is wrong")))
    if wrong:
        raise _refused(name, wrong)
    return Statement(name, head["type"], head["provider"], as_of, part, parts, int(head["count"]), int(head["total"]))


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=clock.CHINA)
    except ValueError:
        return None


def _copy(connection: Connection, name: str, pieces: _Pieces, width: int, faults: list[tuple[int, Text]]) -> int:
    """Bring the lines into `check_lines`, block by block; the number of lines that have the right number of columns."""
    import pyarrow as pa  # it takes long to load, and only a worker needs it
    from pyarrow import csv

    def wrong(row: csv.InvalidRow) -> str:
        if len(faults) < _SHOWN:
            words = Text("应有 {width} 列，实有 {found} 列", "has {found} columns instead of {width}")
            number = (row.number or 0) + 2  # after the header and the names
            faults.append((number, words.format(width=width, found=row.actual_columns)))
        return "skip"

    names = [f"c{place}" for place in range(width)]
    rows = 0
    try:
        reader = csv.open_csv(
            pa.PythonFile(pieces, mode="r"),
            read_options=csv.ReadOptions(use_threads=False, block_size=_BLOCK, column_names=names),
            parse_options=csv.ParseOptions(
                delimiter="\t",
                quote_char=False,
                double_quote=False,
                newlines_in_values=False,
                ignore_empty_lines=False,
                invalid_row_handler=wrong,
            ),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=True
            ),
        )
        for batch in reader:
            _put(connection, batch, rows)
            rows += batch.num_rows
    except pa.ArrowInvalid as problem:
        if "Empty CSV" in str(problem):
            return rows
        raise _refused(
            name, [*faults, (rows + 3, Text("此行之后无法读取", "what follows here cannot be read"))]
        ) from problem
    return rows


def _moved(line: int, skipped: list[int]) -> int:
    """The number that a line has in the file: those that were skipped before it were not counted."""
    for each in sorted(skipped):
        if each <= line:
            line += 1
    return line


def _put(connection: Connection, batch: pa.RecordBatch, before: int) -> None:
    import pyarrow as pa

    numbers = pa.array(range(before + 3, before + 3 + batch.num_rows), pa.int64())
    connection.register("check_block", pa.record_batch([numbers, *batch.columns], ["line", *batch.schema.names]))
    try:
        cells = ", ".join(batch.schema.names)
        connection.execute(f"INSERT INTO check_lines SELECT line, [{cells}] FROM check_block")
    finally:
        connection.unregister("check_block")


def _faults(connection: Connection, record: RecordType) -> list[tuple[int, Text]]:
    """Lines whose key, date or digest fields cannot be what they stand for; the first of them."""
    keys = len(key_items(record))
    fields = " AND ".join(
        f"regexp_full_match(cells[{keys + 2 + number}], '([0-9a-f]{{{SEGMENT_DIGITS}}}"
        f"([0-9a-f]{{{ITEM_DIGITS}}}|-{{{ITEM_DIGITS}}}){{{len(segment.items)}}})?')"
        for number, segment in enumerate(record.segments)
    )
    date = f"(cells[{keys + 1}] = '' OR regexp_full_match(cells[{keys + 1}], '\\d{{4}}-\\d{{2}}-\\d{{2}}'))"
    key = " AND ".join(f"cells[{place}] <> ''" for place in range(1, keys + 1))
    lines = connection.execute(
        f"SELECT line, ({key}) AS keyed, {date} AS dated FROM check_lines WHERE NOT (({key}) AND {date} AND {fields})"
        f" ORDER BY line LIMIT {_SHOWN}"
    ).fetchall()
    words = {
        "key": Text("标识项缺失", "an identifying item is missing"),
        "date": Text("信息报告日期有误", "the report date is not one"),
        "field": Text("摘要有误", "a digest is not one"),
    }
    return [(line, words["key" if not keyed else "date" if not dated else "field"]) for line, keyed, dated in lines]


def _refused(name: str, faults: list[tuple[int, Text]]) -> Invalid:
    shown = faults[:_SHOWN]
    zh = "；".join(f"第 {line} 行：{words.zh}" for line, words in shown)
    en = "; ".join(f"line {line}: {words.en}" for line, words in shown)
    return Invalid("submission.check_file", Text(f"{name} 不能采用。{zh}", f"{name} cannot be used: {en}"))
