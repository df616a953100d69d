"""The fields of a legal entity in words, as its form, its page and its export show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.core.text import Text


@dataclass(frozen=True, slots=True)
class FormField:
    """One field. `kind`: text, lines, date, or choice among `options`."""

    name: str
    title: Text
    hint: Text | None = None
    kind: str = "text"
    options: tuple[tuple[str, Text], ...] = ()


_SETTINGS: Final = Text("留空即按平台设置", "left open: as the settings say")
_LINES: Final = Text("每行一个", "one a line")
_DAYS: Final = (
    ("every", Text("每日", "every day")),
    ("working", Text("仅工作日，补报其间各日", "working days only, with the days since")),
)
_KINDS: Final = (
    ("", Text("按平台设置", "as the settings say")),
    ("sftp", Text("SFTP", "SFTP")),
    ("folder", Text("前置机目录", "folder of the centre’s client")),
)

GROUPS: Final[tuple[tuple[Text, tuple[FormField, ...]], ...]] = (
    (
        Text("机构", "Entity"),
        (
            FormField(
                "provider", Text("区段码", "Section code"), Text("14 位，设立后不变", "14 characters; it never changes")
            ),
            FormField("zh", Text("中文名称", "Chinese name")),
            FormField("en", Text("英文名称", "English name")),
            FormField("sections", Text("其他区段码", "Further section codes"), _LINES, "lines"),
            FormField("institutions", Text("机构代码（含网点）", "Institution codes, with branches"), _LINES, "lines"),
            FormField("active_from", Text("启用业务日", "First business day"), None, "date"),
            FormField("active_to", Text("停用业务日", "Last business day"), None, "date"),
        ),
    ),
    (
        Text("来源与时间表", "Sources and timetable"),
        (
            FormField(
                "sources_file",
                Text("来源清单文件", "List of sources (file)"),
                Text("每个机构各有一份", "each entity has one of its own"),
            ),
            FormField(
                "cron",
                Text("发起时间", "When batches begin"),
                Text("cron 五段，北京时间", "five cron fields, Chinese time"),
            ),
            FormField("days", Text("报送日", "Days"), None, "choice", _DAYS),
            FormField("blocked_share_limit", Text("拦截占比上限", "Limit of the blocked share"), _SETTINGS),
            FormField("file_records", Text("单个报文记录数上限", "Most records in a file"), _SETTINGS),
        ),
    ),
    (
        Text("征信中心与密钥", "Credit centre and keys"),
        (
            FormField("centre_kind", Text("传输方式", "Transport"), None, "choice", _KINDS),
            FormField("centre_host", Text("SFTP 主机", "SFTP host"), _SETTINGS),
            FormField("centre_port", Text("SFTP 端口", "SFTP port"), _SETTINGS),
            FormField("centre_user", Text("SFTP 用户名", "SFTP user"), _SETTINGS),
            FormField(
                "centre_host_key", Text("主机公钥（known_hosts 行）", "Host key (known_hosts)"), _SETTINGS, "lines"
            ),
            FormField("centre_folder", Text("交换目录", "Exchange folder"), _SETTINGS),
            FormField(
                "own_key",
                Text("本机构密钥名", "Name of its own key pair"),
                Text("留空自动取名", "left open: named after the code"),
            ),
            FormField("centre_key", Text("征信中心公钥名", "Name of the centre’s public key")),
        ),
    ),
)
FIELDS: Final = tuple(each for _, fields in GROUPS for each in fields)

STATES: Final[Mapping[str, tuple[Text, str]]] = {
    "proposed": (Text("待批准", "Waiting for approval"), "warning"),
    "approved": (Text("已批准", "Approved"), "success"),
    "refused": (Text("未批准", "Refused"), "danger"),
    "withdrawn": (Text("已撤回", "Withdrawn"), "neutral"),
}
"""The states of a proposal, each with its tone."""

ACTIONS: Final = {
    "submission.entity.propose": Text("提出法人机构变更", "Proposed a legal entity"),
    "submission.entity.approved": Text("批准法人机构变更", "Approved a legal entity"),
    "submission.entity.refused": Text("未批准法人机构变更", "Refused a legal entity"),
    "submission.entity.withdrawn": Text("撤回法人机构变更", "Withdrew a proposed legal entity"),
}
"""What is recorded of entities, in words."""
