"""Inference by the interpreter alone: every rule is tried on every combination of facts until nothing new comes of it.

Slow and plain. It is what the evaluation on the engine must agree with.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from app.language import evaluate
from app.rules.inference.facts import Facts
from app.rules.inference.outcome import Inference, Point
from app.rules.inference.policy import Policy, Stratum
from app.rules.inference.world import MOST_FIRINGS, Compiled, Firing, World, compile_rule, too_many


def infer_plainly(policy: Policy, facts: Facts) -> Inference:
    """All outcomes of the facts. Raises Invalid where rules contradict each other or fire beyond all bounds."""
    world = World(policy, facts)
    for stratum in policy.strata:
        compiled = {rule.id: compile_rule(rule, stratum, policy.shapes) for rule in stratum.rules}
        world.settle(stratum, compiled, _firings(world, stratum, compiled))
    return world.inference()


def _firings(world: World, stratum: Stratum, compiled: Mapping[str, Compiled]) -> list[Firing]:
    """All firings of a stratum: rounds over all rules, until one round brings no new value."""
    found: dict[Firing, None] = {}
    known: dict[tuple[str, str, str], dict[str, None]] = {}
    new = True
    while new:
        new = False
        for each in compiled.values():
            for firing, point in _tried(world, each, known):
                found[firing] = None
                if len(found) > MOST_FIRINGS:
                    raise too_many()
                kind, key, name, value = point
                if (kind, name) in stratum.lifting and value not in known.get((kind, key, name), ()):
                    known.setdefault((kind, key, name), {})[str(value)] = None
                    new = True
    return list(found)


def _tried(
    world: World, compiled: Compiled, known: Mapping[tuple[str, str, str], Mapping[str, None]]
) -> Iterator[tuple[Firing, Point]]:
    rule = compiled.rule
    for keys in itertools.product(*(world.records[kind] for kind in rule.variables.values())):
        named = list(zip(rule.variables.values(), keys, strict=True))
        if len(set(named)) < len(named):
            continue
        kinds = dict(zip(rule.variables, named, strict=True))
        choices = [tuple(known.get((*kinds[variable], name), ())) for variable, name in compiled.lifted]
        for values in itertools.product(*choices):
            lifted = dict(zip(compiled.lifted, values, strict=True))
            fact = world.bound(rule, keys, lifted)
            if rule.when is not None and evaluate(rule.when, fact).state != "true":
                continue
            value = evaluate(rule.value, fact).value
            if value is not None:
                world.rank(rule, value)
                yield Firing(rule.id, keys, values), (*rule.name[:1], keys[0], rule.name[1], value)
