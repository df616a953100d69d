"""Which edition of every ruleset is in force on a business day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from app.core.db import current_session, unit_of_work
from app.core.errors import NotFound
from app.core.text import Text
from app.rules.model import Ruleset
from app.rules.registry.editions import edition
from app.rules.registry.models import Release, RulesetEdition
from app.rules.registry.shipped import Shipped, shipped, shipped_ruleset
from app.standard import catalogue
from app.standard.catalogue import SUBJECTS, Subject


@dataclass(frozen=True, slots=True)
class Place:
    """A ruleset in force: what it is about, and its edition; '' for the one on disk, which tells its hash when loaded."""

    name: str
    facts: str
    subject: Subject | None
    edition: str
    release: int | None = None
    """The release of the console that put it in force; None for a shipped one."""

    def ruleset(self) -> Ruleset:
        return edition(self.edition) if self.edition else shipped_ruleset(self.name)


@dataclass(frozen=True)
class InForce:
    """The rulesets in force on a business day, by name; loaded when they are asked for."""

    day: date
    places: Mapping[str, Place]

    def __iter__(self) -> Iterator[Place]:
        return iter(self.places.values())

    def ruleset(self, name: str) -> Ruleset:
        """Raises NotFound (`rules.ruleset`), and RulesetInvalid if it cannot be used."""
        if name not in self.places:
            raise no_ruleset(name)
        return self.places[name].ruleset()

    def about_record(self, code: str, subject: Subject | None = None) -> Place | None:
        """The pre-check of a record type; of a type for both subjects that of persons, if none is named. Of several the
        first by name counts: no second one is let in."""
        whose = subject or catalogue.current().record(code).subject
        return next((place for place in self._about(f"record.{code}") if _whose(place, code) == whose), None)

    def subjects_of(self, code: str) -> tuple[Subject, ...]:
        """Whose records of a type have a pre-check of their own: none for a type that no ruleset is about."""
        found = {_whose(place, code) for place in self._about(f"record.{code}")}
        return tuple(subject for subject in SUBJECTS if subject in found)

    def about_file(self, subject: Subject) -> Place | None:
        """The checks of a whole report file; those that name no subject are for persons' files."""
        return next((place for place in self._about("file.report") if (place.subject or "person") == subject), None)

    def _about(self, facts: str) -> Iterator[Place]:
        return (place for _, place in sorted(self.places.items()) if place.facts == facts)


def _whose(place: Place, code: str) -> Subject:
    return place.subject or catalogue.current().record(code).subject


def shipped_in_force(day: date) -> InForce:
    """What would judge the day if nothing but the shipped rulesets were known, as in a house without a database."""
    return InForce(day, {name: _on_disk(each) for name, each in shipped().items() if each.effective_from <= day})


def in_force(day: date) -> InForce:
    """What judges the business day: of each ruleset the latest release of the console from that day or before; without
    one the shipped edition, the present one or, where that is for later days, the latest before it."""
    with unit_of_work(reading=True) as session:
        kept: dict[date, InForce] = session.info.setdefault(KEPT, {})
        if day not in kept:
            kept[day] = _asked(day)
        return kept[day]


KEPT = "rules.in_force"
"""Where a session keeps what it has asked; a release made in it takes that away."""


def forget_in_force() -> None:
    """A release was made in the running unit of work."""
    current_session().info.pop(KEPT, None)


def _asked(day: date) -> InForce:
    session = current_session()
    columns = (RulesetEdition.ruleset, RulesetEdition.facts, RulesetEdition.subject, RulesetEdition.edition)
    places = {name: _on_disk(each) for name, each in shipped().items() if each.effective_from <= day}
    waiting = [name for name, each in shipped().items() if each.effective_from > day]
    if waiting:
        former = select(*columns).where(
            RulesetEdition.origin == "shipped",
            RulesetEdition.effective_from <= day,
            RulesetEdition.ruleset.in_(waiting),
        )
        for name, facts, subject, hash_ in session.execute(
            former.order_by(RulesetEdition.effective_from, RulesetEdition.number)
        ):
            places[name] = Place(name, facts, subject, hash_)
    acts = (
        select(Release.id, Release.ruleset, Release.edition, RulesetEdition.facts, RulesetEdition.subject)
        .join(RulesetEdition, RulesetEdition.edition == Release.edition, isouter=True)
        .where(Release.effective_from <= day)
        .order_by(Release.effective_from, Release.id)
    )
    for release, name, put, facts, subject in session.execute(acts):
        if put is None:
            places.pop(name, None)
        else:
            places[name] = Place(name, facts, subject, put, release)
    return InForce(day, places)


def _on_disk(each: Shipped) -> Place:
    return Place(each.name, each.facts, each.subject, "")


def no_ruleset(name: str) -> NotFound:
    return NotFound("rules.ruleset", Text("没有规则集 {name}", "There is no ruleset {name}").format(name=name))
