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
ENTITIES = "submission.entity.view"
CHANGE_ENTITY = "submission.entity.change"
APPROVE_ENTITY = "submission.entity.approve"
CHECK = "submission.check.begin"
REVIEW = "submission.rule.review"

PERMISSIONS = {
    VIEW: Text("查看报送批次与文件", "View batches and files"),
    BEGIN: Text("发起报送批次", "Begin a batch"),
    RELEASE: Text("复核并放行批次", "Review and release a batch"),
    RETRY: Text("重试失败的步骤", "Retry a failed step"),
    RECORDS: Text("查看记录明细与来源行", "View records and their source rows"),
    CORRECT: Text("办理更正：分派、选定方式、申请操作", "Handle corrections: assign, choose, ask for operations"),
    APPROVE: Text("复核他人申请的更正与删除", "Approve corrections and deletions asked for by others"),
    ENTITIES: Text("查看法人机构", "View legal entities"),
    CHANGE_ENTITY: Text("提出法人机构的设立与变更", "Propose legal entities and changes of them"),
    APPROVE_ENTITY: Text("批准法人机构的设立与变更", "Approve legal entities and changes of them"),
    CHECK: Text("发起两端核对", "Begin a two-end check"),
    REVIEW: Text("复查误拦与漏判过多的规则", "Review rules with too many false blocks or missed errors"),
}

READERS = {
    "compliance": (VIEW, RECORDS, CORRECT, ENTITIES, CHECK, REVIEW),
    "reviewer": (VIEW, RECORDS, RELEASE, APPROVE, ENTITIES, APPROVE_ENTITY),
    "analyst": (VIEW,),
    "operator": (VIEW, RECORDS, BEGIN, RETRY, CORRECT, ENTITIES, CHECK),
    "admin_system": (VIEW, ENTITIES, CHANGE_ENTITY, APPROVE_ENTITY),
}
