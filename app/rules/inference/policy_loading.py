"""Loads a policy from its folder: facts, scales, rules and their order; all that is wrong is told at once with its place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from app.language import Expression, ExpressionInvalid, Kind, Vocabulary, parse
from app.language.building import describe, fit
from app.language.nodes import Literal
from app.language.types import KIND_NAMES
from app.rules.inference.dependencies import put_in_order, tied
from app.rules.inference.policy import OUTCOME, Policy, PolicyRule, vocabulary_of
from app.rules.inference.rules_reading import RulesReading
from app.rules.inference.shape_reading import NAME, ShapeReading
from app.rules.loading import content_hash, read_basis
from app.rules.model import RulesetInvalid
from app.rules.reading import Content, Key, read_content
from app.rules.source import RULESET

MAX_VARIABLES = 3
_TOP = frozenset({"ruleset", "kind", "title", "basis", "effective", "scales", "facts", "outcome", "rules", "notes"})
_RULE = frozenset({"id", "title", "for", "when", "then", "priority", "note", "basis"})


def load_policy(folder: Path) -> Policy:
    """Load one policy. Raises RulesetInvalid with every fault found."""
    path = folder / RULESET
    content = read_content(path.read_bytes, f"{folder.name}/{RULESET}")
    policy = _Loading(content, path).policy() if not content.faults else None
    if content.faults or policy is None:
        raise RulesetInvalid(tuple(sorted(content.faults, key=lambda fault: fault.line)))
    return policy


class _Loading(RulesReading[PolicyRule]):
    def __init__(self, content: Content, path: Path) -> None:
        super().__init__(content, path)
        self.reading = ShapeReading(content)

    def policy(self) -> Policy | None:
        data = self.head(_TOP, ("ruleset", "kind", "title", "effective", "facts", "outcome", "rules"))
        if data is None:
            return None
        self.reading.read_scales(data.get("scales", {}))
        self.shapes = self.reading.read_shapes(data.get("facts"), "facts")
        about, default = self.outcome(data.get("outcome"))
        rules = self.rules(data.get("rules"))
        if self.content.faults:
            return None
        strata, wrong = put_in_order(rules, self.shapes)
        for each in wrong:
            index = [rule.id for rule in rules].index(each.rule.id)
            self.content.wrong(each.message, "rules", index, each.key, rule=each.rule.id)
        effective = data.get("effective")
        return Policy(
            name=str(data.get("ruleset", "")),
            title=self.content.text_pair(data.get("title"), "title"),
            basis=tuple(read_basis(self.content, data.get("basis"))),
            effective_from=str(effective.get("from", "")) if isinstance(effective, dict) else "",
            shapes=self.shapes,
            about=about,
            default=default,
            rules=rules,
            strata=strata,
            edition=content_hash(data),
            path=self.path,
        )

    def outcome(self, given: object) -> tuple[str, str]:
        """What the verdict is about: `outcome` becomes a derived name of that kind of fact."""
        body = given if isinstance(given, dict) else {}
        self.content.known_keys(body, {"of", "scale", "type", "title", "default"}, "outcome")
        shape = self.shapes.get(str(body.get("of")))
        if shape is None:
            self.wrong(f"没有事实“{body.get('of')}”", f"there is no kind of fact “{body.get('of')}”", "outcome", "of")
            return "", ""
        declared = {name: body[name] for name in ("scale", "type", "title") if name in body}
        derived = self.reading.derived(OUTCOME, declared, ("outcome",))
        self.shapes[shape.name] = replace(shape, derived={**shape.derived, OUTCOME: derived})
        default = body.get("default", "")
        if not isinstance(default, str) or (default and derived.scale and default not in derived.scale.titles):
            self.wrong("default须是等级表中的值", "default must be a value of the scale", "outcome", "default")
            default = ""
        return shape.name, default

    def rule(self, raw: dict[str, Any], key: Key) -> PolicyRule | None:
        self.content.known_keys(raw, _RULE, *key, rule=self.rule_id)
        title = self.content.text_pair(raw.get("title"), *key, "title", rule=self.rule_id)
        variables = self.variables(raw.get("for"), (*key, "for"))
        if not variables:
            return None
        vocabulary = vocabulary_of(self.shapes, variables)
        when = None
        if "when" in raw:
            when = self.expression(raw["when"], vocabulary, Kind.BOOL, (*key, "when"))
        target, value = self.then(raw.get("then"), variables, vocabulary, (*key, "then"))
        priority = raw.get("priority", 0)
        if type(priority) is not int or abs(priority) > 1000:
            self.wrong("priority须是整数", "priority must be a whole number", *key, "priority")
            priority = 0
        note = raw.get("note")
        if value is None:
            return None
        rule = PolicyRule(
            id=self.rule_id,
            title=title,
            variables=variables,
            when=when,
            target=target,
            value=value,
            priority=priority,
            note=self.content.text_pair(note, *key, "note", rule=self.rule_id) if note is not None else None,
            file=self.content.file,
            line=self.content.line(*key),
        )
        if when is not None or "when" not in raw:
            self.check_tied(rule, key)
        return rule

    def check_tied(self, rule: PolicyRule, key: Key) -> None:
        """Several facts are not tried all with all: each is found by a key or another value that is the same."""
        order = tied(rule)
        for loose in rule.variables.keys() - set(order):
            self.wrong(
                f"变量“{loose}”没有用==与其他变量相连，如 {loose}.key == {rule.subject}.key",
                f"the variable “{loose}” is tied to no other by ==, as in {loose}.key == {rule.subject}.key",
                *key,
                "when" if rule.when else "for",
            )

    def variables(self, given: object, key: Key) -> dict[str, str]:
        """`for`: a kind of fact, which is then also the variable, or variables with their kinds, the subject first."""
        named = {given: given} if isinstance(given, str) else given
        if not isinstance(named, dict) or not 0 < len(named) <= MAX_VARIABLES:
            zh = f"for须是一种事实，或至多{MAX_VARIABLES}个变量及其事实"
            self.wrong(zh, f"for must be a kind of fact, or at most {MAX_VARIABLES} variables with theirs", *key)
            return {}
        good = True
        for name, kind in named.items():
            if kind not in self.shapes or not NAME.fullmatch(name):
                self.wrong(f"没有事实“{kind}”", f"there is no kind of fact “{kind}”", *key, name)
                good = False
        return {str(name): str(kind) for name, kind in named.items()} if good else {}

    def then(
        self, given: object, variables: dict[str, str], vocabulary: Vocabulary, key: Key
    ) -> tuple[str, Expression | None]:
        body = given if isinstance(given, dict) else {}
        shape = self.shapes[variables[next(iter(variables))]]
        if body.keys() == {"outcome"}:
            target, value, where = OUTCOME, body["outcome"], (*key, "outcome")
        elif body.keys() == {"set", "value"}:
            target, value, where = str(body["set"]), body["value"], (*key, "value")
        else:
            zh, en = "then须是{outcome: 值}或{set: 名称, value: 值}", "then must be {outcome: …} or {set: …, value: …}"
            self.wrong(zh, en, *key)
            return "", None
        derived = shape.derived.get(target)
        if derived is None:
            self.wrong(f"{shape.name}没有推导项“{target}”", f"{shape.name} has no derived name “{target}”", *key)
            return "", None
        if derived.scale is not None and value in derived.scale.titles:
            value = f"'{value}'"
        expression = self.expression(value, vocabulary, derived.kind, where)
        if expression is not None and derived.scale is not None:
            self.check_scale(expression, derived.scale.titles.keys(), where)
        return target, expression

    def check_scale(self, expression: Expression, values: Any, key: Key) -> None:
        root = expression.root
        if isinstance(root, Literal) and root.value not in values:
            choice = ", ".join(values)
            self.wrong(f"“{root.value}”不在等级表中：{choice}", f"“{root.value}” is not on the scale: {choice}", *key)

    def expression(self, text: object, vocabulary: Vocabulary, kind: Kind, key: Key) -> Expression | None:
        if not isinstance(text, str):
            self.wrong("须是表达式文本，请加引号", "an expression must be text, put it in quotes", *key)
            return None
        try:
            parsed = parse(text, vocabulary, kind=None)
        except ExpressionInvalid as error:
            for problem in error.problems:
                zh = f"{key[-1]}第{problem.column}列：{problem.message.zh}"
                en = f"{key[-1]}, column {problem.column}: {problem.message.en}"
                self.wrong(zh, en, *key, offset=problem.line - 1)
            return None
        fitted = fit(parsed.root, kind)
        if fitted is None:
            wanted, found = KIND_NAMES[kind], describe(parsed.root.type)
            self.wrong(
                f"这里需要{wanted.zh}，而“{text}”是{found.zh}", f"{wanted.en} is needed, {text} is {found.en}", *key
            )
            return None
        return Expression(text, fitted)
