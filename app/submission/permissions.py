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
    CORRECT: Text("办理更正：分派、选定方式、申请操作", "Handle corrections: assign, choose, ask for operations"),
    APPROVE: Text("复核他人申请的更正与删除", "Approve corrections and deletions asked for by others"),
    ENTITIES: Text("查看法人机构", "View legal entities"),
    CHANGE_ENTITY: Text("提出法人机构的设立与变更", "Propose legal entities and changes of them"),
    APPROVE_ENTITY: Text("批准法人机构的设立与变更", "Approve legal entities and changes of them"),
    CHECK: Text("发起两端核对", "Begin a two-end check"),
    REVIEW: Text("复查误拦与漏判过多的规则", "Review rules with too many false blocks or missed errors"),
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
    "compliance": (
        VIEW,
        RECORDS,
        CORRECT,
        ENTITIES,
        CHECK,
        REVIEW,
        SOURCES,
        WRITE_MAPPING,
        APPROVE_MAPPING,
        SUPPLEMENTS,
    ),
    "reviewer": (
        VIEW,
        RECORDS,
        RELEASE,
        APPROVE,
        ENTITIES,
        APPROVE_ENTITY,
        SOURCES,
        APPROVE_MAPPING,
        SUPPLEMENTS,
        REVIEW_SUPPLEMENT,
    ),
    "analyst": (VIEW, SOURCES, WRITE_MAPPING),
    "manager": (SUPPLEMENTS,),
    "operator": (VIEW, RECORDS, BEGIN, RETRY, CORRECT, ENTITIES, CHECK, SOURCES, SUPPLEMENTS, WRITE_SUPPLEMENT),
    "admin_system": (VIEW, ENTITIES, CHANGE_ENTITY, APPROVE_ENTITY, SOURCES),
}
