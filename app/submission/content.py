"""The content that submission runs on: mappings and rulesets from the `rulesets/` folder, read once a process."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from app.core.errors import NotFound
from app.core.text import Text
from app.rules.loading import find_rulesets, load_ruleset, read_facts
from app.rules.model import Ruleset
from app.standard import catalogue
from app.standard.catalogue import Subject
from app.submission.mapping import SourceMapping, load_mappings

ROOT = Path(__file__).resolve().parents[2] / "rulesets"


@lru_cache
def mappings() -> Mapping[str, SourceMapping]:
    """The mappings of all sources."""
    return load_mappings(ROOT / "mapping")


@lru_cache
def _folders() -> Mapping[tuple[str, Subject], Path]:
    """The folders of the pre-checks by record type and whose records; the first one counts, `check-house` tells of a second."""
    found: dict[tuple[str, Subject], Path] = {}
    for folder in find_rulesets(ROOT / "submission"):
        facts, subject = read_facts(folder)
        record = catalogue.current().records.get(facts.removeprefix("record."))
        if record is not None:
            found.setdefault((record.code, subject or record.subject), folder)
    return found


@lru_cache(maxsize=128)
def rules_of(record_type: str, subject: Subject | None = None) -> Ruleset:
    """The pre-check of a record type; of a type for both subjects that of persons, if none is named.

    Raises NotFound for a type that no ruleset is about, RulesetInvalid if it cannot be used.
    """
    folder = _folders().get((record_type, subject or catalogue.current().record(record_type).subject))
    if folder is None:
        raise NotFound(
            "submission.rules",
            Text("没有 {code} 类记录的校验规则", "There are no rules for records of type {code}").format(
                code=record_type
            ),
        )
    return load_ruleset(folder)


def subjects_of(record_type: str) -> tuple[Subject, ...]:
    """Whose records of a type have a pre-check of their own: none for a type that no ruleset is about."""
    return tuple(subject for subject in catalogue.SUBJECTS if (record_type, subject) in _folders())


@lru_cache
def file_rules(subject: Subject = "person") -> Ruleset:
    """The checks of a whole report file, under the numbers for persons' or organisations' files."""
    part = {"person": "personal", "organisation": "corporate"}[subject]
    return load_ruleset(ROOT / "submission" / f"{part}_report_file")
