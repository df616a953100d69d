"""Laying supplements over rows: the statement for a whole day and the desk's own way for a single entry give the same rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.lake.connection import scratch
from app.submission.supplement.entry import FORMS, EntryForm, fields
from app.submission.supplement.given import presences
from app.submission.supplement.nearby import Nearby, key_of_row
from app.submission.supplement.overlay import overlaid, set_aside
from app.submission.supplement.verdict import Entry, laid_over
from app.submission.tables import record_type, standard_tables

VALUES = st.one_of(st.none(), st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=6))
CODES = st.sampled_from(["A1", "张'三", 'say "x"', "甲$.x"])
PROVIDER = "A1111111111111"
FORM = FORMS["personal_party"]


def table(rows: list[dict[str, Any]], names: list[str]) -> pa.Table:
    return pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names})


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of a source by key, and supplements of which some are about them."""
    tags = [each.tag for each in fields(FORM) if not each.in_key]
    keys = draw(st.lists(st.tuples(CODES, CODES), unique=True, min_size=1, max_size=4))
    rows, supplements = [], []
    for number, (code, party) in enumerate(keys):
        key = {"AcctCode": code, "ArlpCertType": "10", "ArlpCertNum": party, "ArlpType": "1"}
        held = draw(st.booleans())
        if held:
            rows.append({**FORM.fixed, **key, **{tag: draw(VALUES) for tag in tags}, "_row": f"t:{number}"})
        if draw(st.booleans()) or not held:
            items = {tag: draw(VALUES) or "" for tag in draw(st.lists(st.sampled_from(tags), unique=True))}
            whole = {} if held else {**FORM.fixed, **key}
            supplements.append({"key": FORM.key_of(key), "items": {**items, **whole}, "whole": not held, "of": key})
    return rows, supplements


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    with scratch(few=True) as found:
        yield found


@settings(max_examples=25)
@given(cases())
def test_the_days_statement_and_the_desk_lay_over_alike(
    engine: Any,
    case: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    rows, supplements = case
    names = [name for name in standard_tables()[FORM.entity].columns if name != "business_date" and name[0] != "_"]
    source = [{**row, "_source": "core", "_load": "L", "business_date": None, "_provider": PROVIDER} for row in rows]
    origin = ["_source", "_load", "_row", "business_date", "_provider"]
    given_rows = [
        {
            "_provider": PROVIDER,
            "supplement": str(n),
            "form": FORM.name,
            "key": each["key"],
            "items": json.dumps(each["items"]),
        }
        for n, each in enumerate(supplements)
    ]
    engine.register("source", table(source, [*names, *origin]))
    aside = f"(SELECT * FROM ({set_aside(FORM, 'source')}) WHERE key IN (SELECT key FROM supplements))"
    wholes = pa.array([each["whole"] for each in supplements], pa.bool_())
    engine.register(
        "supplements",
        table(given_rows, ["_provider", "supplement", "form", "key", "items"]).append_column("whole", wholes),
    )
    result = engine.execute(overlaid(FORM, "supplements", aside, "NULL"))
    columns = [column[0] for column in result.description]
    by_statement = [dict(zip(columns, row, strict=True)) for row in result.fetchall()]

    near = Nearby(None, {FORM.entity: tuple(source)}, pa.table({}), {})  # type: ignore[arg-type]
    entries = [Entry(PROVIDER, FORM.name, each["key"], each["of"]["AcctCode"], each["items"]) for each in supplements]
    mine = {each["key"] for each in supplements}
    by_desk = [row for row in laid_over(entries, near)[FORM.entity] if key_of_row(FORM, row) in mine]

    def plain(found: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        return sorted(tuple(str(row.get(name) or "") for name in names) for row in found)

    assert plain(by_statement) == plain(by_desk)
    assert {row["_source"] for row in by_statement} <= {"supplement"}


def test_every_form_is_about_columns_that_there_are() -> None:
    for form in FORMS.values():
        columns = standard_tables()[form.entity].columns
        assert set(form.key_columns) <= columns.keys(), form.name
        assert {each.tag for each in fields(form)} <= columns.keys(), form.name
        assert set(form.key) <= {each.tag for each in fields(form)}, form.name
        reached = {each.tag for each in fields(form)} | form.fixed.keys()
        record = record_type(form.record)
        counts = {group.count_tag for segment in record.segments for group in segment.groups}
        missing = {name for name in columns if name[0] != "_" and name != "business_date"} - reached - counts
        assert not missing or form.entity in ("repayment_party", "personal_performance"), (form.name, missing)


def shown(form: EntryForm, values: dict[str, str], beside: dict[str, str] | None = None) -> set[str]:
    return {tag for tag, stand in presences(form, values, beside or {}).items() if stand.shown}


def test_items_appear_and_are_needed_as_the_standard_demands() -> None:
    person = FORMS["person"]
    assert "SpoName" not in shown(person, {"MariStatus": "10"})
    assert "SpoName" in shown(person, {"MariStatus": "20"})
    assert presences(person, {"MariStatus": "20", "SpoIDNum": "x"}, {})["SpoIDType"].needed
    assert not presences(person, {}, {})["MariStatus"].needed, "its segment is not begun"
    daily = FORMS["personal_daily"]
    assert "PridAcctBal" not in shown(daily, {}, {"AcctType": "R1"})
    stands = presences(daily, {"AcctStatus": "3"}, {"AcctType": "D1"})
    assert (stands["CloseDate"].needed, stands["AcctStatus"].table) == (True, "AcctStatus_D1R4")
    assert presences(daily, {"AcctStatus": "1"}, {"AcctType": "D1"})["CloseDate"].forbidden
    party = FORMS["corporate_party"]
    assert presences(party, {"ArlpIDType": "1"}, {})["ArlpCertType"].table
