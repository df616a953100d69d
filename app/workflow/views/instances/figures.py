"""Insight into a process: the heat map, throughput, deadlines kept, work done twice, and where it gets stuck."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.core import clock as time
from app.core.db import current_session
from app.core.errors import NotFound
from app.core.registry import Registry
from app.core.text import Text
from app.web.access import permission
from app.web.listing import csv_answer
from app.web.words import number_text, percent_text, say, t
from app.workflow.insight import PERIODS, Insight, StepFigures, insight
from app.workflow.models import Process, ProcessVersion
from app.workflow.permissions import INSTANCES
from app.workflow.titles import element_titles, task_title
from app.workflow.views.instances.wording import CLOCK_KINDS, long_text, title_in

LEVELS: Final = 5
SHOWN: Final = {
    "waiting": Text("当前等待", "Waiting now"),
    "mean": Text("平均用时", "Mean time"),
    "p90": Text("九成用时不超过", "90% are within"),
    "done": Text("办理次数", "Times done"),
}
"""What the heat map can show."""
Table = tuple[tuple[Text, ...], Callable[[Insight], Iterable[tuple[object, ...]]]]


def heat(steps: Sequence[StepFigures]) -> dict[str, dict[str, dict[str, Any]]]:
    """What the drawing shows: element → figure → its text and its level, 0 (nothing) to LEVELS (the most of all)."""
    found: dict[str, dict[str, dict[str, Any]]] = {each.node: {} for each in steps}
    for name in SHOWN:
        values = {each.node: getattr(each, name) or 0 for each in steps}
        most = max(values.values(), default=0)
        for each in steps:
            value = values[each.node]
            text = number_text(value) if name in ("waiting", "done") else long_text(getattr(each, name))
            level = 0 if not value else max(1, round(LEVELS * value / most))
            found[each.node][name] = {"text": text, "level": level}
    return found


def _chart(figures: Insight) -> dict[str, Any]:
    days = [each.day.isoformat() for each in figures.throughput]
    return {
        "legend": {},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": days},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {
                "type": "line",
                "symbol": "none",
                "name": t("发起", "Started"),
                "data": [each.started for each in figures.throughput],
            },
            {
                "type": "line",
                "symbol": "none",
                "name": t("结束", "Ended"),
                "data": [each.finished for each in figures.throughput],
            },
        ],
    }


_STEP: Final = Text("环节", "Element")
_WAITING: Final = SHOWN["waiting"]
_MEAN: Final = Text("平均用时（秒）", "Mean (seconds)")
_P90: Final = Text("九成用时不超过（秒）", "90% within (seconds)")
TABLES: Final[Mapping[str, Table]] = {
    "steps": (
        (_STEP, _WAITING, SHOWN["done"], _MEAN, _P90),
        lambda figures: ((each.title, each.waiting, each.done, each.mean, each.p90) for each in figures.steps),
    ),
    "bottlenecks": (
        (_STEP, _WAITING, _MEAN, Text("积压（秒）", "Backlog (seconds)")),
        lambda figures: ((each.title, each.waiting, each.mean, round(each.weight, 1)) for each in figures.bottlenecks),
    ),
    "teams": (
        (
            _STEP,
            Text("岗位", "Team"),
            Text("按时", "In time"),
            Text("迟办", "Late"),
            Text("逾期未办", "Overdue"),
            Text("按时率", "Share in time"),
        ),
        lambda figures: (
            (each.title, each.role, each.on_time, each.late, each.overdue, percent_text(each.share))
            for each in figures.teams
        ),
    ),
    "clocks": (
        (
            Text("时限", "Time limit"),
            Text("类别", "Kind"),
            Text("按时", "Met"),
            Text("逾期", "Missed"),
            Text("计时中", "Running"),
        ),
        lambda figures: (
            (say(each.title), say(CLOCK_KINDS.get(each.kind, each.kind)), each.met, each.missed, each.running)
            for each in figures.clocks
        ),
    ),
    "rework": (
        (
            _STEP,
            Text("返工的业务", "Cases"),
            Text("经过次数", "Times passed"),
            Text("单笔最多", "Most in one case"),
        ),
        lambda figures: ((each.title, each.cases, each.passes, each.most) for each in figures.rework),
    ),
    "throughput": (
        (Text("日期", "Day"), Text("发起", "Started"), Text("结束", "Ended")),
        lambda figures: ((each.day.isoformat(), each.started, each.finished) for each in figures.throughput),
    ),
}
"""The tables as they can be exported: headings, and rows of figures."""


def _days() -> int:
    given = request.args.get("days", "")
    return int(given) if given in {str(each) for each in PERIODS} else PERIODS[1]


def _live(process: str) -> ProcessVersion:
    """Raises NotFound (`workflow.process`) where no version of it has been used."""
    known = current_session().get(Process, process)
    query = select(ProcessVersion).filter_by(process=process).order_by(ProcessVersion.number.desc())
    found = current_session().get(ProcessVersion, known.live) if known else current_session().scalar(query.limit(1))
    if found is None:
        raise NotFound(
            "workflow.process",
            Text("流程 {name} 还没有运行过", "No version of process {name} has been used yet").format(name=process),
        )
    return found


@permission(INSTANCES)
def insight_csv(process: str, table: str) -> ResponseReturnValue:
    """One of the tables for a spreadsheet."""
    _live(process)
    if table not in TABLES:
        raise NotFound("workflow.table", Text("没有这张表", "There is no such table"))
    heads, rows = TABLES[table]
    return csv_answer(f"{process}-{table}", heads, list(rows(insight(process, _days()))), lambda row: row)


def add_to(blueprint: Blueprint, registry: Registry) -> None:
    def role_title(name: str) -> Text | str:
        role = registry.roles.get(name)
        return role.title if role else name or "–"

    @permission(INSTANCES)
    def page(process: str) -> ResponseReturnValue:
        """All figures of a process over the chosen period."""
        live = _live(process)
        figures = insight(process, _days())
        titles = element_titles(live.version, registry)
        return render_template(
            "workflow/insight.html",
            process=process,
            live=live,
            title=title_in(live.description, process),
            figures=figures,
            periods=PERIODS,
            shown=SHOWN,
            levels=LEVELS,
            heat=heat(figures.steps),
            chart_options=_chart(figures),
            long_text=long_text,
            clock_kinds=CLOCK_KINDS,
            role_title=role_title,
            named=lambda each: task_title(each.title, each.node, titles),
            now=time.now(),
        )

    blueprint.add_url_rule("/insight/<process>", "insight", page)
    blueprint.add_url_rule("/insight/<process>/<table>.csv", "insight_csv", insight_csv)
