"""The one door of the rules room."""

from __future__ import annotations

from app.core.registry import Job, Registry, Task
from app.core.text import Text
from app.rules.inference.streams import WATCH_EVENTS, judge_stream
from app.rules.inference.verdicts import INFER, infer_batch
from app.rules.permissions import FROM_THE_START, PERMISSIONS


def _register_trials(registry: Registry) -> None:
    from app.rules.registry.trying import BACKTEST, run

    title = Text("规则集历史试跑", "Try a ruleset on stored days")
    registry.task(Task(BACKTEST, title, run, own_commits=True, max_attempts=2))


def register(registry: Registry) -> None:
    from app.rules.exemption import events as exemption_events
    from app.rules.exemption import evidence as exemption_evidence
    from app.rules.exemption import steps as exemption_steps
    from app.rules.registry import events, evidence, steps
    from app.rules.shadow import events as shadow_events
    from app.rules.views import register_pages

    registry.models(
        "app.rules.registry.models",
        "app.rules.inference.models",
        "app.rules.exemption.models",
        "app.rules.shadow.models",
    )
    for name, title in PERMISSIONS.items():
        registry.permission(name, title)
    _register_trials(registry)
    for role, permissions in FROM_THE_START.items():
        registry.grant(role, *permissions)
    for event in (*events.EVENTS, *exemption_events.EVENTS, *shadow_events.EVENTS):
        registry.event(event)
    for verbs in (steps, exemption_steps):
        verbs.register_steps(registry)
    for rows in (evidence, exemption_evidence):
        rows.register_evidence(registry)
    register_pages(registry)
    _register_shadows(registry)
    registry.task(
        Task(INFER, Text("按政策推理一批事实", "Judge a batch of facts by a policy"), infer_batch, own_commits=True)
    )
    registry.task(
        Task(WATCH_EVENTS, Text("按监测规则判断新事件", "Judge new events by a watch"), judge_stream, own_commits=True)
    )


def _register_shadows(registry: Registry) -> None:
    from app.rules.registry.events import EditionReleased
    from app.rules.shadow.days import COMPARE, ask_for_day, compare_day
    from app.rules.shadow.events import DayJudged
    from app.rules.shadow.running import end_by_day, end_with_release

    compare = Text("影子运行：比对一个业务日", "Compare a business day for a shadow")
    registry.task(Task(COMPARE, compare, compare_day, own_commits=True, max_attempts=3))
    registry.subscribe("rules.shadow_days", DayJudged, ask_for_day)
    registry.subscribe("rules.shadow_released", EditionReleased, end_with_release)
    closing = Text("结束到期的影子运行", "End shadows whose last day is over")
    registry.job(Job("rules.shadow_ends", closing, end_by_day, cron="20 0 * * *"))
