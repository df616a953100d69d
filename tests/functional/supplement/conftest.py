"""A lender with two reported days behind it, of whose customers people supplement what its sources lack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import reported_days
import supplemented
from reported_days import ReportedDays


@pytest.fixture
def reported(made_once: Callable[..., Path], tmp_path: Path) -> Iterator[ReportedDays]:
    with supplemented.opened(made_once(reported_days.build), tmp_path / "lender") as found:
        yield found
