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

PERMISSIONS = {
    VIEW: Text("查看报送批次与文件", "View batches and files"),
    BEGIN: Text("发起报送批次", "Begin a batch"),
    RELEASE: Text("复核并放行批次", "Review and release a batch"),
    RETRY: Text("重试失败的步骤", "Retry a failed step"),
    RECORDS: Text("查看记录明细与来源行", "View records and their source rows"),
    SOURCES: Text("查看来源、送达与映射", "View sources, deliveries and mappings"),
    WRITE_MAPPING: Text("编写来源映射", "Write mappings of sources"),
    APPROVE_MAPPING: Text("批准来源映射", "Approve mappings of sources"),
}

READERS = {
    "compliance": (VIEW, RECORDS, SOURCES, WRITE_MAPPING, APPROVE_MAPPING),
    "reviewer": (VIEW, RECORDS, RELEASE, SOURCES, APPROVE_MAPPING),
    "analyst": (VIEW, SOURCES, WRITE_MAPPING),
    "operator": (VIEW, RECORDS, BEGIN, RETRY, SOURCES),
    "admin_system": (VIEW, SOURCES),
}
