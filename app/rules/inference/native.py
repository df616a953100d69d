"""A stratum of rules as the engine takes it: patterns over numbers, and the messages that stand for the facts.

The engine is given what it has shown to be good at: numbers against literals, and equality between facts. All else is
computed beforehand into a flag of the message, or asked of the interpreter when the engine has matched. Texts and dates
become numbers here, so no value of a customer reaches the engine's process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from app.language import Kind, Scalar, compile_node
from app.language.nodes import Comparison, Literal, Node, Path
from app.language.values import read_number
from app.rules.inference.dependencies import derived_path, joined, lifting_term, tied, variables_in
from app.rules.inference.facts import Record
from app.rules.inference.policy import Policy, PolicyRule, Stratum
from app.rules.inference.world import Compiled, Firing, World, compile_rule

_OPERATORS: Final = {"==": "", "!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
_TURNED: Final = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

Pattern = dict[str, Any]


@dataclass
class Plan:
    """A stratum made ready: `rules` for the engine, and for each kind of fact what its messages must carry."""

    name: str
    compiled: Mapping[str, Compiled]
    order: tuple[str, ...]
    rules: list[dict[str, Any]] = field(default_factory=list)
    numbers: dict[str, set[str]] = field(default_factory=dict)
    codes: dict[str, dict[str, Callable[[Record], Any]]] = field(default_factory=dict)
    flags: dict[str, list[tuple[str, str, Callable[..., Any]]]] = field(default_factory=dict)
    ranks: dict[str, list[tuple[str, str, Compiled]]] = field(default_factory=dict)

    def messages(self, world: World) -> tuple[list[dict[str, Any]], list[str]]:
        """The facts as messages, and the key of each by its number `k`."""
        codes: dict[object, int] = {}
        messages: list[dict[str, Any]] = []
        keys: list[str] = []
        wanted = {kind for each in self.compiled.values() for kind in each.rule.variables.values()}
        for kind in sorted(wanted):
            for key, record in world.records[kind].items():
                messages.append(self._message(world, kind, record, len(keys), codes))
                keys.append(key)
        return messages, keys

    def _message(
        self, world: World, kind: str, record: Record, number: int, codes: dict[object, int]
    ) -> dict[str, Any]:
        message: dict[str, Any] = {"t": kind, "k": number}
        for name in self.numbers.get(kind, ()):
            value = read_number(record.get(name))
            message[f"n_{name}"] = 0 if value is None else value
            message[f"p_{name}"] = int(value is not None)
        for name, read in self.codes.get(kind, {}).items():
            value = read(record)
            # What is missing equals nothing, not even what is missing elsewhere: a number of its own.
            message[f"c_{name}"] = -1 - number if value is None else codes.setdefault(value, len(codes))
        for name, variable, test in self.flags.get(kind, ()):
            message[name] = int(test({variable: record}))
        for name, variable, compiled in self.ranks.get(kind, ()):
            value = compiled.value({variable: record}, {})
            message[name] = -1 if value is None else world.rank(compiled.rule, value)
        return message

    def firings(self, matches: list[list[Any]], keys: list[str], policy: Policy) -> list[Firing]:
        """What the engine has matched, in our terms."""
        found: dict[Firing, None] = {}
        for rule_number, numbers, ranks in matches:
            compiled = self.compiled[self.order[rule_number]]
            bound = {name: keys[number] for name, number in zip(tied(compiled.rule), numbers, strict=True)}
            lifted = tuple(
                _scale_values(policy, compiled.rule, each)[rank]
                for each, rank in zip(compiled.lifted, ranks, strict=True)
            )
            found[Firing(compiled.rule.id, tuple(bound[name] for name in compiled.rule.variables), lifted)] = None
        return list(found)


def plans_of(policy: Policy) -> tuple[Plan, ...]:
    """The strata of a policy, made ready once a process for each edition."""
    return _plans(_Keyed(policy))


class _Keyed:
    """A policy under its edition, for the cache."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def __hash__(self) -> int:
        return hash(self.policy.edition)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and self.policy.edition == other.policy.edition


@lru_cache(maxsize=32)
def _plans(keyed: _Keyed) -> tuple[Plan, ...]:
    policy = keyed.policy
    return tuple(_plan(policy, stratum, number) for number, stratum in enumerate(policy.strata))


def _plan(policy: Policy, stratum: Stratum, number: int) -> Plan:
    compiled = {rule.id: compile_rule(rule, stratum, policy.shapes) for rule in stratum.rules}
    plan = Plan(f"{policy.edition}_{number}", compiled, tuple(compiled))
    names = {name: index for index, name in enumerate(sorted(stratum.lifting))}
    for index, each in enumerate(compiled.values()):
        plan.rules.append(_Compiling(plan, policy, each, index, names).rule())
    return plan


