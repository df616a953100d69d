"""What is told of sources. Whoever warns people listens to these."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from app.core.events import Event


class OfSource(Event):
    """Something that happened to a source; what happens to one is heard in its order."""

    source: str

    @property
    def aggregate(self) -> str:
        return f"source:{self.source}"


@dataclass(frozen=True)
class OfDelivery(OfSource):
    """Something that happened to what a source has delivered, or should have, for a business day."""

    provider: str
    source: str
    business_date: date


@dataclass(frozen=True)
class SourceStopped(OfDelivery):
    """A source could not be taken for a business day: missing, short, damaged, of another shape. The others went on."""

    name: ClassVar[str] = "submission.source_stopped"
    code: str
    zh: str
    en: str


@dataclass(frozen=True)
class SourceDrifted(OfDelivery):
    """A delivery was taken whose tables differ in shape from the one before; `needed`: in what the mapping reads."""

    name: ClassVar[str] = "submission.source_drifted"
    differences: int
    needed: int


@dataclass(frozen=True)
class DeliveryLate(OfDelivery):
    """A delivery came after the batch of its day had gone on without it."""

    name: ClassVar[str] = "submission.delivery_late"


@dataclass(frozen=True)
class DeliveryPushed(OfDelivery):
    """A source system has sent a whole delivery."""

    name: ClassVar[str] = "submission.delivery_pushed"
    delivery: str


@dataclass(frozen=True)
class MappingApproved(OfSource):
    """A mapping written in the console was approved by a second person."""

    name: ClassVar[str] = "submission.mapping_approved"
    source: str
    edition: str
    effective_from: date
