"""What a shadow has found so far: its days one by one, and all of them together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from app.core.db import current_session
from app.core.text import Text
from app.rules.shadow.models import ShadowDay

MOST_SAMPLES: Final = 30
SAMPLED_DAYS: Final = 5
"""Samples are those of so many of the newest days."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a shadow has come: days compared and failed, and over all days records changed."""

    done: int = 0
    failed: int = 0
    records: int = 0
    newly: int = 0
    no_longer: int = 0
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """One rule, branch or product over all days: findings of both editions, and those that only one of them makes."""

    name: str
    title: Text
    severity: str = ""
    before: int = 0
    after: int = 0
    newly: int = 0
    no_longer: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """All days together. `before` and `after` have findings, records with findings, and records held back."""

    before: Mapping[str, int]
    after: Mapping[str, int]
    newly: Mapping[str, int]
    no_longer: Mapping[str, int]
    records: int
    rules: tuple[Changed, ...]
    branches: tuple[Changed, ...]
    products: tuple[Changed, ...]


def progress_of(shadows: Iterable[str]) -> dict[str, Progress]:
    """How far these shadows have come, in one query; those without a day are left out."""
    done = ShadowDay.state == "done"
    query = (
        select(
            ShadowDay.shadow,
            func.count().filter(done),
            func.count().filter(~done),
            func.sum(ShadowDay.records),
            func.sum(ShadowDay.newly),
            func.sum(ShadowDay.no_longer),
            func.max(ShadowDay.day),
        )
        .where(ShadowDay.shadow.in_(list(shadows)))
        .group_by(ShadowDay.shadow)
    )
    return {
        name: Progress(int(done), int(failed), int(records), int(newly), int(no_longer), last)
        for name, done, failed, records, newly, no_longer, last in current_session().execute(query)
    }


def days_of(shadow: str) -> list[ShadowDay]:
    """The days of a shadow, the earliest first."""
    return list(current_session().scalars(select(ShadowDay).filter_by(shadow=shadow).order_by(ShadowDay.day)))


def totals_of(days: Sequence[ShadowDay]) -> Totals:
    """The days that could be compared, together."""
    results = [each.result for each in days if each.state == "done"]

    def summed(side: str, *names: str) -> dict[str, int]:
        return {name: sum(result[side][name] for result in results) for name in names}

    return Totals(
        before=summed("before", "findings", "records", "blocked"),
        after=summed("after", "findings", "records", "blocked"),
        newly=summed("newly", "findings", "records"),
        no_longer=summed("no_longer", "findings", "records"),
        records=sum(result["records"] for result in results),
        rules=_together(results, "rules", _rule),
        branches=_together(results, "branches", _group),
        products=_together(results, "products", _group),
    )


def _rule(row: Mapping[str, Any]) -> Changed:
    return Changed(row["rule"], Text(row["zh"], row["en"]), row["severity"], row["before"], row["after"])


def _group(row: Mapping[str, Any]) -> Changed:
    return Changed(row["value"], Text(row["value"], row["value"]))


def _together(
    results: Sequence[Mapping[str, Any]], part: str, read: Callable[[Mapping[str, Any]], Changed]
) -> tuple[Changed, ...]:
    """The rows of a part of all results by name, the most changed first."""
    found: dict[str, Changed] = {}
    for result in results:
        for row in result[part]:
            one = read(row)
            kept = found.get(one.name) or replace(one, before=0, after=0)
            found[one.name] = replace(
                kept,
                before=kept.before + one.before,
                after=kept.after + one.after,
                newly=kept.newly + row["newly"],
                no_longer=kept.no_longer + row["no_longer"],
            )
    return tuple(sorted(found.values(), key=lambda each: (-each.newly - each.no_longer, each.name)))


def samples_of(shadow: str) -> list[Mapping[str, Any]]:
    """Some of the records that changed on the newest days, the newest first, the same rule and change side by side."""
    query = select(ShadowDay).filter_by(shadow=shadow, state="done").options(undefer(ShadowDay.samples))
    days = current_session().scalars(query.order_by(ShadowDay.day.desc()).limit(SAMPLED_DAYS))
    listed = [sample for day in days for sample in day.samples][:MOST_SAMPLES]
    return sorted(listed, key=lambda each: (each["change"], each["rule"], each["day"]))
