"""What the manual names exists, and what exists the manual names."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import click
import pytest
import yaml

from app.cli import cli
from app.core.config import PREFIX, setting_names
from app.core.registry import Registry
from app.factory import assemble
from app.house_reference import command_paths, reference_is_fresh
from app.language import ExpressionInvalid, parse
from app.rules.inference.content import load_inferring
from app.rules.loading import find_inferring, find_rulesets, load_ruleset
from app.rules.vocabulary import record_vocabulary
from app.submission.content import ROOT as RULESETS
from app.workflow.definitions import definitions

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "manual" / "reference.md"
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "rulesets" / "README.md", *(ROOT / "docs").rglob("*.md")]
)
EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())

_CODE = re.compile(r"```.*?```", re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_FENCE = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


@lru_cache
def registry() -> Registry:
    found = assemble()
    found.check()
    return found


@lru_cache
def commands() -> dict[str, click.Command]:
    return dict(command_paths(cli))


@lru_cache
def known_names() -> frozenset[str]:
    """Every dotted name that a room, a process or a ruleset has announced."""
    here = registry()
    rulesets = {load_ruleset(folder).name for folder in find_rulesets(RULESETS)}
    rulesets |= {load_inferring(folder).name for folder in find_inferring(RULESETS)}
    return frozenset().union(
        here.permissions,
        here.steps,
        here.tasks,
        here.jobs,
        here.events,
        here.subscriptions,
        here.datasets,
        here.notice_kinds,
        definitions(),
        rulesets,
    )


def spans(page: Path) -> Iterator[str]:
    """The pieces of code within the sentences of a page."""
    yield from _SPAN.findall(_CODE.sub("", page.read_text(encoding="utf-8")))


def typed_lines(page: Path) -> Iterator[str]:
    """What a reader is told to type: shell examples, and commands within sentences."""
    for language, body in _FENCE.findall(page.read_text(encoding="utf-8")):
        if language == "sh":
            yield from (line.partition("#")[0].strip() for line in body.splitlines())
    yield from spans(page)


def anchors(page: Path) -> set[str]:
    headings = _HEADING.findall(_CODE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_reference_page_is_fresh() -> None:
    assert reference_is_fresh(REFERENCE, registry(), cli), "creditlink docs reference --out docs/manual/reference.md"


@EACH_PAGE
def test_every_setting_named_exists(page: Path) -> None:
    named = set(re.findall(rf"{PREFIX}[A-Z0-9_]+", page.read_text(encoding="utf-8")))
    assert named <= {PREFIX + name.upper() for name in setting_names()}


@EACH_PAGE
def test_every_permission_step_and_process_named_exists(page: Path) -> None:
    dotted = re.compile(rf"(?:{'|'.join(registry().rooms)})(?:\.[a-z_]+)+")
    assert {span for span in spans(page) if dotted.fullmatch(span)} <= known_names()


@EACH_PAGE
def test_every_command_named_can_be_typed(page: Path) -> None:
    for line in typed_lines(page):
        words = line.split()
        if words[:1] != ["creditlink"] or len(words) == 1 or words[1].startswith("…"):
            continue
        path = "creditlink"
        while len(words) > path.count(" ") + 1 and f"{path} {words[path.count(' ') + 1]}" in commands():
            path = f"{path} {words[path.count(' ') + 1]}"
        assert path != "creditlink", line
        command = commands()[path]
        rest = words[path.count(" ") + 1 :]
        if isinstance(command, click.Group):
            assert not rest, f"{line}: {path} has no command {rest[0]}"
        options = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
        assert {word for word in rest if word.startswith("--")} <= options, line


@EACH_PAGE
def test_every_make_target_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {words[1] for line in typed_lines(page) if (words := line.split())[:1] == ["make"] and len(words) == 2}
    assert named <= targets


@EACH_PAGE
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in _LINK.findall(_CODE.sub("", page.read_text(encoding="utf-8"))):
        if "://" in target:
            continue
        place, _, anchor = target.partition("#")
        goal = (page.parent / place).resolve() if place else page
        assert goal.exists(), target
        if anchor:
            assert anchor in anchors(goal), target


@EACH_PAGE
def test_every_yaml_example_can_be_read(page: Path) -> None:
    for language, body in _FENCE.findall(page.read_text(encoding="utf-8")):
        if language == "yaml":
            assert yaml.safe_load(body)


def test_every_expression_shown_to_compliance_can_be_read() -> None:
    """The examples in the last column of the language's table, each over the record types that have its names."""
    table = (ROOT / "docs" / "manual" / "compliance.md").read_text(encoding="utf-8").splitlines()
    head = table.index("| 写法 | 意思 | 例 |")
    cells = [row.rsplit(" | ", 1)[1].strip(" |`") for row in itertools.takewhile(str.strip, table[head + 2 :])]
    examples = [cell for cell in cells if cell != "–"]
    assert len(examples) > 10
    assert [example for example in examples if not any(_readable(example, code) for code in ("110", "210"))] == []


def _readable(example: str, code: str) -> bool:
    try:
        parse(example, record_vocabulary(code))
    except ExpressionInvalid:
        return False
    return True


def test_every_setting_permission_step_and_command_is_in_the_manual() -> None:
    settings = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [name for name in setting_names() if f"`{PREFIX}{name.upper()}`" not in settings] == []
    told = REFERENCE.read_text(encoding="utf-8")
    named = [*registry().permissions, *registry().steps, *registry().roles, *registry().jobs, *definitions()]
    assert [name for name in named if f"`{name}`" not in told] == []
    assert [path for path in commands() if f"`{path}" not in told] == []


def test_every_step_of_the_day_is_explained_to_operators() -> None:
    told = (ROOT / "docs" / "manual" / "operator.md").read_text(encoding="utf-8")
    steps = definitions()["submission.daily_batch"].diagram.step_names
    assert [name for name in sorted(steps) if f"`{name}`" not in told] == []
