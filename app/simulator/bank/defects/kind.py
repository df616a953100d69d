"""What a kind of defect is: where it can be made, how, and which rules must find it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from app.core.text import Text

Occasion = Literal["first report", "settlement", "closing", "later report"]
"""When the record that carries the defect is due: with its first report, with a monthly settlement, when it closes, or
with a report after one that the centre has taken."""


class Rule(NamedTuple):
    """A rule of the standard by its id, and the centre's error code."""

    id: str
    code: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of defect.

    `candidates` is a SELECT of `key` (the source row) and `record_key` (identity number or account code as it will be
    reported) over the tables of the delivery; it may use the macros today() and is_first(). `changes` are statements
    with the parameter `$key`. `findings` are all the rules that must fire on the record.
    """

    name: str
    title: Text
    record_type: str
    occasion: Occasion
    candidates: str
    changes: tuple[str, ...]
    findings: tuple[Rule, ...]
    centre_only: bool = False
