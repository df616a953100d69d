"""Editions by their hash: remembered once with all their texts, and loaded from those for ever after."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.config import settings
from app.core.db import current_session, on_commit, unit_of_work
from app.core.errors import Invalid, NotFound
from app.core.text import Text
from app.rules.loading import load_ruleset, texts_of
from app.rules.model import Ruleset
from app.rules.registry.models import RulesetEdition
from app.rules.registry.shipped import shipped, shipped_ruleset
from app.rules.source import Folder, Texts
from app.standard import catalogue


def edition(name: str) -> Ruleset:
    """The edition of that hash, ready to judge with the edition of the standard in force; loaded once a process.

    Raises NotFound (`rules.edition`).
    """
    key = (name, catalogue.current().digest)
    if key not in _known:
        with unit_of_work(reading=True):
            texts = texts_of_row(row_of(name))
        _known[key] = load_ruleset(texts)
    return _known[key]


_known: dict[tuple[str, str], Ruleset] = {}
"""What a hash names never changes; names and code tables are those of an edition of the standard."""


def row_of(name: str) -> RulesetEdition:
    """The row of an edition. Raises NotFound (`rules.edition`)."""
    found = current_session().get(RulesetEdition, name)
    if found is None:
        raise NotFound("rules.edition", Text("没有这个规则版本", "There is no such edition of a ruleset"))
    return found


def find_edition(ruleset: str, wanted: str) -> RulesetEdition:
    """An edition of a ruleset by its number or the beginning of its hash. Raises NotFound (`rules.edition`)."""
    query = select(RulesetEdition).filter_by(ruleset=ruleset)
    if wanted.isdecimal() and len(wanted) < 8:
        query = query.filter_by(number=int(wanted))
    else:
        query = query.where(RulesetEdition.edition.startswith(wanted, autoescape=True))
    found = current_session().scalars(query.limit(2)).all()
    if len(found) != 1:
        raise NotFound("rules.edition", Text("没有这个规则版本", "There is no such edition of a ruleset"))
    return found[0]


def editions_of(ruleset: str) -> list[RulesetEdition]:
    """All editions of a ruleset that are remembered, the newest first."""
    query = select(RulesetEdition).filter_by(ruleset=ruleset).order_by(RulesetEdition.number.desc())
    return list(current_session().scalars(query))


def texts_of_row(row: RulesetEdition) -> Texts:
    return Texts(row.folder, dict(row.texts))


def remember(
    ruleset: Ruleset, texts: Texts, origin: str, *, authors: tuple[str, ...] = (), note: str = ""
) -> RulesetEdition:
    """The row of an edition, made if it is new: the next number of its ruleset."""
    session = current_session()
    found = session.get(RulesetEdition, ruleset.edition)
    if found is None:
        last = session.scalar(select(func.max(RulesetEdition.number)).filter_by(ruleset=ruleset.name))
        made = RulesetEdition(
            edition=ruleset.edition,
            ruleset=ruleset.name,
            number=(last or 0) + 1,
            facts=ruleset.judged,
            subject=ruleset.subject,
            folder=texts.folder,
            texts=dict(texts.files),
            effective_from=effective_from(ruleset),
            origin=origin,
            authors=list(authors),
            note=note,
            created_at=clock.now(),
        )
        try:
            with unit_of_work():
                session.add(made)
                session.flush()
        except IntegrityError:  # another process has remembered it in this moment
            return row_of(ruleset.edition)
        return made
    return found


def remember_shipped(ruleset: Ruleset) -> None:
    """Keep the texts of a shipped edition, so that what it judges today can be judged again when another is shipped.

    Its cases and remarks may change while what it judges by stays: then those on disk are kept. Does nothing for others.
    """
    source = ruleset.source
    mark = (settings().database_url, ruleset.edition)
    if isinstance(source, Folder) and mark not in _remembered:
        with unit_of_work():
            texts = texts_of(source.path)
            row = remember(ruleset, texts, "shipped")
            if row.origin == "shipped" and row.texts != texts.files:
                row.texts = dict(texts.files)
            on_commit(lambda: _remembered.add(mark))


_remembered: set[tuple[str, str]] = set()
"""Shipped editions that this process has remembered, by database."""


def remember_all_shipped() -> None:
    """Remember every shipped edition, as a list of all needs."""
    for name in shipped():
        remember_shipped(shipped_ruleset(name))


def effective_from(ruleset: Ruleset) -> date:
    """The business day that a ruleset says of itself. Raises Invalid (`rules.effective`)."""
    try:
        return date.fromisoformat(ruleset.effective_from)
    except ValueError:
        raise Invalid(
            "rules.effective",
            Text("effective.from 须是日期（YYYY-MM-DD）", "effective.from must be a date (YYYY-MM-DD)"),
        ) from None
