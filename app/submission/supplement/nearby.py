"""The rows behind a few subjects, taken out of the lake: what the sources say of them, and what the centre has of them."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from sqlalchemy import func, select

from app.core import clock
from app.core.config import settings
from app.core.crypto.keyring import key_ring
from app.core.db import current_session
from app.submission.derive import DERIVATIONS, Scope
from app.submission.derive.scope import key_text
from app.submission.facts import fact_relation
from app.submission.lake import lake
from app.submission.models import Batch, StageRun
from app.submission.supplement.entry import EntryForm
from app.submission.tables import OVERLAID, SUPPLEMENTED, accepted_of, standard_tables

if TYPE_CHECKING:
    from app.lake.connection import Connection

Row = dict[str, Any]
_KEPT_MOST: Final = 64


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest day that the standard layer holds; None where nothing has been collected yet."""

    day: date | None

    @property
    def next_day(self) -> date:
        """The business day that the next batch is about, as far as is known."""
        return self.day + timedelta(days=1) if self.day else clock.today() - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Nearby:
    """Of some subjects of one record type: standard rows by entity as the sources gave them, and the centre's state.

    `accepted` is of that type, `others` by type what derivations and rules ask of further ones.
    """

    day: date
    rows: Mapping[str, tuple[Row, ...]]
    accepted: pa.Table
    others: Mapping[str, pa.Table]

    known: dict[str, dict[str, Row]] = field(default_factory=dict, compare=False)
    """by form, rows by their key: filled when first asked for"""

    def row(self, form: EntryForm, key: str) -> Row | None:
        """The row that a form's key names; None where no source has one."""
        if form.name not in self.known:
            self.known[form.name] = {
                own: row
                for row in reversed(self.rows.get(form.entity, ()))
                if (own := key_of_row(form, row)) is not None
            }
        return self.known[form.name].get(key)


def key_of_row(form: EntryForm, row: Row) -> str | None:
    """The key of a row of the form's entity; None for one that is not of this form."""
    if any(row.get(name) != value for name, value in form.fixed.items()):
        return None
    return form.key_of({name: row.get(name) or "" for name in form.key})


class Near(Scope):
    """A scope over relations `near_…` that hold a few subjects, instead of over the lake."""

    __slots__ = ()

    def entity(self, name: str, *key: str) -> str:
        del key
        return f"SELECT * FROM near_{name}"

    def accepted(self, code: str) -> str:
        del code
        return "SELECT * FROM near_accepted"

    def every_accepted(self, code: str) -> str:
        return f"SELECT * FROM {other(code)}"

    def travelling(self, code: str) -> str:
        del code
        return "SELECT CAST(NULL AS VARCHAR) AS key WHERE FALSE"

    def waiting(self, code: str) -> str:
        return self.travelling(code)


def other(code: str) -> str:
    """The relation of what the centre has of another record type than that of the subjects."""
    return f"near_other_{code}"


class _Asking(Near):
    """Notes which entities and further record types a derivation reads, and by which columns their subject is known."""

    __slots__ = ()

    def entity(self, name: str, *key: str) -> str:
        _asked_of.setdefault(name, key)
        return Near.entity(self, name)

    def every_accepted(self, code: str) -> str:
        _other_types.add(code)
        return Near.every_accepted(self, code)


_asked_of: dict[str, tuple[str, ...]] = {}
_other_types: set[str] = set()
_BY_ACCOUNT: Final = {"215": '"AcctCode"'}
"""Record types that are known beside those of an account by its number, which is only a part of their key."""


@lru_cache(maxsize=32)
def entities_of(code: str) -> Mapping[str, tuple[str, ...]]:
    """The standard entities that records of a type are made of, with the columns of their business key."""
    _asked_of.clear()
    DERIVATIONS[code](_Asking("", date(2026, 1, 1), "", 0, 1, (), lambda record, text, group: "TRUE"))
    return dict(_asked_of)


