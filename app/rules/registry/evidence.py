"""What the form of an approval shows beside its fields: what is asked for, what the check and the trial found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.core.db import unit_of_work
from app.core.people import name_of
from app.core.registry import FormRows, Registry
from app.core.text import Text
from app.rules.permissions import VIEW
from app.rules.registry import requests
from app.rules.registry.backtest import kept
from app.rules.registry.models import ReleaseRequest
from app.web.words import date_text, say, t


def register_evidence(registry: Registry) -> None:
    """Announce the rows."""
    registry.rows_for_forms(
        FormRows(
            "rules.release_request",
            Text("规则集生效申请", "Request to release a ruleset"),
            {"item": Text("事项", "Item"), "content": Text("内容", "Content")},
            request_rows,
            VIEW,
        )
    )
    registry.rows_for_forms(
        FormRows(
            "rules.trial_by_rule",
            Text("试跑结果（按规则）", "What the trial changed, by rule"),
            {
                "rule": Text("规则", "Rule"),
                "title": Text("名称", "Title"),
                "before": Text("现行命中", "Found now"),
                "after": Text("试跑命中", "Found then"),
                "newly": Text("新增", "Newly found"),
                "no_longer": Text("不再命中", "No longer found"),
            },
            trial_rows,
            VIEW,
        )
    )


def request_rows(params: Mapping[str, Any], most: int) -> Iterable[Mapping[str, Any]]:
    """`request` is its id. Raises NotFound."""
    with unit_of_work(reading=True):
        request = requests.find(str(params.get("request")))
        rows = [
            (t("规则集", "Ruleset"), request.ruleset),
            (t("申请", "Asked for"), say(requests.KINDS[request.kind])),
            (t("起始业务日", "From the business day"), date_text(request.effective_from)),
            (t("说明", "Note"), request.note),
            (t("提交人", "Submitted by"), name_of(request.asked_by)),
            (t("编写人", "Authors"), "、".join(name_of(each) for each in request.authors)),
            *_check_rows(request),
            *_trial_rows(request),
        ]
    return [{"item": item, "content": content} for item, content in rows[:most]]


def _check_rows(request: ReleaseRequest) -> Iterable[tuple[str, str]]:
    if request.edition:
        yield t("版本", "Edition"), request.edition[:12]
    found = request.checked
    if "cases" in found:
        both = found["agreement"]
        yield t("规则与用例", "Rules and cases"), f"{found['rules']} / {found['cases']}"
        yield (
            t("两种判断一致", "Both evaluators agree"),
            f"{both['checked'] - both['disagreements']} / {both['checked']}",
        )


def _trial_rows(request: ReleaseRequest) -> Iterable[tuple[str, str]]:
    found = kept(request.backtest) if request.backtest else None
    if found is None:
        yield t("历史数据试跑", "Trial on stored days"), t("没有可试跑的业务日", "no stored day to try it on")
        return
    result = found.result
    yield t("试跑业务日", "Days tried"), "、".join(each["day"] for each in result["days"])
    yield t("试跑记录数", "Records tried"), f"{result['records']:,}"
    for side, words in (("newly", t("新增命中", "Newly found")), ("no_longer", t("不再命中", "No longer found"))):
        counts = result[side]
        told = t("条记录，{n} 个问题", "records, {n} findings").format(n=f"{counts['findings']:,}")
        yield words, f"{counts['records']:,} {told}"
    blocked = f"{result['before']['blocked']:,} → {result['after']['blocked']:,}"
    yield t("阻断记录", "Records held back"), blocked


def trial_rows(params: Mapping[str, Any], most: int) -> Iterable[Mapping[str, Any]]:
    """`request` is its id: the rules that the trial changed. Raises NotFound."""
    with unit_of_work(reading=True):
        request = requests.find(str(params.get("request")))
        found = kept(request.backtest) if request.backtest else None
        changed = [row for row in (found.result["rules"] if found else ()) if row["newly"] or row["no_longer"]]
    return [
        {
            "rule": row["rule"],
            "title": say(Text(row["zh"], row["en"])),
            **{name: f"{row[name]:,}" for name in ("before", "after", "newly", "no_longer")},
        }
        for row in changed[:most]
    ]
