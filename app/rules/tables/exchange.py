"""Takes a workbook in as the edition on disk of a decision table: all is checked first, and the file changes only if all is well."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from app.core.text import Text
from app.rules.loading import content_hash, load_content, load_ruleset
from app.rules.model import Fault, Ruleset, RulesetInvalid
from app.rules.reading import read_content
from app.rules.source import RULESET, Folder
from app.rules.tables.model import Table
from app.rules.tables.workbook_in import SheetContent, read_workbook
from app.rules.tables.writing import table_data, table_yaml

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,59}\.[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True, slots=True)
class Imported:
    """A workbook that may become an edition: the ruleset, its file, and which rows are new, changed or gone there."""

    ruleset: Ruleset
    path: Path
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    head_changed: bool

    @property
    def same(self) -> bool:
        return not (self.added or self.changed or self.removed or self.head_changed)

    def save(self) -> None:
        """Write the file whole or not at all; the comment at its top stays."""
        table = self.ruleset.table
        assert table is not None  # noqa: S101  an imported ruleset is a table
        text = _comment(self.path) + table_yaml(table_data(self.ruleset, table))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(self.path)


def import_workbook(workbook: Path, root: Path) -> Imported:
    """Check a workbook against everything a table must be. Raises RulesetInvalid with all that is wrong, by cell."""
    content = read_workbook(workbook)
    if not isinstance(content.data, dict):
        raise RulesetInvalid(tuple(content.faults))
    path = _target(content, root)
    ruleset = load_content(content, Folder(path.parent))
    before = _data_at(path)
    after = table_data(ruleset, _table(ruleset))
    ruleset = replace(ruleset, edition=content_hash(after))
    old, new = _rows(before), _rows(after)
    return Imported(
        ruleset,
        path,
        added=tuple(row for row in new if row not in old),
        changed=tuple(row for row in new if row in old and new[row] != old[row]),
        removed=tuple(row for row in old if row not in new),
        head_changed=_head(before) != _head(after) or [r for r in old if r in new] != [r for r in new if r in old],
    )


def _target(content: SheetContent, root: Path) -> Path:
    """The file that the workbook's name stands for; only a table may be replaced by a table."""
    data: Any = content.data
    name = str(data.get("ruleset", ""))
    if not _NAME.fullmatch(name):
        content.wrong(Text("规则集名称须是“领域.名称”，小写字母、数字和下划线",
                           "the name of the ruleset must be area.name, in small letters, digits and _"), "ruleset")  # fmt: skip
        return root / RULESET
    area, _, folder = name.partition(".")
    path = root / area / folder / RULESET
    if path.is_file():
        found = read_content(path.read_bytes, f"{folder}/{RULESET}")
        if isinstance(found.data, dict) and found.data.get("kind") != "table":
            content.wrong(Text(f"“{name}”是用规则写的，不能用决策表替换", f"“{name}” is written in rules; a table cannot replace it"),
                          "ruleset")  # fmt: skip
    return path


def _data_at(path: Path) -> dict[str, Any]:
    try:
        ruleset = load_ruleset(path.parent)
    except RulesetInvalid:
        return {}
    return table_data(ruleset, ruleset.table) if ruleset.table is not None else {}


def _table(ruleset: Ruleset) -> Table:
    if ruleset.table is None:
        raise RulesetInvalid((Fault(RULESET, 1, "", Text("不是决策表", "this is not a decision table")),))
    return ruleset.table


def _rows(data: Mapping[str, Any]) -> dict[str, Any]:
    return {row["id"]: row for row in data.get("rows", [])}


def _head(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != "rows"}


def _comment(path: Path) -> str:
    """The lines of comment at the top of a file."""
    try:
        lines = path.read_text("utf-8").splitlines(keepends=True)
    except (OSError, UnicodeDecodeError):
        return ""
    kept = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "".join(lines[:kept])
