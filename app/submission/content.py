"""The content that submission runs on: mappings from the `rulesets/` folder, and the rulesets in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache

from app.core import clock
from app.core.errors import NotFound
from app.core.schema import current_revision, database_exists
from app.core.text import Text
from app.rules.model import Ruleset
from app.rules.registry import InForce, in_force, shipped_in_force
from app.rules.registry.shipped import ROOT
from app.standard.catalogue import Subject
from app.submission.mapping import SourceMapping, load_mappings
from app.submission.mapping_editions import approved_mappings

__all__ = [
    "ROOT",
    "file_rules",
    "judged_by",
    "mappings",
    "present_force",
    "rules_in",
    "rules_of",
    "shipped_mappings",
]


@lru_cache
def shipped_mappings() -> Mapping[str, SourceMapping]:
    """The mappings that come as files, by source."""
    return load_mappings(ROOT / "mapping")


def mappings(day: date | None = None) -> Mapping[str, SourceMapping]:
    """The mappings of all sources that are in force on a business day, by default today: those approved in the console
    before those that come as files."""
    shipped = shipped_mappings()
    if not database_exists():
        return shipped
    return {**shipped, **approved_mappings(day or clock.today())}


def rules_of(record_type: str, subject: Subject | None = None, day: date | None = None) -> Ruleset:
    """The pre-check of a record type that is in force on a business day, by default today; of a type for both subjects that
    of persons, if none is named.

    Raises NotFound for a type that no ruleset is about, RulesetInvalid if it cannot be used.
    """
    return rules_in(in_force(day or clock.today()), record_type, subject)


def judged_by(record_type: str, day: date | None = None) -> Iterator[Ruleset]:
    """The pre-checks of a record type that are in force on a business day, by default today: two of a type for persons and
    organisations."""
    force = in_force(day or clock.today())
    for subject in force.subjects_of(record_type):
        yield rules_in(force, record_type, subject)


def rules_in(force: InForce, record_type: str, subject: Subject | None = None) -> Ruleset:
    """As `rules_of`, of what is in force."""
    place = force.about_record(record_type, subject)
    if place is None:
        raise NotFound(
            "submission.rules",
            Text("没有 {code} 类记录的校验规则", "There are no rules for records of type {code}").format(
                code=record_type
            ),
        )
    return place.ruleset()


def file_rules(force: InForce, subject: Subject = "person") -> Ruleset:
    """The checks of a whole report file, under the numbers for persons' or organisations' files. Raises NotFound where
    they are retired."""
    place = force.about_file(subject)
    if place is None:
        raise NotFound("submission.rules", Text("没有报文文件的校验规则", "There are no rules for report files"))
    return place.ruleset()


def present_force() -> InForce:
    """What is in force today; in a house whose database has not been made, what is shipped."""
    known = current_revision() is not None if database_exists() else False
    return in_force(clock.today()) if known else shipped_in_force(clock.today())
