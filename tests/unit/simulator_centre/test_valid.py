"""Complete records in order pass without a fault."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("name", ["customer", "loan", "monthly", "card", "collection", "company", "company_loan"])
def test_valid_record_passes(judged, name):
    assert judged(name) == []
