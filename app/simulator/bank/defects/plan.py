"""Choosing the records to spoil, spoiling them, and writing down the truth."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from app.core.errors import Invalid
from app.core.text import Text
from app.simulator.bank.defects.beside import BESIDE_KINDS
from app.simulator.bank.defects.books import BOOK_KINDS
from app.simulator.bank.defects.corporate import CORPORATE_KINDS
from app.simulator.bank.defects.kind import Kind, Rule
from app.simulator.bank.defects.personal import PERSONAL_KINDS

KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind for kind in (*PERSONAL_KINDS, *BESIDE_KINDS, *CORPORATE_KINDS, *BOOK_KINDS)
}
"""All kinds by name."""

_PARTS: Final = 4


@dataclass(frozen=True, slots=True)
class DefectPlan:
    """How many defects of which kinds one delivery gets.

    `counts` names kinds and numbers; without it every kind gets `each`. `share` spreads that part of all customers and
    accounts evenly over the kinds instead. Which records are hit depends on `seed` and the date; a kind that finds no
    fitting record that day makes fewer or none. `repaired_on` is the day of the next delivery, the day after
    unless said otherwise.
    """

    seed: int
    counts: Mapping[str, int] | None = None
    each: int = 1
    share: float | None = None
    repaired_on: dt.date | None = None

    def __post_init__(self) -> None:
        unknown = sorted(set(self.counts or ()) - set(KINDS))
        if unknown:
            raise Invalid(
                "simulator.bank.defect",
                Text("没有这种缺陷：{names}。", "There is no such kind of defect: {names}.").format(
                    names=", ".join(unknown)
                ),
            )

    def wanted(self, kind: str, subjects: int) -> int:
        """How many defects of a kind are wanted in a delivery of so many customers and accounts."""
        if self.counts is not None:
            return self.counts.get(kind, 0)
        return self.each if self.share is None else max(1, round(self.share * subjects / len(KINDS)))


@dataclass(frozen=True, slots=True)
class Defect:
    """One defect made: the record it spoils and all rules that must find it (by the centre only, if `centre_only`)."""

    business_date: dt.date
    kind: str
    title: Text
    record_type: str
    record_key: str
    findings: tuple[Rule, ...]
    centre_only: bool
    repaired_on: dt.date


def inject(
    bank: duckdb.DuckDBPyConnection,
    plan: DefectPlan,
    business_date: dt.date,
    first: bool,
    part: int,
    spared: Collection[str] = (),
) -> list[Defect]:
    """Spoil rows of the delivery's tables on the connection and return the truth.

    A record gets at most one defect. `part` turns from day to day, so that what is spoilt on one day is not what the
    next day's defects of later reports rest upon. The rows with keys in `spared` are left alone.
    """
    bank.execute(f"CREATE OR REPLACE TEMP MACRO today() AS DATE '{business_date.isoformat()}'")
    bank.execute(f"CREATE OR REPLACE TEMP MACRO is_first() AS {first}")
    counted = bank.execute(
        "SELECT (SELECT count(*) FROM cust_master) + (SELECT count(*) FROM loan_master)"
        " + (SELECT count(*) FROM CARD_ACCT) + (SELECT count(*) FROM 企业客户) + (SELECT count(*) FROM 借据)"
    ).fetchone()
    subjects = int(counted[0]) if counted else 0
    made: list[Defect] = []
    spoilt: set[str] = set(spared)
    for kind in KINDS.values():
        for key, record_key in _choose(bank, kind, plan, part, plan.wanted(kind.name, subjects), spoilt):
            for change in kind.changes:
                bank.execute(change, {"key": key})
            spoilt.add(key)
            made.append(
                Defect(
                    business_date,
                    kind.name,
                    kind.title,
                    kind.record_type,
                    record_key,
                    kind.findings,
                    kind.centre_only,
                    plan.repaired_on or business_date + dt.timedelta(days=1),
                )
            )
    return made


def _choose(
    bank: duckdb.DuckDBPyConnection, kind: Kind, plan: DefectPlan, part: int, wanted: int, spoilt: set[str]
) -> Sequence[tuple[str, str]]:
    if wanted <= 0:
        return []
    rows: list[tuple[str, str]] = bank.execute(
        f"SELECT key, record_key FROM ({kind.candidates}) WHERE hash(key, 'part') % {_PARTS} = {part % _PARTS}"
        f" ORDER BY hash(key, '{kind.name}', {int(plan.seed)}), key LIMIT {wanted + len(spoilt)}"
    ).fetchall()
    return [row for row in rows if row[0] not in spoilt][:wanted]


def write_truth(defects: Sequence[Defect], folder: Path) -> None:
    """Write `defects.jsonl`, one object a defect: business_date, kind, title, record_type, record_key,
    findings [{rule, code}], centre_only, repaired_on."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "defects.jsonl").open("w", encoding="utf-8") as out:
        for defect in defects:
            line = {
                "business_date": defect.business_date.isoformat(),
                "kind": defect.kind,
                "title": {"zh": defect.title.zh, "en": defect.title.en},
                "record_type": defect.record_type,
                "record_key": defect.record_key,
                "findings": [{"rule": rule.id, "code": rule.code} for rule in defect.findings],
                "centre_only": defect.centre_only,
                "repaired_on": defect.repaired_on.isoformat(),
            }
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
