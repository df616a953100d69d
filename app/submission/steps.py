"""The verbs of submission that diagrams may call. Each takes the batch, may be called again, and says what it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import NotFound, Unavailable
from app.core.events import publish
from app.core.registry import Registry, Step
from app.core.text import Text
from app.rules.shadow.events import DayJudged
from app.submission.checking.volume import weigh
from app.submission.counts import count_batch, due_by_type
from app.submission.models import Batch
from app.submission.stages.build import build
from app.submission.stages.collect import collect
from app.submission.stages.derive import derive
from app.submission.stages.hold import hold
from app.submission.stages.judge import judge
from app.submission.stages.receive import receive
from app.submission.stages.send import send
from app.submission.stages.standardise import standardise
from app.submission.stages.work import Work
from app.submission.transport import CENTRE_AWAY
from app.submission.warning.watching import judge_batch
from app.workflow.stepping import Later, StepContext

FIRST_POLL_SECONDS = 0.5
LAST_POLL_SECONDS = 60.0
NOT_YET = object()
"""What a stage gives back while the centre has not answered; the step then asks again, ever less often."""


@dataclass(frozen=True, slots=True)
class BatchParams:
    """Which batch a step works on."""

    batch: str


def register_steps(registry: Registry) -> None:
    """Announce the verbs."""
    verbs: dict[str, tuple[Text, Callable[[Work], Any]]] = {
        "collect": (Text("采集来源数据", "Collect from the sources"), collect),
        "standardise": (Text("映射为标准实体", "Map to standard entities"), standardise),
        "volume": (Text("总量核对", "Hold volumes against the ledger"), weigh),
        "derive": (Text("生成应报记录", "Derive the records due"), derive),
        "judge": (Text("规则预校验", "Pre-check by rules"), _judge),
        "hold": (Text("登记例外", "Hold blocked records"), hold),
        "build": (Text("生成加密报文", "Build encrypted files"), build),
        "send": (Text("发送报文", "Send the files"), send),
        "receive": (Text("接收并处理反馈", "Receive and apply feedback"), _receive),
        "stop": (Text("登记批次中止", "Note the batch as stopped"), _stop),
    }
    for name, (title, work) in verbs.items():
        registry.step(Step(f"submission.{name}", title, _on_batch(work), BatchParams))


def _on_batch(act: Callable[[Work], Any]) -> Callable[[StepContext, BatchParams], Any]:
    def run(context: StepContext, params: BatchParams) -> Any:
        _resumed(params.batch)
        later = min(LAST_POLL_SECONDS, FIRST_POLL_SECONDS * 1.5 ** min(context.turn, 20))
        try:
            result = act(Work.on(params.batch, context.progress))
        except Unavailable as problem:
            if problem.code != CENTRE_AWAY:
                raise
            # A centre that is away for days comes back by itself: nobody should have to press a button then.
            return Later(later, problem.message)
        count_batch(params.batch)
        judge_batch(params.batch)
        return Later(later) if result is NOT_YET else result

    return run


def _resumed(batch: str) -> None:
    """A batch that waited for a decision goes on, wherever the decision was given. Raises NotFound (`submission.batch`)."""
    with unit_of_work() as session:
        found = session.get(Batch, batch)
        if found is None:
            raise NotFound("submission.batch", Text("没有这个批次", "There is no such batch"))
        if found.status == "waiting":
            found.status = "running"


def _judge(work: Work) -> dict[str, Any]:
    due = due_by_type(work.batch)
    found = judge(work, due)
    with unit_of_work() as session:
        if found["share_above_limit"]:
            session.get_one(Batch, work.batch).status = "waiting"
        publish(DayJudged(work.batch, work.business_date, tuple(code for code, records in due.items() if records)))
    return found


def _receive(work: Work) -> Any:
    found = receive(work)
    if found["waiting"]:
        return NOT_YET
    _finish(work.batch, "done")
    return found


def _stop(work: Work) -> dict[str, Any]:
    _finish(work.batch, "stopped")
    return {}


def _finish(batch: str, status: str) -> None:
    with unit_of_work() as session:
        found = session.get_one(Batch, batch)
        found.status, found.finished_at = status, clock.now()
