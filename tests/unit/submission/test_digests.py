"""Both ends digest a record alike: the centre's code, row by row from what it has parsed, and ours, set-wise from the lake."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from app.lake.connection import scratch, unoptimised
from app.simulator.centre import check_files
from app.standard import catalogue
from app.standard.layout import column_types
from app.standard.model import Item, RecordType, Segment
from app.submission.checking.digests import digests, items_apart, segments_apart

VALUES = st.text(alphabet="ab0<&>'\"甲 é", max_size=5)


def _values(segment: Segment) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            member.tag: VALUES
            if isinstance(member, Item)
            else st.lists(st.fixed_dictionaries({item.tag: VALUES for item in member.items}), min_size=1, max_size=2)
            for member in segment.items
        },
    )


def _facts(record: RecordType) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={each.code: _values(each) for each in record.segments})


@pytest.mark.parametrize("code", [pytest.param("110", marks=pytest.mark.whole), "410"])
@settings(max_examples=4, phases=[Phase.generate])
@given(data=st.data())
def test_any_record_has_the_same_digests_at_both_ends_and_its_changed_items_are_named(code: str, data: Any) -> None:
    record = catalogue.current().record(code)
    facts = data.draw(st.lists(_facts(record), min_size=3, max_size=6))
    others = data.draw(st.lists(_facts(record), min_size=len(facts), max_size=len(facts)))
    columns = ", ".join(f'"{name}" {kind}' for name, kind in column_types(code).items())
    with scratch(few=True) as engine:
        engine.execute(f"CREATE TABLE r (n INTEGER, fields VARCHAR[], {columns})")
        for number, (fact, other) in enumerate(zip(facts, others, strict=True)):
            fields = [check_files._field(segment, other.get(segment.code)) for segment in record.segments]
            row = [number, fields, *(_padded(segment, fact.get(segment.code)) for segment in record.segments)]
            engine.execute(f"INSERT INTO r VALUES ({', '.join('?' * len(row))})", row)
        with unoptimised(engine):
            both = f"*, {digests(record)} AS mine, list_transform(fields, each -> left(each, 16)) AS yours"
            apart = f"{segments_apart(record, 'mine', 'yours')}, {items_apart(record, 'fields')}"
            found = engine.execute(f"SELECT mine, {apart} FROM (SELECT {both} FROM r) ORDER BY n").fetchall()
    for fact, other, (ours, segments, items) in zip(facts, others, found, strict=True):
        theirs = [check_files._field(segment, fact.get(segment.code)) for segment in record.segments]
        assert ours == [each[:16] for each in theirs]
        assert segments == [each.code for each in record.segments if fact.get(each.code) != other.get(each.code)]
        assert items == [
            f"{each.code}.{member.tag}"
            for each in record.segments
            if each.code in fact and each.code in other
            for member in each.items
            if fact[each.code].get(member.tag) != other[each.code].get(member.tag)
        ]


def _padded(segment: Segment, values: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if values is None else {member.tag: values.get(member.tag) for member in segment.items}
