"""The facts of one inference while it runs: what is given, what has been derived so far, and why.

Both evaluators say only which rules fire for which facts; what follows from that is settled here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from app.core.errors import Invalid
from app.core.text import Text
from app.language import Condition, compile_node
from app.language.nodes import Logic, Membership, Node, Path, Quantifier, children_of
from app.language.types import Scalar
from app.language.values import read_text
from app.rules.inference.dependencies import derived_path, is_plain, lifting_term
from app.rules.inference.facts import Facts, Record
from app.rules.inference.outcome import Derivation, Inference, Outcome, Point, Read
from app.rules.inference.policy import OUTCOME, Policy, PolicyRule, Shape, Stratum, worst

MOST_FIRINGS: Final = 200_000
"""As often at most may the rules of a policy fire in one inference."""

Lifted = tuple[tuple[str, str], ...]
"""Variables and the names they lift with, as (`other`, `floor`)."""


@dataclass(frozen=True, slots=True)
class Firing:
    """A rule whose conditions hold for facts: their keys in the order of its variables, and the values of what it lifts by."""

    rule: str
    keys: tuple[str, ...]
    lifted: tuple[str, ...] = ()


def too_many() -> Invalid:
    return Invalid(
        "rules.inference_bound",
        Text(
            f"规则触发超过{MOST_FIRINGS}次，请把事实分开或收紧条件",
            f"the rules fired more than {MOST_FIRINGS} times: split the facts or narrow the conditions",
        ),
    )


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rule ready to be judged. `plain` terms are judged by matching, `rest` are left to the interpreter."""

    rule: PolicyRule
    plain: tuple[Condition, ...]
    rest: tuple[Condition, ...]
    value: Condition
    lifted: Lifted


def compile_rule(rule: PolicyRule, stratum: Stratum, shapes: Mapping[str, Shape]) -> Compiled:
    """The rule as it is judged in its stratum."""
    lifted: dict[tuple[str, str], None] = {}
    nodes = [term[0] for each in rule.terms() if (term := lifting_term(each, rule, shapes))] + [rule.value.root]
    for node in nodes:
        if derived_path(node, rule, shapes) in stratum.lifting and isinstance(node, Path):
            lifted[node.parts[0], node.parts[1]] = None
    plain = [term for term in rule.terms() if is_plain(term)]
    rest = [term for term in rule.terms() if not is_plain(term)]
    return Compiled(
        rule,
        tuple(compile_node(term) for term in plain),
        tuple(compile_node(term) for term in rest),
        compile_node(rule.value.root),
        tuple(lifted),
    )


