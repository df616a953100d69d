"""The one door of submission."""

from __future__ import annotations

from app.core.entities import keep_entities
from app.core.registry import Job, Registry, Task
from app.core.text import Text
from app.rules.editing.stored import keep_records
from app.rules.registry.stored import keep_days
from app.rules.statistics import keep_outcomes
from app.submission.checking.announcing import register_checks
from app.submission.cluster_commands import cluster
from app.submission.commands import check, submission
from app.submission.entities.commands import entity
from app.submission.entities.keeping import Entities, make_by_settings
from app.submission.jobs import LOOK_SECONDS, begin_due_batches
from app.submission.notices import register_notices
from app.submission.outcomes import ReportedOutcomes
from app.submission.past_days import PastDays
from app.submission.permissions import PERMISSIONS, READERS
from app.submission.reading.trying import LakeRecords
from app.submission.registry_commands import rules
from app.submission.rulings import make_ready
from app.submission.sources.door import register_sources
from app.submission.steps import register_steps
from app.submission.supplement import events as supplement_events
from app.submission.supplement import evidence as supplement_evidence
from app.submission.supplement import steps as supplement_steps
from app.submission.supplement import uploads
from app.submission.views import register_pages
from app.submission.warning.watching import LOOK_SECONDS as WARN_SECONDS
from app.submission.warning.watching import judge_days


def register(registry: Registry) -> None:
    registry.models(
        "app.submission.models",
        "app.submission.entities.models",
        "app.submission.warning.models",
        "app.submission.checking.models",
        "app.submission.supplement.models",
    )
    keep_entities(Entities())
    for name, title in PERMISSIONS.items():
        registry.permission(name, title)
    for role, permissions in READERS.items():
        registry.grant(role, *permissions)
    register_steps(registry)
    supplement_steps.register_steps(registry)
    supplement_evidence.register_evidence(registry)
    for event in supplement_events.EVENTS:
        registry.event(event)
    reading = Text("读取与提交补录工作簿", "Read a workbook of supplements and hand it in")
    registry.task(Task(uploads.READ, reading, uploads.run, own_commits=True, max_attempts=3))
    keep_days(PastDays())
    keep_records(LakeRecords())
    keep_outcomes(ReportedOutcomes())
    registry.prepare("submission.rules", make_ready)
    registry.prepare("submission.entities", make_by_settings)
    register_pages(registry)
    register_checks(registry)
    registry.command(check)
    registry.command(submission)
    registry.command(entity)
    registry.command(cluster)
    registry.command(rules)
    registry.job(
        Job(
            "submission.nightly",
            Text("按各法人机构的时间表发起报送批次", "Begin the batches that are due by each legal entity's timetable"),
            begin_due_batches,
            every_seconds=LOOK_SECONDS,
            own_commits=True,
        )
    )
    registry.job(
        Job(
            "submission.warnings",
            Text("按预警规则检查近期报送日", "Judge the last reporting days by the early-warning rules"),
            judge_days,
            every_seconds=WARN_SECONDS,
            own_commits=True,
        )
    )
    register_sources(registry)
    register_notices(registry)
    for name, title in {
        "submission.landing": Text("落地层：来源数据原样", "landing layer: source data as delivered"),
        "submission.standard": Text("标准层：业务实体", "standard layer: business entities"),
        "submission.record": Text("记录层：信息记录", "record layer: information records"),
        "submission.accepted": Text("已入库记录", "records accepted by the centre"),
    }.items():
        registry.dataset(name, title)
