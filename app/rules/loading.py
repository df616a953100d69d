"""Loads a ruleset from its folder: all is checked, and all that is wrong is told at once with file, rule and line."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.errors import NotFound
from app.core.text import Text
from app.language import Expression, ExpressionInvalid, Vocabulary, parse, parse_path
from app.language.nodes import BOOL, Quantifier
from app.rules.expansion import Place, find_places
from app.rules.model import SEVERITIES, WHOLE, Check, Fault, Rule, Ruleset, RulesetInvalid
from app.rules.reading import Content, Key, read_content
from app.rules.vocabulary import FILE, file_vocabulary, record_vocabulary
from app.standard import catalogue
from app.standard.catalogue import RecordType

RULESET = "ruleset.yaml"
CONFIDENCES = ("high", "medium", "low")
STAGES = ("format", "file", "accepted", "transport")
_TOP = frozenset({"ruleset", "kind", "title", "basis", "effective", "facts", "rules", "notes"})
_CHECK = frozenset({"when", "require", "blame", "each"})
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


def find_rulesets(root: Path) -> list[Path]:
    """The folders below `root` that hold a ruleset, sorted."""
    return sorted(path.parent for path in root.rglob(RULESET))


def load_ruleset(folder: Path) -> Ruleset:
    """Load one ruleset. Raises RulesetInvalid with every fault found."""
    path = folder / RULESET
    content = read_content(path, f"{folder.name}/{RULESET}")
    ruleset = _Loading(content, path).ruleset() if not content.faults else None
    if content.faults or ruleset is None:
        raise RulesetInvalid(tuple(sorted(content.faults, key=lambda fault: fault.line)))
    return ruleset


def content_hash(data: object) -> str:
    """The hash by which an edition is known: of the content, whatever its layout and comments."""
    canonical = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def read_text_pair(content: Content, value: object, *key: str | int, rule: str = "") -> Text:
    """A `{zh, en}` pair; a fault and an empty text if it is not one."""
    if isinstance(value, dict) and value.keys() == {"zh", "en"}:
        pair = Text(str(value["zh"] or "").strip(), str(value["en"] or "").strip())
        if pair.zh and pair.en:
            return pair
    content.wrong(Text("须同时写明zh和en", "must have both zh and en"), *key, rule=rule)
    return Text("", "")


@dataclass(frozen=True)
class _Subject:
    """What a ruleset is about: its names and, for records, the record type."""

    vocabulary: Vocabulary
    record: RecordType | None


class _Loading:
    def __init__(self, content: Content, path: Path) -> None:
        self.content = content
        self.path = path
        self.rule_id = ""

    def wrong(self, zh: str, en: str, *key: str | int, offset: int = 0) -> None:
        self.content.wrong(Text(zh, en), *key, rule=self.rule_id, offset=offset)

    def ruleset(self) -> Ruleset | None:
        data = self.content.data
        if not isinstance(data, dict):
            self.wrong("规则集须是键值结构", "a ruleset must be a mapping")
            return None
        self.known_keys(data, _TOP)
        for key in ("ruleset", "kind", "title", "effective", "facts", "rules"):
            if key not in data:
                self.wrong(f"缺少“{key}”", f"“{key}” is missing")
        if data.get("kind", "check") != "check":
            self.wrong("kind须是check", "kind must be check", "kind")
        subject, facts = self.subject(data.get("facts"))
        rules = self.rules(data.get("rules"), subject) if subject else ()
        self.needs(rules)
        effective = data.get("effective")
        return Ruleset(
            name=str(data.get("ruleset", "")),
            kind="check",
            title=read_text_pair(self.content, data.get("title"), "title"),
            basis=tuple(self.basis(data.get("basis"))),
            effective_from=str(effective.get("from", "")) if isinstance(effective, dict) else "",
            facts=facts,
            rules=rules,
            edition=content_hash(data),
            vocabulary=subject.vocabulary if subject else Vocabulary({}),
            path=self.path,
        )

    def known_keys(self, data: Mapping[str, Any], known: Iterable[str], *key: str | int) -> None:
        for name in data.keys() - set(known):
            near = difflib.get_close_matches(name, known, 1, 0.5)
            hint = (f"，是否指“{near[0]}”？", f"; did you mean “{near[0]}”?") if near else ("", "")
            self.wrong(f"没有“{name}”这一项{hint[0]}", f"there is no key “{name}”{hint[1]}", *key, name)

    def basis(self, basis: object) -> Iterator[Text]:
        for index, entry in enumerate(basis if isinstance(basis, list) else [] if basis is None else [basis]):
            if isinstance(entry, dict):
                yield read_text_pair(self.content, entry, "basis", index)
            else:
                yield Text(str(entry), str(entry))

    def subject(self, facts: object) -> tuple[_Subject | None, str]:
        named = facts if isinstance(facts, dict) and len(facts) == 1 else {}
        if named.get("file") == FILE:
            return _Subject(file_vocabulary(), None), FILE
        name = named.get("record")
        if isinstance(name, str) and name.startswith("record."):
            code = name.removeprefix("record.")
            try:
                return _Subject(record_vocabulary(code), catalogue.current().record(code)), name
            except NotFound as error:
                self.content.wrong(error.message, "facts")
                return None, ""
        self.wrong(
            "facts须是{record: record.<类型>}或{file: file.report}",
            "facts must be {record: record.<type>} or {file: file.report}",
            "facts",
        )
        return None, ""

    def rules(self, rules: object, subject: _Subject) -> tuple[Rule, ...]:
        if not isinstance(rules, list) or not rules:
            self.wrong("rules须是规则列表", "rules must be a list of rules", "rules")
            return ()
        read: dict[str, Rule] = {}
        for index, raw in enumerate(rules):
            self.rule_id = str(raw.get("id", "")) if isinstance(raw, dict) else ""
            if not isinstance(raw, dict) or not self.rule_id:
                self.wrong("规则须有id", "a rule needs an id", "rules", index)
                continue
            if self.rule_id in read:
                self.wrong("规则id重复", "this rule id stands twice", "rules", index, "id")
            read[self.rule_id] = self.rule(raw, ("rules", index), subject)
        self.rule_id = ""
        return tuple(read.values())

    def rule(self, raw: dict[str, Any], key: Key, subject: _Subject) -> Rule:
        self.known_keys(raw, _RULE, *key)
        for name, allowed in (("severity", SEVERITIES), ("confidence", CONFIDENCES), ("stage", STAGES)):
            if raw.get(name) not in allowed:
                choice = ", ".join(allowed)
                self.wrong(f"{name}须是{choice}之一", f"{name} must be one of {choice}", *key, name)
        needs = raw.get("needs", [])
        if not isinstance(needs, list):
            self.wrong("needs须是规则id的列表", "needs must be a list of rule ids", *key, "needs")
            needs = []
        note = raw.get("note")
        return Rule(
            id=self.rule_id,
            code=str(raw.get("code", "")),
            number=str(raw.get("number", "")),
            title=read_text_pair(self.content, raw.get("title"), *key, "title", rule=self.rule_id),
            severity=str(raw.get("severity")),
            confidence=str(raw.get("confidence")),
            stage=str(raw.get("stage")),
            needs=tuple(str(need) for need in needs),
            note=read_text_pair(self.content, note, *key, "note", rule=self.rule_id) if note is not None else None,
            checks=self.checks(raw, key, subject),
            line=self.content.line(*key),
        )

    def checks(self, raw: dict[str, Any], key: Key, subject: _Subject) -> tuple[Check, ...]:
        several = raw.get("checks")
        if several is None:
            parts = [(raw, key)]
        elif isinstance(several, list) and several and all(isinstance(part, dict) for part in several):
            parts = [(part, (*key, "checks", index)) for index, part in enumerate(several)]
            if "require" in raw or "each" in raw:
                self.wrong(
                    "有checks的规则，条件和each写在checks中",
                    "a rule with checks has its conditions and each inside them",
                    *key,
                )
            for part, where in parts:
                self.known_keys(part, _CHECK, *where)
        else:
            self.wrong("checks须是检查列表", "checks must be a list of checks", *key, "checks")
            return ()
        inherited = raw.get("when") if several is not None else None
        checks: list[Check] = []
        for part, where in parts:
            checks.extend(self.written_out(part, where, subject, inherited, key, len(checks)))
        return tuple(checks)

    def written_out(
        self, part: dict[str, Any], key: Key, subject: _Subject, inherited: object, rule_key: Key, start: int
    ) -> Iterator[Check]:
        """The checks one mapping stands for: one, or with `each` one per place."""
        if inherited is not None:
            self.wrong(
                "有checks的规则，when写在checks中", "a rule with checks has its when inside them", *rule_key, "when"
            )
        if not isinstance(part.get("require"), str):
            self.wrong("缺少require（条件文本）", "“require” is missing or not a text", *key)
            return
        places = self.places(part["each"], key, subject) if "each" in part else [None]
        seen = len(self.content.faults)
        for offset, place in enumerate(places):
            check = self.check(part, key, subject, place, start + offset)
            if len(self.content.faults) > seen:
                return
            if check is not None:
                yield check

    def places(self, each: object, key: Key, subject: _Subject) -> list[Place | None]:
        if subject.record is None:
            self.wrong("each只用于记录规则", "each is for rules about records", *key, "each")
            return []
        places, wrong = find_places(each, subject.record, subject.vocabulary)
        for fault in wrong:
            self.wrong(fault.message.zh, fault.message.en, *key, "each", fault.key)
        return [*places]

    def check(self, part: dict[str, Any], key: Key, subject: _Subject, place: Place | None, index: int) -> Check | None:
        when = self.expression(part.get("when"), (*key, "when"), subject, place)
        require = self.expression(part["require"], (*key, "require"), subject, place)
        blame, tag = self.blame(part.get("blame"), (*key, "blame"), subject, place)
        if require is None:
            return None
        if place is not None and place.group:
            source = parse_path(place.group, subject.vocabulary)
            text = f"all({require.text} for p in {place.group}{f' if {when.text}' if when else ''})"
            condition = when.root if when else None
            root = Quantifier(BOOL, text, "all", "p", source, (require.root,), condition)
            when, require = None, Expression(text, root)
        return Check(self.rule_id, index, when, require, blame, tag)

    def expression(self, text: object, key: Key, subject: _Subject, place: Place | None) -> Expression | None:
        if text is None:
            return None
        if not isinstance(text, str):
            self.wrong("条件须是文本，请加引号", "a condition must be text, put it in quotes", *key)
            return None
        try:
            if place is None:
                return parse(text, subject.vocabulary)
            return parse(text, subject.vocabulary, names=place.names, variables=place.variables, lists=place.lists)
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

    def blame(self, blame: object, key: Key, subject: _Subject, place: Place | None) -> tuple[str, str]:
        if blame is None and place is not None:
            blame = place.blame
        if blame is None or blame in (WHOLE, 0):
            return "", WHOLE
        path = str(blame)
        if place is not None and path in place.names:
            path = ".".join(place.names[path]) if path != "item" else place.blame
        if subject.vocabulary.find(path) is None:
            self.wrong(f"没有“{path}”这个名称", f"there is no name “{path}”", *key)
            return "", WHOLE
        return path, tag_of(path, subject.record)

    def needs(self, rules: tuple[Rule, ...]) -> None:
        known = {rule.id: rule for rule in rules}
        for rule in rules:
            for need in rule.needs:
                if need not in known:
                    message = Text(f"needs中没有规则“{need}”", f"needs names no rule “{need}”")
                    self.content.faults.append(Fault(self.content.file, rule.line, rule.id, message))
        settled: set[str] = set()
        waiting = {rule.id: {need for need in rule.needs if need in known} for rule in rules}
        while free := {rule_id for rule_id, needs in waiting.items() if needs <= settled}:
            settled |= free
            waiting = {rule_id: needs for rule_id, needs in waiting.items() if rule_id not in free}
        if waiting:
            circle = ", ".join(sorted(waiting))
            self.wrong(f"needs成环：{circle}", f"needs go in a circle: {circle}", "rules")


def tag_of(path: str, record: RecordType | None) -> str:
    """The tag a finding carries for a blamed path: its last part, for a segment letter the segment's tag."""
    if record is not None:
        for segment in record.segments:
            if segment.code and segment.code == path:
                return segment.tag
    return path.rpartition(".")[2]
