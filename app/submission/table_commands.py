"""`creditlink rules table …`: decision tables checked, explained, and exchanged with Excel.

What reads and writes workbooks is imported when one is read or written: it takes long to load.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

import click

from app.rules.loading import find_rulesets, load_ruleset
from app.rules.model import Fault, Ruleset, RulesetInvalid
from app.rules.tables.analysis import analyse
from app.rules.tables.deciding import TableExplained, TableJudge
from app.rules.tables.model import Table
from app.submission.content import ROOT
from app.web.commands import BAD_USE, FINDINGS, as_json, json_option, tell_error


@click.group("table")
def table() -> None:
    """决策表 Decision tables."""


@table.command("check")
@click.argument("ruleset")
@json_option
def check(ruleset: str, as_json_wanted: bool) -> None:
    """检查决策表 Tell gaps, overlaps and rows never reached of RULESET; 1 when the table cannot be used."""
    try:
        found = _load(ruleset)
    except RulesetInvalid as refused:
        _refuse(refused, as_json_wanted)
    remarks = analyse(found[1])
    if as_json_wanted:
        as_json({"ruleset": found[0].name, "edition": found[0].edition, "rows": len(found[1].rows),
                 "faults": [], "remarks": [remark.as_data() for remark in remarks]})  # fmt: skip
        return
    for remark in remarks:
        click.echo(f"{remark.message.zh}\n  {remark.message.en}")
    click.echo(f"行 rows {len(found[1].rows)}，提示 remarks {len(remarks)}，可以使用 the table can be used")


@table.command("export")
@click.argument("ruleset")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(ruleset: str, file: Path) -> None:
    """导出Excel Write the table RULESET to FILE.xlsx, to be changed there and imported again."""
    from app.rules.tables.workbook_out import write_workbook

    try:
        found = _load(ruleset)
    except RulesetInvalid as refused:
        _refuse(refused, False)
    if file.suffix.lower() != ".xlsx":
        tell_error("文件名须以.xlsx结尾", "the file name must end with .xlsx")
        raise click.exceptions.Exit(BAD_USE)
    try:
        file.write_bytes(write_workbook(*found))
    except OSError as problem:
        tell_error(f"无法写入：{problem.strerror}", f"cannot be written: {problem.strerror}")
        raise click.exceptions.Exit(BAD_USE) from None
    click.echo(f"已导出 exported: {file}")


@table.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Check only, write nothing. 只检查，不写入")
@json_option
def import_(file: Path, only_check: bool, as_json_wanted: bool) -> None:
    """导入Excel Take FILE.xlsx in as the ruleset it names, if nothing is wrong; 1 when something is, told by cell."""
    from app.rules.tables.exchange import import_workbook

    try:
        imported = import_workbook(file, ROOT)
    except RulesetInvalid as refused:
        _refuse(refused, as_json_wanted)
    written = not only_check and not imported.same
    if written:
        imported.save()
    rows = {"added": imported.added, "changed": imported.changed, "removed": imported.removed}
    if as_json_wanted:
        as_json({"ruleset": imported.ruleset.name, "edition": imported.ruleset.edition, "written": written,
                 "head_changed": imported.head_changed, **{name: list(ids) for name, ids in rows.items()}, "faults": []})  # fmt: skip
        return
    words = {"added": "新增", "changed": "修改", "removed": "删除"}
    for name, ids in rows.items():
        click.echo(f"{words[name]} {name}: {', '.join(ids) or '-'}")
    click.echo(f"表头改动 head changed: {'是 yes' if imported.head_changed else '否 no'}")
    click.echo("已写入，请运行 creditlink rules test  written; now run creditlink rules test" if written
               else "未写入 nothing written")  # fmt: skip


@table.command("explain")
@click.argument("ruleset")
@click.argument("fact", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def explain(ruleset: str, fact: Path, as_json_wanted: bool) -> None:
    """解释一条记录 Say which row of RULESET decides the fact in the JSON file FACT, and why the others do not."""
    try:
        found = _load(ruleset)
    except RulesetInvalid as refused:
        _refuse(refused, as_json_wanted)
    explained = TableJudge(found[1]).explain(_fact(fact))
    if as_json_wanted:
        as_json(explained.as_data())
        return
    _tell(found[1], explained)


def _tell(decided_by: Table, explained: TableExplained) -> None:
    for row in explained.rows:
        click.echo(f"{row.row}  {row.why.zh}\n    {row.why.en}")
    click.echo(f"决定的行 decided by: {', '.join(explained.decision.deciding) or '无 none'}")
    for output in decided_by.outputs:
        click.echo(f"{output.title.zh} {output.title.en}: {explained.decision.answers[output.id]}")


def _fact(path: Path) -> dict[str, Any]:
    try:
        fact = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        fact = None
    if not isinstance(fact, dict):
        tell_error("记录须是JSON对象文件", "the fact must be a file with one JSON object")
        raise click.exceptions.Exit(BAD_USE)
    return fact


def _load(name: str) -> tuple[Ruleset, Table]:
    """The table of that name (area.name). Raises RulesetInvalid if it cannot be used; ends with 2 if there is none."""
    for folder in find_rulesets(ROOT):
        if f"{folder.parent.name}.{folder.name}" == name:
            found = load_ruleset(folder)
            if found.table is not None:
                return found, found.table
            tell_error(f"“{name}”不是决策表", f"“{name}” is not a decision table")
            raise click.exceptions.Exit(BAD_USE)
    tell_error(f"没有规则集“{name}”", f"there is no ruleset “{name}”")
    raise click.exceptions.Exit(BAD_USE)


def _refuse(refused: RulesetInvalid, as_json_wanted: bool) -> NoReturn:
    """Tell every fault and end with 1."""
    if as_json_wanted:
        as_json({"faults": [fault.as_data() for fault in refused.faults]})
    else:
        for fault in refused.faults:
            click.echo(_line(fault))
        click.echo(f"问题 faults: {len(refused.faults)}")
    raise click.exceptions.Exit(FINDINGS)


def _line(fault: Fault) -> str:
    place = fault.file if "!" in fault.file else f"{fault.file}:{fault.line}"
    return f"{place} {fault.rule} {fault.message.zh}\n  {fault.message.en}"
