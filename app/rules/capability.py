"""The one door of the rules room."""

from __future__ import annotations

from app.core.registry import Registry, Task
from app.core.text import Text
from app.rules.inference.streams import WATCH_EVENTS, judge_stream
from app.rules.inference.verdicts import INFER, infer_batch
from app.rules.permissions import FROM_THE_START, PERMISSIONS


def _register_trials(registry: Registry) -> None:
    from app.rules.registry.trying import BACKTEST, run

    title = Text("规则集历史试跑", "Try a ruleset on stored days")
    registry.task(Task(BACKTEST, title, run, own_commits=True, max_attempts=2))


def register(registry: Registry) -> None:
    from app.rules.registry.events import EVENTS
    from app.rules.registry.evidence import register_evidence
    from app.rules.registry.steps import register_steps
    from app.rules.views import register_pages

    registry.models("app.rules.registry.models", "app.rules.inference.models")
    for name, title in PERMISSIONS.items():
        registry.permission(name, title)
    _register_trials(registry)
    for role, permissions in FROM_THE_START.items():
        registry.grant(role, *permissions)
    for event in EVENTS:
        registry.event(event)
    register_steps(registry)
    register_evidence(registry)
    register_pages(registry)
    registry.task(
        Task(INFER, Text("按政策推理一批事实", "Judge a batch of facts by a policy"), infer_batch, own_commits=True)
    )
    registry.task(
        Task(WATCH_EVENTS, Text("按监测规则判断新事件", "Judge new events by a watch"), judge_stream, own_commits=True)
    )