class World:
    """Given facts with their lists; `settle` adds what a stratum derives."""

    def __init__(self, policy: Policy, facts: Facts) -> None:
        self.policy = policy
        self.records: dict[str, dict[str, Record]] = {
            kind: {key: dict(record) for key, record in rows.items()} for kind, rows in facts.items()
        }
        self.derivations: list[Derivation] = []
        for kind, shape in policy.shapes.items():
            for related in shape.lists.values():
                referring: dict[str, list[Record]] = {}
                for record in self.records[related.of].values():
                    if (named := read_text(record.get(related.by))) is not None:
                        referring.setdefault(named, []).append(record)
                for key, record in self.records[kind].items():
                    record[related.name] = referring.get(key, [])

    def bound(self, rule: PolicyRule, keys: Sequence[str], lifted: Mapping[tuple[str, str], str]) -> dict[str, Record]:
        """The fact a rule is judged on: its variables with their records, lifted names with the given values."""
        fact = {name: self.records[kind][key] for (name, kind), key in zip(rule.variables.items(), keys, strict=True)}
        for (variable, name), value in lifted.items():
            fact[variable] = {**fact[variable], name: value}
        return fact

    def settle(self, stratum: Stratum, compiled: Mapping[str, Compiled], firings: Iterable[Firing]) -> None:
        """Take up all firings of a stratum: values, their order, their reasons. Raises Invalid where rules contradict."""
        made = [each for firing in firings if (each := self._derived(compiled[firing.rule], firing)) is not None]
        if len(made) + len(self.derivations) > MOST_FIRINGS:
            raise too_many()
        steps = _steps(made, stratum)
        priority = {rule.id: rule.priority for rule in stratum.rules}
        kept: list[Derivation] = []
        by_name: dict[tuple[str, str, str], list[Derivation]] = {}
        for each in made:
            by_name.setdefault((each.kind, each.key, each.name), []).append(each)
        for (kind, key, name), several in by_name.items():
            highest = max(priority[each.rule] for each in several)
            value = self._agreed(kind, key, name, [each for each in several if priority[each.rule] == highest])
            self.records[kind][key][name] = value
            for each in several:
                step = steps[each.point]
                if all(steps[read.source] < step for read in each.reads if read.source in steps):
                    stands = priority[each.rule] == highest and each.value == value
                    kept.append(replace(each, step=step, stands=stands))
        self.derivations += sorted(kept, key=_place)

    def inference(self) -> Inference:
        """What it all came to."""
        by_point: dict[Point, list[int]] = {}
        for number, each in enumerate(self.derivations):
            by_point.setdefault(each.point, []).append(number)
        about, default = self.policy.about, self.policy.default or None
        outcomes = []
        for key, record in self.records[about].items():
            value = record.get(OUTCOME)
            mine = [n for n in by_point.get((about, key, OUTCOME, value), ()) if self.derivations[n].stands]
            rules = tuple(dict.fromkeys(self.derivations[number].rule for number in mine))
            outcomes.append(Outcome(key, default if value is None else value, rules, self._closure(mine, by_point)))
        return Inference(tuple(outcomes), tuple(self.derivations))

    def _closure(self, start: Sequence[int], by_point: Mapping[Point, Sequence[int]]) -> tuple[Derivation, ...]:
        """The derivations with all that they rest on, what comes first first."""
        found: set[int] = set()
        waiting = [*start]
        while waiting:
            number = waiting.pop()
            if number not in found:
                found.add(number)
                for read in self.derivations[number].reads:
                    waiting.extend(by_point.get(read.source, ()) if read.source is not None else ())
        return tuple(self.derivations[number] for number in sorted(found))

    def _derived(self, compiled: Compiled, firing: Firing) -> Derivation | None:
        rule = compiled.rule
        lifted = dict(zip(compiled.lifted, firing.lifted, strict=True))
        fact = self.bound(rule, firing.keys, lifted)
        if any(term(fact, {}) is not True for term in compiled.rest):
            return None
        if any(term(fact, {}) is not True for term in compiled.plain):
            raise RuntimeError(f"{rule.id} was fired for facts that do not fit it")
        value = compiled.value(fact, {})
        if value is None:
            return None
        self.rank(rule, value)
        kind, name = rule.name
        bound = dict(zip(rule.variables, firing.keys, strict=True))
        nodes = ([rule.when.root] if rule.when else []) + [rule.value.root]
        reads = tuple(dict.fromkeys(read for node in nodes for read in self._reads(node, rule, fact, bound, {}, {})))
        return Derivation(rule.id, kind, firing.keys[0], name, value, bound, reads, 0, True)

    def rank(self, rule: PolicyRule, value: object) -> int:
        """The place on its scale of a value that the rule gives, the best 0; 0 without a scale. Raises Invalid off the scale."""
        kind, name = rule.name
        scale = self.policy.shapes[kind].derived[name].scale
        if scale is None:
            return 0
        if value not in scale.titles:
            message = Text(
                f"规则{rule.id}给出的“{value}”不在等级表{scale.name}中",
                f"rule {rule.id} gives “{value}”, which is not on the scale {scale.name}",
            )
            raise Invalid("rules.off_scale", message)
        return scale.values.index(str(value))

    def _agreed(self, kind: str, key: str, name: str, several: Sequence[Derivation]) -> object:
        if self.policy.shapes[kind].derived[name].scale is not None:
            return worst(each.value for each in several)
        values = {each.value for each in several}
        if len(values) > 1:
            rules = ", ".join(sorted({each.rule for each in several}))
            message = Text(
                f"{kind} {name}：规则{rules}给出的值互相矛盾；请用priority定先后",
                f"{kind} {name}: rules {rules} contradict each other; let a priority decide",
            )
            raise Invalid("rules.contradiction", message)
        return values.pop()

    def _reads(
        self,
        node: Node,
        rule: PolicyRule,
        fact: Mapping[str, Any],
        bound: Mapping[str, str],
        scope: Mapping[str, Any],
        places: Mapping[str, tuple[str, str, str]],
    ) -> Iterator[Read]:
        """The values that an expression read; `places` are text, kind and key of the elements quantifiers stand on."""
        match node:
            case Path():
                if isinstance(node.type, Scalar):
                    yield self._read(node, rule, compile_node(node)(fact, scope), bound, places)
            case Logic(operator="or"):
                true = [term for term in node.terms if compile_node(term)(fact, scope) is True]
                for term in true or node.terms:
                    yield from self._reads(term, rule, fact, bound, scope, places)
            case Quantifier() if not node.source.variable and len(node.source.parts) == 2:
                yield from self._element_reads(node, rule, fact, bound, scope, places)
            case _:
                if isinstance(node, Membership) and isinstance(node.container, Path):
                    yield from self._reads(node.container, rule, fact, bound, scope, places)
                for child in children_of(node):
                    yield from self._reads(child, rule, fact, bound, scope, places)

    def _element_reads(
        self,
        node: Quantifier,
        rule: PolicyRule,
        fact: Mapping[str, Any],
        bound: Mapping[str, str],
        scope: Mapping[str, Any],
        places: Mapping[str, tuple[str, str, str]],
    ) -> Iterator[Read]:
        variable, listed = node.source.parts
        of = self.policy.shapes[self.policy.shapes[rule.variables[variable]].lists[listed].of]
        for element in fact[variable][listed]:
            key = read_text(element.get(of.key)) or ""
            inner = {**scope, node.variable: element}
            where = {**places, node.variable: (f"{node.source.text}[{key}]", of.name, key)}
            nodes = ([node.condition] if node.condition is not None else []) + [*node.body]
            for part in nodes:
                yield from self._reads(part, rule, fact, bound, inner, where)

    def _read(
        self,
        path: Path,
        rule: PolicyRule,
        value: object,
        bound: Mapping[str, str],
        places: Mapping[str, tuple[str, str, str]],
    ) -> Read:
        first, name = path.parts[0], path.parts[-1]
        if path.variable and first in places:
            text, kind, key = places[first]
            text = f"{text}.{name}"
        elif not path.variable:
            text, kind, key = path.text, rule.variables[first], bound[first]
        else:
            return Read(path.text, value)
        derived = name in self.policy.shapes[kind].derived and value is not None
        return Read(text, value, (kind, key, name, value) if derived else None)


def _steps(made: Sequence[Derivation], stratum: Stratum) -> dict[Point, int]:
    """For each value the least number of links before it: reasons go back to earlier links only, never in a circle."""
    steps: dict[Point, int] = {}
    inside: list[tuple[Point, tuple[Point, ...]]] = []
    points = {each.point for each in made}
    for each in made:
        sources = tuple(
            read.source
            for read in each.reads
            if read.source is not None and (read.source[0], read.source[2]) in stratum.lifting and read.source in points
        )
        if sources:
            inside.append((each.point, sources))
        else:
            steps[each.point] = 0
    changed = True
    while changed:
        changed = False
        for point, sources in inside:
            if all(source in steps for source in sources):
                step = 1 + max(steps[source] for source in sources)
                if step < steps.get(point, step + 1):
                    steps[point] = step
                    changed = True
    return steps


def _place(each: Derivation) -> tuple[object, ...]:
    """Where a derivation stands among those of its stratum, whatever the order in which rules fired."""
    reads = tuple((read.path, str(read.value)) for read in each.reads)
    return each.step, each.kind, each.key, each.name, each.rule, tuple(each.bound.values()), str(each.value), reads
