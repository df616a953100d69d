"""Slots and buckets of business keys, and how the lines of a type are numbered over them."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.submission.reading.batches import remaining
from app.submission.slots import SLOTS, slot_keys, slots_of, stored_tables
from app.submission.stages import build
from app.submission.stages.build import Span
from app.submission.tables import BUSINESS_KEY, MAIN_ENTITY, standard_tables


@given(st.integers(1, 2 * SLOTS))
def test_every_slot_is_in_one_bucket(buckets: int) -> None:
    found = [
        slot
        for bucket in range(buckets)
        for first, last in [slots_of(bucket, buckets)]
        for slot in range(first, last + 1)
    ]
    assert found == list(range(SLOTS))


def test_what_a_record_is_about_has_the_slot_of_its_business_key() -> None:
    for code, entity in MAIN_ENTITY.items():
        assert slot_keys()[entity] in {BUSINESS_KEY[each] for each, mine in MAIN_ENTITY.items() if mine == entity}, code
    assert slot_keys()["personal_performance"] == ('"AcctCode"',)
    assert slot_keys()["organisation_member"] == ('"EntCertType"', '"EntCertNum"')
    assert "ledger_position" not in slot_keys()


def test_slots_are_stored_beside_what_an_entity_says() -> None:
    stored = {table.path: table for table in stored_tables()}
    for entity, table in standard_tables().items():
        assert ("_slot" in stored[table.path].columns) == (entity in slot_keys())
        assert "_slot" not in table.columns


numbers = st.lists(st.integers(1, 3_000), min_size=1, max_size=40)


def spans_of(counts: list[int]) -> list[Span]:
    return [Span(at, at, sum(counts[:at]), number) for at, number in enumerate(counts)]


@given(numbers, st.integers(500, 5_000))
def test_spans_are_joined_without_gap_and_within_the_bound(counts: list[int], bound: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "_NUMBERED", bound)
        joined = list(build._together(spans_of(counts)))
    assert [bucket for span in joined for bucket in range(span.first, span.last + 1)] == list(range(len(counts)))
    assert [span.before for span in joined] == [sum(counts[: span.first]) for span in joined]
    assert all(span.records <= bound or span.first == span.last for span in joined)
    assert sum(span.records for span in joined) == sum(counts)


@given(numbers, st.integers(100, 4_000))
def test_a_file_is_looked_for_in_the_buckets_that_it_has_records_of(counts: list[int], size: int) -> None:
    owners = [bucket for bucket, number in enumerate(counts) for _ in range(number)]
    spans: Mapping[str, list[Span]] = {"210": spans_of(counts)}
    work: Any = SimpleNamespace(settings=SimpleNamespace(file_records=size))
    for part, start in enumerate(range(0, len(owners), size)):
        mine = owners[start : start + size]
        file: Any = SimpleNamespace(record_type="210", part=part, records=len(mine))
        assert build._buckets(work, file, spans) == (mine[0], mine[-1])


@pytest.mark.parametrize(
    ("done", "total", "elapsed", "expected"),
    [(0, 0, 60, None), (1, 10, 60, None), (5, 10, 1, None), (5, 10, 60, 60), (9, 10, 90, 10), (10, 10, 90, 0)],
)
def test_the_remaining_time_is_told_once_enough_is_done(
    done: int, total: int, elapsed: float, expected: float | None
) -> None:
    assert remaining(done, total, elapsed) == expected
