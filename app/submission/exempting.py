"""Exemptions applied to a part: findings of whoever is exempt stay, with a severity that neither holds back nor warns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from app.lake.connection import Connection
from app.rules.exemption.applying import Exempted
from app.rules.exemption.scopes import SCOPES, value_sql
from app.submission.tables import record_type

EXEMPT: Final = "exempt"
"""The severity of a finding that an exemption has let through."""
_NAMED: Final = "exempted"
"""The parameter that holds who is exempt from what: whom it names is personal and stays out of the statement."""


def exempt_select(code: str, records: str, among: str = "") -> str:
    """SELECT of record_id and rule of all that is exempt in `records`, a relation in the shape of the record table.

    To be run with `exempt_values`; `among` is a relation whose records alone are wanted.
    """
    asked = (
        f"SELECT DISTINCT x[1] AS rule, x[2] AS scope, x[3] AS value FROM (SELECT unnest(${_NAMED}::VARCHAR[][]) AS x)"
    )
    values = {scope: value_sql(record_type(code), scope) for scope in SCOPES}
    narrow = f" WHERE r.record_id IN (SELECT record_id FROM {among})" if among else ""
    ways = (
        f"SELECT r.record_id, e.rule FROM {records} r JOIN exempted e ON e.scope = '{scope}' AND e.value = {value}{narrow}"
        for scope, value in values.items()
        if value is not None
    )
    return f"WITH exempted AS ({asked}) " + " UNION ".join(ways)


def exempt_values(given: Sequence[Exempted]) -> dict[str, list[list[str]]]:
    """What `exempt_select` is run with."""
    return {_NAMED: [[each.rule, each.scope, each.value] for each in given]}


def let_through(connection: Connection, findings: str, code: str, records: str, given: Sequence[Exempted]) -> None:
    """Mark what is exempt in the table `findings`."""
    chosen = exempt_select(code, records, among=findings)
    connection.execute(
        f"UPDATE {findings} SET severity = '{EXEMPT}' WHERE (record_id, rule) IN (SELECT (record_id, rule) FROM ({chosen}))",
        exempt_values(given),
    )
