"""When a timer of a diagram goes off: after a limit, or at a moment that the process has come to know.

A diagram says `14 days`, or names a variable such as `granted.until` that holds a date, a moment, or itself a limit.
A date ends, as limits of days do, at 24:00 in China.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from app.core.clock import CHINA
from app.core.errors import Invalid
from app.core.text import Text
from app.workflow.clocks.limits import Due, Limit, end_of_day, parse_limit

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T", re.ASCII)
_PATH: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")


def names_variable(text: str) -> bool:
    """Whether a timer takes its time from a variable. ISO limits such as `P2D` look like names and are none."""
    if not _PATH.fullmatch(text):
        return False
    try:
        parse_limit(text)
    except Invalid:
        return True
    return False


@dataclass(frozen=True, slots=True)
class Fixed(Limit):
    """A limit that ends at a moment which is known, whenever it begins."""

    moment: datetime

    def due(self, start: datetime) -> Due:
        del start
        return Due(self.moment)


def timer_limit(text: str, data: Mapping[str, Any]) -> Limit:
    """The limit of a timer; `data` are the variables of the process. Raises Invalid (`workflow.limit`, `workflow.timer`)."""
    if not names_variable(text):
        return parse_limit(text)
    value: Any = data
    for part in text.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        try:
            return _limit(value.strip())
        except (ValueError, OverflowError, Invalid):
            pass
    raise Invalid(
        "workflow.timer",
        Text(
            "定时所用的变量 {name} 不是日期、时刻或时限：{value}",
            "The variable {name} of a timer holds no date, moment or limit: {value}",
        ).format(name=text, value=str(value)[:40]),
    )


def _limit(value: str) -> Limit:
    if _DAY.fullmatch(value):
        return Fixed(1, "minute", end_of_day(date.fromisoformat(value)))
    if _MOMENT.match(value):
        moment = datetime.fromisoformat(value)
        return Fixed(1, "minute", (moment if moment.tzinfo else moment.replace(tzinfo=CHINA)).astimezone(UTC))
    return parse_limit(value)
