"""A folder or a file that this machine sees; nothing is copied."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from app.submission.sources.places.place import Brought, Place, Wanted, missing


@dataclass(frozen=True)
class FolderPlace(Place):
    """`path` may hold `{date:…}`."""

    path: str
    kind = "folder"

    def bring(self, wanted: Wanted, into: Path) -> Brought:
        path = self.at(wanted.business_date)
        if not path.exists():
            raise missing(wanted.mapping.source)
        return Brought(path)

    def at(self, business_date: date) -> Path:
        return Path(self.path.format(date=business_date))

    def size(self, business_date: date) -> int:
        path = self.at(business_date)
        files = path.rglob("*") if path.is_dir() else (path,)
        return sum(file.stat().st_size for file in files if file.is_file())

    def address(self, business_date: date) -> str:
        return str(self.at(business_date))
