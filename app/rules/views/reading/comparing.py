"""Two editions of a ruleset, or its draft and an edition, compared rule by rule."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.core.people import name_of
from app.rules.model import Fault, RulesetInvalid
from app.rules.permissions import VIEW
from app.rules.reader import words
from app.rules.reader.comparing import Comparison, compare
from app.rules.reader.history import HistoryLine, history_of
from app.rules.reader.overview import LIVE as IN_FORCE
from app.rules.reader.overview import SetLine
from app.rules.reader.shelf import DRAFT, LIVE
from app.rules.views.reading import given
from app.web.access import permission


@permission(VIEW)
def one(ruleset: str) -> ResponseReturnValue:
    """What differs between the two that the address names: `from` and `to` are `live`, `draft`, or the number of an edition."""
    line = given.line(ruleset)
    history = [each for each in history_of(line) if each.edition]
    before, after = _sides(line, history)
    found: Comparison | None = None
    faults: tuple[Fault, ...] = ()
    try:
        found = between(ruleset, before, after)
    except RulesetInvalid as wrong:
        faults = wrong.faults
    return render_template(
        "rules/compare.html",
        line=line,
        before=before,
        after=after,
        choices=history,
        found=found,
        faults=faults,
        words=words,
        named=words.named,
        name_of=name_of,
    )


def between(ruleset: str, before: str, after: str) -> Comparison:
    """Raises NotFound, and RulesetInvalid for a draft that is wrong."""
    return compare(given.shown(ruleset, before), given.shown(ruleset, after))


def _sides(line: SetLine, history: list[HistoryLine]) -> tuple[str, str]:
    """What is asked for; else the draft against the edition in force, else the newest edition against the one before it."""
    numbers = [str(each.number) for each in history if each.number is not None]
    present = LIVE if line.state == IN_FORCE else next(iter(numbers), DRAFT)
    if line.draft is not None:
        usual = present, DRAFT
    else:
        usual = numbers[1] if len(numbers) > 1 else present, numbers[0] if len(numbers) > 1 else present
    before, after = (request.args.get(name, "").strip()[:64] for name in ("from", "to"))
    return before or usual[0], after or usual[1]


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/sets/<ruleset>/compare", "sets_compare", one)
