"""What the editor asks about a draft without changing it: one rule, one condition, its cases, a record, the whole check."""

from __future__ import annotations

from typing import Any, Final

from flask import jsonify
from flask.typing import ResponseReturnValue

from app.core import clock
from app.core.errors import Invalid, NotFound
from app.core.text import Text
from app.language import word
from app.rules.editing import asking, given, judging
from app.rules.editing.cases import bases_of, cases_of
from app.rules.editing.completing import complete as completed
from app.rules.editing.names import pair, values_of
from app.rules.editing.outline import rule_at
from app.rules.editing.stored import stored_records
from app.rules.editing.tree_reading import text_of
from app.rules.loading import load_ruleset, read_about, read_unfinished
from app.rules.model import Rule, RulesetInvalid
from app.rules.permissions import WRITE
from app.rules.registry import checking, drafts
from app.rules.rule_reading import About
from app.rules.source import Texts
from app.rules.views.writing.body import body, said
from app.web.access import permission

MOST_VALUES: Final = 60
_MOST_TREE: Final = 200_000


def _texts(ruleset: str) -> Texts:
    return drafts.content(drafts.find(ruleset))


def about_of(texts: Texts) -> About:
    """What the draft is about. Raises Invalid (`rules.facts`)."""
    about = read_about(texts)
    if about is None:
        raise Invalid(
            "rules.facts",
            Text(
                "规则集的判断对象（facts）有误，请在“全文”中改好",
                "what the ruleset is about (facts) is wrong; mend it in the whole text",
            ),
        )
    return about


@permission(WRITE)
def rule(ruleset: str, rule: str) -> ResponseReturnValue:
    """A rule as a form, each of its conditions judged, and its cases; a shared rule is read only."""
    texts = _texts(ruleset)
    own = rule_at(texts, rule)
    shared = _shared(texts, rule)
    if own is None and shared is None:
        raise NotFound("rules.rule", Text("没有这条规则", "there is no such rule"))
    about = read_about(texts)
    judged = [_judged_check(about, check) for check in own["checks"]] if own and about else []
    return jsonify(
        {
            "form": own,
            "shared": shared,
            "judged": judged,
            "cases": cases_of(texts, rule),
            "bases": list(bases_of(texts)),
        }
    )


def _judged_check(about: About, check: dict[str, str]) -> dict[str, Any]:
    standing = judging.standing_of(about, check["each"])
    return {name: judging.judge(check[name], standing).as_data() for name in ("when", "require") if check[name]}


def _shared(texts: Texts, wanted: str) -> dict[str, Any] | None:
    """A rule of shared ones as it reads in this ruleset."""
    found, _ = read_unfinished(texts)
    rule = next((each for each in found.rules if each.id == wanted and each.fragment), None) if found else None
    return None if rule is None else _rule_data(rule)


def _rule_data(rule: Rule) -> dict[str, Any]:
    own = [check for check in rule.checks if not rule.extended][:12] or list(rule.checks[:12])
    return {
        "id": rule.id,
        "fragment": rule.fragment,
        "number": rule.number,
        "code": rule.code,
        "title": pair(rule.title),
        "severity": rule.severity,
        "stage": rule.stage,
        "confidence": rule.confidence,
        "needs": list(rule.needs),
        "note": pair(rule.note) if rule.note else None,
        "count": len(rule.checks),
        "checks": [
            {"when": pair(word(c.when)) if c.when else None, "require": pair(word(c.require)), "blame": c.blame}
            for c in own
        ],
    }


@permission(WRITE)
def judge(ruleset: str) -> ResponseReturnValue:
    """One condition, given as text or as rows: its text, problems, words, and rows."""
    sent = body()
    standing = judging.standing_of(about_of(_texts(ruleset)), said(sent, "each"))
    text = text_of(sent["tree"]) if "tree" in sent else said(sent, "expression", 20_000)
    return jsonify({"ruleset": ruleset, **judging.judge(text, standing).as_data()})


@permission(WRITE)
def complete(ruleset: str) -> ResponseReturnValue:
    """What may be written next at a place of a condition."""
    sent = body()
    at = sent.get("at")
    text = said(sent, "expression", 20_000)
    if not isinstance(at, int) or isinstance(at, bool) or not 0 <= at <= len(text):
        at = len(text)
    standing = judging.standing_of(about_of(_texts(ruleset)), said(sent, "each"))
    return jsonify({"ruleset": ruleset, **completed(text, at, standing)})


@permission(WRITE)
def codes(ruleset: str) -> ResponseReturnValue:
    """The values of a code table that fit some words."""
    sent = body()
    about = about_of(_texts(ruleset))
    return jsonify({"values": values_of(about, said(sent, "table", 100), said(sent, "wanted", 100), MOST_VALUES)})


@permission(WRITE)
def run(ruleset: str) -> ResponseReturnValue:
    """All cases of a rule."""
    try:
        outcomes = asking.run_cases(_texts(ruleset), said(body(), "rule", 100))
    except RulesetInvalid as refused:
        return jsonify({"outcomes": [], "faults": [fault.as_data() for fault in refused.faults[:50]]})
    return jsonify({"outcomes": outcomes, "faults": []})


@permission(WRITE)
def try_on(ruleset: str) -> ResponseReturnValue:
    """One rule, or all, on a record: pasted (`text`, put over the base fact `base` where one is named) or stored (`record`)."""
    sent, texts = body(), _texts(ruleset)
    wanted = said(sent, "rule", 100)
    try:
        found = load_ruleset(texts)
    except RulesetInvalid as refused:
        return jsonify({"rules": [], "faults": [fault.as_data() for fault in refused.faults[:50]]})
    if wanted:
        asking.known_rule(found, wanted)
    record = said(sent, "record", 200).strip()
    if record:
        return jsonify({**stored_records().tried(found, record, (wanted,) if wanted else ()), "faults": []})
    name = said(sent, "base", 200)
    bases = bases_of(texts)
    if name and not isinstance(bases.get(name), dict):
        raise NotFound("rules.base", Text("没有这条基础记录", "there is no such base record"))
    fact = given.fact_of(said(sent, "text", given.MOST_TEXT), about_of(texts), bases.get(name))
    return jsonify({**asking.judged(found, fact, wanted), "faults": []})


@permission(WRITE)
def check(ruleset: str) -> ResponseReturnValue:
    """The whole check that follows a submission, now."""
    draft = drafts.find(ruleset)
    return jsonify(checking.check(ruleset, drafts.content(draft), draft.base, clock.today()).as_data())
