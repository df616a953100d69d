"""What sources bring to the house: tables, events, jobs, commands and the push API."""

from __future__ import annotations

from typing import Final

from app.audit import name_actions
from app.core.registry import Job, Registry
from app.core.text import Text
from app.submission.sources.commands import mapping, sources
from app.submission.sources.events import DeliveryLate, DeliveryPushed, MappingApproved, SourceDrifted, SourceStopped
from app.submission.sources.late import remove_pushed, take_late
from app.submission.sources.push_api import blueprint

ACTIONS: Final = {
    "submission.credential_set": Text("设置来源凭据", "Set a credential of a source"),
    "submission.credential_removed": Text("删除来源凭据", "Removed a credential of a source"),
    "submission.push_token_issued": Text("签发推送令牌", "Issued a token for pushing"),
    "submission.push_tokens_revoked": Text("吊销推送令牌", "Revoked tokens for pushing"),
    "submission.push_opened": Text("来源开始送达", "A source began a delivery"),
    "submission.push_completed": Text("来源送达完毕", "A source completed a delivery"),
    "submission.mapping_begun": Text("起草来源映射", "Began a draft of a mapping"),
    "submission.mapping_changed": Text("修改来源映射草稿", "Changed a draft of a mapping"),
    "submission.mapping_submitted": Text("提交来源映射", "Submitted a mapping"),
    "submission.mapping_returned": Text("退回来源映射", "Sent a mapping back"),
    "submission.mapping_approved": Text("批准来源映射", "Approved a mapping"),
    "submission.mapping_thrown_away": Text("放弃来源映射草稿", "Gave a draft of a mapping up"),
}


def register_sources(registry: Registry) -> None:
    """Announce them."""
    name_actions(ACTIONS)
    registry.models("app.submission.sources.models")
    for kind in (SourceStopped, SourceDrifted, DeliveryLate, DeliveryPushed, MappingApproved):
        registry.event(kind)
    registry.blueprint(blueprint)
    registry.command(sources)
    registry.command(mapping)
    registry.job(
        Job(
            "submission.late_deliveries",
            Text("收取迟到的来源数据", "Take deliveries that came late"),
            take_late,
            cron="*/20 * * * *",
            own_commits=True,
        )
    )
    registry.job(
        Job(
            "submission.pushed_files",
            Text("清理已推送的文件", "Remove files that were pushed long ago"),
            remove_pushed,
            cron="40 4 * * *",
        )
    )
