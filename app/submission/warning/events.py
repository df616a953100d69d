"""What is told of early warnings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from app.core.events import Event


@dataclass(frozen=True, slots=True)
class WarningOpened(Event):
    """A warning is open: found anew, become more urgent, or back after its silence."""

    name: ClassVar[str] = "submission.warning_opened"
    warning: int
    provider: str
    business_date: date
    rule: str
    severity: str
    zh: str
    en: str

    @property
    def aggregate(self) -> str:
        return f"warning:{self.warning}"
