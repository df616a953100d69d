"""A batch at work: what every stage needs to know, and the marks that make stages restartable."""

from __future__ import annotations

import contextvars
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import select

from app.core import clock
from app.core.config import Settings, settings
from app.core.db import current_session, unit_of_work
from app.core.errors import NotFound
from app.core.text import Text
from app.lake.connection import Lake
from app.submission.content import mappings
from app.submission.counts import standardised_by_entity
from app.submission.entities.entity import Entity
from app.submission.entities.keeping import entity_of
from app.submission.lake import lake
from app.submission.models import Batch, ReportFile, StageRun, StageTry
from app.submission.sources.listing import listed_sources
from app.submission.stages.cluster import spread
from app.submission.tables import MAIN_ENTITY, base_type

T = TypeVar("T")
Progress = Callable[[int, int], None]
Outcome = tuple[int, dict[str, Any]]
"""Of a part: its rows, and what else there is to say of it."""

Part = Callable[[bool], Outcome]
"""Does a part. It is told whether it has been begun before: only then can rows of it be in the lake already."""


@dataclass(frozen=True, slots=True)
class Work:
    """One batch and the means to work on it; `settings` are those of its legal entity."""

    batch: str
    provider: str
    business_date: date
    precheck: bool
    entity: Entity
    settings: Settings
    lake: Lake
    progress: Progress = field(default=lambda done, total: None)

    @classmethod
    def on(cls, batch_id: str, progress: Progress | None = None) -> Work:
        """Open the batch. Raises NotFound."""
        with unit_of_work(reading=True) as session:
            batch = session.get(Batch, batch_id)
            if batch is None:
                raise NotFound("submission.batch", Text("没有这个批次", "There is no such batch"))
            known = (batch.id, batch.provider, batch.business_date, batch.precheck)
            entity = entity_of(batch.provider)
        own = entity.settings(settings())
        return cls(*known, entity, own, lake(), progress or (lambda done, total: None))

    def __reduce__(self) -> tuple[Any, ...]:
        """On its way to another process it is the name of the batch: that process has settings and a lake of its own."""
        return Work.on, (self.batch,)

    def subjects(self, record_type: str) -> int:
        """How many customers or accounts this day's records of a type can be about."""
        return standardised_by_entity(self.batch).get(MAIN_ENTITY[base_type(record_type)], 0)

    def standardised(self) -> dict[str, int]:
        """Rows of this day by standard entity."""
        return standardised_by_entity(self.batch)

    def buckets(self, record_type: str) -> int:
        """Into how many hash buckets this day's records of a type are split; the same at every try."""
        return max(1, -(-self.subjects(record_type) // self.settings.bucket_records))

    def parts(self, stage: str, parts: Mapping[str, Part], *, writing: bool = False) -> dict[str, Outcome]:
        """Do the parts of a stage as `side_by_side` does, or on the cluster where there is one; what came of each, by part.

        When parts fail the others are still done, and then the first failure is raised. A part must therefore be able to
        travel: a function of a module with its arguments.
        """
        done: dict[str, Outcome] = {}
        failures: list[Exception] = []
        acts = {name: partial(self.part, stage, name, act) for name, act in parts.items()}
        for name, outcome in self._outcomes(stage, acts, writing=writing):
            if isinstance(outcome, Exception):
                failures.append(outcome)
            else:
                done[name] = outcome
        if failures:
            raise failures[0]
        return done

    def _outcomes(
        self, stage: str, acts: Mapping[str, Callable[[], T]], *, writing: bool
    ) -> Iterator[tuple[str, T | Exception]]:
        if not self.settings.cluster:
            yield from self.side_by_side(acts, writing=writing)
            return
        for number, (name, outcome) in enumerate(spread(self.settings, f"{self.batch}/{stage}", acts), start=1):
            yield name, outcome
            self.progress(number, len(acts))

    def side_by_side(
        self, acts: Mapping[str, Callable[[], T]], *, writing: bool = False
    ) -> Iterator[tuple[str, T | Exception]]:
        """Do all of it, as many at a time as there are threads; what came of each, by name, in the order of completion.

        They are begun in the order given: the longest first, lest one core end its day alone with it. `writing` is said
        where they do most of their work within `Lake.write`: taking turns there, each has all cores for its statements.
        Otherwise each statement is done by its caller alone.
        """
        sharing = nullcontext() if writing else self.lake.shared_out()
        with sharing, ThreadPoolExecutor(self.settings.threads) as pool:
            running = {pool.submit(contextvars.copy_context().run, act): name for name, act in acts.items()}
            for number, future in enumerate(as_completed(running), start=1):
                problem = future.exception()
                if problem is not None and not isinstance(problem, Exception):
                    raise problem
                yield running[future], problem or future.result()
                self.progress(number, len(running))

    def part(self, stage: str, part: str, work: Part) -> Outcome:
        """Do a part unless it is marked as done; its rows and detail either way."""
        with unit_of_work() as session:
            done = session.scalar(select(StageRun).filter_by(batch_id=self.batch, stage=stage, part=part))
            if done is not None:
                return done.rows, dict(done.detail)
            again = self._tried(stage, part)
            session.merge(StageTry(batch_id=self.batch, stage=stage, part=part))
        started = time.monotonic()
        rows, detail = work(again)
        with unit_of_work() as session:
            session.add(
                StageRun(
                    batch_id=self.batch,
                    stage=stage,
                    part=part,
                    rows=rows,
                    seconds=time.monotonic() - started,
                    finished_at=clock.now(),
                    detail=detail,
                )
            )
        return rows, detail

    def _tried(self, stage: str, part: str) -> bool:
        """Whether this part has been begun before."""
        return current_session().get(StageTry, (stage, part, self.batch)) is not None


def unanswered(provider: str, other_than: str) -> tuple[str, ...]:
    """Prefixes of the files of other batches that are planned or on their way and have no answer yet."""
    with unit_of_work(reading=True) as session:
        query = select(ReportFile.prefix).where(
            ReportFile.provider == provider, ReportFile.status != "answered", ReportFile.batch_id != other_than
        )
        return tuple(session.scalars(query.order_by(ReportFile.prefix)))


def incomplete_entities(work: Work) -> frozenset[str]:
    """The standard entities of which today's rows are not all there, since a source that delivers them has been stopped.

    Whatever is not among these rows has not gone: nothing may be withdrawn or deleted for its absence.
    """
    with unit_of_work(reading=True) as session:
        query = select(StageRun.part).filter_by(batch_id=work.batch, stage="collect")
        landed = set(session.scalars(query))
    known = mappings(work.business_date)
    stopped = [source for source in listed_sources(work.settings.sources_file, work.provider) if source not in landed]
    return frozenset(target.entity for source in stopped if source in known for target in known[source].targets)
