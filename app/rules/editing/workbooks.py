"""The decision table of a draft as a workbook, and a workbook back as its text."""

from __future__ import annotations

import tempfile
from pathlib import Path

from app.core.errors import Invalid
from app.core.text import Text
from app.rules.loading import load_ruleset, read_head
from app.rules.registry.files import write_files
from app.rules.source import RULESET, Texts
from app.rules.tables.exchange import import_workbook
from app.rules.tables.workbook_out import write_workbook


def workbook_of(texts: Texts) -> bytes:
    """The draft's table as .xlsx. Raises RulesetInvalid, and Invalid (`rules.no_table`) where it is none."""
    ruleset = load_ruleset(texts)
    if ruleset.table is None:
        raise Invalid("rules.no_table", Text("这个规则集不是决策表", "this ruleset is no decision table"))
    return write_workbook(ruleset, ruleset.table)


def text_from(texts: Texts, workbook: bytes) -> dict[str, str]:
    """The text that a workbook gives the draft; remarks at its top stay.

    Raises RulesetInvalid with all that is wrong, by cell, and Invalid (`rules.other_table`) for a table of another name.
    """
    name = read_head(texts).name
    with tempfile.TemporaryDirectory() as place:
        root, file = Path(place), Path(place) / "given.xlsx"
        write_files(texts, root)
        file.write_bytes(workbook)
        imported = import_workbook(file, root)
        if imported.ruleset.name != name:
            raise Invalid(
                "rules.other_table",
                Text("工作簿写的是 {other}，不是 {name}", "the workbook holds {other}, not {name}").format(
                    other=imported.ruleset.name, name=name
                ),
            )
        imported.save()
        path = f"{texts.folder}/{RULESET}"
        return {path: (root / path).read_text(encoding="utf-8")}
