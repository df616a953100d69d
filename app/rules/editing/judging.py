"""What can be said of one condition while it is written: what is wrong and where, what it means in words, its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from app.core.errors import Invalid
from app.core.text import Text
from app.language import Expression, ExpressionInvalid, Problem, parse, word
from app.rules.editing.names import pair
from app.rules.editing.trees import tree_of
from app.rules.expansion import Place, find_places
from app.rules.rule_reading import About

_MOST_EACH = 1000


@dataclass(frozen=True)
class Standing:
    """Where a condition stands: for all of a fact, or (`each`) at every place that a selection of the catalogue gives."""

    about: About
    each: str = ""
    places: tuple[Place, ...] = ()
    wrong: tuple[Text, ...] = ()

    @property
    def first(self) -> Place | None:
        return self.places[0] if self.places else None

    def names(self) -> Mapping[str, Any]:
        """What is known beside the vocabulary."""
        first = self.first
        return {} if first is None else {"names": first.names, "variables": first.variables, "lists": first.lists}


def standing_of(about: About, each: object) -> Standing:
    """Where a condition stands, by the text of its `each` ('' or None: nowhere in particular)."""
    if not each:
        return Standing(about)
    data, wrong = read_each(each)
    if wrong is not None or about.record is None:
        told = wrong or Text("选取范围只用于记录规则", "a selection is for rules about records")
        return Standing(about, str(each), wrong=(told,))
    places, faults = find_places(data, about.record, about.vocabulary)
    return Standing(about, str(each), tuple(places), tuple(fault.message for fault in faults))


def read_each(text: object) -> tuple[Any, Text | None]:
    """The selection that a text of the form `of: item, types: [D]` says, or what is wrong with it."""
    wrong = Text("选取范围应形如 of: item, types: [D]", "a selection is written like of: item, types: [D]")
    if not isinstance(text, str) or len(text) > _MOST_EACH or "&" in text or "*" in text:
        return None, wrong
    try:
        data = yaml.load("{" + text.strip().removeprefix("{").removesuffix("}") + "}", Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return None, wrong
    return (data, None) if isinstance(data, dict) and data else (None, wrong)


@dataclass(frozen=True)
class Judged:
    """A condition judged: either it has `problems`, or it means something."""

    text: str
    expression: Expression | None = None
    problems: tuple[Problem, ...] = ()
    lists: Mapping[str, Any] = field(default_factory=dict)
    places: int = 0

    def as_data(self) -> dict[str, Any]:
        """Fit for JSON: text, problems, words in both languages, the type of the answer, and rows."""
        found = self.expression
        told = [
            {"line": each.line, "column": each.column, "message": pair(each.message), "nearest": each.nearest}
            for each in self.problems
        ]
        return {
            "text": self.text,
            "problems": told,
            "words": pair(word(found)) if found else None,
            "type": "bool" if found else None,
            "tree": tree_of(found.root, self.lists) if found else None,
            "places": self.places,
        }


def judge(text: object, standing: Standing) -> Judged:
    """Read a condition as it would be read in the ruleset. Raises Invalid (`rules.request`) for what is no text."""
    if not isinstance(text, str):
        raise Invalid("rules.request", Text("缺少条件", "the condition is missing"))
    if standing.wrong:
        return Judged(text, problems=tuple(Problem(1, 1, each) for each in standing.wrong))
    vocabulary = standing.about.vocabulary
    first: Expression | None = None
    try:
        for place in standing.places or (None,):
            given: Mapping[str, Any] = (
                {} if place is None else {"names": place.names, "variables": place.variables, "lists": place.lists}
            )
            expression = parse(text, vocabulary, **given)
            first = first or expression
    except ExpressionInvalid as refused:
        return Judged(text, problems=refused.problems)
    lists = standing.first.lists if standing.first else {}
    return Judged(text, first, lists=lists, places=len(standing.places))
