"""The rulesets that come with the product: folders on disk, known by what stands before their rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final

from app.rules.loading import find_rulesets, load_ruleset, read_head
from app.rules.model import Ruleset
from app.standard import catalogue
from app.standard.catalogue import Subject

ROOT: Final = Path(__file__).resolve().parents[3] / "rulesets"
"""Where they lie; what else the business owns, such as mappings, lies beside them."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """A ruleset on disk. `effective_from` is the business day from which it judges, as it says itself."""

    name: str
    folder: Path
    facts: str
    subject: Subject | None
    effective_from: date


@lru_cache
def shipped() -> Mapping[str, Shipped]:
    """All of them by name, read once a process."""
    found = {}
    for folder in find_rulesets(ROOT):
        head = read_head(folder)
        if head.name and head.effective_from:
            found[head.name] = Shipped(head.name, folder, head.facts, head.subject, head.effective_from)
    return found


def shipped_ruleset(name: str) -> Ruleset:
    """Load one, once a process and edition of the standard. Raises KeyError, and RulesetInvalid."""
    return _loaded(shipped()[name].folder, catalogue.current().digest)


@lru_cache(maxsize=128)
def _loaded(folder: Path, standard: str) -> Ruleset:
    del standard  # names and code tables are the standard's
    return load_ruleset(folder)
