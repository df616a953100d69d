"""What may be done with submissions, and which posts may do it from the start."""

from __future__ import annotations

from app.core.text import Text

VIEW = "submission.batch.view"
BEGIN = "submission.batch.begin"
RELEASE = "submission.batch.release"
RETRY = "submission.batch.retry"
RECORDS = "submission.record.view"
SOURCES = "submission.source.view"
WRITE_MAPPING = "submission.mapping.write"
APPROVE_MAPPING = "submission.mapping.approve"
SUPPLEMENTS = "submission.supplement.view"
WRITE_SUPPLEMENT = "submission.supplement.write"
REVIEW_SUPPLEMENT = "submission.supplement.review"

PERMISSIONS = {
    VIEW: Text("查看报送批次与文件", "View batches and files"),
    BEGIN: Text("发起报送批次", "Begin a batch"),
    RELEASE: Text("复核并放行批次", "Review and release a batch"),
    RETRY: Text("重试失败的步骤", "Retry a failed step"),
    RECORDS: Text("查看记录明细与来源行", "View records and their source rows"),
    SOURCES: Text("查看来源、送达与映射", "View sources, deliveries and mappings"),
    WRITE_MAPPING: Text("编写来源映射", "Write mappings of sources"),
    APPROVE_MAPPING: Text("批准来源映射", "Approve mappings of sources"),
    SUPPLEMENTS: Text("查看补录", "View supplements"),
    WRITE_SUPPLEMENT: Text("填写、提交与终止补录", "Write, submit and end supplements"),
    REVIEW_SUPPLEMENT: Text(
        "复核补录，裁定与来源的冲突", "Review supplements and decide where they and a source disagree"
    ),
}

READERS = {
    "compliance": (VIEW, RECORDS, SOURCES, WRITE_MAPPING, APPROVE_MAPPING, SUPPLEMENTS),
    "reviewer": (VIEW, RECORDS, RELEASE, SOURCES, APPROVE_MAPPING, SUPPLEMENTS, REVIEW_SUPPLEMENT),
    "analyst": (VIEW, SOURCES, WRITE_MAPPING),
    "manager": (SUPPLEMENTS,),
    "operator": (VIEW, RECORDS, BEGIN, RETRY, SOURCES, SUPPLEMENTS, WRITE_SUPPLEMENT),
    "admin_system": (VIEW, SOURCES),
}
