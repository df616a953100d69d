"""What the rules of a policy read, and the order that follows: what is read is settled first, circles are refused.

One circle is allowed: names on one scale that lift each other. A value there can only get worse, so it comes to an end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.core.text import Text
from app.language.nodes import Comparison, Literal, Membership, Node, Path, Quantifier, children_of
from app.rules.inference.policy import Name, PolicyRule, Shape, Stratum


@dataclass(frozen=True, slots=True)
class Wrong:
    """A rule that cannot be put in order, and why."""

    rule: PolicyRule
    key: str
    message: Text


def paths_in(node: Node) -> Iterator[Path]:
    """Every name in the node that starts at a variable of the rule; those of a quantifier's elements are not among them."""
    if isinstance(node, Path):
        if not node.variable:
            yield node
        return
    if isinstance(node, Membership) and isinstance(node.container, Path):
        yield from paths_in(node.container)
    for child in children_of(node):
        yield from paths_in(child)


def variables_in(node: Node) -> frozenset[str]:
    """The variables of the rule that the node reads."""
    return frozenset(path.parts[0] for path in paths_in(node))


def derived_path(node: Node, rule: PolicyRule, shapes: Mapping[str, Shape]) -> Name | None:
    """The derived name that the node is, if it is one."""
    if isinstance(node, Path) and not node.variable and len(node.parts) == 2:
        shape = shapes[rule.variables[node.parts[0]]]
        return (shape.name, node.parts[1]) if node.parts[1] in shape.derived else None
    return None


def lifting_term(node: Node, rule: PolicyRule, shapes: Mapping[str, Shape]) -> tuple[Path, str, str] | None:
    """The derived name, `>=` or `>`, and the value, where the node asks whether a derived name is so bad; else None."""
    if not isinstance(node, Comparison):
        return None
    path, operator, literal = node.left, node.operator, node.right
    if isinstance(path, Literal):
        path, literal, operator = literal, path, {"<=": ">=", "<": ">"}.get(operator, "")
    name = derived_path(path, rule, shapes)
    if name is None or not isinstance(path, Path) or not isinstance(literal, Literal) or operator not in (">=", ">"):
        return None
    scale = shapes[name[0]].derived[name[1]].scale
    value = str(literal.value)
    return (path, operator, value) if scale and value in scale.titles else None


def reads_of(rule: PolicyRule, shapes: Mapping[str, Shape]) -> tuple[frozenset[Name], frozenset[Name]]:
    """The derived names that a rule reads: those it only asks to be so bad (or passes on), and those it reads otherwise."""
    lifts: set[Name] = set()
    strict: set[Name] = set()
    for term in rule.terms():
        lifting = lifting_term(term, rule, shapes)
        if lifting is not None:
            name = derived_path(lifting[0], rule, shapes)
            if name is not None:
                lifts.add(name)
        else:
            strict.update(_names(term, rule, shapes, {}))
    passed = derived_path(rule.value.root, rule, shapes)
    if passed is not None:
        lifts.add(passed)
    else:
        strict.update(_names(rule.value.root, rule, shapes, {}))
    return frozenset(lifts), frozenset(strict)


def _names(node: Node, rule: PolicyRule, shapes: Mapping[str, Shape], elements: Mapping[str, str]) -> Iterator[Name]:
    if isinstance(node, Path):
        if node.variable:
            kind, name = elements.get(node.parts[0], ""), node.parts[-1]
        else:
            kind, name = rule.variables[node.parts[0]], node.parts[-1]
        if kind in shapes and name in shapes[kind].derived:
            yield kind, name
        return
    inner = elements
    if isinstance(node, Quantifier) and not node.source.variable and len(node.source.parts) == 2:
        variable, listed = node.source.parts
        related = shapes[rule.variables[variable]].lists.get(listed)
        inner = {**elements, node.variable: related.of if related else ""}
    if isinstance(node, Membership) and isinstance(node.container, Path):
        yield from _names(node.container, rule, shapes, inner)
    for child in children_of(node):
        yield from _names(child, rule, shapes, inner)


