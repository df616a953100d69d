"""The stored days as the rules room asks for them when it tries a ruleset: every part as it was judged, on the lake as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import date
from typing import Any, Final

from flask import url_for
from sqlalchemy import select

from app.core.db import unit_of_work
from app.lake.connection import Connection
from app.rules.exemption.applying import exempted
from app.rules.model import Ruleset
from app.rules.registry.stored import StoredPart
from app.submission.at_hand import InLake
from app.submission.exempting import exempt_select, exempt_values
from app.submission.facts import fact_relation
from app.submission.judging import Basis, Part, accepted_rows
from app.submission.lake import lake
from app.submission.models import Batch, StageRun
from app.submission.permissions import RECORDS, VIEW
from app.submission.reading.explaining import explain_by
from app.submission.reading.personal import shown_key
from app.submission.tables import FINDING, base_item, record_table, record_type, reported_types
from app.web.access import may

_DIMENSIONS: Final = {"branch": "MngmtOrgCode", "product": "AcctType"}
"""The items by which findings are counted, where the base segment of a record has them."""


class PastDays:
    """The days of which this installation has judged records in its lake."""

    def days(self, code: str, most: int) -> Sequence[date]:
        with unit_of_work(reading=True) as session:
            query = (
                select(Batch.business_date)
                .join(StageRun, StageRun.batch_id == Batch.id)
                .where(StageRun.stage == "judge", StageRun.part.startswith(f"{code}/"))
            )
            return list(session.scalars(query.distinct().order_by(Batch.business_date.desc()).limit(most)))

    def parts(self, code: str, day: date) -> Sequence[StoredPart]:
        if code not in reported_types():
            return ()
        with unit_of_work(reading=True) as session:
            query = (
                select(Batch.id, StageRun.part, StageRun.detail)
                .join(StageRun, StageRun.batch_id == Batch.id)
                .where(Batch.business_date == day, StageRun.stage == "judge", StageRun.part.startswith(f"{code}/"))
            )
            judged = session.execute(query.order_by(Batch.id, StageRun.part)).all()
        return [_part(code, day, *each) for each in judged if "snapshot" in each[2]]

    def connection(self) -> AbstractContextManager[Connection]:
        return lake().read()

    def shown(self, ruleset: Ruleset, batch: str, record_id: str, rule: str) -> Mapping[str, Any]:
        code = ruleset.record_type or ""
        with unit_of_work(reading=True):
            explained = explain_by(ruleset, batch, code, record_id, (rule,))
        key = lake().value(
            f"SELECT key FROM {record_table(code).path} WHERE batch = ? AND record_id = ?", [batch, record_id]
        )
        checks = [
            {
                "when": asdict(check.when_words) if check.when_words else None,
                "require": asdict(check.require_words),
                "values": [
                    {
                        "path": value.path,
                        "zh": value.label.zh,
                        "en": value.label.en,
                        "shown": value.shown,
                        "state": value.state,
                    }
                    for value in check.values
                ],
            }
            for each in explained
            for check in each.checks
        ]
        return {"key": shown_key(code, str(key or "")), "explanation": checks}

    def record_address(self, code: str, batch: str, record_id: str) -> str | None:
        if not may(RECORDS):
            return None
        return url_for("submission.findings_record", code=code, record_id=record_id, batch=batch)

    def findings_address(self, code: str, batch: str, rule: str = "") -> str | None:
        if not may(VIEW):
            return None
        return url_for("submission.findings", batch=batch, type=code, rule=rule or None)


def _part(code: str, day: date, batch: str, name: str, detail: Mapping[str, Any]) -> StoredPart:
    basis = Basis.of(detail)
    exempt = exempted(basis.exemptions)
    part = Part.of(batch, day, True, name)
    rows = InLake(basis.snapshot)
    records = part.records(rows)
    accepted, others, replaced = accepted_rows(code, basis.given.provider, rows)

    def nothing(other: str) -> str:
        return f"(SELECT * FROM {others(other)} WHERE FALSE)"

    # With the pre-check switched off what would have blocked was noted.
    found = (
        "SELECT record_id, rule, CASE severity WHEN 'noted' THEN 'block' ELSE severity END AS severity"
        f" FROM {FINDING.path} WHERE {part.found} AND edition = '{basis.edition}'"
    )
    return StoredPart(
        day=day,
        batch=batch,
        name=name,
        edition=basis.edition,
        records=int(lake().value(f"SELECT count(*) FROM {records}") or 0),
        found=found,
        facts=fact_relation(code, records, accepted, others, replaced),
        bare=fact_relation(code, records, nothing(code), nothing, f"(SELECT * FROM {replaced} WHERE FALSE)"),
        constants=basis.given.constants(code),
        dimensions=_dimensions(code),
        exempt=exempt_select(code, records) if exempt else "",
        exempt_values=exempt_values(exempt) if exempt else {},
    )


def _dimensions(code: str) -> dict[str, str]:
    first = record_type(code).segments[0]
    base = {item.tag for item in first.plain}
    return {name: base_item(code, tag) for name, tag in _DIMENSIONS.items() if tag in base}
