"""Reads the rules of one content file for one kind of fact: a ruleset's own, or shared ones written out for its record type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.core.text import Text
from app.language import Expression, ExpressionInvalid, Vocabulary, parse, parse_path
from app.language.nodes import BOOL, Quantifier
from app.rules.expansion import Place, find_places
from app.rules.model import SEVERITIES, WHOLE, Check, Rule
from app.rules.reading import Content, Key
from app.standard.catalogue import RecordType, Subject

CONFIDENCES = ("high", "medium", "low")
STAGES = ("format", "file", "accepted", "transport")
_CHECK = frozenset({"when", "require", "blame", "each", "code"})
_RULE = _CHECK | {
    "id",
    "code",
    "number",
    "title",
    "severity",
    "confidence",
    "stage",
    "needs",
    "note",
    "checks",
    "basis",
}
_EXTENSION = _CHECK | {"extends", "needs", "note", "title", "checks"}


@dataclass(frozen=True)
class About:
    """What rules are about: their names, for records the record type, and whose records or files."""

    vocabulary: Vocabulary
    record: RecordType | None
    subject: Subject | None = None


class RuleReading:
    """Reads rules one file after the other into `rules`, by id in the order in which they are judged.

    A shared rule that comes to no check for this record type stays out, unless the ruleset extends it. `everywhere` are the
    record types of the catalogue, by which names in shared rules are checked.
    """

    def __init__(self, about: About, everywhere: Sequence[RecordType] = ()) -> None:
        self.about = about
        self.everywhere = everywhere
        self.rules: dict[str, Rule] = {}
        self._dropped: dict[str, Rule] = {}
        self._numbers: dict[str, Rule] = {}
        self.content = Content("", None)
        self.rule_id = ""
        self.fragment = ""

    def read(self, content: Content, fragment: str = "") -> None:
        """Read the rules of a file. `fragment` names the shared rules it holds, '' if it is the ruleset itself."""
        self.content, self.fragment = content, fragment
        rules = content.data.get("rules") if isinstance(content.data, dict) else None
        if not isinstance(rules, list) or not (rules or self.rules):
            self.wrong("rules须是规则列表", "rules must be a list of rules", "rules")
            return
        for index, raw in enumerate(rules):
            given = raw if isinstance(raw, dict) else {}
            self.rule_id = str(given.get("id") or given.get("extends") or "")
            if not self.rule_id:
                self.wrong("规则须有id", "a rule needs an id", "rules", index)
            elif "extends" in given:
                self.extend(given, ("rules", index))
            else:
                self.add(given, ("rules", index))
        self.rule_id = ""

    def settle(self) -> None:
        """After the shared rules: none of them waits for one that does not apply to this record type."""
        for rule in self.rules.values():
            needs = tuple(need for need in rule.needs if need in self.rules or need not in self._dropped)
            self.rules[rule.id] = replace(rule, needs=needs)

    def wrong(self, zh: str, en: str, *key: str | int, offset: int = 0) -> None:
        self.content.wrong(Text(zh, en), *key, rule=self.rule_id, offset=offset)

    def add(self, raw: dict[str, Any], key: Key) -> None:
        """A rule under an id of its own."""
        before = self.rules.get(self.rule_id)
        if before is not None and before.file != self.content.file:
            self.wrong(
                f"规则id已在 {before.file} 第{before.line}行；要补充共用规则，请写extends",
                f"this rule id stands already at {before.file}:{before.line}; to add to a shared rule, write extends",
                *key,
                "id",
            )
        elif before is not None or self._is_dropped_here():
            self.wrong("规则id重复", "this rule id stands twice", *key, "id")
        rule = self.rule(raw, key)
        twin = self._numbers.setdefault(rule.number, rule) if rule.number else rule
        if twin.id != rule.id:
            self.wrong(
                f"官方编号{rule.number}已由规则{twin.id}使用（{twin.file} 第{twin.line}行）",
                f"the official number {rule.number} belongs to rule {twin.id} already ({twin.file}:{twin.line})",
                *key,
                "number",
            )
        if self.fragment and not rule.checks:
            self._dropped[rule.id] = rule
        else:
            self.rules[rule.id] = rule

    def _is_dropped_here(self) -> bool:
        dropped = self._dropped.get(self.rule_id)
        return dropped is not None and dropped.file == self.content.file

    def extend(self, raw: dict[str, Any], key: Key) -> None:
        """Further checks under the id of a shared rule."""
        self.content.known_keys(raw, _EXTENSION, *key, rule=self.rule_id)
        shared = self.rules.get(self.rule_id) or self._dropped.get(self.rule_id)
        if shared is None or not shared.fragment:
            self.wrong(
                f"引入的共用规则中没有“{self.rule_id}”",
                f"no shared rule “{self.rule_id}” is included",
                *key,
                "extends",
            )
            return
        if shared.extended:
            self.wrong("同一共用规则只补充一次", "a shared rule is extended once", *key, "extends")
        note, title = raw.get("note"), raw.get("title")
        more = self.checks(raw, key) if raw.keys() & {"checks", "each", "require"} else ()
        start = len(shared.checks)
        self.rules[self.rule_id] = replace(
            shared,
            needs=tuple(dict.fromkeys((*shared.needs, *self.needs(raw, key)))),
            note=self.content.text_pair(note, *key, "note", rule=self.rule_id) if note is not None else shared.note,
            title=self.content.text_pair(title, *key, "title", rule=self.rule_id) if title else shared.title,
            checks=(*shared.checks, *(replace(check, index=start + check.index) for check in more)),
            file=self.content.file if more else shared.file,
            line=self.content.line(*key) if more else shared.line,
            extended=bool(more),
        )

    def rule(self, raw: dict[str, Any], key: Key) -> Rule:
        self.content.known_keys(raw, _RULE, *key, rule=self.rule_id)
        for name, allowed in (("severity", SEVERITIES), ("confidence", CONFIDENCES), ("stage", STAGES)):
            if raw.get(name) not in allowed:
                choice = ", ".join(allowed)
                self.wrong(f"{name}须是{choice}之一", f"{name} must be one of {choice}", *key, name)
        note = raw.get("note")
        return Rule(
            id=self.rule_id,
            code=str(raw.get("code", "")),
            number=str(raw.get("number", "")),
            title=self.content.text_pair(raw.get("title"), *key, "title", rule=self.rule_id),
            severity=str(raw.get("severity")),
            confidence=str(raw.get("confidence")),
            stage=str(raw.get("stage")),
            needs=self.needs(raw, key),
            note=self.content.text_pair(note, *key, "note", rule=self.rule_id) if note is not None else None,
            checks=self.checks(raw, key),
            file=self.content.file,
            line=self.content.line(*key),
            fragment=self.fragment,
        )

    def needs(self, raw: dict[str, Any], key: Key) -> tuple[str, ...]:
        needs = raw.get("needs", [])
        if not isinstance(needs, list):
            self.wrong("needs须是规则id的列表", "needs must be a list of rule ids", *key, "needs")
            needs = []
        return tuple(str(need) for need in needs)

    def checks(self, raw: dict[str, Any], key: Key) -> tuple[Check, ...]:
        several = raw.get("checks")
        if several is None:
            parts = [(raw, key)]
        elif (
            isinstance(several, list) and (several or self.fragment) and all(isinstance(part, dict) for part in several)
        ):
            parts = [(part, (*key, "checks", index)) for index, part in enumerate(several)]
            if "require" in raw or "each" in raw:
                self.wrong(
                    "有checks的规则，条件和each写在checks中",
                    "a rule with checks has its conditions and each inside them",
                    *key,
                )
            if "when" in raw:
                self.wrong(
                    "有checks的规则，when写在checks中", "a rule with checks has its when inside them", *key, "when"
                )
            for part, where in parts:
                self.content.known_keys(part, _CHECK, *where, rule=self.rule_id)
        else:
            self.wrong("checks须是检查列表", "checks must be a list of checks", *key, "checks")
            return ()
        checks: list[Check] = []
        for part, where in parts:
            checks.extend(self.written_out(part, where, len(checks)))
        return tuple(checks)

    def written_out(self, part: dict[str, Any], key: Key, start: int) -> Iterator[Check]:
        """The checks one mapping stands for: one, or with `each` one per place."""
        if not isinstance(part.get("require"), str):
            self.wrong("缺少require（条件文本）", "“require” is missing or not a text", *key)
            return
        places = self.places(part["each"], key) if "each" in part else [None]
        seen = len(self.content.faults)
        for offset, place in enumerate(places):
            check = self.check(part, key, place, start + offset)
            if len(self.content.faults) > seen:
                return
            if check is not None:
                yield check

    def places(self, each: object, key: Key) -> list[Place | None]:
        record = self.about.record
        if record is None:
            self.wrong("each只用于记录规则", "each is for rules about records", *key, "each")
            return []
        everywhere = self.everywhere if self.fragment else ()
        places, wrong = find_places(each, record, self.about.vocabulary, everywhere)
        for fault in wrong:
            self.wrong(fault.message.zh, fault.message.en, *key, "each", fault.key)
        return [*places]

    def check(self, part: dict[str, Any], key: Key, place: Place | None, index: int) -> Check | None:
        when = self.expression(part.get("when"), (*key, "when"), place)
        require = self.expression(part["require"], (*key, "require"), place)
        blame, tag = self.blame(part.get("blame"), (*key, "blame"), place)
        if require is None:
            return None
        if place is not None and place.group:
            source = parse_path(place.group, self.about.vocabulary)
            text = f"all({require.text} for p in {place.group}{f' if {when.text}' if when else ''})"
            condition = when.root if when else None
            root = Quantifier(BOOL, text, "all", "p", source, (require.root,), condition)
            when, require = None, Expression(text, root)
        return Check(self.rule_id, index, when, require, blame, tag, str(part.get("code", "")))

    def expression(self, text: object, key: Key, place: Place | None) -> Expression | None:
        if text is None:
            return None
        if not isinstance(text, str):
            self.wrong("条件须是文本，请加引号", "a condition must be text, put it in quotes", *key)
            return None
        vocabulary = self.about.vocabulary
        try:
            if place is None:
                return parse(text, vocabulary)
            return parse(text, vocabulary, names=place.names, variables=place.variables, lists=place.lists)
        except ExpressionInvalid as error:
            where = f" ({place.blame})" if place else ""
            for problem in error.problems:
                self.wrong(
                    f"{key[-1]}第{problem.column}列{where}：{problem.message.zh}",
                    f"{key[-1]}, column {problem.column}{where}: {problem.message.en}",
                    *key,
                    offset=problem.line - 1,
                )
            return None

    def blame(self, blame: object, key: Key, place: Place | None) -> tuple[str, str]:
        if blame is None and place is not None:
            blame = place.blame
        if blame is None or blame in (WHOLE, 0, ""):
            return "", WHOLE
        path = str(blame)
        if place is not None and path in place.names:
            path = ".".join(place.names[path]) if path != "item" else place.blame
        if self.about.vocabulary.find(path) is None:
            self.wrong(f"没有“{path}”这个名称", f"there is no name “{path}”", *key)
            return "", WHOLE
        return path, tag_of(path, self.about.record)


def tag_of(path: str, record: RecordType | None) -> str:
    """The tag a finding carries for a blamed path: its last part, for a segment letter the segment's tag."""
    last = path.rpartition(".")[2]
    if record is not None:
        outer = {segment.code: segment for segment in record.segments if segment.code}
        inner = {
            f"{code}.{s.code}": s for code, holder in outer.items() if not holder.items for s in record.corrections
        }
        segment = (outer | inner).get(path)
        if segment is not None:
            return segment.tag
    return last
