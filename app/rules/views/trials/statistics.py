"""Pages of statistics: what every rule has found and was worth lately, and one rule day by day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core.errors import NotFound
from app.core.text import Text
from app.rules import statistics as figures
from app.rules.permissions import VIEW
from app.rules.statistics import Counts, RuleLine, RuleTrend
from app.rules.views.trials import wording
from app.web.access import permission
from app.web.listing import Column, Filter, Listing, ListQuery, Page, csv_answer
from app.web.words import percent_text, say

NUMBERS: Final = ("records", "held", "mended", "unchanged", "exempt", "confirmed", "accepted", "missed")
SHARES: Final = ("precision", "recall")
_FOUND: Final = (("yes", Text("有命中", "Found something")), ("no", Text("没有命中", "Found nothing")))


def listing() -> Listing:
    """All rules, those that found most first."""
    rulesets = {each.name: each for each in figures.reported_rulesets()}
    return Listing(
        columns=(
            Column("rule", Text("规则", "Rule"), sortable=True),
            Column("severity", Text("级别", "Severity"), sortable=True),
            *(Column(name, figures.TITLES[name], sortable=True, number=True) for name in (*NUMBERS, *SHARES)),
        ),
        order="-records",
        filters=(
            Filter("q", Text("搜索", "Search"), hint=Text("编号、名称或错误代码", "number, title or code")),
            Filter(
                "ruleset", Text("规则集", "Ruleset"), options=tuple((each, it.title) for each, it in rulesets.items())
            ),
            Filter(
                "severity",
                Text("级别", "Severity"),
                options=tuple((each, wording.SEVERITY[each][0]) for each in _LEVELS),
            ),
            Filter("found", Text("命中", "Findings"), options=_FOUND),
        ),
    )


_LEVELS: Final = ("block", "warn", "info")


def chosen_days() -> int:
    """Over how many reporting days; the usual number where none, or another, is asked for."""
    given = request.args.get("days", "")
    return int(given) if given in {str(each) for each in figures.PERIODS} else figures.USUAL


def _selected(query: ListQuery) -> list[RuleLine]:
    wanted = query.filters.get("q", "").casefold()
    ruleset, severity, found = (query.filters.get(name) for name in ("ruleset", "severity", "found"))
    lines = [
        line
        for line in figures.of_all(chosen_days())
        if wanted in f"{line.rule.id} {line.rule.title.zh} {line.rule.title.en} {line.rule.code}".casefold()
        and ruleset in (None, line.ruleset.name)
        and severity in (None, line.rule.severity)
        and (found is None or (found == "yes") == (line.counts.records + line.counts.missed > 0))
    ]
    return sorted(lines, key=_order(query), reverse=query.descending)


def _order(query: ListQuery) -> Callable[[RuleLine], tuple[Any, ...]]:
    def key(line: RuleLine) -> tuple[Any, ...]:
        tie = (line.ruleset.name, line.rule.id)
        if query.sort == "rule":
            return line.rule.id, tie
        if query.sort == "severity":
            return _LEVELS.index(line.rule.severity), tie
        value = getattr(line.counts, query.sort)
        # What is not known stands last, whichever way the others are turned.
        return value is not None if query.descending else value is None, value or 0, tie

    return key


@permission(VIEW)
def statistics() -> ResponseReturnValue:
    """Every rule about reported records with its figures."""
    query = listing().read()
    lines = _selected(query)
    page = Page(query, tuple(lines[query.offset : query.offset + query.size]), len(lines))
    return render_template(
        "rules/statistics.html",
        page=page,
        days=figures.reporting_days(chosen_days()),
        chosen=chosen_days(),
        periods_offered=figures.PERIODS,
        numbers=NUMBERS,
        severity=wording.SEVERITY,
        total=sum((line.counts for line in lines), Counts()),
        export=_with_days(query.at(url_for("rules.statistics_csv"))),
    )


def _with_days(address: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}days={chosen_days()}"


@permission(VIEW)
def statistics_csv() -> ResponseReturnValue:
    """The same list for a spreadsheet."""
    titles = (
        Text("规则集", "Ruleset"),
        Text("规则", "Rule"),
        Text("名称", "Title"),
        Text("错误代码", "Error code"),
        Text("级别", "Severity"),
        *figures.TITLES.values(),
    )

    def cells(line: RuleLine) -> tuple[object, ...]:
        return (
            line.ruleset.name,
            line.rule.id,
            say(line.rule.title),
            line.code,
            say(wording.SEVERITY[line.rule.severity][0]),
            *_figures(line.counts),
        )

    return csv_answer("rule-statistics", titles, _selected(listing().read()), cells)


def _figures(counts: Counts) -> tuple[object, ...]:
    return tuple(
        percent_text(getattr(counts, name)) if name in SHARES else getattr(counts, name) for name in figures.TITLES
    )


@permission(VIEW)
def statistics_one(ruleset: str, rule_id: str) -> ResponseReturnValue:
    """One rule day by day. Raises NotFound (`rules.rule`)."""
    found, trend = _trend(ruleset, rule_id)
    rule = found.rule(rule_id)
    return render_template(
        "rules/statistic.html",
        ruleset=found,
        rule=rule,
        trend=trend,
        chosen=chosen_days(),
        periods_offered=figures.PERIODS,
        numbers=NUMBERS,
        titles=figures.TITLES,
        severity=wording.SEVERITY,
        chart_options=trend_chart(trend),
        address=wording.address,
    )


@permission(VIEW)
def statistics_one_csv(ruleset: str, rule_id: str) -> ResponseReturnValue:
    """The same days for a spreadsheet."""
    _, trend = _trend(ruleset, rule_id)

    def cells(line: tuple[date, Counts]) -> tuple[object, ...]:
        return line[0].isoformat(), *_figures(line[1])

    titles = (Text("业务日", "Business day"), *figures.TITLES.values())
    return csv_answer(f"rule-{rule_id}", titles, trend.days, cells)


def _trend(ruleset: str, rule_id: str) -> tuple[Any, RuleTrend]:
    found = next((each for each in figures.reported_rulesets() if each.name == ruleset), None)
    if found is None or rule_id not in {rule.id for rule in found.rules}:
        raise NotFound("rules.rule", Text("没有这条规则", "There is no such rule"))
    return found, figures.of_rule(ruleset, rule_id, chosen_days())


def trend_chart(trend: RuleTrend) -> dict[str, Any]:
    """Chart options: what became of the records found on each day."""
    bar = {"type": "bar", "stack": "all", "barMaxWidth": 36}
    shown = ("held", "unchanged", "exempt", "confirmed", "accepted", "missed")
    return {
        "legend": {"type": "scroll"},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": [f"{day:%m-%d}" for day, _ in trend.days]},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {
                **(bar if name not in ("missed", "unchanged") else {"type": "line", "symbolSize": 6}),
                "name": say(figures.TITLES[name]),
                "data": [getattr(counts, name) for _, counts in trend.days],
            }
            for name in shown
        ],
    }


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the room's blueprint."""
    one = "/statistics/<ruleset>/<rule_id>"
    blueprint.add_url_rule("/statistics", "statistics", statistics)
    blueprint.add_url_rule("/statistics.csv", "statistics_csv", statistics_csv)
    blueprint.add_url_rule(one, "statistics_one", statistics_one)
    blueprint.add_url_rule(f"{one}.csv", "statistics_one_csv", statistics_one_csv)
