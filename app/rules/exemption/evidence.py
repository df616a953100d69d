"""What the form of a decision shows beside its fields: what is asked for, and how the rule has fared lately."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.core.db import unit_of_work
from app.core.people import name_of
from app.core.registry import FormRows, Registry
from app.core.text import Text
from app.rules import statistics
from app.rules.exemption import asking
from app.rules.exemption.scopes import scope_title, shown_value
from app.rules.permissions import EXEMPTIONS
from app.web.words import date_text, number_text, percent_text, say, t


def register_evidence(registry: Registry) -> None:
    """Announce the rows."""
    registry.rows_for_forms(
        FormRows(
            "rules.exemption",
            Text("豁免申请", "Request for an exemption"),
            {"item": Text("事项", "Item"), "content": Text("内容", "Content")},
            exemption_rows,
            EXEMPTIONS,
        )
    )


def exemption_rows(params: Mapping[str, Any], most: int) -> Iterable[Mapping[str, Any]]:
    """`exemption` is its id. Raises NotFound."""
    with unit_of_work(reading=True):
        exemption = asking.find(str(params.get("exemption")))
        ruleset = asking.ruleset_named(exemption.ruleset)
        titles = {rule.id: rule.title for rule in ruleset.rules} if ruleset else {}
        rows = [
            (t("规则集", "Ruleset"), say(ruleset.title) if ruleset else exemption.ruleset),
            (t("规则", "Rule"), f"{exemption.rule} {say(titles.get(exemption.rule, ''))}".strip()),
            (
                t("豁免对象", "For"),
                f"{say(scope_title(exemption.scope))} {shown_value(ruleset, exemption.scope, exemption.value)}",
            ),
            (t("截止业务日", "Until the business day"), date_text(exemption.until)),
            (t("理由", "Reason"), exemption.reason),
            (t("申请人", "Asked by"), name_of(exemption.asked_by)),
            *_record_of(exemption.ruleset, exemption.rule),
        ]
    return [{"item": item, "content": content} for item, content in rows[:most]]


def _record_of(ruleset: str, rule: str) -> Iterable[tuple[str, str]]:
    """How the rule has fared on the latest days, that it may be judged whether an exemption is the right cure."""
    found = statistics.of_rule(ruleset, rule).total
    if found.days:
        yield t("近期命中记录", "Records found lately"), number_text(found.records)
        yield t("其中拦截", "of them held back"), number_text(found.held)
        yield t("准确率", "Precision"), percent_text(found.precision)
