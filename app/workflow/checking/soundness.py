"""Whether a process can always end, and end clean: every state that its tokens can reach is visited.

The order in which branches are worked on is free, and so is what conditions say. Found are: a place where the process waits
for ever, work that two tokens reach at once, ends that leave work behind, loops with no way out, and what nothing reaches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from app.core.text import Text
from app.workflow.checking.graph import Graph
from app.workflow.checking.net import Net, Transition, build
from app.workflow.checking.reduction import reduced
from app.workflow.checking.report import Problem, Severity

MOST_STATES: Final = 50_000
_MOST_TO_LOCATE: Final = 4_000
"""States of the whole net that are visited to say where something is wrong, once it is known that something is."""
_MOST_ELEMENTS: Final = 500
_MOST_PATH: Final = 40
"""Elements of a path that are put into words."""


@dataclass(frozen=True, slots=True)
class Soundness:
    """`sound` is None where the process has no beginning or has more states than are visited."""

    sound: bool | None
    problems: tuple[Problem, ...] = ()
    states: int = 0


def explore(graph: Graph, process: str) -> Soundness:
    """Play the token game on a process; one whose ids are not unique cannot be told apart, and is not explored."""
    if graph.repeated:
        return Soundness(None)
    if len(graph.nodes) > _MOST_ELEMENTS:
        return Soundness(None, (_too_large(),))
    net = build(graph, process)
    if not net.initial:
        return Soundness(None)
    quick = _Exploration(reduced(net))
    quick.run()
    if quick.complete and quick.is_sound and not _dead(graph, process, quick):
        return Soundness(True, (), len(quick.seen))
    # The small net says that something is wrong; the whole one says where.
    full = _Exploration(net)
    full.run(_MOST_TO_LOCATE)
    chosen = full if full.complete or not full.is_sound else quick
    if not chosen.complete and chosen.is_sound:
        return Soundness(None, (_too_large(),), len(chosen.seen))
    problems = tuple(_worded(graph, process, chosen))
    return Soundness(not any(each.severity == "error" for each in problems), problems, len(chosen.seen))


@dataclass(slots=True)
class _Move:
    """A transition as bits."""

    source: Transition
    takes: int
    gives: int
    keeps: int
    empty: int
    doubled: int
    """places that it gives two tokens at once"""


@dataclass(slots=True)
class _Exploration:
    net: Net
    seen: dict[int, tuple[int, Transition] | None] = field(default_factory=dict)
    """how each state was first reached"""
    before: dict[int, list[int]] = field(default_factory=dict)
    stuck: list[int] = field(default_factory=list)
    doubled: dict[str, tuple[int, Transition]] = field(default_factory=dict)
    thrown: dict[str, int] = field(default_factory=dict)
    covered: set[str] = field(default_factory=set)
    complete: bool = True
    clean: bool = True
    """whether no error is left uncaught"""
    places: list[str] = field(default_factory=list)
    _bit: dict[str, int] = field(default_factory=dict)
    _upstream: dict[int, int] = field(default_factory=dict)

    @property
    def is_sound(self) -> bool:
        return not (self.stuck or self.doubled or self.endless() or self.thrown)

    def run(self, most: int = MOST_STATES) -> None:
        self.places = list(self.net.at)
        self._bit = {place: 1 << number for number, place in enumerate(self.places)}
        moves = [self._as_bits(each) for each in self.net.transitions]
        at: dict[int, list[int]] = {}
        for number, move in enumerate(moves):
            needs = self._bits(move.source.joins) or move.takes & -move.takes
            for place in self._each(needs):
                at.setdefault(place, []).append(number)
        self._find_upstream(moves)
        self.covered = {*self.net.begun, *self.net.covered}
        first = self._bits(self.net.initial)
        self.seen = {first: None}
        fired: set[int] = set()
        layer = [first]
        while layer:
            following: list[int] = []
            for state in layer:
                moved = False
                for number in [each for place in self._each(state) for each in at.get(place, ())]:
                    after = self._after(state, moves[number])
                    if after is None:
                        continue
                    moved = True
                    fired.add(number)
                    if after >= 0:
                        self.before.setdefault(after, []).append(state)
                        if after not in self.seen:
                            self.seen[after] = (state, moves[number].source)
                            following.append(after)
                if not moved and state:
                    self.stuck.append(state)
            if len(self.seen) > most:
                self.complete = False
                break
            layer = following
        for number in fired:
            self.covered.update(moves[number].source.elements, moves[number].source.covers)

    def endless(self) -> list[int]:
        """States from which the process can go on but never end; not asked where something else is wrong already."""
        if self.stuck or self.doubled or not self.complete:
            return []
        can_end, queue = {0}, [0]
        while queue:
            for state in self.before.get(queue.pop(), ()):
                if state not in can_end:
                    can_end.add(state)
                    queue.append(state)
        return [state for state in self.seen if state not in can_end]

    def held(self, state: int) -> list[str]:
        """The places that hold a token."""
        return [place for place in self.places if state & self._bit[place]]

    def path(self, state: int) -> tuple[str, ...]:
        """The elements passed on the shortest way to a state."""
        parts: list[tuple[str, ...]] = []
        came = self.seen[state]
        while came is not None:
            parts.append(came[1].elements)
            came = self.seen[came[0]]
        return (*self.net.begun, *(element for part in reversed(parts) for element in part))

    def _after(self, state: int, move: _Move) -> int | None:
        """The state after a move; None where it cannot be made, -1 where it would put two tokens in one place."""
        takes = move.takes
        if move.source.joins:
            takes = self._joined(state, move)
            if not takes:
                return None
        elif state & takes != takes or state & move.empty:
            return None
        if move.source.error:
            self.thrown.setdefault(move.source.elements[0], state)
        left = state & ~takes & move.keeps
        if left & move.gives or move.doubled:
            for place in self.held((left & move.gives) | move.doubled):
                self.doubled.setdefault(place, (state, move.source))
            return -1
        return left | move.gives

    def _joined(self, state: int, move: _Move) -> int:
        """The tokens that an inclusive join takes: none while another may still come by a way that has none."""
        into = self._bits(move.source.joins)
        here = state & into
        if not here:
            return 0
        coming_here = 0
        for place in self._each(here):
            coming_here |= self._upstream[place]
        for place in self._each(into & ~here):
            if state & self._upstream[place] & ~coming_here & ~into:
                return 0
        return here

    def _each(self, bits: int) -> Iterator[int]:
        while bits:
            low = bits & -bits
            yield low
            bits ^= low

    def _find_upstream(self, moves: list[_Move]) -> None:
        """For every flow into an inclusive join the places from which a token can come to it, not through that join."""
        for join in (move for move in moves if move.source.joins):
            for place in self._each(self._bits(join.source.joins)):
                found, grown = place, 0
                while found != grown:
                    grown = found
                    for move in moves:
                        if move is not join and move.gives & found:
                            found |= move.takes | self._bits(move.source.joins)
                self._upstream[place] = found & ~place

    def _as_bits(self, each: Transition) -> _Move:
        twice = [place for place in each.gives if each.gives.count(place) > 1]
        return _Move(
            each,
            self._bits(each.takes),
            self._bits(each.gives),
            ~self._bits(each.clears),
            self._bits(each.empty),
            self._bits(twice),
        )

    def _bits(self, places: object) -> int:
        found = 0
        for place in places:  # type: ignore[attr-defined] # any iterable of names
            found |= self._bit.get(place, 0)
        return found


def _dead(graph: Graph, process: str, found: _Exploration) -> list[str]:
    """Elements that no token reaches although a flow leads into them."""
    return [
        node.id
        for node in graph.nodes.values()
        if graph.process_of(node) == process
        and node.id not in found.covered
        and node.kind not in ("startEvent",)
        and not node.compensating
        and not node.by_event
        and node.event not in ("compensate", "cancel")
        and not _is_set_apart(graph, node.scope)
    ]


def _is_set_apart(graph: Graph, scope: str) -> bool:
    """Whether the scope lies in a sub-process that no flow leads into."""
    while scope in graph.nodes:
        if graph.nodes[scope].by_event or graph.nodes[scope].compensating:
            return True
        scope = graph.nodes[scope].scope
    return False


def _worded(graph: Graph, process: str, found: _Exploration) -> Iterator[Problem]:
    yield from _stuck(graph, found)
    for place, (state, move) in found.doubled.items():
        path = (*found.path(state), *move.elements)
        at = found.net.at[place]
        yield _problem(
            graph,
            "lack-of-synchronisation",
            "「{name}」可能被同时到达两次、办理两次：并行的分支要先用并行网关汇合",
            "“{name}” can be reached twice at once and be done twice: parallel branches must first meet in a parallel gateway",
            at,
            path,
        )
    for state in found.endless()[:1]:
        yield _problem(
            graph,
            "no-way-out",
            "走到「{name}」之后再也无法结束：循环没有出口",
            "after “{name}” the process can never end: the loop has no way out",
            found.net.at[found.held(state)[0]],
            found.path(state),
        )
    for element, state in found.thrown.items():
        yield _problem(
            graph,
            "uncaught-error",
            "「{name}」抛出的错误在本图中没有边界事件接住，须由调用本流程的流程接住",
            "the error that “{name}” raises is caught by no boundary event of this diagram; the calling process must catch it",
            element,
            (*found.path(state), element),
            "warning",
        )
    if found.complete and not (found.stuck or found.doubled or found.endless()):
        for element in _dead(graph, process, found):
            yield _problem(
                graph,
                "never-reached",
                "「{name}」永远不会走到",
                "“{name}” can never be reached",
                element,
                (),
            )


def _stuck(graph: Graph, found: _Exploration) -> Iterator[Problem]:
    told: set[tuple[str, ...]] = set()
    for state in found.stuck:
        path = found.path(state)
        places = tuple(sorted({found.net.at[place] for place in found.held(state)}))
        waits = _blamed(graph, places)
        if waits in told:
            continue
        told.add(waits)
        scope = graph.nodes[waits[0]].scope
        ends = (graph.nodes[each] for each in path)
        ended = next((each.id for each in ends if each.kind == "endEvent" and each.scope == scope), None)
        if ended is None:
            yield _problem(
                graph,
                "deadlock",
                "流程会停在「{name}」再也走不下去：它等待的其他分支不会到来",
                "the process stops at “{name}” for ever: the other branches that it waits for never come",
                waits[0],
                path,
            )
        else:
            yield _problem(
                graph,
                "improper-completion",
                f"流程已走到结束「{graph.label(ended)}」，却仍有工作停在「{{name}}」",
                f"the process has come to its end “{graph.label(ended)}” while work is still held up at “{{name}}”",
                waits[0],
                path,
            )


def _blamed(graph: Graph, places: tuple[str, ...]) -> tuple[str, ...]:
    """Where to mend: the joins among the places; a sub-process only waits for what is inside."""
    joins = tuple(place for place in places if graph.nodes[place].kind.endswith("Gateway"))
    return joins or places


def _problem(
    graph: Graph, rule: str, zh: str, en: str, element: str, path: tuple[str, ...], severity: Severity = "error"
) -> Problem:
    name = graph.label(element)
    words = Text(zh.replace("{name}", name), en.replace("{name}", name))
    if path:
        shown = [graph.label(each) for each in path[-_MOST_PATH:]]
        words = Text(f"{words.zh}。路径：{' → '.join(shown)}", f"{words.en}. Path: {' → '.join(shown)}")
    return Problem(severity, rule, words, element, path)


def _too_large() -> Problem:
    return Problem(
        "error",
        "too-many-states",
        Text(
            f"流程超过 {_MOST_ELEMENTS} 个元素或 {MOST_STATES} 种状态，无法判断是否健全：请减少并行分支，或拆成几个流程互相调用",
            f"the process has more than {_MOST_ELEMENTS} elements or {MOST_STATES} states and cannot be judged: use fewer"
            " parallel branches, or several processes that call each other",
        ),
    )
