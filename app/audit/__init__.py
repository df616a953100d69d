"""The append-only record of who did or saw what: chained, sealed, written with the change itself or not at all."""

from __future__ import annotations

from app.audit.record import Thing, looked_at, record, record_alone
from app.audit.wording import name_actions

__all__ = ["Thing", "looked_at", "name_actions", "record", "record_alone"]
