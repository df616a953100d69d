"""What the rules of a policy or a watch say and read, put in the form in which they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from app.core.text import Text
from app.language import word
from app.language.nodes import Literal, Node, Path, Quantifier, children_of
from app.rules.inference.policy import Policy, PolicyRule, Shape
from app.rules.inference.watch import Watch, WatchRule
from app.rules.reader.conditions import kind_words
from app.rules.reader.shown import Clause, Condition, ItemRead, ShownRule
from app.rules.reader.words import COUNTED, ON, OUTCOME, THEN, WHEN


def policy_rules(policy: Policy) -> tuple[ShownRule, ...]:
    """The rules of a policy."""
    return tuple(
        ShownRule(
            ruleset=policy.name,
            id=rule.id,
            title=rule.title,
            say=lambda rule=rule: (Condition(tuple(_policy_clauses(policy, rule))),),  # type: ignore[misc]
            look=lambda rule=rule: _policy_items(rule),  # type: ignore[misc]
            note=rule.note,
        )
        for rule in policy.rules
    )


def _policy_clauses(policy: Policy, rule: PolicyRule) -> Iterator[Clause]:
    kinds = [(name, policy.shapes[kind].title) for name, kind in rule.variables.items()]
    zh, en = "、".join(title.zh for _, title in kinds), ", ".join(title.en for _, title in kinds)
    written = ", ".join(f"{name}: {kind}" for name, kind in rule.variables.items())
    yield Clause(Text("对于", "For"), Text(zh, en), written)
    if rule.when is not None:
        yield Clause(WHEN, word(rule.when), rule.when.text)
    target = policy.shapes[rule.name[0]].derived[rule.target]
    value = word(rule.value)
    root = rule.value.root
    if target.scale and isinstance(root, Literal) and (title := target.scale.titles.get(str(root.value))):
        value = Text(f"{root.value} {title.zh}", f"{root.value} {title.en}")
    words = Text(f"{target.title.zh}为{value.zh}", f"{target.title.en} is {value.en}")
    yield Clause(THEN, words, f"{rule.subject}.{rule.target} = {rule.value.text}")


def _policy_items(rule: PolicyRule) -> tuple[ItemRead, ...]:
    roots = [each.root for each in (rule.when, rule.value) if each is not None]
    return tuple(dict.fromkeys(item for root in roots for item in _paths(root)))


def _paths(node: Node) -> Iterator[ItemRead]:
    if isinstance(node, Path):
        yield ItemRead(node.text, node.field.label, Text("", ""), (), kind_words(node.field))
    if isinstance(node, Quantifier):
        yield from _paths(node.source)
    for child in children_of(node):
        yield from _paths(child)


def watch_rules(watch: Watch) -> tuple[ShownRule, ...]:
    """The rules of a watch."""
    return tuple(
        ShownRule(
            ruleset=watch.name,
            id=rule.id,
            title=rule.title,
            say=lambda rule=rule: (Condition(tuple(_watch_clauses(watch, rule))),),  # type: ignore[misc]
            look=lambda rule=rule: _watch_items(watch, rule),  # type: ignore[misc]
            note=rule.note,
        )
        for rule in watch.rules
    )


def _watch_clauses(watch: Watch, rule: WatchRule) -> Iterator[Clause]:
    shape = watch.shapes[rule.on]
    yield Clause(ON, shape.title, f"on: {rule.on}")
    if rule.when is not None:
        yield Clause(WHEN, word(rule.when), rule.when.text)
    by, within, quiet = _label(shape, rule.by), _long(rule.within), _long(rule.quiet)
    if rule.distinct:
        what = _label(shape, rule.distinct)
        words = Text(f"同一{by.zh}在{within.zh}内有{rule.count}个不同的{what.zh}",
                     f"{rule.count} different values of “{what.en}” for the same “{by.en}” within {within.en}")  # fmt: skip
    else:
        words = Text(f"同一{by.zh}在{within.zh}内达到{rule.count}次",
                     f"{rule.count} times for the same “{by.en}” within {within.en}")  # fmt: skip
    counted = f"by: {rule.by}, count: {rule.count}" + (f", distinct: {rule.distinct}" if rule.distinct else "")
    yield Clause(COUNTED, words, f"{counted}, within: {within.en}")
    words = Text(f"{rule.outcome}，之后{quiet.zh}内不再重复", f"{rule.outcome}, not again within {quiet.en}")
    yield Clause(OUTCOME, words, f"outcome: {rule.outcome}, quiet: {quiet.en}")


def _watch_items(watch: Watch, rule: WatchRule) -> tuple[ItemRead, ...]:
    shape = watch.shapes[rule.on]
    named = [
        ItemRead(f"{rule.on}.{name}", _label(shape, name), shape.title) for name in (rule.by, rule.distinct) if name
    ]
    asked = [*_paths(rule.when.root)] if rule.when else []
    known = {each.path for each in asked}
    return tuple(dict.fromkeys([*asked, *(each for each in named if each.path not in known)]))


def _label(shape: Shape, name: str) -> Text:
    found = shape.fields.get(name)
    return found.label if found else Text(name, name)


def _long(length: timedelta) -> Text:
    seconds = int(length.total_seconds())
    for unit, zh, en in ((86_400, "天", "day"), (3_600, "小时", "hour")):
        if seconds % unit == 0:
            number = seconds // unit
            return Text(f"{number}{zh}", f"{number} {en}{'s' if number > 1 else ''}")
    return Text(f"{seconds // 60}分钟", f"{seconds // 60} minutes")
