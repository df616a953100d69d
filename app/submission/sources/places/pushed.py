"""Deliveries that the source system sends itself, through the push API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from app.submission.sources.places.place import MEGABYTE, Brought, Place, Wanted, missing


@dataclass(frozen=True)
class PushedPlace(Place):
    """The newest complete delivery for the day."""

    provider: str
    source: str
    limit_bytes: int = 2048 * MEGABYTE
    kind = "push"

    def bring(self, wanted: Wanted, into: Path) -> Brought:
        from app.submission.sources.push import newest_complete

        found = newest_complete(self.provider, self.source, wanted.business_date)
        if found is None:
            raise missing(self.source)
        folder, serial = found
        if not folder.is_dir():
            raise missing(self.source)
        return Brought(folder, serial=serial)

    def address(self, business_date: date) -> str:
        return f"/api/sources/{self.source}/deliveries"
