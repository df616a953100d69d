"""What happens to shadows, and the news on which they wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Final

from app.core.events import Event
from app.core.text import Text


@dataclass(frozen=True, slots=True)
class DayJudged(Event):
    """All records of a business day have been judged, each type by the edition in force; published by the room that
    keeps them."""

    name: ClassVar[str] = "rules.day_judged"
    batch: str
    day: date
    record_types: tuple[str, ...]

    @property
    def aggregate(self) -> str:
        return f"batch:{self.batch}"


@dataclass(frozen=True, slots=True)
class _OfShadow(Event):
    name: ClassVar[str] = ""
    shadow: str
    ruleset: str

    @property
    def aggregate(self) -> str:
        return f"shadow:{self.shadow}"


@dataclass(frozen=True, slots=True)
class ShadowStarted(_OfShadow):
    """A candidate runs beside the edition in force."""

    name: ClassVar[str] = "rules.shadow_started"
    edition: str
    until: date


@dataclass(frozen=True, slots=True)
class ShadowStopped(_OfShadow):
    """It runs no more: `state` says why (stopped, over, released)."""

    name: ClassVar[str] = "rules.shadow_stopped"
    state: str


@dataclass(frozen=True, slots=True)
class ShadowDayCompared(_OfShadow):
    """A day has been compared, or could not be: `state` is done or failed."""

    name: ClassVar[str] = "rules.shadow_day_compared"
    day: date
    state: str


EVENTS: Final = (DayJudged, ShadowStarted, ShadowStopped, ShadowDayCompared)
ACTIONS: Final = {
    DayJudged.name: Text("当日记录校验完毕", "The records of a day were judged"),
    ShadowStarted.name: Text("开始影子运行", "Started a shadow"),
    ShadowStopped.name: Text("影子运行结束", "A shadow ended"),
    ShadowDayCompared.name: Text("影子运行比对一日", "A shadow compared a day"),
}
"""Their words in the audit record."""
