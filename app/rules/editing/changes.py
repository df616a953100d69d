"""The changes that the editor makes in the texts of a draft, by what they are called: each gives the texts that differ."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from app.core.errors import Invalid, NotFound
from app.core.text import Text
from app.rules.editing.cases import Change, case_files, put_case, remove_case
from app.rules.editing.forms import CASE_ORDER, ORDER, changed_rule, mapping, pair_of, refused, text
from app.rules.editing.splicing import Splicer
from app.rules.source import RULESET, Texts

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}")
_NUMBERED: Final = re.compile(r"(?P<head>.*?)(?P<number>[0-9]{1,6})")


def apply(texts: Texts, given: object) -> tuple[Change, str]:
    """The texts that a change makes different, and the id of the rule that it is about ('' for none).

    `given` has `what` and what that asks for. Raises Invalid (`rules.request`, `rules.id`, `rules.yaml`, `rules.by_hand`,
    `rules.each`), NotFound (`rules.rule`, `rules.case`).
    """
    data = mapping(given)
    act = _ACTS.get(str(data.get("what")))
    if act is None:
        raise refused()
    changed, rule = act(texts, data)
    return {path: words for path, words in changed.items() if words != texts.files.get(path)}, rule


def rules_in(data: object) -> list[dict[str, Any]]:
    """The rules of a content as they stand there."""
    rules = data.get("rules") if isinstance(data, dict) else None
    return [each if isinstance(each, dict) else {} for each in rules] if isinstance(rules, list) else []


def id_of(raw: Mapping[str, Any]) -> str:
    return str(raw.get("id") or raw.get("extends") or "")


def _ruleset(texts: Texts) -> Splicer:
    text = texts.files.get(f"{texts.folder}/{RULESET}")
    if text is None:
        raise NotFound("rules.ruleset", Text("草稿没有规则集的全文", "the draft has no text of the ruleset"))
    return Splicer(text)


def _made(texts: Texts, splicer: Splicer) -> Change:
    return {f"{texts.folder}/{RULESET}": splicer.text}


def _index(rules: list[dict[str, Any]], rule: str) -> int:
    for index, raw in enumerate(rules):
        if id_of(raw) == rule:
            return index
    raise NotFound("rules.rule", Text("规则集中没有规则“{rule}”", "the ruleset has no rule “{rule}”").format(rule=rule))


def _change_rule(texts: Texts, given: Mapping[str, Any]) -> tuple[Change, str]:
    splicer = _ruleset(texts)
    rules = rules_in(splicer.data())
    old = text(given, "id")
    index = _index(rules, old)
    made = changed_rule(rules[index], given.get("rule"))
    new = id_of(made)
    if new != old:
        _require_id(rules, new)
    splicer.put(("rules", index), made, ORDER)
    if new == old:
        return _made(texts, splicer), new
    return {**_renamed(texts, splicer, old, new), **_made(texts, splicer)}, new


def _require_id(rules: list[dict[str, Any]], wanted: str) -> None:
    if not _ID.fullmatch(wanted):
        raise Invalid(
            "rules.id", Text("规则编号须是字母、数字、点、横线", "a rule id has letters, digits, dots and dashes")
        )
    if any(id_of(raw) == wanted for raw in rules):
        raise Invalid("rules.id", Text("规则编号 {id} 已有", "there is a rule {id} already").format(id=wanted))


def _renamed(texts: Texts, splicer: Splicer, old: str, new: str) -> Change:
    """A rule goes by another id: so it does in what other rules need, and in the cases."""
    for index, raw in enumerate(rules_in(splicer.data())):
        needs = raw.get("needs")
        if isinstance(needs, list) and old in needs:
            splicer.put(("rules", index, "needs"), [new if each == old else each for each in needs])
    changed: Change = {}
    for file, data in case_files(texts):
        path = f"{texts.folder}/{file}"
        cases = Splicer(texts.files[path])
        if str(data.get("rule")) == old:
            cases.put(("rule",), new)
        for index, raw in enumerate(data.get("cases") or []):
            expect = raw.get("expect") if isinstance(raw, dict) else None
            if isinstance(expect, list) and old in expect:
                cases.put(("cases", index, "expect"), [new if each == old else each for each in expect], CASE_ORDER)
        changed[path] = cases.text
    return changed


def _add_rule(texts: Texts, given: Mapping[str, Any]) -> tuple[Change, str]:
    """After the rule `after` (at the end without one): a copy of the rule `copy`, or a new one."""
    splicer = _ruleset(texts)
    rules = rules_in(splicer.data())
    after, copied = text(given, "after"), text(given, "copy")
    index = _index(rules, after) + 1 if after else len(rules)
    rule = text(given, "id") or next_id(rules, copied or after)
    _require_id(rules, rule)
    made: dict[str, Any] = {
        "id": rule,
        "title": {"zh": "新规则", "en": "A new rule"},
        "severity": "warn",
        "confidence": "high",
        "stage": "format",
    }
    if copied:
        original = rules[_index(rules, copied)]
        if "extends" in original:
            raise refused()
        made = {**original, "id": rule}
        made.pop("number", None)
    splicer.insert(("rules",), index, made)
    return _made(texts, splicer), rule


def next_id(rules: list[dict[str, Any]], like: str) -> str:
    """The next free id in the row of the given one, or of the last rule."""
    own = [id_of(raw) for raw in rules if "extends" not in raw]
    pattern = _NUMBERED.fullmatch(like if like in own else own[-1] if own else "")
    head, width = (pattern["head"], len(pattern["number"])) if pattern else ("N-", 3)
    taken = [int(found["number"]) for each in own if (found := _NUMBERED.fullmatch(each)) and found["head"] == head]
    return f"{head}{max(taken, default=0) + 1:0{width}d}"


def _extend(texts: Texts, given: Mapping[str, Any]) -> tuple[Change, str]:
    """Begin to add to a shared rule, behind the last one that is added to."""
    splicer = _ruleset(texts)
    rules, rule = rules_in(splicer.data()), text(given, "id")
    if not rule or any(id_of(raw) == rule for raw in rules):
        raise refused()
    at = max((index + 1 for index, raw in enumerate(rules) if "extends" in raw), default=0)
    splicer.insert(("rules",), at, {"extends": rule})
    return _made(texts, splicer), rule


def _remove_rule(texts: Texts, given: Mapping[str, Any]) -> tuple[Change, str]:
    """A rule goes with its cases; of a shared rule only what was added goes, and its cases stay."""
    splicer = _ruleset(texts)
    rules, rule = rules_in(splicer.data()), text(given, "id")
    index = _index(rules, rule)
    splicer.remove(("rules", index))
    changed = _made(texts, splicer)
    if "extends" not in rules[index]:
        changed |= {f"{texts.folder}/{file}": None for file, data in case_files(texts) if str(data.get("rule")) == rule}
    return changed, ""


def _put_case(texts: Texts, given: Mapping[str, Any]) -> tuple[Change, str]:
    rule = text(given, "id")
    return put_case(texts, rule, given.get("case")), rule


def _remove_case(texts: Texts, given: Mapping[str, Any]) -> tuple[Change, str]:
    return remove_case(texts, given.get("case")), text(given, "id")


def _head(texts: Texts, given: Mapping[str, Any]) -> tuple[Change, str]:
    """The title of the ruleset and the day from which it says that it judges."""
    splicer = _ruleset(texts)
    splicer.put(("title",), pair_of(given.get("title")))
    splicer.put(("effective", "from"), text(given, "effective_from"))
    return _made(texts, splicer), ""


_ACTS: Final = {
    "rule": _change_rule,
    "add_rule": _add_rule,
    "extend": _extend,
    "remove_rule": _remove_rule,
    "case": _put_case,
    "remove_case": _remove_case,
    "head": _head,
}
