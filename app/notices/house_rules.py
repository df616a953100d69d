"""The rules of the house: who is told of what by which channel, when it is quiet, when it goes further up.

They are content that the reporting desk owns, `rulesets/notices/house`; everything that is wrong with them is said at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

from app.core.errors import Invalid
from app.core.notices import SEVERITIES, Severity
from app.core.registry import Registry
from app.core.text import Text
from app.notices.reading import Faults, listed, minutes, pair, time_of
from app.notices.timing import QuietHours, Timing
from app.rules.registry.shipped import ROOT

FOLDER: Final = ROOT / "notices" / "house"
NAMED: Final = "named"
"""In a rule: the people and roles that the cause names."""
OUTSIDE: Final = ("mail", "sms")
_USUAL_END: Final = 24 * 14


@dataclass(frozen=True, slots=True)
class Rule:
    """Who is told of a severity, by what beside the console; `must`: nobody can do without. `escalate_to` are roles in turn."""

    to: tuple[str, ...]
    channels: tuple[str, ...]
    must: bool = False
    escalate_to: tuple[str, ...] = ()
    escalate_after: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class KindRules:
    """What is said of a kind, its rules by severity, and how long something of it stands that does not end by itself."""

    one: Text
    many: Text
    rules: Mapping[Severity, Rule]
    ends_after: timedelta

    def said(self, count: int) -> Text:
        """`12 early warnings`."""
        return self.one if count == 1 else self.many.format(count=count)


@dataclass(frozen=True, slots=True)
class HouseRules:
    """All of them; `edition` is the hash of the file."""

    title: Text
    timing: Timing
    quiet: QuietHours
    kinds: Mapping[str, KindRules]
    edition: str = field(default="")

    def rule(self, kind: str, severity: Severity) -> Rule | None:
        """The rule for a kind and severity; None where nobody is told."""
        found = self.kinds.get(kind)
        return found.rules.get(severity) if found else None


@lru_cache
def house_rules() -> HouseRules:
    """Those of this installation. Raises Invalid (`notices.house_rules`) with everything that is wrong."""
    return read_rules(FOLDER / "notices.yaml")


def read_rules(path: Path) -> HouseRules:
    """Raises Invalid (`notices.house_rules`) with everything that is wrong, each with its place."""
    raw = path.read_bytes()
    faults = Faults()
    try:
        data = yaml.safe_load(raw)
    except yaml.YAMLError as problem:
        where = getattr(problem, "problem_mark", None)
        line = where.line + 1 if where else 0
        faults.add(f"line {line}", Text("不是可读的 YAML", "is no YAML that can be read"))
        data = {}
    if not isinstance(data, dict):
        faults.add("notices.yaml", Text("须为一组名称与内容", "must be names with what they hold"))
        data = {}
    elif not faults.found:
        faults.unknown("", data, {"title", "owner", "window_minutes", "quiet_hours", "digest_at", "kinds"})
    read = _rules(data, faults, hashlib.sha256(raw).hexdigest()) if data else None
    if faults.found or read is None:
        raise Invalid(
            "notices.house_rules",
            Text("；".join(each.zh for each in faults.found), "; ".join(each.en for each in faults.found)),
        )
    return read


def _rules(data: Mapping[str, Any], faults: Faults, edition: str) -> HouseRules:
    windows = faults.mapping("window_minutes", data.get("window_minutes"))
    faults.unknown("window_minutes", windows, {"high", "normal"})
    quiet = faults.mapping("quiet_hours", data.get("quiet_hours"))
    faults.unknown("quiet_hours", quiet, {"from", "until"})
    kinds = faults.mapping("kinds", data.get("kinds"))
    return HouseRules(
        title=pair("title", data.get("title"), faults),
        timing=Timing(
            windows={
                "high": minutes("window_minutes.high", windows.get("high"), faults, 0, 60),
                "normal": minutes("window_minutes.normal", windows.get("normal"), faults, 0, 24 * 60),
                "low": timedelta(),
            },
            digest_at=time_of("digest_at", data.get("digest_at"), faults),
        ),
        quiet=QuietHours(
            time_of("quiet_hours.from", quiet.get("from"), faults),
            time_of("quiet_hours.until", quiet.get("until"), faults),
        ),
        kinds={str(name): _kind(f"kinds.{name}", given, faults) for name, given in kinds.items()},
        edition=edition,
    )


def _kind(place: str, given: Any, faults: Faults) -> KindRules:
    known = faults.mapping(place, given)
    faults.unknown(place, known, {"one", "many", "ends_after_hours", "rules"})
    many = pair(f"{place}.many", known.get("many"), faults)
    for words in (many.zh, many.en):
        if words.replace("{count}", "").count("{") or words.count("{count}") != 1:
            faults.add(f"{place}.many", Text("须恰有一处 {count}", "must hold {count} once and no other place"))
            many = Text("", "")
            break
    rules: dict[Severity, Rule] = {}
    for number, each in enumerate(listed(f"{place}.rules", known.get("rules"), faults), start=1):
        where = f"{place}.rules[{number}]"
        rule = faults.mapping(where, each)
        severity = rule.get("severity")
        if severity not in SEVERITIES:
            faults.add(f"{where}.severity", Text("须为 high、normal 或 low", "must be high, normal or low"))
        elif severity in rules:
            faults.add(f"{where}.severity", Text(f"{severity} 写了两次", f"{severity} stands twice"))
        else:
            rules[severity] = _rule(where, rule, severity, faults)
    hours = known.get("ends_after_hours", _USUAL_END)
    return KindRules(
        one=pair(f"{place}.one", known.get("one"), faults),
        many=many,
        rules=rules,
        ends_after=minutes(f"{place}.ends_after_hours", hours, faults, 1, 24 * 366) * 60,
    )


def _rule(place: str, given: Mapping[str, Any], severity: Severity, faults: Faults) -> Rule:
    faults.unknown(place, given, {"severity", "to", "channels", "must", "escalate"})
    to = [str(each) for each in listed(f"{place}.to", given.get("to"), faults)]
    channels = [str(each) for each in listed(f"{place}.channels", given.get("channels"), faults, may_be_empty=True)]
    for each in channels:
        if each not in OUTSIDE:
            faults.add(f"{place}.channels", Text(f"没有 {each} 这种方式", f"there is no channel {each}"))
    if severity == "low" and "sms" in channels:
        faults.add(f"{place}.channels", Text("汇总不发短信", "a digest does not go by text message"))
    must = given.get("must", False)
    if not isinstance(must, bool):
        faults.add(f"{place}.must", Text("须为 true 或 false", "must be true or false"))
    roles: list[str] = []
    after = timedelta()
    if "escalate" in given:
        further = faults.mapping(f"{place}.escalate", given["escalate"])
        faults.unknown(f"{place}.escalate", further, {"after_minutes", "to"})
        roles = [str(each) for each in listed(f"{place}.escalate.to", further.get("to"), faults)]
        after = minutes(f"{place}.escalate.after_minutes", further.get("after_minutes"), faults, 1, 24 * 60)
        if severity != "high":
            faults.add(f"{place}.escalate", Text("只有 high 才升级", "only what is high escalates"))
    return Rule(tuple(to), tuple(channels), bool(must), tuple(roles), after)


def rule_problems(rules: HouseRules, kinds: Collection[str], roles: Collection[str]) -> Iterator[Text]:
    """What the rules name that nobody has announced, and kinds that have no rules."""
    for name in sorted(rules.kinds.keys() - set(kinds)):
        yield Text(f"通知规则：没有 {name} 这种通知", f"rules of notices: there is no kind {name}")
    for name in sorted(set(kinds) - rules.kinds.keys()):
        yield Text(f"通知规则：缺少 {name}", f"rules of notices: {name} is missing")
    for kind, known in rules.kinds.items():
        for severity, rule in known.rules.items():
            for role in (*rule.to, *rule.escalate_to):
                if role not in roles and (role != NAMED or role in rule.escalate_to):
                    place = f"{kind}.{severity}"
                    yield Text(
                        f"通知规则 {place}：没有岗位 {role}", f"rules of notices, {place}: there is no role {role}"
                    )


def registry_problems(registry: Registry) -> Iterator[Text]:
    """For the start: the rules can be read and fit what rooms have announced."""
    try:
        rules = house_rules()
    except Invalid as problem:
        yield problem.message
        return
    kinds = [name for name, kind in registry.notice_kinds.items() if kind.causes]
    yield from rule_problems(rules, kinds, registry.roles)


def notice_faults() -> Iterator[str]:
    """What is wrong with the rules or their cases, for the house check."""
    try:
        rules = house_rules()
    except Invalid as problem:
        yield f"rulesets/notices/house: {problem.message.en}"
        return
    for path in sorted((FOLDER / "cases").glob("*.yaml")):
        for case in yaml.safe_load(path.read_text(encoding="utf-8"))["cases"]:
            found = _told(rules, case)
            if found != case["expect"]:
                yield f"{path.name}: {case['name']['en']}: {found}, expected {case['expect']}"


def _told(rules: HouseRules, case: Mapping[str, Any]) -> dict[str, Any]:
    rule = rules.rule(case["kind"], case["severity"])
    if rule is None or not (set(rule.to) & set(case["roles"]) or (NAMED in rule.to and case.get("named"))):
        return {"told": False}
    found: dict[str, Any] = {"told": True, "channels": list(rule.channels), "must": rule.must}
    if rule.escalate_to:
        found |= {"escalate": list(rule.escalate_to), "after_minutes": rule.escalate_after.total_seconds() // 60}
    return found
