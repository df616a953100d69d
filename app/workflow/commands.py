"""`creditlink workflow …`: check a diagram, and test every process that is shipped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from app.core.errors import Invalid
from app.core.registry import Registry
from app.core.text import Text
from app.web.commands import BAD_USE, FINDINGS, as_json, json_option, tell_error
from app.workflow.checking import Report, check_content, check_file
from app.workflow.definitions import definitions

_CASE_RULES = ("case", "no-cases")


def commands(registry: Registry) -> click.Group:
    """The group, for a house of which `registry` knows the steps, roles and permissions when a command is run."""

    @click.group("workflow")
    def workflow() -> None:
        """流程 Processes: check their diagrams, run their cases."""

    @workflow.command("check")
    @click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
    @json_option
    def check(file: Path, as_json_wanted: bool) -> None:
        """检查流程图 Parse, lint and explore a BPMN diagram; with its cases if it lies beside its process.yaml.

        Exit code 0 nothing that blocks publication, 1 errors, 2 the file is no BPMN 2.0 diagram.
        """
        try:
            report = check_file(file, registry)
        except (Invalid, OSError) as problem:
            words = (
                problem.message if isinstance(problem, Invalid) else Text("文件打不开", f"cannot be opened: {problem}")
            )
            if as_json_wanted:
                as_json(_unreadable(file, words))
            else:
                tell_error(words.zh, words.en, getattr(problem, "code", ""))
            raise click.exceptions.Exit(BAD_USE) from problem
        if as_json_wanted:
            as_json(as_data(file.name, report))
        else:
            _show(file.name, report)
        if report.errors:
            raise click.exceptions.Exit(FINDINGS)

    @workflow.command("test")
    @json_option
    def test(as_json_wanted: bool) -> None:
        """运行全部流程的用例 Check every shipped process and play its cases.

        Exit code 0 all is well, 1 a case failed, a process is not sound or has no cases.
        """
        reports = {name: check_content(each.content, registry) for name, each in definitions().items()}
        result = _summary(reports)
        if as_json_wanted:
            as_json(result)
        else:
            for name, report in reports.items():
                if report.errors:
                    _show(name, report)
            click.echo("  ".join(f"{key} {value}" for key, value in result.items()))
        if any(result[key] for key in ("failed", "unsound", "without_cases")) or any(
            report.errors for report in reports.values()
        ):
            raise click.exceptions.Exit(FINDINGS)

    return workflow


def _summary(reports: dict[str, Report]) -> dict[str, int]:
    """`failed` counts cases; one that could not be played because of other errors has failed too."""
    failed = 0
    for report in reports.values():
        broken = {each.element for each in report.errors if each.rule == "case"}
        blocked = any(each.rule not in _CASE_RULES for each in report.errors)
        failed += report.cases if blocked else len(broken)
    return {
        "processes": len(reports),
        "cases": sum(report.cases for report in reports.values()),
        "failed": failed,
        "unsound": sum(report.sound is not True for report in reports.values()),
        "without_cases": sum(not report.cases for report in reports.values()),
    }


def as_data(file: str, report: Report) -> dict[str, Any]:
    """A report for programs."""
    return {
        "file": file,
        "problems": [
            {
                "severity": each.severity,
                "rule": each.rule,
                "element": each.element,
                "zh": each.message.zh,
                "en": each.message.en,
                "path": list(each.path),
            }
            for each in report.problems
        ],
        "unsupported": [{"zh": each.zh, "en": each.en} for each in report.unsupported],
        "sound": report.sound,
        "states": report.states,
    }


def _unreadable(file: Path, words: Text) -> dict[str, Any]:
    problem = {"severity": "error", "rule": "diagram", "element": "", "zh": words.zh, "en": words.en, "path": []}
    return {"file": file.name, "problems": [problem], "unsupported": [], "sound": None, "states": 0}


def _show(file: str, report: Report) -> None:
    console = Console(markup=False)
    if report.problems:
        table = Table("级别 severity", "规则 rule", "元素 element", "说明 message")
        for each in report.problems:
            table.add_row(each.severity, each.rule, each.element, f"{each.message.zh}\n{each.message.en}")
        console.print(table)
    for text in report.unsupported:
        console.print(f"不支持 unsupported: {text.zh} / {text.en}")
    verdict = {True: "健全 sound", False: "不健全 not sound", None: "未判断 not judged"}[report.sound]
    warnings = len(report.problems) - len(report.errors)
    console.print(
        f"{file}: 错误 errors {len(report.errors)}, 警告 warnings {warnings}, {verdict}, 状态 states {report.states}",
    )
