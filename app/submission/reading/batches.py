"""A batch as the console shows it: stages with their progress, counts that add up, sources, deadline, path in the diagram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import select

from app.core import clock, workdays
from app.core.db import current_session
from app.core.errors import Invalid
from app.core.jobs.models import JobRun, TaskRow
from app.core.text import Text
from app.submission.content import mappings
from app.submission.models import Batch, ReportFile, StageRun
from app.submission.sources.listing import sources_of
from app.submission.tables import reported_types
from app.workflow.instance import RUN_STEP
from app.workflow.models import ProcessInstance, ProcessTask

STAGES: Final[Mapping[str, tuple[str, Text]]] = {
    "collect": ("Collect", Text("采集", "Collect")),
    "standardise": ("Standardise", Text("标准化", "Standardise")),
    "derive": ("Derive", Text("生成记录", "Derive")),
    "judge": ("Judge", Text("预校验", "Pre-check")),
    "hold": ("Hold", Text("登记例外", "Hold")),
    "build": ("Build", Text("生成报文", "Build")),
    "send": ("Send", Text("发送", "Send")),
    "receive": ("Receive", Text("反馈入库", "Receive")),
}
"""The stages in order: the diagram's node of each, and its short name."""

COLUMNS: Final[Mapping[str, Text]] = {
    "landed": Text("送达", "Landed"),
    "standardised": Text("标准化", "Standardised"),
    "due": Text("应报", "Due"),
    "blocked": Text("拦截", "Blocked"),
    "exempt": Text("豁免", "Exempt"),
    "sent": Text("已报", "Sent"),
    "accepted": Text("入库", "Accepted"),
    "rejected": Text("退回", "Rejected"),
    "awaiting": Text("待反馈", "Awaiting"),
    "corrected": Text("更正入库", "Corrected"),
    "files": Text("报文", "Files"),
    "lost": Text("差额", "Lost"),
}


@dataclass(frozen=True, slots=True)
class StageLine:
    """One stage of a batch. `done` of `total` parts is the progress of a running one (0 of 0: not known), `remaining` about how
    many seconds it will still take (None: too early to say)."""

    name: str
    title: Text
    state: str
    rows: int | None
    seconds: float | None
    done: int = 0
    total: int = 0
    attempt: int = 0
    error: str = ""
    remaining: float | None = None


@dataclass(frozen=True, slots=True)
class SourceLine:
    """What came of one source: `state` is landed, failed or awaited; `reason` says why it failed."""

    name: str
    title: Text
    state: str
    rows: int
    tables: Mapping[str, int]
    landed_at: datetime | None
    reason: Text | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """One sum that must hold. `judged` is false while its parts are still being made."""

    whole: Text
    parts: Text
    left: int
    right: int
    addends: tuple[int, ...]
    judged: bool

    @property
    def holds(self) -> bool:
        return self.left == self.right


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of the working day after the business day (T+1). `certain` is false where a year's holidays are not yet out."""

    day: date
    moment: datetime
    certain: bool
    met_at: datetime | None

    @property
    def missed(self) -> bool:
        return (self.met_at or clock.now()) > self.moment

    @property
    def left(self) -> timedelta:
        return self.moment - clock.now()


@dataclass(frozen=True, slots=True)
class BatchView:
    """All that the day page and the batch page say about a batch."""

    batch: Batch
    status: str
    stages: tuple[StageLine, ...]
    counts: Mapping[str, Mapping[str, int]]
    total: Mapping[str, int]
    identities: tuple[Identity, ...]
    sources: tuple[SourceLine, ...]
    deadline: Deadline
    unmapped: int
    tasks: tuple[ProcessTask, ...]
    instance: ProcessInstance | None
    progress: Mapping[str, JobRun] = field(default_factory=dict)

    @property
    def moving(self) -> bool:
        """Whether it changes by itself."""
        return self.status == "running"

    @property
    def incident(self) -> ProcessTask | None:
        return next((task for task in self.tasks if task.status == "failed"), None)

    @property
    def question(self) -> ProcessTask | None:
        return next((task for task in self.tasks if task.kind == "question" and task.status == "open"), None)

    @property
    def mark(self) -> str:
        """Changes whenever the batch has moved on to another step."""
        return "-".join([self.status, *(f"{task.node}.{task.status}" for task in self.tasks)])


