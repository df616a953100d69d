"""Whether processes can end and end clean: classic diagrams, and generated ones that are sound by the way they are made."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sketch import sketch

from app.workflow.checking.graph import read_graph
from app.workflow.checking.net import build
from app.workflow.checking.reduction import reduced
from app.workflow.checking.soundness import Soundness, _Exploration, explore


def played(text: str) -> Soundness:
    return explore(read_graph(sketch(text)), "p")


def rules(text: str) -> list[tuple[str, str]]:
    return sorted((each.rule, each.element) for each in played(text).problems)


SOUND = {
    "sequence": "start S\nuser A\nuser B\nend E\nS > A > B > E",
    "choice": "start S\nx G\nuser A\nuser B\nx M\nend E\nS > G > A > M > E\nG > B > M",
    "two ends": "start S\nx G\nend E\nend F\nS > G > E\nG > F",
    "parallel": "start S\n+ G\nuser A\nuser B\n+ M\nend E\nS > G > A > M > E\nG > B > M",
    "parallel to two ends": "start S\n+ G\nuser A\nuser B\nend E\nend F\nS > G > A > E\nG > B > F",
    "loop": "start S\nx M\nuser A\nx G\nend E\nS > M > A > G > E\nG > M",
    "inclusive": "start S\no G\nuser A\nuser B\nuser C\no M\nend E\nS > G > A > M > E\nG > B > M\nG >> C > M",
    "one of two events": "start S\ne G\ncatch A message=Paid\ncatch B timer=P1D\nx M\nend E\nS > G > A > M > E\nG > B > M",
    "interrupted": "start S\nuser A\nedge T on=A timer=P1D\nuser B\nx M\nend E\nS > A > M > E\nT > B > M",
    "reminded": "start S\nuser A\nedge T on=A timer=P1D kept\nuser B\nend E\nend F\nS > A > E\nT > B > F",
    "terminate": "start S\n+ G\nuser A\nuser B\nend E terminate\nend F\nS > G > A > E\nG > B > F",
    "sub-process": "start S\nsub P\n  start S2\n  + G\n  user A\n  user B\n  end E2\n  end F2\n"
    "  S2 > G > A > E2\n  G > B > F2\nend E\nS > P > E",
    "error out of a sub-process": "start S\nsub P\n  start S2\n  x G\n  end E2\n  end F2 error=BAD\n"
    "  S2 > G > E2\n  G > F2\nedge T on=P error=BAD\nuser A\nend E\nend F\nS > P > E\nT > A > F",
    "sub-process given up": "start S\nsub P\n  start S2\n  + G\n  user A\n  user B\n  + M\n  end E2\n"
    "  S2 > G > A > M > E2\n  G > B > M\nedge T on=P timer=P9D\nx M2\nend E\nS > P > M2 > E\nT > M2",
    "many and called": "start S\nuser A many=people\ncall C called=a.b\nend E\nS > A > C > E",
    "inclusive within parallel": "start S\n+ G\no H\nuser A\nuser B\nuser C\no I\n+ M\nend E\n"
    "S > G > H > A > I > M > E\nH >> B > I\nG > C > M",
    "unstructured but sound": "start S\n+ G\nuser A\nuser B\n+ H\nuser C\n+ M\nend E\nend F\n+ N\n"
    "S > G > A > H > C > M\nG > B > N\nH > N > E\nM > F",
}
UNSOUND = {
    "choice joined as parallel": (
        "start S\nx G\nuser A\nuser B\n+ M\nend E\nS > G > A > M > E\nG > B > M",
        [("deadlock", "M")],
    ),
    "parallel joined as choice": (
        "start S\n+ G\nuser A\nuser B\nx M\nuser C\nend E\nS > G > A > M > C > E\nG > B > M",
        [("lack-of-synchronisation", "C"), ("lack-of-synchronisation", "E")],
    ),
    "work left behind": (
        "start S\n+ G\nuser A\nx H\nuser B\n+ M\nend E\nend F\nS > G > A > H > M > F\nH > E\nG > B > M",
        [("improper-completion", "M")],
    ),
    "loop without a way out": (
        "start S\nx M\nuser A\nuser B\nend E\nS > M > A > B > M",
        [("no-way-out", "M")],
    ),
    "join of one branch and what follows it": (
        "start S\nuser A\n+ M\nuser B\nx G\nend E\nS > A > M > B > G > E\nG > M",
        [("deadlock", "M")],
    ),
    "reminder joined": (
        "start S\nuser A\nedge T on=A timer=P1D kept\n+ M\nend E\nS > A > M > E\nT > M",
        [("deadlock", "M")],
    ),
    "inclusive joined as parallel": (
        "start S\no G\nuser A\nuser B\n+ M\nend E\nS > G > A > M > E\nG >> B > M",
        [("deadlock", "M")],
    ),
    "inside a sub-process": (
        "start S\nsub P\n  start S2\n  x G\n  user A\n  user B\n  + M\n  end E2\n"
        "  S2 > G > A > M > E2\n  G > B > M\nend E\nS > P > E",
        [("deadlock", "M")],
    ),
}


@pytest.mark.parametrize("text", SOUND.values(), ids=SOUND)
def test_sound_diagrams(text: str) -> None:
    found = played(text)
    assert found.problems == ()
    assert found.sound is True
    assert found.states > 0


@pytest.mark.parametrize(("text", "expected"), UNSOUND.values(), ids=UNSOUND)
def test_unsound_diagrams(text: str, expected: list[tuple[str, str]]) -> None:
    found = played(text)
    assert found.sound is False
    assert [each for each in rules(text) if each in expected] == expected
    assert {rule for rule, _ in rules(text)} == {rule for rule, _ in expected}


def test_a_deadlock_is_told_with_the_way_that_leads_to_it() -> None:
    [found] = played(UNSOUND["choice joined as parallel"][0]).problems

    assert found.path == ("S", "G", "A")
    assert found.message.zh.startswith("流程会停在「名M」")
    assert found.message.en.endswith("Path: 名S → 名G → 名A")


def test_an_error_that_nothing_catches_is_a_warning() -> None:
    found = played("start S\nx G\nend E\nend F error=BAD\nS > G > E\nG > F")
    assert [(each.severity, each.rule, each.element) for each in found.problems] == [("warning", "uncaught-error", "F")]
    assert found.sound is True


def test_the_nearest_edge_that_knows_the_code_catches_an_error() -> None:
    text = (
        "start S\nsub P\n  start S2\n  sub Q\n    start S3\n    end F3 error=BAD\n    S3 > F3\n"
        "  edge X on=Q error=OTHER\n  end E2\n  end F2\n  S2 > Q > E2\n  X > F2\n"
        "edge T on=P error=BAD\nend E\nend F\nS > P > E\nT > F"
    )
    assert ("uncaught-error", "F3") not in rules(text)
    assert ("never-reached", "E2") in rules(text)
    assert ("never-reached", "F") not in rules(text)


def test_nothing_is_said_of_a_process_without_a_beginning() -> None:
    assert played("user A\nend E\nA > E").sound is None


def test_sixty_elements_in_many_branches_are_quick() -> None:
    lines = ["start S", "+ Split", "+ Join", "end E", "S > Split", "Join > E"]
    for branch in range(8):
        lines += [
            f"user A{branch}",
            f"x G{branch}",
            f"user B{branch}",
            f"user C{branch}",
            f"x M{branch}",
            f"user D{branch}",
        ]
        lines += [
            f"Split > A{branch} > G{branch} > B{branch} > M{branch} > D{branch} > Join",
            f"G{branch} > C{branch} > M{branch}",
        ]
    began = time.perf_counter()
    assert played("\n".join(lines)).sound is True
    assert time.perf_counter() - began < 0.5


def test_a_space_of_states_that_is_too_large_is_said_to_be_so() -> None:
    lines = ["start S", "+ Split", "S > Split"]
    for branch in range(18):
        lines += [f"user A{branch}", f"edge T{branch} on=A{branch} timer=P1D", f"end E{branch}", f"end F{branch}"]
        lines += [f"Split > A{branch} > E{branch}", f"T{branch} > F{branch}"]
    found = played("\n".join(lines))
    assert found.sound is None
    assert [each.rule for each in found.problems] == ["too-many-states"]


# Blocks: a block is a pair of lines and the names of its entry and its exit.
Block = tuple[list[str], str, str]
Maker = Callable[["Names"], Block]


class Names:
    def __init__(self) -> None:
        self.count = 0

    def new(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count}"


def task(names: Names) -> Block:
    name = names.new("A")
    return [f"user {name}"], name, name


def sequence(parts: list[Maker]) -> Maker:
    def make(names: Names) -> Block:
        made = [part(names) for part in parts]
        lines = [line for each in made for line in each[0]]
        lines += [f"{one[2]} > {other[1]}" for one, other in pairwise(made)]
        return lines, made[0][1], made[-1][2]

    return make


def block(split: str, join: str) -> Callable[[list[Maker]], Maker]:
    def of(parts: list[Maker]) -> Maker:
        def make(names: Names) -> Block:
            opening, closing = names.new("G"), names.new("M")
            lines = [f"{split} {opening}", f"{join} {closing}"]
            for part in parts:
                inner, entry, leave = part(names)
                lines += [*inner, f"{opening} > {entry}", f"{leave} > {closing}"]
            return lines, opening, closing

        return make

    return of


def loop(part: Maker) -> Maker:
    def make(names: Names) -> Block:
        merge, again = names.new("M"), names.new("G")
        lines, entry, leave = part(names)
        return (
            [f"x {merge}", f"x {again}", *lines, f"{merge} > {entry}", f"{leave} > {again}", f"{again} > {merge}"],
            merge,
            again,
        )

    return make


def sub_process(part: Maker) -> Maker:
    def make(names: Names) -> Block:
        name, begin, end = names.new("P"), names.new("S"), names.new("E")
        lines, entry, leave = part(names)
        inside = [f"start {begin}", f"end {end}", *lines, f"{begin} > {entry}", f"{leave} > {end}"]
        return [f"sub {name}", *(f"  {line}" for line in inside)], name, name

    return make


def several(parts: st.SearchStrategy[Maker]) -> st.SearchStrategy[list[Maker]]:
    return st.lists(parts, min_size=2, max_size=3)


def larger(parts: st.SearchStrategy[Maker]) -> st.SearchStrategy[Maker]:
    return st.one_of(
        several(parts).map(sequence),
        several(parts).map(block("x", "x")),
        several(parts).map(block("+", "+")),
        several(parts).map(block("o", "o")),
        parts.map(loop),
        parts.map(sub_process),
    )


BLOCKS = st.recursive(st.just(task), larger, max_leaves=8)


def whole(made: Block) -> str:
    lines, entry, leave = made
    return "\n".join(["start S", "end E", *lines, f"S > {entry}", f"{leave} > E"])


@settings(max_examples=40, deadline=None)
@given(BLOCKS)
def test_well_nested_blocks_are_sound_and_the_small_net_says_the_same_as_the_whole(maker: Maker) -> None:
    graph = read_graph(sketch(whole(maker(Names()))))

    found = explore(graph, "p")
    full = _Exploration(build(graph, "p"))
    full.run()
    small = _Exploration(reduced(build(graph, "p")))
    small.run()

    assert found.problems == ()
    assert found.sound is True
    assert full.is_sound or not full.complete
    assert small.covered >= full.covered
    assert len(small.seen) <= len(full.seen)


MISMATCHED = {
    "deadlock": [block("x", "+"), block("o", "+")],
    "lack-of-synchronisation": [block("+", "x"), block("o", "x")],
}


@settings(max_examples=40, deadline=None)
@given(
    several(BLOCKS),
    several(BLOCKS),
    st.sampled_from([(rule, each) for rule, kinds in MISMATCHED.items() for each in kinds]),
)
def test_a_split_that_is_joined_as_another_is_never_sound(
    parts: list[Maker], beside: list[Maker], wrong: tuple[str, Callable[[list[Maker]], Maker]]
) -> None:
    rule, mismatched = wrong
    found = played(whole(sequence([beside[0], mismatched(parts), beside[1]])(Names())))

    assert found.sound is False
    assert rule in {each.rule for each in found.problems}
    assert all(each.path[0] == "S" for each in found.problems if each.rule == rule)
