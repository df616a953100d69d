"""Small parts of a stage done in one go: what each of them would pay for the lake and for its marks, they pay once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from sqlalchemy import select

from app.core import clock
from app.core.db import unit_of_work
from app.submission.models import StageRun, StageTry
from app.submission.stages.work import Outcome, Work

Act = Callable[[Sequence[str], bool], dict[str, Outcome]]
"""Does some parts in one go and leaves their results in one transaction of the lake. It is told whether one of them has been
begun before: only then can rows of them be in the lake already."""


def together(work: Work, stage: str, parts: Sequence[str], act: Act) -> dict[str, Outcome]:
    """Do those of the parts that are not marked as done; rows and detail of all of them."""
    if not parts:
        return {}
    mine = {"batch_id": work.batch, "stage": stage}
    with unit_of_work() as session:
        marks = session.scalars(select(StageRun).filter_by(**mine).where(StageRun.part.in_(parts)))
        done: dict[str, Outcome] = {mark.part: (mark.rows, dict(mark.detail)) for mark in marks}
        left = [name for name in parts if name not in done]
        tried = set(session.scalars(select(StageTry.part).filter_by(**mine).where(StageTry.part.in_(left))))
        session.add_all(StageTry(**mine, part=name) for name in left if name not in tried)
    if not left:
        return done
    started = time.monotonic()
    # For so little the engine's other threads are not worth waking.
    with work.lake.shared_out():
        found = act(left, bool(tried))
    each = (time.monotonic() - started) / len(left)
    with unit_of_work() as session:
        session.add_all(
            StageRun(**mine, part=name, rows=rows, seconds=each, finished_at=clock.now(), detail=detail)
            for name, (rows, detail) in found.items()
        )
    return done | found
