"""The list of rulesets, by area and subject: what stands in force, who writes a draft, what is asked for."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from app.core.people import name_of
from app.core.text import Text
from app.rules.permissions import VIEW
from app.rules.reader import words
from app.rules.reader.overview import LIVE, STATES, SetLine, set_lines
from app.rules.registry.requests import STATES as REQUEST_STATES
from app.web.access import permission
from app.web.listing import Column, Filter, Listing, ListQuery, csv_answer, sorted_page
from app.web.words import date_text, say

_WORK: Final = {
    "draft": Text("有草稿", "with a draft"),
    "request": Text("有申请在办理", "with an open request"),
    "retired": Text("已停用或尚未生效", "retired or not yet in force"),
}
LISTING: Final = Listing(
    columns=(
        Column("title", Text("规则集", "Ruleset"), sortable=True),
        Column("about", Text("判断对象", "Judges"), sortable=True),
        Column("rules", Text("规则", "Rules"), sortable=True, number=True),
        Column("cases", Text("用例", "Cases"), sortable=True, number=True),
        Column("number", Text("版本", "Edition"), sortable=True),
        Column("from_day", Text("起始业务日", "From"), sortable=True),
        Column("draft", Text("草稿与申请", "Draft and request"), sortable=True),
    ),
    order="area",
    filters=(
        Filter("q", Text("搜索", "Search"), hint=Text("名称、代码或判断对象", "title, code or what it judges")),
        Filter("area", Text("领域", "Area"), options=tuple(words.AREAS.items())),
        Filter("subject", Text("主体", "Subject"), options=tuple(words.SUBJECTS.items())),
        Filter("kind", Text("种类", "Kind"), options=tuple(words.KINDS.items())),
        Filter("work", Text("进展", "Work"), options=tuple(_WORK.items())),
    ),
    size=100,
)


def _selected() -> tuple[ListQuery, list[SetLine]]:
    query = LISTING.read()
    wanted = query.filters
    text = wanted.get("q", "").casefold()
    work = wanted.get("work")
    found = [
        line
        for line in set_lines()
        if text in f"{line.name} {line.title.zh} {line.title.en} {line.about.zh} {line.about.en}".casefold()
        and wanted.get("area") in (None, line.area)
        and wanted.get("subject") in (None, line.subject)
        and wanted.get("kind") in (None, line.kind)
        and (work is None or _has(line, work))
    ]
    return query, found


def _has(line: SetLine, work: str) -> bool:
    if work == "draft":
        return line.draft is not None
    return line.request is not None if work == "request" else line.state != LIVE


def _order(query: ListQuery) -> Any:
    def order(line: SetLine) -> tuple[object, str]:
        values: dict[str, object] = {
            "area": (line.area, line.subject),
            "title": say(line.title),
            "about": say(line.about),
            "rules": line.rules,
            "cases": line.cases,
            "number": line.number or 0,
            "from_day": line.from_day.isoformat() if line.from_day else "",
            "draft": (line.request_state, line.draft.status if line.draft else ""),
        }
        return values[query.sort], line.name

    return order


@permission(VIEW)
def sets() -> ResponseReturnValue:
    """Every ruleset that judges, has judged or is being written."""
    query, found = _selected()
    return render_template(
        "rules/sets.html",
        page=sorted_page(found, query, _order(query)),
        grouped=query.sort == "area",
        words=words,
        named=words.named,
        states=STATES,
        request_states=REQUEST_STATES,
        name_of=name_of,
        export=query.at(url_for("rules.sets_csv")),
    )


@permission(VIEW)
def sets_csv() -> ResponseReturnValue:
    """The same list for a spreadsheet."""
    _, found = _selected()
    titles = (
        Text("代码", "Code"),
        Text("领域", "Area"),
        Text("主体", "Subject"),
        Text("种类", "Kind"),
        *(column.title for column in LISTING.columns),
    )
    return csv_answer("rulesets", titles, found, _cells)


def _cells(line: SetLine) -> tuple[object, ...]:
    draft = say(words.DRAFTS[line.draft.status]) if line.draft else ""
    return (
        line.name,
        say(words.named(words.AREAS, line.area)),
        say(words.named(words.SUBJECTS, line.subject)),
        say(words.KINDS[line.kind]),
        say(line.title),
        say(line.about),
        line.rules,
        line.cases,
        line.number or "",
        date_text(line.from_day) if line.from_day else "",
        f"{draft} {say(REQUEST_STATES[line.request_state]) if line.request_state else ''}".strip(),
    )


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/sets", "sets", sets)
    blueprint.add_url_rule("/sets.csv", "sets_csv", sets_csv)
