"""The quick reader of record lines.

Most lines of a file have one of a few shapes: the same tags in the same order, only the values differ. A shape is
checked once against the grammar and turned into a short plan; lines of a known shape are then read by slicing.
Anything out of the ordinary makes the quick reader give up, never guess: the slow reader then says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from typing import Any

from app.standard.files.characters import STRAY, plain
from app.standard.files.grammar import DOCUMENT, Place, root_of
from app.standard.model import RecordType

Fact = dict[str, Any]

# (keys, first, past): take every second text of that range under those keys; or a place to open; or None, to close one
Step = tuple[tuple[str, ...], int, int] | Place | None
Plan = tuple[tuple[Step, ...], Callable[[list[str]], tuple[str, ...]]]

_NO_BRACKETS = bytes(set(range(256)) - set(b"<>"))

MOST_SHAPES = 1_000
LONGEST_SHAPE = 2_000
"""Tags of the longest shape that is remembered; longer lines are planned anew each time."""


class QuickReader:
    """Reads the lines of one record type."""

    def __init__(self, record: RecordType) -> None:
        self._root = root_of(record)
        self._start = f"<{DOCUMENT}><{record.root}>"
        self._plans: dict[tuple[str, ...], Plan] = {}

    def read(self, line: str) -> Fact | None:
        """The fact of a line without any fault; None if there is one, or might be."""
        if not line.startswith(self._start):
            return None
        escaped = "&" in line
        if (escaped or not line.isprintable()) and STRAY.search(line):
            return None
        # angle brackets alternate in a good line, so cutting at both gives nothing, tag, text, tag, text …
        parts = line.replace(">", "<").split("<")
        tags = tuple(parts[1::2])
        texts = parts[2::2]
        if len(tags) != len(texts) or line.encode().translate(None, _NO_BRACKETS) != b"<>" * len(tags):
            return None
        plan = self._plans.get(tags) or self._planned(tags)
        if plan is None or "".join(plan[1](texts)):
            return None
        if escaped:
            texts = [plain(text) for text in texts]
        return _build(plan[0], texts)

    def _planned(self, tags: tuple[str, ...]) -> Plan | None:
        plan = _plan(tags, self._root)
        if plan is not None and len(tags) <= LONGEST_SHAPE:
            if len(self._plans) >= MOST_SHAPES:
                self._plans.clear()
            self._plans[tags] = plan
        return plan


def _build(steps: tuple[Step, ...], texts: list[str]) -> Fact:
    target: Fact = {}
    outer: list[Fact] = []
    fact = target
    for step in steps:
        if isinstance(step, tuple):
            keys, first, past = step
            target.update(zip(keys, texts[first:past:2], strict=True))
        elif step is None:
            target = outer.pop()
        else:
            opened: Fact = {}
            if step.repeats:
                target.setdefault(step.key, []).append(opened)
            else:
                target[step.key] = opened
            outer.append(target)
            target = opened
    return fact


def _plan(tags: tuple[str, ...], root: Place) -> Plan | None:
    """The plan for a sequence of tags; None if it is not one the grammar knows."""
    last = len(tags) - 2
    if last < 3 or tags[last:] != (f"/{root.tag}", f"/{DOCUMENT}"):
        return None
    steps: list[Step] = []
    leaves: set[int] = set()
    place, seen = root, set[str]()
    stack: list[tuple[Place, set[str]]] = []
    at = 2
    while at < last:
        tag = tags[at]
        if tag in place.leaves:
            if tag in seen or tags[at + 1] != f"/{tag}":
                return None
            seen.add(tag)
            leaves.add(at)
            before = steps[-1] if steps else None
            if isinstance(before, tuple) and before[2] == at:
                steps[-1] = ((*before[0], tag), before[1], at + 2)
            else:
                steps.append(((tag,), at, at + 2))
            at += 2
        elif tag in place.inner:
            inner = place.inner[tag]
            if not inner.repeats:
                if tag in seen:
                    return None
                seen.add(tag)
            steps.append(inner)
            stack.append((place, seen))
            place, seen = inner, set()
            at += 1
        elif stack and tag == f"/{place.tag}":
            steps.append(None)
            place, seen = stack.pop()
            at += 1
        else:
            return None
    if stack:
        return None
    blanks = [index for index in range(len(tags)) if index not in leaves]
    return tuple(steps), itemgetter(*blanks)


@lru_cache(maxsize=256)
def quick_reader(record: RecordType) -> QuickReader:
    return QuickReader(record)
