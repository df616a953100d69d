"""What may be done with submissions, and which posts may do it from the start."""

from __future__ import annotations

from app.core.text import Text

VIEW = "submission.batch.view"
BEGIN = "submission.batch.begin"
RELEASE = "submission.batch.release"
RETRY = "submission.batch.retry"
RECORDS = "submission.record.view"
CORRECT = "submission.correction.handle"
APPROVE = "submission.correction.approve"

PERMISSIONS = {
    VIEW: Text("查看报送批次与文件", "View batches and files"),
    BEGIN: Text("发起报送批次", "Begin a batch"),
    RELEASE: Text("复核并放行批次", "Review and release a batch"),
    RETRY: Text("重试失败的步骤", "Retry a failed step"),
    RECORDS: Text("查看记录明细与来源行", "View records and their source rows"),
    CORRECT: Text("办理更正：分派、选定方式、申请操作", "Handle corrections: assign, choose, ask for operations"),
    APPROVE: Text("复核他人申请的更正与删除", "Approve corrections and deletions asked for by others"),
}

READERS = {
    "compliance": (VIEW, RECORDS, CORRECT),
    "reviewer": (VIEW, RECORDS, RELEASE, APPROVE),
    "analyst": (VIEW,),
    "operator": (VIEW, RECORDS, BEGIN, RETRY, CORRECT),
    "admin_system": (VIEW,),
}
