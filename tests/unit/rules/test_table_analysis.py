"""What the analysis of a table says is exact: held against trying out a fine grid of values."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from made_tables import LETTERS, LITERALS, Maker, made_table, read

from app.rules.tables.analysis import analyse
from app.rules.tables.cells import read_literal
from app.rules.tables.model import HITS, Input, Row, Table

Given = tuple[Any, bool]


def grid(input_: Input, cells: list[Any]) -> list[Given]:
    """Values on both sides of everything a cell can name, and what is missing where it may be."""
    values: list[Any]
    if input_.type == "boolean":
        values = [True, False]
    elif input_.type == "code":
        values = sorted(LETTERS.values)
    elif input_.type == "text":
        values = [*LITERALS["text"], "nothing that a cell names"]
    elif input_.type == "month":
        values = ["0000-01", "0000-02", "2023-11", "2023-12", "2024-01", "2024-02", "2024-03", "2024-04", "9999-12"]
    elif input_.type == "date":
        days = [read_literal(text, "date") for text in LITERALS["date"]]
        step = timedelta(days=1)
        values = [*days, *(d + step for d in days if d < date.max), *(d - step for d in days if d > date.min)]
    else:
        step_ = Decimal("0.00001") if input_.type == "number" else 1
        bounds = [read_literal(text, "number") for text in [*LITERALS[input_.type], "-10", "1000", "12"]]
        bounds = [b for b in bounds if input_.type == "number" or b == int(b)]
        values = [v for b in bounds for v in (b - step_, b, b + step_)]
    if input_.range is not None:
        values = [value for value in values if input_.range.holds(value)]
    found: list[Given] = [(value, True) for value in dict.fromkeys(values)]
    tests = {part.name for cell in cells for part in cell.parts if hasattr(part, "name")}
    if input_.optional or tests:
        found.append((None, True))
    if "absent" in tests:
        found.append((None, False))
    return found


def small(table: Table, most: int = 60_000) -> bool:
    return len(list(itertools.islice(facts(table), most))) < most


def facts(table: Table) -> Any:
    return itertools.product(
        *(grid(each, [row.cells[place] for row in table.rows]) for place, each in enumerate(table.inputs))
    )


def matches(row: Row, fact: tuple[Given, ...]) -> bool:
    return all(cell.matches(*given) for cell, given in zip(row.cells, fact, strict=True))


@pytest.mark.parametrize("hit", HITS)
@settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(seed=st.integers(0, 2**32))
def test_remarks_are_what_trying_out_shows(hit: str, seed: int) -> None:
    table = replace(made_table(Maker(seed), hit, rows=5), complete=True)
    if not small(table, 4_000):
        return
    remarks = analyse(table)
    by_kind: dict[str, list[Any]] = {}
    for remark in remarks:
        by_kind.setdefault(remark.kind, []).append(remark)
        assert remark.message.zh
        assert remark.message.en

    order = table.deciding_order()
    tried = list(facts(table))
    matching = [[place for place in order if matches(table.rows[place], fact)] for fact in tried]
    assert bool([found for found in matching if not found]) == bool(by_kind.get("gap"))
    if hit in ("first", "worst"):
        deciding = {table.rows[found[0]].id for found in matching if found}
        dead = {r.rows[0] for kind in ("unreachable", "idle") for r in by_kind.get(kind, [])}
        assert dead == {row.id for row in table.rows} - deciding
    if hit == "unique":
        pairs = {pair for found in matching for pair in itertools.combinations(sorted(found), 2)}
        told = {r.rows for kind in ("contradiction", "doubled") for r in by_kind.get(kind, [])}
        assert told == {(table.rows[a].id, table.rows[b].id) for a, b in pairs}
        for remark in by_kind.get("contradiction", []):
            first, second = (row.answers for row in table.rows if row.id in remark.rows)
            assert first != second
    rows = {row.id: row for row in table.rows}
    for remark in remarks:
        example = tuple((value, True) for _, value in remark.example)
        if example and all(value is not None for value, _ in example):
            took = {row_id for row_id, row in rows.items() if matches(row, example)}
            assert took >= set(remark.rows[:1] if remark.kind in ("unreachable", "idle") else remark.rows)
            assert remark.kind != "gap" or not took


def column(name: str, type_: str, value: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "title": {"zh": name, "en": name}, "type": type_, "value": value, **more}


def table_of(hit: str, *rows: tuple[dict[str, Any], str], **more: Any) -> dict[str, Any]:
    return {
        "hit": hit,
        "inputs": [
            column("days", "integer", "accepted.size", range="[0, 400]"),
            column("kind", "code", "B.c", codes="Letters"),
        ],
        "outputs": [{"id": "grade", "title": {"zh": "级", "en": "grade"}, "type": "text", "scale": ["good", "bad"]}],
        "rows": [{"id": f"R{n}", "when": when, "then": {"grade": grade}} for n, (when, grade) in enumerate(rows, 1)],
        **more,
    }


def test_a_gap_is_told_with_its_place_and_an_example() -> None:
    _, faults = read(table_of("unique", ({"days": "<= 90"}, "good"), ({"days": "> 92", "kind": "A..C"}, "bad")))

    assert faults == [
        "no row covers days is (90, 92]; for example days is 91, kind is 10 (columns days)",
        "no row covers days is (92, 400], kind is 10, 11, D; for example days is 93, kind is 10 (columns days, kind)",
    ]


def test_a_contradiction_names_both_rows_and_a_fact_on_which_they_meet() -> None:
    _, faults = read(
        table_of("unique", ({"days": "<= 90"}, "good"), ({"days": ">= 90"}, "bad"), ({"days": "[90, 90]"}, "bad"))
    )

    assert faults == [
        "R1 and R2 contradict each other: both match days is 90, kind is 10, with different answers (columns days)",
        "R1 and R3 contradict each other: both match days is 90, kind is 10, with different answers (columns days)",
        "R2 and R3 overlap: both match days is 90, kind is 10, where one row alone may (columns days)",
    ]


def test_a_row_that_others_cover_together_is_never_reached() -> None:
    _, faults = read(table_of("first", ({"days": "<= 90"}, "good"), ({"days": "> 90"}, "bad"), ({"kind": "A"}, "good")))

    assert faults == ["R3 is never reached: R1, R2 decide before it wherever it matches"]


def test_a_table_with_more_rows_than_people_write_is_analysed_in_a_moment() -> None:
    rows: list[tuple[dict[str, Any], str]] = [({"days": str(day)}, "good") for day in range(401)]
    data = table_of("unique", *rows)
    table, faults = read(data)
    assert not faults
    assert table is not None
    assert len(table.rows) == 401