class _Compiling:
    """Writes one rule; what its messages need is noted in the plan."""

    def __init__(
        self, plan: Plan, policy: Policy, compiled: Compiled, index: int, names: Mapping[tuple[str, str], int]
    ) -> None:
        self.plan = plan
        self.policy = policy
        self.compiled = compiled
        self.given = compiled.rule
        self.index = index
        self.names = names
        # The engine dies of facts that are not tied to one before them.
        self.variables = list(tied(self.given))
        self.patterns: list[list[Pattern]] = [[{"t": self.given.variables[name]}] for name in self.variables]
        self.flagged: dict[str, list[Node]] = {}

    def rule(self) -> dict[str, Any]:
        """Patterns and what follows from a match, as plain values."""
        lifting = {each: number for number, each in enumerate(self.compiled.lifted)}
        least = dict.fromkeys(self.compiled.lifted, 0)
        for term in self.given.terms():
            asked = lifting_term(term, self.given, self.policy.shapes)
            if asked is not None and (place := (asked[0].parts[0], asked[0].parts[1])) in lifting:
                values = _scale_values(self.policy, self.given, place)
                least[place] = max(least[place], values.index(asked[2]) + (asked[1] == ">"))
            else:
                self.term(term)
        for variable, terms in self.flagged.items():
            self.flag(variable, terms)
        rank = self.rank()
        for (variable, name), rank_at_least in least.items():
            at = self.variables.index(variable)
            number = self.names[self.given.variables[variable], name]
            self.patterns.append(
                [{"t": "derived"}, {"n": number}, {"k": {f"m{at}": "k"}}, {"$gte": {"r": rank_at_least}}]
            )
        target = self.names.get(self.given.name, -1)
        return {"patterns": self.patterns, "facts": len(self.variables), "derives": target, "rank": rank}

    def term(self, term: Node) -> None:
        """One condition: into a pattern, into a flag, or left for afterwards."""
        pair = joined(term)
        if pair is not None and all(self.own_field(path) for path in pair):
            self.join(*pair)
            return
        reads = variables_in(term)
        if len(reads) != 1:
            return
        (variable,) = reads
        if not self.number(term, variable):
            self.flagged.setdefault(variable, []).append(term)

    def own_field(self, path: Path) -> bool:
        return len(path.parts) == 2 and isinstance(path.type, Scalar)

    def join(self, left: Path, right: Path) -> None:
        first, second = sorted((left, right), key=lambda path: self.variables.index(path.parts[0]))
        names = [self.code(first), self.code(second)]
        at = self.variables.index(first.parts[0])
        self.patterns[self.variables.index(second.parts[0])].append({names[1]: {f"m{at}": names[0]}})

    def code(self, path: Path) -> str:
        """The field of the message that holds the number of the path's value."""
        variable, name = path.parts
        kind = self.given.variables[variable]
        # The same field read as text or as what it is may be two different values.
        field_name = f"{name}_{path.type.kind}" if isinstance(path.type, Scalar) else name
        value = compile_node(path)
        self.plan.codes.setdefault(kind, {})[field_name] = lambda record: value({variable: record}, {})
        return f"c_{field_name}"

    def number(self, term: Node, variable: str) -> bool:
        """Write a comparison of a delivered number with a literal; False if the term is something else."""
        if not isinstance(term, Comparison):
            return False
        path, literal, operator = term.left, term.right, term.operator
        if isinstance(path, Literal):
            path, literal, operator = literal, path, _TURNED[operator]
        if not isinstance(path, Path) or not isinstance(literal, Literal) or type(literal.value) is not int:
            return False
        name = path.parts[-1]
        shape = self.policy.shapes[self.given.variables[variable]]
        if path.variable or not self.own_field(path) or name not in shape.fields or path.type != Scalar(Kind.NUMBER):
            return False
        self.plan.numbers.setdefault(shape.name, set()).add(name)
        test: Pattern = {f"n_{name}": literal.value}
        test = {_OPERATORS[operator]: test} if _OPERATORS[operator] else test
        self.patterns[self.variables.index(variable)] += [{f"p_{name}": 1}, test]
        return True

    def flag(self, variable: str, terms: list[Node]) -> None:
        name = f"f_{self.index}_{self.variables.index(variable)}"
        tests = [compile_node(term) for term in terms]
        kind = self.given.variables[variable]
        self.plan.flags.setdefault(kind, []).append(
            (name, variable, lambda fact: all(test(fact, {}) is True for test in tests))
        )
        self.patterns[self.variables.index(variable)].append({name: 1})

    def rank(self) -> list[Any]:
        """Where the engine finds the rank of the value it derives: fixed, of a lifting name, or a field of a message."""
        if self.given.name not in self.names:
            return []
        root = self.given.value.root
        if isinstance(root, Literal):
            kind, name = self.given.name
            scale = self.policy.shapes[kind].derived[name].scale
            return ["is", scale.values.index(str(root.value)) if scale else 0]
        if derived_path(root, self.given, self.policy.shapes) in self.names and isinstance(root, Path):
            return ["of", len(self.variables) + self.compiled.lifted.index((root.parts[0], root.parts[1])), "r"]
        (variable,) = variables_in(root)
        at, name = self.variables.index(variable), f"r_{self.index}"
        self.plan.ranks.setdefault(self.given.variables[variable], []).append((name, variable, self.compiled))
        self.patterns[at].append({"$gte": {name: 0}})
        return ["of", at, name]


def _scale_values(policy: Policy, rule: PolicyRule, place: tuple[str, str]) -> tuple[str, ...]:
    variable, name = place
    scale = policy.shapes[rule.variables[variable]].derived[name].scale
    return scale.values if scale else ()
