"""The records of the lake on which a draft is tried: asked for here, answered by the room that keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from app.core.errors import NotFound
from app.core.text import Text
from app.rules.model import Ruleset


class StoredRecords(Protocol):
    """What is asked of the room that keeps the records."""

    def tried(self, ruleset: Ruleset, wanted: str, rules: tuple[str, ...]) -> Mapping[str, Any]:
        """How the rules come out on the stored record of that id or key, fit for JSON as `asking.explained_data` has it.

        What is personal is masked, and that somebody looked is written down. Raises NotFound, and Refused where the
        visitor may not look at records.
        """


class _Nothing:
    """Where no room keeps records."""

    def tried(self, ruleset: Ruleset, wanted: str, rules: tuple[str, ...]) -> Mapping[str, Any]:
        raise NotFound("rules.record", Text("没有这条记录", "There is no such record"))


_stored: StoredRecords = _Nothing()


def keep_records(stored: StoredRecords) -> None:
    """Name the room that keeps the records."""
    global _stored
    _stored = stored


def stored_records() -> StoredRecords:
    return _stored
