"""Rulesets written on the spot, and a place to run SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from app.rules.cases import Execute

HEAD = """\
ruleset: submission.example
kind: check
title: {zh: 示例, en: An example}
basis: [示例依据]
effective: {from: '2022-10-01'}
facts: {record: record.210}
rules:
"""


def rule(rule_id: str, body: str, head: str = "") -> str:
    """The YAML of one rule, `body` being its conditions."""
    lines = [
        f"- id: {rule_id}",
        "  code: BLE001",
        f"  title: {{zh: 规则{rule_id}, en: rule {rule_id}}}",
        "  severity: block",
        "  confidence: high",
        "  stage: format",
        *(f"  {line}" for line in (head + body).splitlines()),
    ]
    return "\n".join("  " + line for line in lines) + "\n"


@pytest.fixture
def write_ruleset(tmp_path: Path) -> Callable[..., Path]:
    """Writes a ruleset folder from the text of its rules and, if given, of its case files."""

    def write(rules: str, cases: dict[str, str] | None = None, head: str = HEAD) -> Path:
        folder = tmp_path / "example"
        (folder / "cases").mkdir(parents=True, exist_ok=True)
        (folder / "ruleset.yaml").write_text(head + rules, encoding="utf-8")
        for name, text in (cases or {}).items():
            (folder / "cases" / name).write_text(text, encoding="utf-8")
        return folder

    return write


@pytest.fixture
def execute() -> Iterator[Execute]:
    with duckdb.connect() as connection:

        def run(statement: str, parameters: Sequence[str]) -> list[tuple[Any, ...]]:
            return connection.execute(statement, parameters).fetchall()

        yield run
