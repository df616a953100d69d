"""The centre's own tables of segments by reporting point say what the catalogue's matrix says."""

from __future__ import annotations

import pytest

from app.simulator.centre.judge.appearance import ORGANISATION_POINTS, PERSON_POINTS
from app.standard import catalogue


def rows(code):
    return [
        pytest.param(row, id=f"{code}-{row.point}-{row.account}{row.flag}")
        for row in catalogue.current().record(code).appearance
    ]


@pytest.mark.parametrize("row", rows("210"))
def test_person(row):
    _, required, _, forbidden, unusable = PERSON_POINTS[row.point]
    assert (row.account in unusable) == (not row.usable)
    if row.usable:
        assert set(required.get(row.account, "")) == row.required() - {"B"}
        assert set(forbidden.get(row.account, "")) == row.forbidden()


@pytest.mark.parametrize("row", rows("410"))
def test_organisation(row):
    _, required, _, forbidden, unusable = ORGANISATION_POINTS[row.point]
    assert (row.account in unusable or (row.point == "31" and row.flag in ("0", "1"))) == (not row.usable)
    if row.usable:
        credit_line = {"F"} if row.account == "D1" else set()
        assert set(required.get(row.account, "")) - credit_line == row.required() - {"B"} - credit_line
        assert set(forbidden.get(row.account, "")) - credit_line == row.forbidden() - credit_line
