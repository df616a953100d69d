"""Making a net smaller without changing whether it is sound, so that large diagrams are explored in no time.

Murata's fusions: what has only one way to go on is one place; alternatives that meet again at once are one; a split whose
ways meet in its own join is one step. A diagram of well-nested blocks shrinks to a handful of states.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from app.workflow.checking.net import Net, Transition


def reduced(net: Net) -> Net:
    """A net with the same findings by kind, of fewer places."""
    small = Net(list(net.initial), net.begun, net.covered, list(net.transitions), dict(net.at), dict(net.scope))
    while _fuse_places(small) or _fuse_splits(small):
        pass
    return small


def _fuse_places(net: Net) -> bool:
    """Fuse a place whose every consumer just moves its token on to one and the same place with that place."""
    consumers = _consumers(net.transitions)
    for place, using in consumers.items():
        if any(not each.plain or each.takes != {place} or len(each.gives) != 1 for each in using):
            continue
        loops = [each for each in using if each.gives == (place,)]
        onward = [each for each in using if each.gives != (place,)]
        targets = {each.gives[0] for each in onward}
        if len(targets) != 1:
            continue
        target = targets.pop()
        if net.scope[target] != net.scope[place]:
            continue
        passed = frozenset(element for each in (*onward, *loops) for element in (*each.elements, *each.covers))
        dropped = {id(each) for each in using}
        net.transitions = [
            _redirected(each, place, target, onward[0].elements, passed)
            for each in net.transitions
            if id(each) not in dropped
        ]
        if place in net.initial:
            net.initial = [target if each == place else each for each in net.initial]
            net.begun += onward[0].elements
            net.covered |= passed
        return True
    return False


def _redirected(
    each: Transition, place: str, target: str, elements: tuple[str, ...], passed: frozenset[str]
) -> Transition:
    empty, clears = each.empty - {place}, each.clears - {place}
    if place not in each.gives:
        return replace(each, empty=empty, clears=clears)
    return replace(
        each,
        gives=tuple(target if given == place else given for given in each.gives),
        elements=each.elements + elements,
        covers=each.covers | passed,
        empty=empty,
        clears=clears,
    )


def _fuse_splits(net: Net) -> bool:
    """Make one of a split and the join that takes exactly what the split gives."""
    consumers = _consumers(net.transitions)
    producers: dict[str, list[Transition]] = {}
    for each in net.transitions:
        for place in each.gives:
            producers.setdefault(place, []).append(each)
    for split in net.transitions:
        if not split.gives or not split.plain or len(set(split.gives)) != len(split.gives):
            continue
        using = consumers.get(split.gives[0], [])
        if len(using) != 1:
            continue
        join = using[0]
        if join is split or not join.plain or not join.gives or join.takes != set(split.gives):
            continue
        if any(len(producers[place]) != 1 or len(consumers[place]) != 1 for place in split.gives):
            continue
        if set(split.gives) & set(net.initial):
            continue
        around = {net.scope[place] for place in (*split.takes, *split.gives, *join.gives)}
        if len(around) != 1:
            continue
        one = Transition(split.takes, join.gives, split.elements + join.elements, covers=split.covers | join.covers)
        net.transitions = [each for each in net.transitions if each is not split and each is not join] + [one]
        return True
    return False


def _consumers(transitions: Iterable[Transition]) -> dict[str, list[Transition]]:
    found: dict[str, list[Transition]] = {}
    for each in transitions:
        for place in each.takes | each.joins:
            found.setdefault(place, []).append(each)
    return found