@lru_cache(maxsize=32)
def others_of(code: str) -> tuple[str, ...]:
    """The further record types of which it matters what the centre has, to derivation or rules."""
    _other_types.clear()
    DERIVATIONS[code](_Asking("", date(2026, 1, 1), "", 0, 1, (), lambda record, text, group: "TRUE"))

    def asked(beside: str) -> str:
        _other_types.add(beside)
        return other(beside)

    fact_relation(code, "near_record", "near_accepted", asked, "near_replaced")
    return tuple(sorted(_other_types - {code}))


def standing(provider: str) -> Standing:
    """How far the legal entity's standard layer reaches."""
    query = select(func.max(Batch.business_date)).join(StageRun, StageRun.batch_id == Batch.id)
    return Standing(current_session().scalar(query.where(Batch.provider == provider, StageRun.stage == "derive")))


_kept: OrderedDict[tuple[Any, ...], Nearby] = OrderedDict()


def nearby(provider: str, code: str, subject: str) -> Nearby:
    """What there is of one subject of a legal entity. Kept for a while: it is asked for at every key that is pressed."""
    newest = current_session().scalar(select(func.max(StageRun.id))) or 0
    print_of = key_ring().fingerprint("submission_supplement.key", subject)
    place = (settings().lake_catalog_url, newest, provider, code, print_of)
    found = _kept.get(place)
    if found is None:
        found = _kept[place] = nearby_all(provider, code, [subject])
        while len(_kept) > _KEPT_MOST:
            _kept.popitem(last=False)
    return found


def nearby_all(provider: str, code: str, subjects: Sequence[str]) -> Nearby:
    """What there is of some subjects of a legal entity, in one query for each standard entity."""
    now = standing(provider)
    with lake().read() as cursor:
        # As a relation: of a bound list the engine's driver asks about every value what library it is of.
        cursor.register("near_wanted", pa.table({"key": pa.array(subjects, pa.string())}))
        rows: dict[str, tuple[Row, ...]] = {}
        for entity, key in entities_of(code).items():
            rows[entity] = tuple(_source_rows(cursor, provider, entity, key, now.day)) if now.day else ()
        wanted = "(SELECT key FROM near_wanted)"
        accepted = cursor.execute(f"{accepted_of(code, provider)} AND key IN {wanted}").to_arrow_table()
        others = {
            each: cursor.execute(
                f"{accepted_of(each, provider)} AND {_BY_ACCOUNT.get(each, 'key')} IN {wanted}"
            ).to_arrow_table()
            for each in others_of(code)
        }
        cursor.unregister("near_wanted")
    return Nearby(now.next_day, rows, accepted, others)


def _source_rows(cursor: Connection, provider: str, entity: str, key: tuple[str, ...], day: date) -> list[Row]:
    """The rows as the sources gave them: for one that a supplement is laid over, the one that stands aside."""
    wanted = f" AND {key_text(*key)} IN (SELECT key FROM near_wanted)" if key else ""
    table = standard_tables()[entity]
    statement = f"SELECT {table.column_list} FROM {table.path} WHERE business_date = ? AND _provider = ?{wanted}"
    found = cursor.execute(statement, [day, provider]).to_arrow_table().to_pylist()
    plain = [row for row in found if row["_source"] != SUPPLEMENTED]
    if len(plain) < len(found):
        plain += _aside(
            cursor, [row for row in found if row["_source"] == SUPPLEMENTED and "|" in row["_row"]], day, provider
        )
    return plain


def _aside(cursor: Connection, rows: list[Row], day: date, provider: str) -> list[Row]:
    cursor.register("near_origins", pa.table({"origin": pa.array([row["_row"] for row in rows], pa.string())}))
    kept = cursor.execute(
        f"""SELECT concat_ws('|', _source, _load, _row) AS origin, * FROM {OVERLAID.path} WHERE business_date = ? AND _provider = ?
            AND concat_ws('|', _source, _load, _row) IN (SELECT origin FROM near_origins)""",
        [day, provider],
    ).to_arrow_table()
    cursor.unregister("near_origins")
    by_origin = {row["origin"]: row for row in kept.to_pylist()}
    beside = ("_source", "_load", "_row", "business_date", "_provider")
    return [
        json.loads(found["content"]) | {name: found[name] for name in beside}
        for row in rows
        if (found := by_origin.get(row["_row"])) is not None
    ]
