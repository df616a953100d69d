"""Rules that cost false blocks or missed errors above a limit come to the compliance desk by themselves, as tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

import yaml
from sqlalchemy import func, select

from app.core import clock
from app.core.db import current_session, unit_of_work
from app.core.errors import Invalid
from app.core.registry import FormRows, Registry
from app.core.text import Text
from app.rules.permissions import VIEW
from app.submission.checking.models import ProvenDay, ProvenRule
from app.submission.content import ROOT, rules_of
from app.submission.entities.keeping import entity_of
from app.web.words import date_text, number_text, percent_text, say, t
from app.workflow import host
from app.workflow.models import ProcessInstance

PROCESS: Final = "submission.rule_review"
_FILE: Final = ROOT / "submission" / "proof" / "proof.yaml"


@dataclass(frozen=True, slots=True)
class Limit:
    """Passed when at least `number` records and at least `share` of all are concerned."""

    number: int
    share: float

    def passed(self, count: int, of: int) -> bool:
        return count >= self.number and of > 0 and count / of >= self.share


@dataclass(frozen=True, slots=True)
class Limits:
    days: int
    false_blocks: Limit
    missed: Limit


@lru_cache
def limits() -> Limits:
    """Those of this installation. Raises Invalid (`submission.proof`)."""
    try:
        data = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
        made = [Limit(int(data[name]["number"]), float(data[name]["share"])) for name in ("false_blocks", "missed")]
        found = Limits(int(data["days"]), *made)
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as problem:
        raise Invalid(
            "submission.proof", Text(f"预校验证明的界限无法读取：{problem}", f"the limits cannot be read: {problem}")
        ) from problem
    if found.days < 1 or any(each.number < 1 or not 0 <= each.share <= 1 for each in made):
        raise Invalid(
            "submission.proof",
            Text(
                "天数、条数须至少为 1，占比须在 0 与 1 之间",
                "days and numbers must be at least 1, shares between 0 and 1",
            ),
        )
    return found


@dataclass(frozen=True, slots=True)
class Costs:
    """What one rule has cost over some days. `settled` are the held back of which the fate is known, `refused` what the
    centre has refused with the rule's code."""

    record_type: str
    rule: str
    unchanged: int
    settled: int
    missed: int
    refused: int

    def above(self, bounds: Limits) -> bool:
        return bounds.false_blocks.passed(self.unchanged, self.settled) or bounds.missed.passed(
            self.missed, self.refused
        )


def costs(provider: str, days: Iterable[date], record_type: str = "", rule: str = "") -> list[Costs]:
    """What rules have cost a legal entity on these days, the dearest first; those that cost nothing are left out."""
    sums = [func.sum(getattr(ProvenRule, name)) for name in ("unchanged", "mended", "missed", "confirmed")]
    mine = (ProvenRule.provider == provider, ProvenRule.day.in_(list(days)))
    query = select(ProvenRule.record_type, ProvenRule.rule, *sums).where(*mine)
    if rule:
        query = query.where(ProvenRule.record_type == record_type, ProvenRule.rule == rule)
    rows = current_session().execute(query.group_by(ProvenRule.record_type, ProvenRule.rule))
    found = [
        Costs(code, name, int(unchanged), int(unchanged + mended), int(missed), int(missed + confirmed + mended))
        for code, name, unchanged, mended, missed, confirmed in rows
        if unchanged or missed
    ]
    return sorted(found, key=lambda each: (-(each.unchanged + each.missed), each.record_type, each.rule))


def proven_days(provider: str, until: date, most: int) -> list[date]:
    """A legal entity's newest days that have been counted, the newest first."""
    query = (
        select(ProvenDay.day)
        .where(ProvenDay.provider == provider, ProvenDay.day <= until)
        .distinct()
        .order_by(ProvenDay.day.desc())
        .limit(most)
    )
    return list(current_session().scalars(query))


def ask_for_reviews(provider: str, day: date) -> list[str]:
    """Begin a review for every rule that is above a limit at a legal entity and has none open there; their business keys.

    May be repeated.

    Days up to the last review of a rule do not count again: somebody has looked at them.
    """
    bounds = limits()
    days = proven_days(provider, day, bounds.days)
    begun = []
    for each in costs(provider, days):
        if not each.above(bounds):
            continue
        last = _last_review(provider, each)
        if last is not None:
            if last.finished_at is None:
                continue
            since = [known for known in days if known > last.finished_at.astimezone(clock.CHINA).date()]
            again = costs(provider, since, each.record_type, each.rule) if since else []
            if not again or not again[0].above(bounds):
                continue
        key = f"{_place(provider, each)}{day:%Y%m%d}"
        host.start(
            PROCESS,
            key,
            {"provider": provider, "rule": each.rule, "record_type": each.record_type, "day": day.isoformat()},
            subject=each.rule,
            provider=provider,
        )
        begun.append(key)
    return begun


def _place(provider: str, each: Costs) -> str:
    """With what the business keys of the reviews of a rule at a legal entity begin."""
    return f"{provider}/{each.record_type}/{each.rule[:40]}/"


def _last_review(provider: str, each: Costs) -> ProcessInstance | None:
    query = select(ProcessInstance).where(
        ProcessInstance.process == PROCESS,
        ProcessInstance.business_key.startswith(_place(provider, each), autoescape=True),
    )
    return current_session().scalar(query.order_by(ProcessInstance.started_at.desc()).limit(1))


def register_evidence(registry: Registry) -> None:
    """Announce the rows that the form of a review shows."""
    registry.rows_for_forms(
        FormRows(
            "submission.rule_review",
            Text("规则的代价", "What a rule has cost"),
            {"item": Text("事项", "Item"), "content": Text("内容", "Content")},
            review_rows,
            VIEW,
        )
    )


def review_rows(params: Mapping[str, Any], most: int) -> list[Mapping[str, Any]]:
    """`provider`, `rule`, `record_type`, `day` say which review it is. Raises NotFound where the type has no rules."""
    provider, code, rule = (str(params.get(name)) for name in ("provider", "record_type", "rule"))
    day = date.fromisoformat(str(params.get("day")))
    ruleset = rules_of(code)
    title = next((each.title for each in ruleset.rules if each.id == rule), Text("", ""))
    with unit_of_work(reading=True):
        days = proven_days(provider, day, limits().days)
        found = next(iter(costs(provider, days, code, rule)), Costs(code, rule, 0, 0, 0, 0))
    rows = [
        (t("法人机构", "Legal entity"), f"{say(entity_of(provider).title)} {provider}"),
        (t("规则集", "Ruleset"), say(ruleset.title)),
        (t("规则", "Rule"), f"{rule} {say(title)}".strip()),
        (t("期间", "Period"), f"{date_text(days[-1])} – {date_text(days[0])}" if days else "–"),
        (
            t("误拦（拦截后原样入库）", "False blocks (held back, accepted unchanged)"),
            _of(found.unchanged, found.settled),
        ),
        (t("漏判（中心退回而未指出）", "Missed (refused by the centre, not found)"), _of(found.missed, found.refused)),
    ]
    return [{"item": item, "content": content} for item, content in rows[:most]]


def _of(count: int, total: int) -> str:
    return f"{number_text(count)} / {number_text(total)} ({percent_text(count / total if total else None)})"
