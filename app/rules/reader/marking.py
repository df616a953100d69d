"""Which words changed between two texts, so that a page can mark them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

Change = Literal["same", "gone", "new"]

_TOKEN: Final = re.compile(r"[A-Za-z0-9_.]+|\s+|.", re.DOTALL)
"""Latin words and names stay whole; Chinese is told sign by sign."""
_MOST: Final = 4_000
"""Tokens of a text that are compared one by one; of longer ones the whole counts as changed."""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text that stayed, went or came."""

    text: str
    change: Change


def marked(before: str, after: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Both texts in spans: what went is marked in the first, what came in the second."""
    if before == after:
        return _whole(before, "same"), _whole(after, "same")
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    if not old or not new or len(old) > _MOST or len(new) > _MOST:
        return _whole(before, "gone"), _whole(after, "new")
    first: list[Span] = []
    second: list[Span] = []
    for what, i, j, k, m in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        first.append(Span("".join(old[i:j]), "same" if what == "equal" else "gone"))
        second.append(Span("".join(new[k:m]), "same" if what == "equal" else "new"))
    return tuple(_joined(first)), tuple(_joined(second))


def _whole(text: str, change: Change) -> tuple[Span, ...]:
    return (Span(text, change),) if text else ()


def _joined(spans: list[Span]) -> Iterator[Span]:
    """Neighbours of one kind as one; a lone blank between two changes goes with them."""
    told = [span for span in spans if span.text]
    waiting: Span | None = None
    for place, given in enumerate(told):
        change = given.change
        if not given.text.strip() and 0 < place < len(told) - 1 and told[place - 1].change == told[place + 1].change:
            change = told[place - 1].change
        if waiting is not None and waiting.change == change:
            waiting = Span(waiting.text + given.text, change)
        else:
            if waiting is not None:
                yield waiting
            waiting = Span(given.text, change)
    if waiting is not None:
        yield waiting
