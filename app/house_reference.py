"""The manual page of everything that goes by a name: roles and permissions, steps, processes, timetable, rulesets, language, commands.

It is made from what the rooms announce, so that the manual cannot fall behind the program; the house check asks that it is fresh.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from app.core.registry import Registry
from app.core.text import Text
from app.language.functions import LABELS, SIGNATURES
from app.rules.loading import find_inferring, find_rulesets, read_head
from app.submission.content import ROOT as RULESETS
from app.submission.content import mappings
from app.workflow.definitions import definitions

_HEAD = """# 参考手册 · Reference

角色、权限、步骤、流程、作业、规则集、表达式函数与命令的完整清单；设置见 [settings.md](../settings.md)。
Every role, permission, step, process, job, ruleset, function and command there is; for settings see [settings.md](../settings.md).

This page is generated from what the rooms announce: `creditlink docs reference --out docs/manual/reference.md`.
"""


def reference_page(registry: Registry, commands: click.Group) -> str:
    """The page as Markdown. `commands` is the whole command line; raises Invalid when content cannot be read."""
    sections = (
        _roles(registry),
        _permissions(registry),
        _processes(),
        _steps(registry),
        _jobs(registry),
        _rulesets(),
        _mappings(),
        _language(),
        _names(registry),
        _commands(commands),
    )
    return _HEAD + "".join("\n" + "\n".join(section) + "\n" for section in sections)


def reference_is_fresh(page: Path, registry: Registry, commands: click.Group) -> bool:
    """Whether the file holds exactly what would be generated now."""
    return page.is_file() and page.read_text(encoding="utf-8") == reference_page(registry, commands)


def command_paths(group: click.Group, path: str = "creditlink") -> Iterator[tuple[str, click.Command]]:
    """Every command below `group` that is not hidden, by the words that call it."""
    for name, command in sorted(group.commands.items()):
        if command.hidden:
            continue
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from command_paths(command, f"{path} {name}")


def _table(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield "| " + " | ".join(head) + " |"
    yield "| " + " | ".join("---" for _ in head) + " |"
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def _both(text: Text) -> str:
    return f"{text.zh}<br>{text.en}"


def _roles(registry: Registry) -> Iterator[str]:
    rows = (
        (
            f"`{role.name}`",
            _both(role.title),
            "<br>".join(f"`{name}`" for name in sorted(registry.grants.get(role.name, ()))),
        )
        for role in registry.roles.values()
    )
    return _table("角色 · Roles", ("角色 role", "名称 title", "权限 permissions"), rows)


def _permissions(registry: Registry) -> Iterator[str]:
    rows = (
        (
            f"`{permission.name}`",
            _both(permission.title),
            "、".join(f"`{role}`" for role in registry.roles if permission.name in registry.grants.get(role, ()))
            or "–",
        )
        for permission in sorted(registry.permissions.values(), key=lambda each: each.name)
    )
    return _table("权限 · Permissions", ("权限 permission", "含义 meaning", "角色 roles"), rows)


def _processes() -> Iterator[str]:
    rows = (
        (
            f"`{defined.process}`",
            _both(defined.title),
            _both(defined.owner),
            _both(defined.purpose),
            "<br>".join(f"`{name}`" for name in sorted(defined.diagram.step_names)),
            "、".join(defined.basis),
        )
        for defined in definitions().values()
    )
    head = ("流程 process", "名称 title", "负责 owner", "用途 purpose", "步骤 steps", "依据 basis")
    return _table("流程 · Processes", head, rows)


def _steps(registry: Registry) -> Iterator[str]:
    rows = (
        (
            f"`{step.name}`",
            _both(step.title),
            "、".join(f"`{name}`" for name in getattr(step.params, "__dataclass_fields__", {})) or "–",
        )
        for step in sorted(registry.steps.values(), key=lambda each: each.name)
    )
    return _table("步骤 · Steps that diagrams may call", ("步骤 step", "含义 meaning", "参数 parameters"), rows)


def _jobs(registry: Registry) -> Iterator[str]:
    rows = (
        (f"`{job.name}`", _both(job.title), f"`{job.cron}`" if job.cron else f"{job.every_seconds} s")
        for job in sorted(registry.jobs.values(), key=lambda each: each.name)
    )
    return _table("作业 · Jobs by timetable (Chinese time)", ("作业 job", "含义 meaning", "时间 when"), rows)


def _rulesets() -> Iterator[str]:
    rows = []
    for folder in sorted((*find_rulesets(RULESETS), *find_inferring(RULESETS))):
        about = read_head(folder)
        place = folder.relative_to(RULESETS.parent).as_posix()
        rows.append((f"`{about.name}`", _both(about.title), str(about.effective_from or ""), f"`{place}`"))
    head = ("规则集 ruleset", "名称 title", "生效 effective from", "目录 folder")
    return _table("规则集 · Rulesets", head, rows)


def _mappings() -> Iterator[str]:
    rows = (
        (
            f"`{mapping.source}`",
            _both(mapping.title),
            f"`{mapping.kind}`",
            "<br>".join(f"`{name}`" for name in dict.fromkeys(target.entity for target in mapping.targets)),
        )
        for mapping in mappings().values()
    )
    head = ("来源 source", "名称 title", "种类 kind", "标准实体 standard entities")
    return _table("映射 · Mappings", head, rows)


def _language() -> Iterator[str]:
    rows = []
    for name, signature in SIGNATURES.items():
        words = LABELS[name]
        rows.append((f"`{signature.usage}`", f"{words.zh}<br>{words.en}"))
    head = ("写法 usage", "含义 meaning（{0} {1} = 参数 arguments）")
    return _table("表达式函数 · Functions of the expression language", head, rows)


def _names(registry: Registry) -> Iterator[str]:
    rows = [(f"`{each.name}`", "数据集 dataset", _both(each.title)) for each in registry.datasets.values()]
    rows += [(f"`{name}`", "事件 event", "–") for name in sorted(registry.events)]
    rows += [
        (f"`{each.name}`", "后台任务 task", _both(each.title))
        for each in sorted(registry.tasks.values(), key=lambda task: task.name)
        if each.name not in registry.jobs
    ]
    rows += [
        (f"`{each.name}`", "通知 notice", _both(each.title))
        for each in sorted(registry.notice_kinds.values(), key=lambda kind: kind.name)
    ]
    return _table(
        "数据集、事件、任务与通知 · Datasets, events, tasks and notices",
        ("名称 name", "种类 kind", "含义 meaning"),
        rows,
    )


def _commands(commands: click.Group) -> Iterator[str]:
    rows = []
    for path, command in command_paths(commands):
        arguments = [each.human_readable_name for each in command.params if isinstance(each, click.Argument)]
        options = [each.opts[0] for each in command.params if isinstance(each, click.Option)]
        words = " ".join((command.help or "").split("\n\n")[0].split())
        rows.append((f"`{' '.join((path, *arguments))}`", words, " ".join(f"`{each}`" for each in options) or "–"))
    return _table("命令 · Commands", ("命令 command", "用途 purpose", "选项 options"), rows)
