"""Lines from columns: whatever stands in a record table comes back from the line that the lake writes of it."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.lake.rendering import line_expression
from app.lake.streams import text_chunks
from app.standard.catalogue import Group, Item, RecordType, current
from app.standard.files import parse_record, render_record

CODES = ("110", "120", "210", "310", "340", "410", "420", "440", "510", "620")
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=12)
VALUES = st.one_of(
    st.none(),
    st.sampled_from(
        ["", "0", "A&B <C> \"d\" 'e'", "&amp;&lt;", "]]>", "（全角）　空格＆＜＞", "𠮷野家", "100.00", " 前后空格 "]
    ),
    TEXTS,
)


def column(entries: tuple[Item | Group, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """A segment as its STRUCT has it: every tag, None where it is absent."""
    return st.fixed_dictionaries(
        {
            entry.tag: VALUES if isinstance(entry, Item) else st.lists(column(entry.items), max_size=3)
            for entry in entries
        }
    )


def arrow(entries: tuple[Item | Group, ...]) -> pa.DataType:
    return pa.struct(
        [(entry.tag, pa.string() if isinstance(entry, Item) else pa.list_(arrow(entry.items))) for entry in entries]
    )


def records(record: RecordType) -> st.SearchStrategy[list[dict[str, Any]]]:
    if record.flat:
        return st.lists(column(record.segments[0].items), min_size=1, max_size=4)
    first = record.segments[0].code
    segments = {
        segment.code: column(segment.items) if segment.code == first else st.one_of(st.none(), column(segment.items))
        for segment in record.segments
    }
    return st.lists(st.fixed_dictionaries(segments), min_size=1, max_size=4)


def as_fact(record: RecordType, row: dict[str, Any]) -> dict[str, Any]:
    if record.flat:
        return _present(row)
    return {each.code: _present(row[each.code]) for each in record.segments if row[each.code] is not None}


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {
        tag: [_present(each) for each in value] if isinstance(value, list) else value
        for tag, value in values.items()
        if value is not None and value != []
    }


@pytest.mark.parametrize("code", CODES)
def test_every_line_reads_back_to_its_fact(code: str) -> None:
    record = current().record(code)
    fields = arrow(record.segments[0].items) if record.flat else [(s.code, arrow(s.items)) for s in record.segments]
    schema = pa.schema([("number", pa.int64()), *fields])
    with duckdb.connect() as connection:

        @given(records(record))
        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
        def lines_read_back(rows: list[dict[str, Any]]) -> None:
            table = pa.Table.from_pylist([{"number": number, **row} for number, row in enumerate(rows)], schema=schema)
            connection.register("records", table)
            select = f"SELECT {line_expression(record)} FROM records ORDER BY number"
            text = b"".join(text_chunks(connection, select, rows=2)).decode()
            lines = text.removesuffix("\r\n").split("\r\n")
            assert len(lines) == len(rows)
            for line, row in zip(lines, rows, strict=True):
                fact = as_fact(record, row)
                assert parse_record(line, record) == (fact, ())
                assert render_record(record, fact) == line

        lines_read_back()


def test_chunks_are_in_order_and_carry_every_row() -> None:
    with duckdb.connect() as connection:
        expected = "".join(f"行{number}\n" for number in range(50_000)).encode()
        rows = "SELECT '行' || range || chr(10) FROM range(50000) ORDER BY range"

        chunks = [bytes(chunk) for chunk in text_chunks(connection, rows, rows=7_000)]

        assert b"".join(chunks) == expected
        assert len(chunks) > 5


def test_no_rows_give_no_chunks() -> None:
    with duckdb.connect() as connection:
        assert list(text_chunks(connection, "SELECT 'x' WHERE FALSE")) == []


def test_a_line_that_renders_to_nothing_is_our_fault() -> None:
    with duckdb.connect() as connection, pytest.raises(ValueError, match="rendered to nothing"):
        list(text_chunks(connection, "SELECT NULL::VARCHAR"))