def view_batch(batch: Batch) -> BatchView:
    """Read everything about one batch, in six queries of the operational database and none of the lake."""
    session = current_session()
    instance = session.get(ProcessInstance, batch.instance_id) if batch.instance_id else None
    tasks: tuple[ProcessTask, ...] = ()
    if instance is not None:
        query = select(ProcessTask).filter_by(instance_id=instance.id)
        tasks = tuple(session.scalars(query.order_by(ProcessTask.opened_at, ProcessTask.id)))
    marks = tuple(session.scalars(select(StageRun).filter_by(batch_id=batch.id).order_by(StageRun.id)))
    files = tuple(session.scalars(select(ReportFile).filter_by(batch_id=batch.id)))
    progress = _progress(tasks)
    # What was counted before there was anything to count of a kind has none of it.
    nothing = dict.fromkeys(COLUMNS, 0)
    counts = {code: nothing | batch.counts[code] for code in reported_types() if code in batch.counts}
    total = {name: sum(each.get(name, 0) for each in counts.values()) for name in COLUMNS}
    planned = any(mark.stage == "plan" for mark in marks)
    return BatchView(
        batch=batch,
        status=status_of(batch, instance),
        stages=_stages(tasks, marks, files, progress),
        counts=counts,
        total=total,
        identities=_identities(total, planned=planned),
        sources=_sources(expected_sources(batch), tasks, marks),
        deadline=deadline_of(batch.business_date, _all_sent_at(batch, files)),
        unmapped=sum(int(mark.detail.get("unmapped", 0)) for mark in marks if mark.stage == "standardise"),
        tasks=tasks,
        instance=instance,
        progress=progress,
    )


def status_of(batch: Batch, instance: ProcessInstance | None) -> str:
    """The state that people should see: what the process says goes before what the batch last noted."""
    if batch.status in ("done", "stopped") or instance is None:
        return batch.status
    return instance.status if instance.status in ("waiting", "incident") else batch.status


def _progress(tasks: Sequence[ProcessTask]) -> dict[str, JobRun]:
    """The newest attempt at each open step, by task."""
    keys = {f"{task.id}/{task.turn}": task.id for task in tasks if task.kind == "step" and task.status == "open"}
    if not keys:
        return {}
    query = (
        select(TaskRow.key, JobRun)
        .join(JobRun, JobRun.task_id == TaskRow.id)
        .where(TaskRow.name == RUN_STEP, TaskRow.key.in_(keys))
        .order_by(JobRun.id)
    )
    return {keys[key]: run for key, run in current_session().execute(query)}


def _stages(
    tasks: Sequence[ProcessTask],
    marks: Sequence[StageRun],
    files: Sequence[ReportFile],
    progress: Mapping[str, JobRun],
) -> tuple[StageLine, ...]:
    by_node = {task.node: task for task in tasks}
    rows: dict[str, int] = {}
    for mark in marks:
        rows[mark.stage] = rows.get(mark.stage, 0) + mark.rows
    rows["build"] = sum(file.records for file in files if file.status != "planned")
    rows["send"] = sum(file.records for file in files if file.sent_at is not None)
    rows["receive"] = sum(file.records for file in files if file.status == "answered")
    lines = []
    for name, (node, title) in STAGES.items():
        task = by_node.get(node)
        if task is None:
            lines.append(StageLine(name, title, "pending", None, None))
            continue
        run = progress.get(task.id)
        state = (
            "retrying" if task.status == "open" and task.error else {"open": "running"}.get(task.status, task.status)
        )
        done, total = (run.progress_current, run.progress_total) if run and task.status == "open" else (0, 0)
        if name == "receive" and task.status == "open":
            done, total = sum(file.status == "answered" for file in files), len(files)
        seconds = ((task.finished_at or clock.now()) - task.opened_at).total_seconds()
        attempt = run.attempt if run else 0
        left = remaining(done, total, (clock.now() - run.started_at).total_seconds()) if run and total else None
        error = task.error or ""
        lines.append(StageLine(name, title, state, rows.get(name, 0), seconds, done, total, attempt, error, left))
    return tuple(lines)


def remaining(done: int, total: int, elapsed: float) -> float | None:
    """About how many seconds the rest of the parts will take, by those that are done; None while too few are.

    The largest are done first, so it is rather too long than too short.
    """
    if done < _TELLING_PARTS or elapsed < _TELLING_SECONDS or done > total:
        return None
    return elapsed * (total - done) / done


_TELLING_PARTS: Final = 2
_TELLING_SECONDS: Final = 3.0


def _identities(total: Mapping[str, int], *, planned: bool) -> tuple[Identity, ...]:
    return (
        Identity(
            COLUMNS["due"],
            Text("拦截 + 已报", "blocked + sent"),
            total["due"],
            total["blocked"] + total["sent"],
            (total["blocked"], total["sent"]),
            planned,
        ),
        Identity(
            COLUMNS["sent"],
            Text("入库 + 退回 + 待反馈", "accepted + rejected + awaiting"),
            total["sent"],
            total["accepted"] + total["rejected"] + total["awaiting"],
            (total["accepted"], total["rejected"], total["awaiting"]),
            planned,
        ),
    )


