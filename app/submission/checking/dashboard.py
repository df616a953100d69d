"""The quality dashboard: everything from tables that are kept, so that it costs the same at a million records a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, select

from app.core.db import current_session
from app.core.text import Text
from app.rules.registry import in_force
from app.submission.checking.models import EndCheck, ProvenRule, VolumeVerdict
from app.submission.checking.reading import newest_check
from app.submission.checking.reviewing import Costs, costs, limits
from app.submission.models import Batch, ReportFile
from app.submission.reading.batches import deadline_of
from app.submission.tables import RECORD_TYPES

PERIODS: Final = (5, 10, 30)
USUAL: Final = PERIODS[1]
WORST: Final = 10
NUMBERS: Final = ("due", "accepted", "rejected", "blocked", "awaiting")
NUMBER_TITLES: Final[Mapping[str, Text]] = {
    "due": Text("应报", "Due"),
    "accepted": Text("入库", "Accepted"),
    "rejected": Text("退回", "Rejected"),
    "blocked": Text("拦截", "Blocked"),
    "awaiting": Text("待反馈", "Awaiting"),
}


@dataclass(frozen=True, slots=True)
class Rates:
    """Numbers of some records, and their shares of what was due (of rejected: of what was answered); None where there is
    nothing to share."""

    due: int
    accepted: int
    rejected: int
    blocked: int
    awaiting: int

    @classmethod
    def of(cls, counts: Sequence[Mapping[str, Any]]) -> Rates:
        return cls(*(sum(int(each.get(name, 0)) for each in counts) for name in NUMBERS))

    @property
    def accepted_share(self) -> float | None:
        return self.accepted / self.due if self.due else None

    @property
    def blocked_share(self) -> float | None:
        return self.blocked / self.due if self.due else None

    @property
    def rejected_share(self) -> float | None:
        answered = self.accepted + self.rejected
        return self.rejected / answered if answered else None


@dataclass(frozen=True, slots=True)
class DayLine:
    """One batch: its rates in all and by record type, whether it left too late, its volume verdicts by side."""

    batch: Batch
    total: Rates
    by_type: Mapping[str, Rates]
    late: bool
    verdicts: Mapping[str, VolumeVerdict]


@dataclass(frozen=True, slots=True)
class WorstRule:
    """A rule with what it has cost; `ruleset` leads to its statistics."""

    costs: Costs
    ruleset: str
    title: Text
    above: bool


@dataclass(frozen=True, slots=True)
class Dashboard:
    provider: str
    days: tuple[DayLine, ...]
    total: Rates
    by_type: Mapping[str, Rates]
    late: int
    worst: tuple[WorstRule, ...]
    checks: Mapping[str, EndCheck | None]
    found: Mapping[date, tuple[int, int, int, int]]
    """by day: rightly found (confirmed, mended), wrongly found (taken, unchanged), false blocks, missed"""

    @property
    def open_differences(self) -> int:
        found = [check for check in self.checks.values() if check is not None]
        return sum(int(each.get("open", 0)) for check in found for each in check.counts.values())


def dashboard(provider: str, most: int = USUAL) -> Dashboard:
    """The latest `most` reporting days of a legal entity, the newest first."""
    session = current_session()
    query = select(Batch).filter_by(provider=provider).order_by(Batch.business_date.desc()).limit(most)
    batches = list(session.scalars(query))
    ids = [batch.id for batch in batches]
    late, verdicts = _late(batches), _verdicts(ids)
    lines = tuple(
        DayLine(
            batch,
            Rates.of(list(batch.counts.values())),
            {code: Rates.of([batch.counts.get(code, {})]) for code in RECORD_TYPES},
            late[batch.id],
            verdicts.get(batch.id, {}),
        )
        for batch in batches
    )
    days = [batch.business_date for batch in batches]
    return Dashboard(
        provider=provider,
        days=lines,
        total=Rates.of([each for batch in batches for each in batch.counts.values()]),
        by_type={code: Rates.of([batch.counts.get(code, {}) for batch in batches]) for code in RECORD_TYPES},
        late=sum(late.values()),
        worst=_worst(provider, days),
        checks={kind: newest_check(provider, kind) for kind in ("two_end", "replay")},
        found=_found(provider, days),
    )


def _late(batches: Sequence[Batch]) -> dict[str, bool]:
    """Whether a batch's last file left, or has still to leave, after the deadline."""
    query = select(ReportFile.batch_id, func.count(), func.count(ReportFile.sent_at), func.max(ReportFile.sent_at))
    rows = current_session().execute(
        query.where(ReportFile.batch_id.in_([batch.id for batch in batches])).group_by(ReportFile.batch_id)
    )
    sent: dict[str, datetime | None] = {batch: last if files == gone else None for batch, files, gone, last in rows}
    return {
        batch.id: deadline_of(batch.business_date, sent.get(batch.id, batch.finished_at)).missed for batch in batches
    }


def _verdicts(ids: Sequence[str]) -> dict[str, dict[str, VolumeVerdict]]:
    found: dict[str, dict[str, VolumeVerdict]] = {}
    for each in current_session().scalars(select(VolumeVerdict).where(VolumeVerdict.batch_id.in_(ids))):
        found.setdefault(each.batch_id, {})[each.side] = each
    return found


def _worst(provider: str, days: Sequence[date]) -> tuple[WorstRule, ...]:
    """The rules that have cost most, with the names they have on the newest of these days."""
    found = costs(provider, days)[:WORST]
    if not found:
        return ()
    force = in_force(max(days))
    rules: dict[tuple[str, str], tuple[str, Text]] = {}
    for code in {each.record_type for each in found}:
        place = force.about_record(code)
        ruleset = place.ruleset() if place else None
        if ruleset is not None:
            rules |= {(code, rule.id): (ruleset.name, rule.title) for rule in ruleset.rules}
    unknown = ("", Text("", ""))
    bounds = limits()
    worst = []
    for each in found:
        name, title = rules.get((each.record_type, each.rule), unknown)
        worst.append(WorstRule(each, name, title, each.above(bounds)))
    return tuple(worst)


def _found(provider: str, days: Sequence[date]) -> dict[date, tuple[int, int, int, int]]:
    sums = (
        func.sum(ProvenRule.confirmed + ProvenRule.mended),
        func.sum(ProvenRule.accepted + ProvenRule.unchanged),
        func.sum(ProvenRule.unchanged),
        func.sum(ProvenRule.missed),
    )
    mine = (ProvenRule.provider == provider, ProvenRule.day.in_(days))
    query = select(ProvenRule.day, *sums).where(*mine).group_by(ProvenRule.day)
    return {
        day: (int(right), int(wrong), int(unchanged), int(missed))
        for day, right, wrong, unchanged, missed in current_session().execute(query)
    }
