"""The house's own checks, as one command: models and migrations, content with its cases, words in both languages, documents."""

from __future__ import annotations

import ast
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from app.core import config, schema
from app.core.config import Settings
from app.core.db import database
from app.core.errors import CreditLinkError
from app.core.registry import Registry
from app.core.settings_table import page_is_fresh
from app.factory import create_app
from app.house_reference import reference_is_fresh
from app.lake.connection import scratch
from app.notices.house_rules import notice_faults
from app.rules.loading import find_inferring, find_rulesets
from app.rules.proof import prove
from app.submission.checking.tolerances import tolerance_faults
from app.submission.content import ROOT as RULESETS
from app.submission.mapping_cases import prove_mappings
from app.workflow.checking import case_faults
from app.workflow.definitions import definitions
from app.workflow.forms import run_form_cases

PROJECT = Path(__file__).resolve().parents[1]
_HAN = re.compile(r"[\u4e00-\u9fff]")
_CALL = re.compile(r"\bt\(\s*(?P<zh>'[^']*'|\"[^\"]*\")\s*,\s*(?P<en>'[^']*'|\"[^\"]*\")", re.DOTALL)
_COMMENT = re.compile(r"\{#.*?#\}|<!--.*?-->", re.DOTALL)


def house_faults(registry: Registry, commands: click.Group) -> Iterator[str]:
    """Everything that is out of order in the house, one line each. `commands` is the whole command line."""
    yield from _migrations(registry)
    yield from _content()
    yield from _words()
    if not page_is_fresh(PROJECT / "docs" / "settings.md"):
        yield "docs/settings.md is stale: creditlink docs settings --out docs/settings.md"
    yield from _reference(registry, commands)


def _reference(registry: Registry, commands: click.Group) -> Iterator[str]:
    try:
        if not reference_is_fresh(PROJECT / "docs" / "manual" / "reference.md", registry, commands):
            yield "docs/manual/reference.md is stale: creditlink docs reference --out docs/manual/reference.md"
    except CreditLinkError as problem:
        yield f"docs/manual/reference.md: {problem.message.en}"


def _migrations(registry: Registry) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder, config.override(Settings(data_dir=Path(folder))):
        try:
            schema.migrate()
            yield from (f"migrations: {each}" for each in schema.differences(registry.model_modules))
            create_app()
        except CreditLinkError as problem:
            yield f"{problem.code}: {problem.message.en}"
        finally:
            database().dispose()


def _content() -> Iterator[str]:
    with scratch(few=True) as connection:

        def execute(statement: str, parameters: Sequence[str]) -> list[tuple[Any, ...]]:
            return connection.execute(statement, parameters).fetchall()

        yield from map(str, prove(find_rulesets(RULESETS), execute, find_inferring(RULESETS)).faults)
    try:
        yield from map(str, (fault for proof in prove_mappings(RULESETS / "mapping") for fault in proof.faults))
        for defined in definitions().values():
            yield from (f"{defined.process}, {each.en}" for each in case_faults(defined))
        yield from run_form_cases()
        yield from tolerance_faults()
        yield from notice_faults()
    except CreditLinkError as problem:
        yield f"{problem.code}: {problem.message.en}"


def _words() -> Iterator[str]:
    """Chinese in a template stands in `t('中文', 'English')` only, and neither side of any pair is empty."""
    for path in sorted((PROJECT / "app").rglob("*.html")):
        # a language is called by its own name wherever it is chosen
        text = _COMMENT.sub("", path.read_text(encoding="utf-8")).replace("'中文'", "'zh'")
        for pair in _CALL.finditer(text):
            if not pair["zh"][1:-1].strip() or not pair["en"][1:-1].strip():
                yield f"{path.relative_to(PROJECT)}: a text has only one language: {pair[0]}"
        for number, line in enumerate(_CALL.sub("t()", text).splitlines(), start=1):
            if _HAN.search(line):
                yield f"{path.relative_to(PROJECT)}:{number}: Chinese outside of t(…, …): {line.strip()[:60]}"
    for path in sorted((PROJECT / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Text":
                sides = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
                if len(node.args) == 2 and len(sides) == 2 and bool(sides[0]) != bool(sides[1]):
                    yield f"{path.relative_to(PROJECT)}:{node.lineno}: a text has only one language"
