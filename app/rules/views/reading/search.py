"""All rules in force, found by words, item, code and whatever a rule says of itself."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core.text import Text
from app.rules.permissions import VIEW
from app.rules.reader import words
from app.rules.reader.index import Entry, Index, index
from app.web.access import permission
from app.web.listing import Column, Filter, Listing, ListQuery, Page, csv_answer, sorted_page
from app.web.search import Hit
from app.web.words import say

COLUMNS: Final = (
    Column("rule", Text("规则", "Rule"), sortable=True),
    Column("code", Text("错误代码", "Code"), sortable=True),
    Column("title", Text("名称与条件", "Title and condition"), sortable=True),
    Column("severity", Text("级别", "Severity"), sortable=True),
    Column("stage", Text("判断范围", "Scope"), sortable=True),
    Column("confidence", Text("可靠程度", "Confidence"), sortable=True),
    Column("ruleset", Text("规则集", "Ruleset"), sortable=True),
)
_RANKS: Final = {
    name: {code: place for place, code in enumerate(table)}
    for name, table in (("severity", words.SEVERITIES), ("stage", words.STAGES), ("confidence", words.CONFIDENCES))
}


def listing(known: Index) -> Listing:
    """The list, with the rulesets to choose from."""
    rulesets = tuple((name, each.title) for name, each in known.rulesets.items())
    return Listing(
        columns=COLUMNS,
        order="rule",
        filters=(
            Filter(
                "q",
                Text("搜索", "Search"),
                hint=Text("编号、代码、名称、条件中的字词", "number, code, words of title or condition"),
            ),
            Filter("item", Text("数据项", "Item"), hint=Text("CloseDate 或 关闭日期", "CloseDate, or its name")),
            Filter("severity", Text("级别", "Severity"), options=tuple(words.SEVERITIES.items())),
            Filter("stage", Text("判断范围", "Scope"), options=tuple(words.STAGES.items())),
            Filter("confidence", Text("可靠程度", "Confidence"), options=tuple(words.CONFIDENCES.items())),
            Filter("subject", Text("主体", "Subject"), options=tuple(words.SUBJECTS.items())),
            Filter("kind", Text("种类", "Kind"), options=tuple(words.KINDS.items())),
            Filter("ruleset", Text("规则集", "Ruleset"), options=rulesets),
        ),
    )


def _selected(known: Index) -> tuple[ListQuery, list[Entry]]:
    query = listing(known).read()
    wanted = query.filters
    found = [
        each
        for each in known.find(wanted.get("q", ""), wanted.get("item", ""))
        if wanted.get("severity") in (None, each.rule.severity)
        and wanted.get("stage") in (None, each.rule.stage)
        and wanted.get("confidence") in (None, each.rule.confidence)
        and wanted.get("kind") in (None, each.kind)
        and (wanted.get("subject") is None or each.subject in ("", wanted["subject"]))
        and (wanted.get("ruleset") is None or wanted["ruleset"] in each.rulesets)
    ]
    return query, found


def _page(query: ListQuery, found: list[Entry], known: Index) -> Page[Entry]:
    if "q" in query.filters and "sort" not in request.args:  # what fits best stands first
        return Page(query, tuple(found[query.offset : query.offset + query.size]), len(found))

    def order(each: Entry) -> tuple[object, str, str]:
        rule = each.rule
        value: object = {
            "rule": "",
            "code": " ".join(each.codes),
            "title": say(rule.title),
            "ruleset": say(known.rulesets[each.home].title),
        }.get(query.sort)
        if query.sort in _RANKS:
            value = _RANKS[query.sort].get(getattr(rule, query.sort), 9)
        return value, each.id, each.home

    return sorted_page(found, query, order)


def shown_in(entry: Entry, query: ListQuery) -> str:
    """The ruleset in which an entry is shown: the one that is asked for, else its own."""
    return query.filters.get("ruleset", entry.home)


@permission(VIEW)
def rules() -> ResponseReturnValue:
    """The rules that fit."""
    known = index()
    query, found = _selected(known)
    return render_template(
        "rules/rules.html",
        page=_page(query, found, known),
        index=known,
        words=words,
        named=words.named,
        shown_in=shown_in,
        export=query.at(url_for("rules.rules_csv")),
    )


@permission(VIEW)
def rules_csv() -> ResponseReturnValue:
    """The same list for a spreadsheet."""
    known = index()
    _, found = _selected(known)
    titles = (
        Text("规则", "Rule"),
        Text("官方编号", "Official number"),
        Text("错误代码", "Error code"),
        Text("名称", "Title"),
        Text("条件", "Condition"),
        *(column.title for column in COLUMNS[3:6]),
        Text("共用规则", "Shared rules"),
        Text("规则集", "Rulesets"),
    )
    return csv_answer("rules", titles, found, _cells)


def _cells(entry: Entry) -> tuple[object, ...]:
    rule = entry.rule
    return (
        entry.id,
        rule.number,
        " ".join(entry.codes),
        say(rule.title),
        say(entry.words),
        say(words.named(words.SEVERITIES, rule.severity)),
        say(words.named(words.STAGES, rule.stage)),
        say(words.named(words.CONFIDENCES, rule.confidence)),
        entry.fragment,
        " ".join(entry.rulesets),
    )


def find(text: str, most: int) -> list[Hit]:
    """Rules by number, code or title and rulesets by name, for the search field."""
    known = index()
    wanted = text.casefold()
    hits = [
        Hit(ruleset.title, url_for("rules.sets_one", ruleset=name), Text("规则集", "Ruleset"), "gavel")
        for name, ruleset in known.rulesets.items()
        if wanted in name or wanted in ruleset.title.zh.casefold() or wanted in ruleset.title.en.casefold()
    ][: most // 2]
    hits += [
        Hit(
            Text(f"{each.id} {each.rule.title.zh}", f"{each.id} {each.rule.title.en}"),
            url_for("rules.sets_rule", ruleset=each.home, rule=each.id),
            Text("规则", "Rule"),
            "list-details",
        )
        for each in known.find(text)[:most]
    ]
    return hits[:most]


def add_to(blueprint: Blueprint) -> None:
    # Without a slash at its end, as the other pages have none.
    blueprint.add_url_rule("", "rules", rules)
    blueprint.add_url_rule("/rules.csv", "rules_csv", rules_csv)
