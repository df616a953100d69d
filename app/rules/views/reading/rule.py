"""One rule: what it says in words and as it is written, what it reads, its cases as they come out now, and its history."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.core.errors import NotFound
from app.core.people import name_of
from app.core.text import Text
from app.rules.permissions import VIEW
from app.rules.reader import words
from app.rules.reader.casework import cases_of
from app.rules.reader.history import history_of, history_of_rule
from app.rules.reader.index import index
from app.rules.reader.shown import ShownRule, ShownRuleset
from app.rules.views.reading import given
from app.web.access import permission


@permission(VIEW)
def one(ruleset: str, rule: str) -> ResponseReturnValue:
    """The rule as the edition in force has it, or another that is asked for."""
    line = given.line(ruleset)
    reference = given.reference(ruleset)
    shown = given.shown(ruleset)
    found = shown.rule(rule[:120])
    if found is None:
        raise NotFound(
            "rules.rule", Text("规则集中没有规则 {rule}", "the ruleset has no rule {rule}").format(rule=rule[:120])
        )
    before, after = _neighbours(shown, found)
    return render_template(
        "rules/rule.html",
        line=line,
        reference=reference,
        shown=shown,
        rule=found,
        before=before,
        after=after,
        needed_by=[each for each in shown.rules if found.id in each.needs],
        holders=_holders(found),
        cases=cases_of(shown, found),
        history=history_of_rule(history_of(line), found.id),
        words=words,
        named=words.named,
        name_of=name_of,
        index=index(),
    )


def _neighbours(shown: ShownRuleset, rule: ShownRule) -> tuple[ShownRule | None, ShownRule | None]:
    place = shown.rules.index(rule)
    before = shown.rules[place - 1] if place else None
    return before, shown.rules[place + 1] if place + 1 < len(shown.rules) else None


def _holders(rule: ShownRule) -> tuple[str, ...]:
    """The other rulesets in force that have the same shared rule."""
    if not rule.fragment:
        return ()
    entries = (each for each in index().entries if each.id == rule.id and each.fragment == rule.fragment)
    return tuple(name for each in entries for name in each.rulesets if name != rule.ruleset)


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/sets/<ruleset>/rules/<rule>", "sets_rule", one)
