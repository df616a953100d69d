"""What is told of sources. Whoever warns people listens to these."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from app.core.events import Event


@dataclass(frozen=True)
class SourceStopped(Event):
    """A source could not be taken for a business day: missing, short, damaged, of another shape. The others went on."""

    name: ClassVar[str] = "submission.source_stopped"
    provider: str
    source: str
    business_date: date
    code: str
    zh: str
    en: str

    @property
    def aggregate(self) -> str:
        return f"source:{self.source}"


@dataclass(frozen=True)
class SourceDrifted(Event):
    """A delivery was taken whose tables differ in shape from the one before; `needed`: in what the mapping reads."""

    name: ClassVar[str] = "submission.source_drifted"
    provider: str
    source: str
    business_date: date
    differences: int
    needed: int

    @property
    def aggregate(self) -> str:
        return f"source:{self.source}"


@dataclass(frozen=True)
class DeliveryLate(Event):
    """A delivery came after the batch of its day had gone on without it."""

    name: ClassVar[str] = "submission.delivery_late"
    provider: str
    source: str
    business_date: date

    @property
    def aggregate(self) -> str:
        return f"source:{self.source}"


@dataclass(frozen=True)
class DeliveryPushed(Event):
    """A source system has sent a whole delivery."""

    name: ClassVar[str] = "submission.delivery_pushed"
    provider: str
    source: str
    business_date: date
    delivery: str

    @property
    def aggregate(self) -> str:
        return f"source:{self.source}"


@dataclass(frozen=True)
class MappingApproved(Event):
    """A mapping written in the console was approved by a second person."""

    name: ClassVar[str] = "submission.mapping_approved"
    source: str
    edition: str
    effective_from: date

    @property
    def aggregate(self) -> str:
        return f"source:{self.source}"
