"""An engine of its own in which the records of a few subjects are derived, exactly as the daily batch derives them.

The statement is prepared once: reading it is nearly all of the work for a single subject.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from app.lake.connection import scratch
from app.standard import catalogue
from app.submission.derive import DERIVATIONS
from app.submission.facts import fact_relation
from app.submission.rulings import condition_sql
from app.submission.supplement.nearby import Near, Nearby, Row, entities_of, other, others_of
from app.submission.tables import REPLACED, accepted_table, standard_tables

if TYPE_CHECKING:
    from app.lake.connection import Connection

Fact = dict[str, Any]
_BESIDE: Final = ("form", "batch", "accepted")
_KNOWN: Final = "near_accepted"
_ACCEPTED: Final = {False: (_KNOWN, "derive"), True: ("near_nothing", "derive_first")}
"""What the centre has, and the statement that goes by it: as it is, or as if it had nothing."""
_BENCHES_MOST: Final = 12
_REMEMBERED_MOST: Final = 256


class Bench:
    """Derives records of one type as of one business day. Used by one thread at a time."""

    def __init__(self, code: str, day: date, *, few: bool) -> None:
        self.code = code
        self.lock = threading.Lock()
        self._stack = ExitStack()
        self._engine: Connection = self._stack.enter_context(scratch(few=few))
        self._few = few
        self._rows: dict[str, Sequence[Row]] = {}
        self._accepted: pa.Table | None = None
        self._turn = 0
        self._beside: OrderedDict[tuple[Any, ...], Mapping[str, Any]] = OrderedDict()
        for entity in entities_of(code):
            self._engine.execute(f"CREATE TABLE near_{entity} ({standard_tables()[entity].definition})")
        for each in others_of(code):
            self._engine.execute(f"CREATE TABLE {other(each)} ({accepted_table(each).definition})")
        self._engine.execute(f"CREATE TABLE near_replaced ({REPLACED.definition})")
        scope = Near("supplement", day, "", 0, 1, (), condition_sql)
        statement = DERIVATIONS[code](scope)
        for accepted, name in _ACCEPTED.values():
            self._engine.execute(f"CREATE TABLE {accepted} ({accepted_table(code).definition})")
            self._engine.execute(f"PREPARE {name} AS {statement.replace(_KNOWN, accepted)}")

    def close(self) -> None:
        self._stack.close()

    def fill(self, rows: Mapping[str, Sequence[Row]], near: Nearby) -> None:
        """Lay out standard rows by entity, and what the centre has; what is there already stays."""
        for entity in entities_of(self.code):
            given = rows.get(entity, ())
            if self._rows.get(entity) != given:
                self._put(f"near_{entity}", _table(entity, given))
                self._rows[entity] = [dict(row) for row in given]
        if self._accepted is not near.accepted:
            self._put(_KNOWN, near.accepted)
            for each, held in near.others.items():
                self._put(other(each), held)
            self._accepted = near.accepted
            self._turn += 1

    def _put(self, table: str, rows: pa.Table) -> None:
        self._engine.execute(f"DELETE FROM {table}")
        if rows.num_rows:
            self._engine.register("given", rows)
            self._engine.execute(f"INSERT INTO {table} BY NAME SELECT * FROM given")
            self._engine.unregister("given")

    def facts(self, *, first: bool = False) -> dict[str, Fact]:
        """What the rules would see of the records that are due, by business key; `first`: if the centre had nothing."""
        records = self._engine.execute(f"EXECUTE {_ACCEPTED[first][1]}").to_arrow_table()
        if not records.num_rows:
            return {}
        beside = self._beside_of(records, first)
        return {row["key"]: {**row, **beside[row["key"]]} for row in records.to_pylist()}

    def _beside_of(self, records: pa.Table, first: bool) -> dict[str, Mapping[str, Any]]:
        """The facts beside the segments. Those of a few records stay the same while their values are typed."""
        known = 0 if first else self._turn
        places = [
            (known, key.as_py(), day.as_py()) for key, day in zip(records["key"], records["RptDate"], strict=True)
        ]
        if not self._few or not all(place in self._beside for place in places):
            self._engine.register("near_record", records)
            asked = ", ".join(["key", '"B"."RptDate"', *_BESIDE])
            result = self._engine.execute(
                f"SELECT {asked} FROM"
                f" ({fact_relation(self.code, 'near_record', _ACCEPTED[first][0], other, 'near_replaced')})"
            )
            for key, day, *values in result.fetchall():
                self._beside[known, key, day] = dict(zip(_BESIDE, values, strict=True))
            self._engine.unregister("near_record")
        found = {str(place[1]): self._beside[place] for place in places}
        while len(self._beside) > (_REMEMBERED_MOST if self._few else 0):
            self._beside.popitem(last=False)
        return found


def _table(entity: str, rows: Sequence[Row]) -> pa.Table:
    columns = standard_tables()[entity].columns
    return pa.table(
        {
            name: pa.array([row.get(name) for row in rows], pa.date32() if kind == "DATE" else pa.string())
            for name, kind in columns.items()
        }
    )


_benches: OrderedDict[tuple[Any, ...], Bench] = OrderedDict()
_making: Final = threading.Lock()


def bench(code: str, day: date) -> Bench:
    """The bench of this process for a record type and business day, for a single subject at a time."""
    place = (code, day, catalogue.current().digest)
    with _making:
        found = _benches.get(place)
        if found is None:
            found = _benches[place] = Bench(code, day, few=True)
            while len(_benches) > _BENCHES_MOST:
                _benches.popitem(last=False)
        return found
