"""The words and tones in which the states of batches, stages, records, files and exceptions are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.core.text import Text
from app.submission.tables import MAIN_ENTITY, RECORD_TYPES, base_type, operation_types, record_type


@dataclass(frozen=True, slots=True)
class Term:
    """A state as people read it; `tone` is one of success, warning, danger, info, neutral."""

    title: Text
    tone: str = "neutral"


BATCH: Final[Mapping[str, Term]] = {
    "running": Term(Text("进行中", "Running"), "info"),
    "waiting": Term(Text("待复核", "Waiting for review"), "warning"),
    "incident": Term(Text("步骤失败", "A step failed"), "danger"),
    "stopped": Term(Text("已中止", "Stopped"), "danger"),
    "done": Term(Text("已完成", "Done"), "success"),
}
STAGE: Final[Mapping[str, Term]] = {
    "pending": Term(Text("未开始", "Not begun")),
    "running": Term(Text("进行中", "Running"), "info"),
    "retrying": Term(Text("重试中", "Trying again"), "warning"),
    "waiting": Term(Text("待复核", "Waiting"), "warning"),
    "failed": Term(Text("失败", "Failed"), "danger"),
    "done": Term(Text("完成", "Done"), "success"),
}
SEVERITY: Final[Mapping[str, Term]] = {
    "block": Term(Text("拦截", "Blocks"), "danger"),
    "warn": Term(Text("提示", "Warns"), "warning"),
    "info": Term(Text("参考", "Informs"), "info"),
    "noted": Term(Text("仅记录", "Noted only")),
    "exempt": Term(Text("豁免", "Exempt"), "success"),
}
FILE: Final[Mapping[str, Term]] = {
    "planned": Term(Text("已编号", "Planned")),
    "built": Term(Text("已生成", "Built"), "info"),
    "sending": Term(Text("发送中", "Sending"), "info"),
    "sent": Term(Text("待反馈", "Awaiting feedback"), "warning"),
    "answered": Term(Text("已反馈", "Answered"), "success"),
}
DELIVERY: Final[Mapping[str, Term]] = {
    "applied": Term(Text("已入账", "Applied"), "success"),
    "repeated": Term(Text("重复送达", "Came again")),
    "unreadable": Term(Text("无法读取", "Unreadable"), "danger"),
}
FLAG: Final[Mapping[str, Text]] = {
    "1": Text("全部入库", "all accepted"),
    "2": Text("整份退回", "the whole file refused"),
    "3": Text("部分退回", "some records rejected"),
}
HELD_KIND: Final[Mapping[str, Term]] = {
    "blocked": Term(Text("预校验拦截", "Blocked by pre-check"), "warning"),
    "rejected": Term(Text("征信中心退回", "Rejected by the centre"), "danger"),
}
HELD: Final[Mapping[str, Term]] = {
    "open": Term(Text("待处理", "Open"), "danger"),
    "travelling": Term(Text("更正报送中", "Correction under way"), "info"),
    "closed": Term(Text("已办结", "Closed"), "success"),
}
RESOLUTION: Final[Mapping[str, Text]] = {
    "accepted": Text("更正已入库", "correction accepted"),
    "withdrawn": Text("来源已撤销", "withdrawn by the source"),
}
REQUEST: Final[Mapping[str, Term]] = {
    "asked": Term(Text("待复核", "Waiting for approval"), "warning"),
    "approved": Term(Text("已同意，待报送", "Approved, to be sent"), "info"),
    "refused": Term(Text("未获同意", "Refused"), "danger"),
    "withdrawn": Term(Text("已撤回", "Taken back")),
    "sent": Term(Text("已报出", "Sent"), "info"),
    "returned": Term(Text("被退回", "Came back"), "danger"),
    "accepted": Term(Text("已入库", "Accepted"), "success"),
}
RECORD: Final[Mapping[str, Term]] = {
    "due": Term(Text("应报", "Due")),
    "blocked": Term(Text("拦截", "Blocked"), "danger"),
    "exempt": Term(Text("豁免", "Exempt"), "success"),
    "sent": Term(Text("已报", "Sent"), "info"),
    "accepted": Term(Text("入库", "Accepted"), "success"),
    "rejected": Term(Text("退回", "Rejected"), "danger"),
    "awaiting": Term(Text("待反馈", "Awaiting"), "warning"),
}


def type_options() -> tuple[tuple[str, Text], ...]:
    """The record types of the daily batch, as choices."""
    return tuple((code, type_title(code)) for code in (*RECORD_TYPES, *operation_types()))


def entity_of(code: str) -> str:
    """The standard entity that a record type, or an operation on one, is about."""
    return MAIN_ENTITY[base_type(code)]


def is_operation(code: str) -> bool:
    """Whether it is an operation on records and no record itself."""
    return base_type(code) != code


def type_title(code: str) -> Text:
    """`110 个人基本信息记录`."""
    title = record_type(code).title
    return Text(f"{code} {title.zh}", f"{code} {title.en[:1].upper()}{title.en[1:]}")


def options(terms: Mapping[str, Term]) -> tuple[tuple[str, Text], ...]:
    """Terms as choices of a filter."""
    return tuple((name, term.title) for name, term in terms.items())


CHECK_KIND: Final[Mapping[str, Term]] = {
    "two_end": Term(Text("两端核对", "Two ends"), "info"),
    "replay": Term(Text("本方重放", "Own replay")),
}
CHECK: Final[Mapping[str, Term]] = {
    "waiting": Term(Text("等待执行", "Waiting")),
    "running": Term(Text("进行中", "Running"), "info"),
    "done": Term(Text("已完成", "Done"), "success"),
    "failed": Term(Text("未能核对", "Not possible"), "danger"),
}
CHECK_ORIGIN: Final[Mapping[str, Text]] = {
    "fetched": Text("取自征信中心", "fetched from the centre"),
    "given": Text("上传的核对文件", "check files uploaded"),
    "own": Text("本方收发记录", "our own traffic"),
}
APART: Final[Mapping[str, Term]] = {
    "only_ours": Term(Text("仅本方有", "Ours only"), "warning"),
    "only_theirs": Term(Text("仅中心有", "Theirs only"), "danger"),
    "differs": Term(Text("内容不同", "Differs"), "danger"),
}
DIFFERENCE: Final[Mapping[str, Term]] = {
    "open": Term(Text("待处理", "Open"), "danger"),
    "correcting": Term(Text("更正中", "Being corrected"), "info"),
    "settled": Term(Text("已消除", "Settled"), "success"),
}
VOLUME: Final[Mapping[str, Term]] = {
    "agrees": Term(Text("相符", "Agrees"), "success"),
    "differs": Term(Text("超出容差", "Beyond tolerance"), "danger"),
    "no_ledger": Term(Text("总账未送达", "No ledger"), "warning"),
}
VOLUME_SIDE: Final[Mapping[str, Text]] = {
    "standard": Text("总账与来源数据", "Ledger and sources"),
    "accepted": Text("总账与已入库状态", "Ledger and accepted state"),
}
MEASURE: Final[Mapping[str, Text]] = {
    "accounts": Text("户数", "Accounts"),
    "contracts": Text("合同数", "Contracts"),
    "balance": Text("余额（元）", "Balance (yuan)"),
}
FATE: Final[Mapping[str, Term]] = {
    "held": Term(Text("拦截，尚无去向", "Held back, not settled"), "warning"),
    "mended": Term(Text("改后入库", "Mended, taken"), "success"),
    "unchanged": Term(Text("误拦", "False block"), "danger"),
    "confirmed": Term(Text("提示且被退回", "Warned, refused"), "success"),
    "accepted": Term(Text("提示但入库", "Warned, taken"), "warning"),
    "otherwise": Term(Text("因其他原因被退回", "Refused for other reasons")),
    "missed": Term(Text("漏判", "Missed"), "danger"),
    "sent": Term(Text("待反馈", "Awaiting"), "info"),
}
