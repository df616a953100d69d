"""The history of a ruleset: its editions and retirements, and what became of one rule through them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from sqlalchemy import select

from app.core import clock
from app.core.db import current_session
from app.core.errors import NotFound
from app.rules.model import RulesetInvalid
from app.rules.reader.comparing import Comparison, Difference, compare, differences_of
from app.rules.reader.overview import LIVE, SetLine
from app.rules.reader.shelf import Reference, find_shown, shown
from app.rules.reader.shown import ShownRule, ShownRuleset
from app.rules.registry import drafts
from app.rules.registry import edition as loaded_edition
from app.rules.registry.models import Release, ReleaseRequest, RulesetDraft, RulesetEdition
from app.rules.registry.requests import OPEN

MOST_EDITIONS: Final = 30
"""So many editions are looked through for what became of a rule."""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """An edition, or (`edition` '') a retirement: by whom, from which business day, and whether it judges today."""

    edition: str
    number: int | None
    origin: str
    authors: tuple[str, ...]
    note: str
    created_at: datetime | None
    from_day: date | None
    approved_by: str
    approved_at: datetime | None
    request: str
    live: bool


def history_of(line: SetLine) -> list[HistoryLine]:
    """The editions and retirements of a ruleset, the newest first."""
    session = current_session()
    columns = (
        RulesetEdition.edition,
        RulesetEdition.number,
        RulesetEdition.origin,
        RulesetEdition.authors,
        RulesetEdition.note,
        RulesetEdition.created_at,
        RulesetEdition.effective_from,
    )
    rows = session.execute(select(*columns).filter_by(ruleset=line.name)).all()
    acts = list(session.scalars(select(Release).filter_by(ruleset=line.name).order_by(Release.id)))
    live = line.edition if line.state == LIVE else ""
    lines = []
    for row in rows:
        act = next((each for each in reversed(acts) if each.edition == row.edition), None)
        lines.append(
            HistoryLine(
                edition=row.edition,
                number=row.number,
                origin=row.origin,
                authors=tuple(row.authors),
                note=row.note or (act.note if act else ""),
                created_at=row.created_at,
                from_day=act.effective_from if act else row.effective_from if row.origin == "shipped" else None,
                approved_by=act.approved_by if act else "",
                approved_at=act.approved_at if act else None,
                request=act.request if act else "",
                live=row.edition == live,
            )
        )
    lines.extend(
        HistoryLine("", None, "console", (), act.note, act.approved_at, act.effective_from, act.approved_by,
                    act.approved_at, act.request, False)
        for act in acts
        if act.edition is None
    )  # fmt: skip
    if line.state == LIVE and line.edition not in {each.edition for each in lines}:
        lines.append(HistoryLine(line.edition, None, "shipped", (), "", None, line.from_day, "", None, "", True))
    return sorted(lines, key=lambda each: (each.created_at or clock.now(), each.number or 0), reverse=True)


def open_request(name: str) -> ReleaseRequest | None:
    """The request about a ruleset that is being dealt with."""
    query = select(ReleaseRequest).where(ReleaseRequest.open_mark == name, ReleaseRequest.state.in_(OPEN))
    return current_session().scalar(query)


@dataclass(frozen=True, slots=True)
class RuleMoment:
    """What an edition did to a rule."""

    line: HistoryLine
    kind: Literal["first", "added", "changed", "removed"]
    differences: tuple[Difference, ...]
    before: int | None
    """the number of the edition it is compared with"""


def history_of_rule(history: list[HistoryLine], rule_id: str) -> list[RuleMoment]:
    """The editions that brought, changed or took away a rule, the newest first. Of what was never remembered nothing is told."""
    # An edition that was never put in force has changed nothing.
    known = [line for line in reversed(history) if line.edition and line.number is not None and line.from_day]
    known = known[-MOST_EDITIONS:]
    return list(reversed(list(_moments(known, rule_id))))


def _moments(known: list[HistoryLine], rule_id: str) -> Iterator[RuleMoment]:
    former: ShownRule | None = None
    last: ShownRuleset | None = None
    number: int | None = None
    for line in known:
        ruleset = shown(loaded_edition(line.edition))
        rule = ruleset.rule(rule_id)
        if rule is not None and former is None:
            yield RuleMoment(line, "first" if last is None else "added", (), number)
        elif rule is None and former is not None:
            yield RuleMoment(line, "removed", (), number)
        elif rule is not None and former is not None and last is not None:
            changed = differences_of(last, ruleset, former, rule)
            if changed:
                yield RuleMoment(line, "changed", changed, number)
        former, last, number = rule, ruleset, line.number


def compared(found: ReleaseRequest) -> Comparison | None:
    """What the candidate changes against the edition that its draft began from; None where that cannot be told any more."""
    if found.kind != "release":
        return None
    try:
        draft = current_session().get(RulesetDraft, found.ruleset)
        if found.state == "approved" and found.edition:
            former = _before(found)
            if former is None:
                return None
            before, after = former, found.edition
        elif draft is not None and (found.edition is None or found.edition == drafts.candidate_hash(draft)):
            if draft.base is None:
                return None
            before, after = draft.base, "draft"
        else:
            return None
        return compare(find_shown(found.ruleset, Reference(before)), find_shown(found.ruleset, Reference(after)))
    except (NotFound, RulesetInvalid):
        return None


def _before(found: ReleaseRequest) -> str | None:
    """The edition that stood before an approved request took effect: the console's last one, else the shipped one."""
    session = current_session()
    act = session.scalar(select(Release).filter_by(request=found.id))
    if act is None:
        return None
    earlier = select(Release.edition).where(Release.ruleset == found.ruleset, Release.id < act.id)
    former = session.scalars(earlier.order_by(Release.id.desc()).limit(1)).all()
    if former:
        return former[0]
    shipped = select(RulesetEdition.edition).filter_by(ruleset=found.ruleset, origin="shipped")
    return session.scalar(shipped.order_by(RulesetEdition.number.desc()).limit(1))
