"""The frozen form of a policy after loading: what facts there are, what is derived from them, and by which rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.core.text import Text
from app.language import Expression, Field, Kind, ListOf, Scalar, Struct, Vocabulary
from app.language.nodes import Logic, Node

OUTCOME = "outcome"
"""The derived name that a verdict is made of."""

Name = tuple[str, str]
"""A derived name: the fact it is about and its own name (`loan`, `floor`)."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from the best to the worst. They rise in the order of text, so `>=` in a condition means as bad or worse."""

    name: str
    title: Text
    titles: Mapping[str, Text]

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(self.titles)


@dataclass(frozen=True, slots=True)
class Derived:
    """A name that rules give a value. With a scale the worst of several values counts, else they must be the same."""

    name: str
    title: Text
    kind: Kind
    scale: Scale | None = None


@dataclass(frozen=True, slots=True)
class Related:
    """All facts `of` a kind that name this fact's key in their field `by`, as a list."""

    name: str
    title: Text
    of: str
    by: str


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of fact: its fields as delivered, the field that is its key, what is derived for it, what refers to it."""

    name: str
    title: Text
    key: str
    fields: Mapping[str, Field]
    scales: Mapping[str, Scale] = field(default_factory=dict)
    derived: Mapping[str, Derived] = field(default_factory=dict)
    lists: Mapping[str, Related] = field(default_factory=dict)

    def flat(self) -> dict[str, Field]:
        """Fields and derived names, as the language knows them."""
        made = {name: Field(name, Scalar(each.kind), each.title, written=False) for name, each in self.derived.items()}
        return {**self.fields, **made}


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """Where `when` is true of facts bound to the variables, the first of them gets `value` under the name `target`.

    Different variables stand for different facts. Values of a higher `priority` put lower ones aside. `when` None is always.
    """

    id: str
    title: Text
    variables: Mapping[str, str]
    when: Expression | None
    target: str
    value: Expression
    priority: int
    note: Text | None
    file: str
    line: int

    @property
    def subject(self) -> str:
        """The variable of the fact that gets the value."""
        return next(iter(self.variables))

    @property
    def name(self) -> Name:
        return self.variables[self.subject], self.target

    def terms(self) -> tuple[Node, ...]:
        """The conditions that must all be true, each by itself."""
        if self.when is None:
            return ()
        root = self.when.root
        return root.terms if isinstance(root, Logic) and root.operator == "and" else (root,)


@dataclass(frozen=True, slots=True)
class Stratum:
    """Rules judged together once all that they read is settled, save `lifting` names, which lift each other up a scale."""

    rules: tuple[PolicyRule, ...]
    lifting: frozenset[Name]


@dataclass(frozen=True, slots=True)
class Policy:
    """A loaded policy. Facts of the kind `about` get an outcome; `default` is theirs where no rule gives one, '' for none."""

    name: str
    title: Text
    basis: tuple[Text, ...]
    effective_from: str
    shapes: Mapping[str, Shape]
    about: str
    default: str
    rules: tuple[PolicyRule, ...]
    strata: tuple[Stratum, ...]
    edition: str
    path: Path
    kind: str = "policy"

    def rule(self, rule_id: str) -> PolicyRule:
        """The rule of that id; KeyError if there is none."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise KeyError(rule_id)


def vocabulary_of(shapes: Mapping[str, Shape], variables: Mapping[str, str]) -> Vocabulary:
    """The names a rule may use: each variable with its fact's fields, derived names and lists of referring facts."""
    return Vocabulary({name: _variable(shapes, name, shapes[kind]) for name, kind in variables.items()})


def _variable(shapes: Mapping[str, Shape], name: str, shape: Shape) -> Field:
    lists = {
        each.name: Field(each.name, ListOf(Struct(shapes[each.of].flat())), each.title)
        for each in shape.lists.values()
        if each.of in shapes
    }
    return Field(name, Struct({**shape.flat(), **lists}), shape.title)


def worst(values: Iterable[object]) -> object:
    """The worst of values on one scale."""
    return max(values, key=str)
