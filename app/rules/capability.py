"""The one door of the rules room."""

from __future__ import annotations

from app.core.registry import Registry, Task
from app.core.text import Text
from app.rules.inference.streams import WATCH_EVENTS, judge_stream
from app.rules.inference.verdicts import INFER, infer_batch


def register(registry: Registry) -> None:
    registry.models("app.rules.inference.models")
    registry.task(
        Task(INFER, Text("按政策推理一批事实", "Judge a batch of facts by a policy"), infer_batch, own_commits=True)
    )
    registry.task(
        Task(WATCH_EVENTS, Text("按监测规则判断新事件", "Judge new events by a watch"), judge_stream, own_commits=True)
    )
