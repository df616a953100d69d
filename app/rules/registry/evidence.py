"""What the form of an approval shows beside its fields: what is asked for, what the check and the trial found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import has_request_context, url_for

from app.core.db import unit_of_work
from app.core.people import name_of
from app.core.registry import FormRows, Registry
from app.core.text import Text
from app.rules.permissions import VIEW
from app.rules.reader.history import compared
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
            links={"content": "address"},
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
            links={"rule": "address"},
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
            *_change_rows(request),
            *_trial_rows(request),
        ]
    leads = _links(request)
    told = [{"item": item, "content": content, "address": ""} for item, content in rows]
    return [*leads, *told][:most]


def _links(request: ReleaseRequest) -> list[dict[str, str]]:
    """The way to everything that was found, outside of the form; nothing where no request of a browser is answered."""
    if not has_request_context():
        return []
    links = [
        {
            "item": t("全部材料", "Everything"),
            "content": t("打开申请页", "Open the request"),
            "address": url_for("rules.sets_request", request_id=request.id),
        }
    ]
    if request.kind == "release":
        content = t("与现行版本对照", "Compare with the edition in force")
        address = url_for("rules.sets_compare", ruleset=request.ruleset)
        links.append({"item": t("改动", "Changes"), "content": content, "address": address})
    return links


def _change_rows(request: ReleaseRequest) -> Iterable[tuple[str, str]]:
    """What the candidate changes, counted by rule."""
    found = compared(request)
    if found is not None:
        counts = [len(found.of(kind)) for kind in ("added", "removed", "changed")]
        words = t("新增 {}，删除 {}，修改 {}", "{} added, {} removed, {} changed").format(*counts)
        yield t("规则改动", "Rules"), words
        judging = sum(change.judging for change in found.of("changed"))
        yield t("影响判断", "Judge otherwise"), f"{judging}"


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
        ruleset, found = request.ruleset, kept(request.backtest) if request.backtest else None
        changed = [row for row in (found.result["rules"] if found else ()) if row["newly"] or row["no_longer"]]
    return [
        {
            "rule": row["rule"],
            "address": url_for("rules.sets_rule", ruleset=ruleset, rule=row["rule"]) if has_request_context() else "",
            "title": say(Text(row["zh"], row["en"])),
            **{name: f"{row[name]:,}" for name in ("before", "after", "newly", "no_longer")},
        }
        for row in changed[:most]
    ]