def put_in_order(
    rules: Sequence[PolicyRule], shapes: Mapping[str, Shape]
) -> tuple[tuple[Stratum, ...], tuple[Wrong, ...]]:
    """The rules in strata, each reading only what earlier ones settle; or every rule that stands in a circle."""
    reads = {rule.id: reads_of(rule, shapes) for rule in rules}
    direct: dict[Name, set[Name]] = {rule.name: set() for rule in rules}
    for rule in rules:
        direct[rule.name] |= {name for name in reads[rule.id][0] | reads[rule.id][1] if name in direct}
    reach = {name: _reached(name, direct) for name in direct}
    circular = frozenset(name for name in direct if name in reach[name])
    wrong = [fault for rule in rules for fault in _circles(rule, reads[rule.id], reach, circular, rules, shapes)]
    if wrong:
        return (), tuple(wrong)
    level: dict[Name, int] = {}
    while len(level) < len(direct):
        for name in direct:
            below = {other for other in direct[name] | reach[name] if name not in reach[other] and other != name}
            if name not in level and below <= level.keys():
                level[name] = 1 + max((level[other] for other in below), default=-1)
    strata = tuple(
        Stratum(chosen, frozenset(name for name in circular if level[name] == step))
        for step in sorted(set(level.values()))
        if (chosen := tuple(rule for rule in rules if level[rule.name] == step))
    )
    return strata, ()


def _reached(start: Name, direct: Mapping[Name, set[Name]]) -> frozenset[Name]:
    found: set[Name] = set()
    waiting = [*direct[start]]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(direct.get(name, ()))
    return frozenset(found)


def _circles(
    rule: PolicyRule,
    reads: tuple[frozenset[Name], frozenset[Name]],
    reach: Mapping[Name, frozenset[Name]],
    circular: frozenset[Name],
    rules: Sequence[PolicyRule],
    shapes: Mapping[str, Shape],
) -> Iterator[Wrong]:
    target = rule.name
    if target not in circular:
        return
    ring = {name for name in circular if name in reach[target] and target in reach[name]}
    shown = " → ".join(".".join(name) for name in sorted(ring))
    scales = {(found := shapes[kind].derived.get(name)) and found.scale and found.scale.name for kind, name in ring}
    if reads[1] & ring or len(scales) > 1 or None in scales:
        zh = f"推导成环：{shown}；只有同一等级表上的名称可以相互抬升，条件只能问“不好于”（>=、>）"
        en = f"what is derived goes in a circle: {shown}; only names on one scale may lift each other, asked by >= or > alone"
        yield Wrong(rule, "when", Text(zh, en))
        return
    if rule.priority:
        zh, en = "相互抬升的名称不能有优先级", "names that lift each other have no priority"
        yield Wrong(rule, "priority", Text(zh, en))
    if len(variables_in(rule.value.root)) > 1:
        zh, en = "相互抬升时，值只能来自一个事实", "where names lift each other the value comes from one fact"
        yield Wrong(rule, "then", Text(zh, en))
    for term in rule.terms():
        lifted = lifting_term(term, rule, shapes)
        if lifted is None and not is_plain(term):
            zh = f"相互抬升时，涉及两个事实的条件只能是相等：{term.text}"
            en = f"where names lift each other, a condition on two facts can only be that they are equal: {term.text}"
            yield Wrong(rule, "when", Text(zh, en))


def is_plain(term: Node) -> bool:
    """Whether matching alone can judge the term: it reads one fact, or asks two names of two facts to be equal."""
    return len(variables_in(term)) == 1 or joined(term) is not None


def joined(term: Node) -> tuple[Path, Path] | None:
    """The two names that the term asks to be equal, each of another fact."""
    if not isinstance(term, Comparison) or term.operator != "==":
        return None
    left, right = term.left, term.right
    if not isinstance(left, Path) or not isinstance(right, Path) or left.variable or right.variable:
        return None
    return (left, right) if left.parts[0] != right.parts[0] else None


def tied(rule: PolicyRule) -> tuple[str, ...]:
    """The variables from the subject on, each equal in something to one before it; those that are tied to none are left out."""
    pairs = [
        (left.parts[0], right.parts[0]) for term in rule.terms() if (pair := joined(term)) for left, right in [pair]
    ]
    order = [rule.subject]
    while more := [
        other
        for other in rule.variables
        if other not in order and any({other, one} in map(set, pairs) for one in order)
    ]:
        order.append(more[0])
    return tuple(order)