def expected_sources(batch: Batch) -> tuple[str, ...]:
    """The sources that the legal entity of a batch lists; where its list cannot be read here, all that have a mapping.

    A source that it does not have, such as a ledger, is not missed.
    """
    try:
        return tuple(sources_of(batch.provider))
    except Invalid:
        return tuple(mappings())


def _sources(
    expected: Sequence[str], tasks: Sequence[ProcessTask], marks: Sequence[StageRun]
) -> tuple[SourceLine, ...]:
    landed = {mark.part: mark for mark in marks if mark.stage == "collect"}
    collected = next((task for task in tasks if task.node == "Collect"), None)
    failed = dict((collected.result or {}).get("failed", {})) if collected is not None else {}
    lines = []
    known = mappings()
    for name in dict.fromkeys((*expected, *landed, *failed)):
        title = known[name].title if name in known else Text(name, name)
        if name in landed:
            mark = landed[name]
            tables = dict(mark.detail.get("tables", {}))
            lines.append(SourceLine(name, title, "landed", mark.rows, tables, mark.finished_at))
        elif name in failed:
            why = failed[name]
            lines.append(SourceLine(name, title, "failed", 0, {}, None, Text(why["zh"], why["en"])))
        else:
            lines.append(SourceLine(name, title, "awaited", 0, {}, None))
    return tuple(lines)


def _all_sent_at(batch: Batch, files: Sequence[ReportFile]) -> datetime | None:
    """When the last file left; None while something is still to leave."""
    if not files:
        return batch.finished_at
    moments = [file.sent_at for file in files]
    return None if None in moments else max(moment for moment in moments if moment is not None)


def deadline_of(business_date: date, met_at: datetime | None = None) -> Deadline:
    """By when a business day's records must be with the centre: the end of the next working day (T+1, S-11)."""
    due = workdays.add_working_days(business_date, 1, assume_weekdays=True)
    moment = datetime.combine(due.day + timedelta(days=1), time(), clock.CHINA)
    return Deadline(due.day, moment, due.certain, met_at)


def newest_batch(provider: str) -> Batch | None:
    """The batch of a legal entity's latest business day."""
    return current_session().scalar(
        select(Batch)
        .filter_by(provider=provider)
        .order_by(Batch.business_date.desc(), Batch.created_at.desc())
        .limit(1)
    )


def batch_of_day(day: date, provider: str) -> Batch | None:
    """The batch of a legal entity's business day, where it has been begun."""
    return current_session().scalar(select(Batch).filter_by(business_date=day, provider=provider))


def batches_between(first: date, last: date, provider: str) -> Mapping[date, Batch]:
    """A legal entity's batches by business day."""
    query = select(Batch).filter_by(provider=provider)
    query = query.where(Batch.business_date >= first, Batch.business_date <= last)
    return {batch.business_date: batch for batch in current_session().scalars(query)}


def recent_batches(limit: int, provider: str) -> list[Batch]:
    """A legal entity's newest batches, newest first."""
    query = select(Batch).filter_by(provider=provider).order_by(Batch.business_date.desc())
    return list(current_session().scalars(query.limit(limit)))


def batch_options(limit: int = 60) -> tuple[tuple[str, Text], ...]:
    """The newest batches as choices of a filter."""
    query = select(Batch.id, Batch.provider, Batch.business_date).order_by(Batch.business_date.desc(), Batch.id)
    found = current_session().execute(query.limit(limit)).all()
    several = len({provider for _, provider, _ in found}) > 1
    words = ((name, f"{day.isoformat()} {provider}" if several else day.isoformat()) for name, provider, day in found)
    return tuple((name, Text(shown, shown)) for name, shown in words)


def statuses_of(batches: Sequence[Batch]) -> Mapping[str, str]:
    """The state that people should see of several batches, in one query."""
    ids = [batch.instance_id for batch in batches if batch.instance_id]
    query = select(ProcessInstance).where(ProcessInstance.id.in_(ids))
    known = {instance.id: instance for instance in current_session().scalars(query)}
    return {batch.id: status_of(batch, known.get(batch.instance_id or "")) for batch in batches}


def totals_of(batch: Batch) -> dict[str, int]:
    """The counts of a batch over all record types."""
    given: Mapping[str, Mapping[str, Any]] = batch.counts
    return {name: sum(int(each.get(name, 0)) for each in given.values()) for name in COLUMNS}
