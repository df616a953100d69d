"""Why a subject's record was due on a day or not: the words that derivations give, and asking them anew.

Nothing is stored for it but the lake's snapshot and the unanswered files of the moment of derivation: the derivations
themselves say which of their conditions held, over the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from app.core.text import Text
from app.submission.at_hand import InLake
from app.submission.derive import DERIVATIONS
from app.submission.derive.scope import Scope


@dataclass(frozen=True, slots=True)
class Reason:
    """What a word means, and whether a record was due."""

    title: Text
    due: bool


REASONS: Final[Mapping[str, Reason]] = {
    "new": Reason(Text("首次报送", "new to the centre"), True),
    "changed": Reason(Text("信息有变化", "changed since last accepted"), True),
    "settlement": Reason(Text("结算（账单）日", "settlement day"), True),
    "closing": Reason(Text("关闭或到期", "closed or ended now"), True),
    "cured": Reason(Text("逾期结清", "arrears cured"), True),
    "balance": Reason(Text("余额变化", "balance changed"), True),
    "classified": Reason(Text("五级分类调整", "classified anew"), True),
    "extended": Reason(Text("展期", "extended"), True),
    "drawn": Reason(Text("放款", "drawn"), True),
    "agreed_day": Reason(Text("约定还款日", "agreed repayment day"), True),
    "repaid": Reason(Text("实际还款", "repaid"), True),
    "revoked": Reason(Text("撤销已报关系", "revoked"), True),
    "on_its_way": Reason(Text("已送出，等待反馈", "on its way, unanswered"), False),
    "operation_first": Reason(Text("先报送更正、删除或标识变更", "an operation on it goes first"), False),
    "unchanged": Reason(Text("无变化", "nothing changed"), False),
    "closed": Reason(Text("已报关闭或到期", "reported as closed"), False),
    "ended_before": Reason(Text("首次报送前已关闭", "ended before it was ever reported"), False),
    "never_valid": Reason(Text("未报送过且已无效", "not valid and never reported"), False),
    "reported_today": Reason(Text("当日已报，次日再报", "already reported for this day"), False),
    "no_settlement": Reason(Text("尚未到首个结算日", "waits for its first settlement day"), False),
    "transferred": Reason(Text("已转出", "transferred to another lender"), False),
    "account_unknown": Reason(Text("账户尚未入库", "waits for its account to be accepted"), False),
    "no_day": Reason(Text("当月没有可用的报告日期", "no report date is left in its month"), False),
}
"""The words by which derivations say why, those of records that are due first."""


def reasons_select(code: str, scopes: Iterable[Scope]) -> str:
    """SELECT of key, reason, changed (segments or items) and point for every subject of a record type in these buckets."""
    asked = (DERIVATIONS[code](replace(scope, explaining=True)) for scope in scopes)
    return " UNION ALL ".join(f"SELECT key, reason, changed, point FROM ({each})" for each in asked)


def scopes_of(scope: Scope, parts: Mapping[str, Mapping[str, Any]], only: str = "") -> tuple[Scope, ...]:
    """The buckets as they were derived: `parts` gives what each noted, by its name `code/bucket`. One key is in one bucket,
    and asked of it alone the others are left out."""
    chosen = list(parts.items())[:1] if only else parts.items()
    return tuple(
        replace(
            scope,
            bucket=int(name.partition("/")[2]),
            buckets=len(parts),
            unanswered=tuple(noted["unanswered"]),
            rows=InLake(int(noted["snapshot"])),
            only=only,
        )
        for name, noted in chosen
    )
