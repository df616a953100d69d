"""The words and tones of running processes and their tasks, and what processes and versions are called."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select

from app.core.db import current_session
from app.core.text import Text
from app.web.parts import Tone
from app.web.words import duration_text, t
from app.workflow.definitions import definitions
from app.workflow.models import Clock, Process, ProcessVersion

STATES: Final[Mapping[str, Text]] = {
    "running": Text("执行中", "Running"),
    "waiting": Text("等待办理", "Waiting"),
    "incident": Text("步骤失败", "A step failed"),
    "suspended": Text("已暂停", "Suspended"),
    "done": Text("已办结", "Done"),
    "cancelled": Text("已终止", "Cancelled"),
}
TONES: Final[Mapping[str, Tone]] = {
    "running": "info",
    "waiting": "warning",
    "incident": "danger",
    "suspended": "neutral",
    "done": "success",
    "cancelled": "neutral",
}
TASK_STATES: Final[Mapping[str, Text]] = {
    "open": Text("进行中", "Open"),
    "done": Text("已完成", "Done"),
    "failed": Text("失败", "Failed"),
    "cancelled": Text("已撤销", "Called off"),
}
TASK_TONES: Final[Mapping[str, Tone]] = {
    "open": "info",
    "done": "success",
    "failed": "danger",
    "cancelled": "neutral",
}
KINDS: Final[Mapping[str, Text]] = {
    "step": Text("系统步骤", "System step"),
    "question": Text("人工任务", "Task"),
    "message": Text("等待消息或时间", "Waits for a message or a time"),
}
CLOCK_STATES: Final[Mapping[str, Text]] = {
    "running": Text("计时中", "Running"),
    "paused": Text("已暂停", "Paused"),
    "missed": Text("已逾期", "Overdue"),
    "met": Text("按时完成", "Met"),
    "cancelled": Text("已取消", "Cancelled"),
}
CLOCK_TONES: Final[Mapping[str, Tone]] = {
    "running": "info",
    "paused": "neutral",
    "missed": "danger",
    "met": "success",
    "cancelled": "neutral",
}
CLOCK_KINDS: Final[Mapping[str, Text]] = {
    "statutory": Text("法定", "Statutory"),
    "bureau": Text("征信中心", "Credit centre"),
    "step": Text("环节", "Step"),
    "house": Text("本行", "House"),
}


def titles() -> dict[str, Text]:
    """What the processes are called that have been used: name to title."""
    query = select(Process.name, ProcessVersion.description).join(
        ProcessVersion, ProcessVersion.version == Process.live, isouter=True
    )
    found = {name: title_in(description, name) for name, description in current_session().execute(query)}
    for name, shipped in definitions().items():
        found.setdefault(name, shipped.title)
    return dict(sorted(found.items()))


def title_in(description: Mapping[str, Any] | None, otherwise: str) -> Text:
    """The title that a description gives, whatever it may hold there."""
    given = (description or {}).get("title")
    if isinstance(given, Mapping) and given.get("zh") and given.get("en"):
        return Text(str(given["zh"]), str(given["en"]))
    return Text(otherwise, otherwise)


def version_numbers(process: str | None = None) -> dict[str, int]:
    """The numbers by which people know versions: hash to number."""
    query = select(ProcessVersion.version, ProcessVersion.number)
    if process:
        query = query.filter_by(process=process)
    return dict(current_session().execute(query).all())


def clock_title(clock: Clock) -> Text:
    """What a time limit is called."""
    return Text(clock.title_zh, clock.title_en)


def error_text(error: str | None) -> Text:
    """The error of a step, which is kept as `中文 / English`; anything else stays as it is."""
    zh, between, en = (error or "").partition(" / ")
    return Text(zh, _code(zh) + en) if between else Text(zh, zh)


def _code(zh: str) -> str:
    """The error's code, which stands once, before the Chinese words."""
    code, between, _ = zh.partition(": ")
    return f"{code}: " if between and code.isascii() and " " not in code else ""


def long_text(length: timedelta | float | None) -> str:
    """A length of time (seconds where it is a number) as people say it: in days where it is more than two."""
    seconds = length.total_seconds() if isinstance(length, timedelta) else length
    if seconds is None or seconds < 172_800:
        return duration_text(seconds)
    return t(f"{seconds / 86_400:.1f} 天", f"{seconds / 86_400:.1f} days")
