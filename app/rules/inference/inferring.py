"""Inference on the engine: stratum by stratum, many sets of facts at a time."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.errors import CreditLinkError
from app.rules.inference.facts import Facts
from app.rules.inference.native import Plan, plans_of
from app.rules.inference.outcome import Inference
from app.rules.inference.policy import Policy, Stratum
from app.rules.inference.supervision import Engine, engine
from app.rules.inference.world import MOST_FIRINGS, World, too_many

Judged = Inference | CreditLinkError
"""What came of one set of facts: its inference, or what the user has to be told."""


def infer(policy: Policy, facts: Facts, on: Engine | None = None) -> Inference:
    """All outcomes of the facts. Raises Invalid where rules contradict each other or fire beyond all bounds, and
    EngineFailed."""
    (judged,) = infer_all(policy, [facts], on)
    if isinstance(judged, CreditLinkError):
        raise judged
    return judged


def infer_all(policy: Policy, several: Sequence[Facts], on: Engine | None = None) -> list[Judged]:
    """As `infer` for each set of facts by itself; one that cannot be judged keeps none of the others. Raises EngineFailed."""
    worlds = [World(policy, facts) for facts in several]
    failed: dict[int, CreditLinkError] = {}
    for stratum, plan in zip(policy.strata, plans_of(policy), strict=True):
        running = [number for number in range(len(worlds)) if number not in failed]
        _stratum(policy, stratum, plan, {number: worlds[number] for number in running}, failed, on or engine())
    return [failed.get(number) or world.inference() for number, world in enumerate(worlds)]


def _stratum(
    policy: Policy,
    stratum: Stratum,
    plan: Plan,
    worlds: dict[int, World],
    failed: dict[int, CreditLinkError],
    on: Engine,
) -> None:
    cases, keys = {}, {}
    for number, world in worlds.items():
        try:
            cases[number], keys[number] = plan.messages(world)
        except CreditLinkError as error:
            failed[number] = error
    found = on.match(plan.name, plan.rules, list(cases.values()), MOST_FIRINGS)
    for number, matches in zip(cases, found, strict=True):
        try:
            if matches is None:
                raise too_many()
            worlds[number].settle(stratum, plan.compiled, plan.firings(matches, keys[number], policy))
        except CreditLinkError as error:
            failed[number] = error
