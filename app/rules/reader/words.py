"""The words and tones of what rules and rulesets say of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.core.text import Text
from app.web.parts import Tone

KINDS: Final[Mapping[str, Text]] = {
    "check": Text("校验", "Check"),
    "table": Text("决策表", "Decision table"),
    "policy": Text("推理政策", "Policy"),
    "watch": Text("监测", "Watch"),
}
SEVERITIES: Final[Mapping[str, Text]] = {
    "block": Text("拦截", "Blocks"),
    "warn": Text("提示", "Warns"),
    "info": Text("参考", "Informs"),
}
SEVERITY_TONES: Final[Mapping[str, Tone]] = {"block": "danger", "warn": "warning", "info": "info"}
STAGES: Final[Mapping[str, Text]] = {
    "transport": Text("收到的文件", "the file as received"),
    "file": Text("整个文件", "the whole file"),
    "format": Text("记录本身", "the record alone"),
    "accepted": Text("已入库数据或登记表", "accepted data or registers"),
}
CONFIDENCES: Final[Mapping[str, Text]] = {
    "high": Text("高", "High"),
    "medium": Text("中", "Medium"),
    "low": Text("低", "Low"),
}
SUBJECTS: Final[Mapping[str, Text]] = {
    "person": Text("个人", "Persons"),
    "organisation": Text("企业", "Organisations"),
}
AREAS: Final[Mapping[str, Text]] = {
    "submission": Text("征信报送", "Reporting"),
    "risk": Text("风险", "Risk"),
    "security": Text("安全", "Security"),
}
ORIGINS: Final[Mapping[str, Text]] = {
    "shipped": Text("随产品提供", "shipped"),
    "console": Text("控制台编写", "written in the console"),
}
DRAFTS: Final[Mapping[str, Text]] = {
    "editing": Text("编辑中", "being written"),
    "submitted": Text("已提交", "submitted"),
}
HITS: Final[Mapping[str, Text]] = {
    "unique": Text("唯一：任何情形只有一行符合", "unique: one row alone may match"),
    "first": Text("首行：从上往下第一个符合的", "first: the first from the top"),
    "worst": Text("最坏：符合的行里结论最坏的", "worst: the worst answer among those that match"),
    "collect": Text("全部：所有符合的都算", "collect: all that match"),
}
REQUEST_TONES: Final[Mapping[str, Tone]] = {
    "submitted": "info",
    "checked": "info",
    "tried": "warning",
    "approved": "success",
    "returned": "danger",
    "withdrawn": "neutral",
}
ABSENCES: Final[Mapping[str, Text]] = {
    "empty": Text("无值", "no value"),
    "absent": Text("未出现", "absent"),
    "filled": Text("有值", "a value"),
}

WHEN: Final = Text("当", "When")
REQUIRE: Final = Text("要求", "Must hold")
THEN: Final = Text("则", "Then")
ON: Final = Text("事件", "Event")
COUNTED: Final = Text("计数", "Counted")
OUTCOME: Final = Text("得出", "Gives")
ALWAYS: Final = Text("任何情形", "in any case")


def named(words: Mapping[str, Text], code: str) -> Text:
    """The words for a code; the code itself where there are none."""
    return words.get(code) or Text(code, code)
