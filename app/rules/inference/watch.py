"""Watches: how often something happens to one and the same within a time, over a stream of events. Their form and loading."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from app.core.text import Text
from app.language import Expression, ExpressionInvalid, Kind, Scalar, parse
from app.rules.inference.policy import Shape, vocabulary_of
from app.rules.inference.rules_reading import RulesReading
from app.rules.inference.shape_reading import ShapeReading
from app.rules.loading import content_hash, read_basis
from app.rules.model import RulesetInvalid
from app.rules.reading import Key, read_content
from app.rules.source import RULESET

MOST_COUNTED: Final = 10_000
_TOP = frozenset({"ruleset", "kind", "title", "basis", "effective", "events", "rules", "notes"})
_RULE = frozenset({"id", "title", "on", "when", "by", "count", "distinct", "within", "quiet", "then", "note", "basis"})
_TIME = re.compile(r"([1-9][0-9]{0,3}) (minute|hour|day)s?")
_LONGEST: Final = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class WatchRule:
    """`count` events `on` a kind, for which `when` is true and whose field `by` is the same, `within` a time: an alert.

    With `distinct` it is the different values of that field that are counted. After an alert the rule keeps quiet about the
    same for the time `quiet`.
    """

    id: str
    title: Text
    on: str
    when: Expression | None
    by: str
    count: int
    distinct: str
    within: timedelta
    quiet: timedelta
    outcome: str
    note: Text | None
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Watch:
    """A loaded watch; `shapes` are its kinds of events."""

    name: str
    title: Text
    basis: tuple[Text, ...]
    effective_from: str
    shapes: Mapping[str, Shape]
    rules: tuple[WatchRule, ...]
    edition: str
    path: Path
    kind: str = "watch"

    @property
    def memory(self) -> timedelta:
        """How far back an event is counted."""
        return max(rule.within for rule in self.rules)


def load_watch(folder: Path) -> Watch:
    """Load one watch. Raises RulesetInvalid with every fault found."""
    path = folder / RULESET
    content = read_content(path.read_bytes, f"{folder.name}/{RULESET}")
    watch = _Loading(content, path).watch() if not content.faults else None
    if content.faults or watch is None:
        raise RulesetInvalid(tuple(sorted(content.faults, key=lambda fault: fault.line)))
    return watch


class _Loading(RulesReading[WatchRule]):
    def watch(self) -> Watch | None:
        data = self.head(_TOP, ("ruleset", "kind", "title", "effective", "events", "rules"))
        if data is None:
            return None
        self.shapes = ShapeReading(self.content).read_shapes(data.get("events"), "events")
        for shape in self.shapes.values():
            if "at" in shape.fields or shape.derived or shape.lists:
                zh, en = "事件只有字段，且at是事件时间", "an event has fields alone, and “at” is its time"
                self.wrong(zh, en, "events", shape.name)
        effective = data.get("effective")
        return Watch(
            name=str(data.get("ruleset", "")),
            title=self.content.text_pair(data.get("title"), "title"),
            basis=tuple(read_basis(self.content, data.get("basis"))),
            effective_from=str(effective.get("from", "")) if isinstance(effective, dict) else "",
            shapes=self.shapes,
            rules=self.rules(data.get("rules")),
            edition=content_hash(data),
            path=self.path,
        )

    def rule(self, raw: dict[str, Any], key: Key) -> WatchRule | None:
        self.content.known_keys(raw, _RULE, *key, rule=self.rule_id)
        shape = self.shapes.get(str(raw.get("on")))
        if shape is None:
            self.wrong(f"没有事件“{raw.get('on')}”", f"there is no kind of event “{raw.get('on')}”", *key, "on")
            return None
        for name in ("by", "distinct"):
            field = shape.fields.get(str(raw.get(name)))
            if (name == "by" or name in raw) and (field is None or field.type != Scalar(Kind.TEXT)):
                zh = f"{name}须是{shape.name}的文本字段"
                self.wrong(zh, f"{name} must name a text field of {shape.name}", *key, name)
        count = raw.get("count")
        if type(count) is not int or not 1 <= count <= MOST_COUNTED:
            self.wrong(f"count须是1至{MOST_COUNTED}", f"count must be from 1 to {MOST_COUNTED}", *key, "count")
            count = 1
        then = raw.get("then")
        if not isinstance(then, dict) or then.keys() != {"outcome"} or not isinstance(then["outcome"], str):
            self.wrong("then须是{outcome: 文本}", "then must be {outcome: text}", *key, "then")
            then = {"outcome": ""}
        within = self.time(raw.get("within"), (*key, "within"))
        note = raw.get("note")
        return WatchRule(
            id=self.rule_id,
            title=self.content.text_pair(raw.get("title"), *key, "title", rule=self.rule_id),
            on=shape.name,
            when=self.condition(raw["when"], shape, (*key, "when")) if "when" in raw else None,
            by=str(raw.get("by")),
            count=count,
            distinct=str(raw.get("distinct", "")),
            within=within,
            quiet=self.time(raw["quiet"], (*key, "quiet")) if "quiet" in raw else within,
            outcome=then["outcome"],
            note=self.content.text_pair(note, *key, "note", rule=self.rule_id) if note is not None else None,
            file=self.content.file,
            line=self.content.line(*key),
        )

    def condition(self, text: object, shape: Shape, key: Key) -> Expression | None:
        if not isinstance(text, str):
            self.wrong("条件须是文本，请加引号", "a condition must be text, put it in quotes", *key)
            return None
        try:
            return parse(text, vocabulary_of(self.shapes, {shape.name: shape.name}))
        except ExpressionInvalid as error:
            for problem in error.problems:
                zh = f"when第{problem.column}列：{problem.message.zh}"
                self.wrong(zh, f"when, column {problem.column}: {problem.message.en}", *key, offset=problem.line - 1)
            return None

    def time(self, given: object, key: Key) -> timedelta:
        found = _TIME.fullmatch(given) if isinstance(given, str) else None
        time = timedelta(**{f"{found[2]}s": int(found[1])}) if found else timedelta(0)
        if not timedelta(0) < time <= _LONGEST:
            zh, en = (
                "须如“10 minutes”“2 hours”“1 day”，至多31天",
                "must be like “10 minutes”, “2 hours”, “1 day”, at most 31 days",
            )
            self.wrong(zh, en, *key)
        return time
