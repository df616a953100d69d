"""The content that submission runs on: mappings and rulesets from the `rulesets/` folder, read once a process."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from app.rules.loading import load_ruleset
from app.rules.model import Ruleset
from app.submission.mapping import SourceMapping, load_mappings

ROOT = Path(__file__).resolve().parents[2] / "rulesets"
_RULES = {
    "110": "personal_basic",
    "210": "personal_loan_account",
    "310": "corporate_basic",
    "410": "corporate_loan_account",
}


@lru_cache
def mappings() -> Mapping[str, SourceMapping]:
    """The mappings of all sources."""
    return load_mappings(ROOT / "mapping")


@lru_cache
def rules_of(record_type: str) -> Ruleset:
    """The pre-check of a record type."""
    return load_ruleset(ROOT / "submission" / _RULES[record_type])


@lru_cache
def file_rules() -> Ruleset:
    """The checks of a whole report file."""
    return load_ruleset(ROOT / "submission" / "report_file")
