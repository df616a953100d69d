"""A batch judged anew by the steps of its process, as on a day that has not been judged yet."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import delete

from app.core.db import unit_of_work
from app.core.jobs import TaskContext
from app.core.registry import Registry
from app.factory import assemble
from app.submission.models import StageRun
from app.submission.steps import BatchParams
from app.workflow.stepping import StepContext


@lru_cache
def registry() -> Registry:
    """Every room, without pages."""
    return assemble()


def judge_anew(batch: str, code: str = "210") -> dict[str, Any]:
    """What the step `submission.judge` says, once the records of one type are to be judged anew; they are held as well."""
    with unit_of_work() as session:
        done = StageRun.stage.in_(("judge", "hold")) & StageRun.part.startswith(code)
        session.execute(delete(StageRun).where(StageRun.batch_id == batch, done))
    context = StepContext(batch, 0, TaskContext(0, "", batch, {}, 1, 0, "test"))
    said: dict[str, Any] = registry().steps["submission.judge"].run(context, BatchParams(batch))
    registry().steps["submission.hold"].run(context, BatchParams(batch))
    return said
