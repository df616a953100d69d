"""The content that submission runs on: mappings and rulesets from the `rulesets/` folder, read once a process."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from app.submission.mapping import SourceMapping, load_mappings

ROOT = Path(__file__).resolve().parents[2] / "rulesets"


@lru_cache
def mappings() -> Mapping[str, SourceMapping]:
    """The mappings of all sources."""
    return load_mappings(ROOT / "mapping")
