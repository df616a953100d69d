"""Findings of the pre-check: which rules were violated how often, and every single finding with the way to its record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.audit import Thing, record
from app.core.text import Text
from app.submission.permissions import RECORDS, VIEW
from app.submission.reading import findings as reading
from app.submission.reading import terms
from app.submission.reading.batches import batch_options
from app.submission.reading.lake_rows import Row, lake_page, lake_stream
from app.submission.reading.personal import shown_key
from app.web.access import may, permission
from app.web.listing import Column, Filter, Listing, csv_answer
from app.web.words import say

COLUMNS: Final = (
    Column("date", Text("业务日", "Business day"), sortable=True),
    Column("type", Text("记录", "Record"), sortable=True),
    Column("key", Text("业务标识", "Business key")),
    Column("severity", Text("级别", "Severity"), sortable=True),
    Column("rule", Text("规则", "Rule"), sortable=True),
    Column("code", Text("错误代码", "Error code"), sortable=True),
    Column("tag", Text("数据项", "Item"), sortable=True),
)


def listing() -> Listing:
    """The list, with the newest batches to choose from."""
    return Listing(
        columns=COLUMNS,
        order="rule",
        filters=(
            Filter("batch", Text("业务日", "Business day"), options=batch_options()),
            Filter("type", Text("记录类型", "Record type"), options=terms.type_options()),
            Filter("severity", Text("级别", "Severity"), options=terms.options(terms.SEVERITY)),
            Filter("rule", Text("规则", "Rule"), hint=Text("P210-050", "P210-050")),
            Filter("code", Text("错误代码", "Error code"), hint=Text("BLE001", "BLE001")),
            Filter("tag", Text("数据项", "Item"), hint=Text("CloseDate", "CloseDate")),
            Filter("key", Text("标识末尾", "End of the key"), hint=Text("末几位", "last digits")),
        ),
    )


@permission(VIEW)
def findings() -> ResponseReturnValue:
    """Findings that fit the filters; without any, those of the newest batch."""
    if not request.args and (known := batch_options(1)):
        return redirect(url_for("submission.findings", batch=known[0][0]))
    query = listing().read()
    chosen = reading.selected_findings(query.filters)
    groups = reading.group_by_rule(chosen)
    page = None
    if may(RECORDS):
        total = sum(group.findings for group in groups)
        page = lake_page(query, chosen.select, chosen.parameters, reading.FINDING_SORTS, reading.FINDING_TIE, total)
    return render_template(
        "submission/findings.html",
        query=query,
        groups=groups,
        page=page,
        terms=terms,
        shown_key=shown_key,
        rule_title=reading.rule_title,
        tag_title=reading.tag_title,
        export=query.at(url_for("submission.findings_csv")),
    )


@permission(RECORDS)
def findings_csv() -> ResponseReturnValue:
    """The filtered findings, keys masked; the export is recorded."""
    query = listing().read()
    record("submission.finding.export", Thing("finding", "*"), detail=dict(query.filters))
    chosen = reading.selected_findings(query.filters)
    rows = lake_stream(f"{chosen.select} ORDER BY {reading.FINDING_TIE}", chosen.parameters)
    titles = (*(column.title for column in COLUMNS), Text("规则说明", "What the rule says"), Text("批次", "Batch"))
    return csv_answer("findings", titles, rows, _cells)


def _cells(row: Row) -> tuple[object, ...]:
    code = row["record_type"]
    severity: Mapping[str, Any] = terms.SEVERITY
    return (
        row["business_date"].isoformat(),
        code,
        shown_key(code, row["key"]),
        say(severity[row["severity"]].title) if row["severity"] in severity else row["severity"],
        row["rule"],
        row["code"],
        row["tag"],
        say(reading.rule_title(code, row["rule"], row["code"])),
        row["batch"],
    )


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/findings", "findings", findings)
    blueprint.add_url_rule("/findings.csv", "findings_csv", findings_csv)
