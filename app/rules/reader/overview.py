"""The rulesets line by line: what stands in force, who writes a draft, what is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select

from app.core.db import current_session
from app.core.text import Text
from app.rules.loading import read_head
from app.rules.reader.casework import counts_of
from app.rules.reader.index import index
from app.rules.reader.shelf import about_words, force_today
from app.rules.reader.shown import ShownRuleset
from app.rules.registry import edition as loaded_edition
from app.rules.registry.models import Release, ReleaseRequest, RulesetDraft, RulesetEdition
from app.rules.source import Texts
from app.rules.tables.reading import KIND as TABLE

LIVE, NEW, LATER, RETIRED = "live", "new", "later", "retired"
STATES: Final[Mapping[str, Text]] = {
    LIVE: Text("生效", "In force"),
    LATER: Text("待生效", "In force later"),
    NEW: Text("新建中", "New"),
    RETIRED: Text("已停用", "Retired"),
}


@dataclass(frozen=True, slots=True)
class DraftLine:
    """The draft of a ruleset without its texts."""

    status: str
    lock: int
    base: str | None
    authors: tuple[str, ...]
    updated_at: datetime
    updated_by: str
    answer: str


@dataclass(frozen=True, slots=True)
class SetLine:
    """One ruleset. `number` and `edition` are those in force, None for what was never remembered; `from_day` is the business
    day from which it judges.
    """

    name: str
    kind: str
    title: Text
    about: Text
    subject: str
    state: str
    rules: int
    cases: int
    edition: str
    number: int | None
    from_day: date | None
    origin: str
    draft: DraftLine | None
    request: str | None
    request_state: str

    @property
    def area(self) -> str:
        return self.name.partition(".")[0]


def set_lines() -> list[SetLine]:
    """All rulesets there are, were or are to be, by name."""
    session = current_session()
    drafts = _drafts()
    open_requests = {
        row.ruleset: row
        for row in session.execute(
            select(ReleaseRequest.ruleset, ReleaseRequest.id, ReleaseRequest.state).where(
                ReleaseRequest.open_mark.is_not(None)
            )
        )
    }
    known_numbers = session.execute(select(RulesetEdition.edition, RulesetEdition.number))
    numbers: dict[str, int] = {row.edition: row.number for row in known_numbers}
    places, acts = force_today().places, _acts()
    lines = []
    for name, ruleset in index().rulesets.items():
        place = places.get(name)
        act = acts.get(name, {}).get(place.release) if place and place.release else None
        lines.append(
            _line(
                ruleset,
                numbers.get(ruleset.edition),
                act.effective_from if act else _day(ruleset.effective_from),
                "console" if act else "shipped",
                drafts.get(name),
                open_requests.get(name),
            )
        )
    known = {line.name for line in lines}
    others = (drafts.keys() | acts.keys()) - known
    lines += [_absent(name, acts.get(name, {}), numbers, drafts.get(name), open_requests.get(name)) for name in others]
    return sorted(lines, key=lambda line: line.name)


def line_of(name: str) -> SetLine | None:
    """The line of one ruleset."""
    return next((line for line in set_lines() if line.name == name), None)


def _line(
    ruleset: ShownRuleset, number: int | None, day: date | None, origin: str, draft: DraftLine | None, request: Any
) -> SetLine:
    return SetLine(
        name=ruleset.name,
        kind=ruleset.kind,
        title=ruleset.title,
        about=ruleset.about,
        subject=ruleset.subject or "",
        state=LIVE,
        rules=len(ruleset.rules),
        cases=sum(count.passing + count.failing for count in counts_of(ruleset).values()),
        edition=ruleset.edition,
        number=number,
        from_day=day,
        origin=origin,
        draft=draft,
        request=request.id if request else None,
        request_state=request.state if request else "",
    )


def _absent(
    name: str, acts: Mapping[int, Release], numbers: Mapping[str, int], draft: DraftLine | None, request: Any
) -> SetLine:
    """A ruleset that does not judge today: retired, not yet in force, or only a draft."""
    last = max(acts.values(), key=lambda act: act.id, default=None)
    newest = select(RulesetEdition.edition).filter_by(ruleset=name).order_by(RulesetEdition.number.desc())
    edition = current_session().scalar(newest.limit(1))
    if edition is not None:
        judged = loaded_edition(edition)
        title, about, subject, kind = (
            judged.title,
            about_words(judged.facts, judged.subject),
            judged.subject,
            judged.kind,
        )
        rules = len(judged.table.rows if judged.table else judged.rules)
    else:
        head = read_head(_draft_texts(name))
        title, about, subject = (
            head.title,
            about_words(head.facts, head.subject) if head.facts else Text("", ""),
            head.subject,
        )
        kind, rules = "table" if _is_table(name) else "check", 0
    state = NEW if last is None else RETIRED if last.edition is None else LATER
    return SetLine(
        name=name,
        kind=kind,
        title=title if title.zh or title.en else Text(name, name),
        about=about,
        subject=subject or "",
        state=state,
        rules=rules,
        cases=0,
        edition=edition or "",
        number=numbers.get(edition or ""),
        from_day=last.effective_from if last else None,
        origin="console",
        draft=draft,
        request=request.id if request else None,
        request_state=request.state if request else "",
    )


def _draft_texts(name: str) -> Texts:
    row = current_session().get(RulesetDraft, name)
    return Texts(row.folder, dict(row.texts)) if row else Texts("")


def _is_table(name: str) -> bool:
    texts = _draft_texts(name)
    return any(f"\nkind: {TABLE}" in text for path, text in texts.files.items() if path.startswith(texts.folder))


def _drafts() -> dict[str, DraftLine]:
    columns = (
        RulesetDraft.ruleset,
        RulesetDraft.status,
        RulesetDraft.lock,
        RulesetDraft.base,
        RulesetDraft.authors,
        RulesetDraft.updated_at,
        RulesetDraft.updated_by,
        RulesetDraft.answer,
    )
    return {
        row.ruleset: DraftLine(
            row.status, row.lock, row.base, tuple(row.authors), row.updated_at, row.updated_by, row.answer
        )
        for row in current_session().execute(select(*columns))
    }


def _acts() -> dict[str, dict[int, Release]]:
    """The acts of the console by ruleset."""
    found: dict[str, dict[int, Release]] = {}
    for act in current_session().scalars(select(Release).order_by(Release.id)):
        found.setdefault(act.ruleset, {})[act.id] = act
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
