"""The lake as this process has it open, with the tables of submission made."""

from __future__ import annotations

import threading

from app.core.config import settings
from app.lake.catalogue import tables_without
from app.lake.connection import Connection, Lake, LakeConfig, ObjectStore
from app.lake.tables import ensure_tables
from app.submission.slots import SLOT_COLUMN, slot_keys, stored_tables
from app.submission.tables import standard_tables

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
                store=ObjectStore(
                    given.lake_s3_endpoint, given.lake_s3_region, given.lake_s3_key, given.lake_s3_secret
                ),
            )
            found = Lake(config)
            ensure_tables(found, stored_tables())
            _add_provider(found, given.provider_code)
            _add_slots(found)
            _open[given.lake_catalog_url] = found
        return found


def _add_provider(found: Lake, provider: str) -> None:
    """Give the tables of a lake from before there were several legal entities the column that says whose a row is.

    Rows that are there belong to the one entity of then, which is the one of the settings.
    """

    def missing(connection: Connection) -> list[tuple[str, str]]:
        return sorted(each for each in tables_without(connection, "_provider") if each[0] in ("landing", "standard"))

    def add(connection: Connection) -> None:
        for schema, table in missing(connection):
            whole = f'lake."{schema}"."{table}"'
            connection.execute(f"ALTER TABLE {whole} ADD COLUMN _provider VARCHAR DEFAULT '{provider}'")

    with found.read() as connection:
        wanted = missing(connection)
    if wanted:
        found.write(add)


def _add_slots(found: Lake) -> None:
    """Give every standard entity that goes by a key the column of its slots; filled where it is needed (`fill_slots`)."""

    def missing(connection: Connection) -> list[str]:
        lacking = {table for layer, table in tables_without(connection, "_slot") if layer == "standard"}
        return sorted(lacking & slot_keys().keys())

    def add(connection: Connection) -> None:
        for entity in missing(connection):
            for name, kind in SLOT_COLUMN.items():
                connection.execute(f"ALTER TABLE {standard_tables()[entity].path} ADD COLUMN {name} {kind}")

    with found.read() as connection:
        wanted = missing(connection)
    if wanted:
        found.write(add)


def forget() -> None:
    """Close every lake that this process has open."""
    with _lock:
        for each in _open.values():
            each.close()
        _open.clear()
