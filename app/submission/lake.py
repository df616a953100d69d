"""The lake as this process has it open, with the tables of submission made."""

from __future__ import annotations

import threading

from app.core.config import settings
from app.lake.connection import Lake, LakeConfig
from app.lake.tables import ensure_tables
from app.submission.tables import all_tables

_open: dict[str, Lake] = {}
_lock = threading.Lock()


def lake() -> Lake:
    """The lake of the settings in force, opened on first use and then kept."""
    given = settings()
    with _lock:
        found = _open.get(given.lake_catalog_url)
        if found is None:
            config = LakeConfig(
                catalogue=given.lake_catalog_url,
                data_path=given.lake_data_path,
                temporary=given.data_dir / "lake" / "spill",
                threads=given.threads,
                memory_limit=given.memory_limit,
            )
            found = Lake(config)
            ensure_tables(found, all_tables())
            _open[given.lake_catalog_url] = found
        return found


def forget() -> None:
    """Close every lake that this process has open."""
    with _lock:
        for each in _open.values():
            each.close()
        _open.clear()
