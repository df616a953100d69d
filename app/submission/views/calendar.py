"""The calendar of reporting days: a month by record type, a year by month; every cell leads to its day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core import clock
from app.core.entities import in_sight
from app.core.text import Text
from app.submission.entities.entity import Entity
from app.submission.entities.keeping import all_entities
from app.submission.permissions import VIEW
from app.submission.reading import calendar as reading
from app.submission.reading.calendar import STATES, Day
from app.submission.reading.terms import type_title
from app.submission.tables import RECORD_TYPES
from app.web.access import permission
from app.web.listing import csv_answer
from app.web.words import say

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_EARLIEST, _LATEST = 2006, 2099


def _asked() -> tuple[bool, date, date]:
    """Whether a year is asked for, and the first and last day to show; without a sound wish the present month."""
    year = request.args.get("year", "")
    if year.isdecimal() and _EARLIEST <= int(year) <= _LATEST:
        return True, date(int(year), 1, 1), date(int(year), 12, 31)
    found = _MONTH.fullmatch(request.args.get("month", ""))
    day = clock.today()
    if found and _EARLIEST <= int(found[1]) <= _LATEST:
        day = date(int(found[1]), int(found[2]), 1)
    return False, *reading.month_of(day)


def _seen() -> tuple[Entity, ...]:
    return tuple(each for each in all_entities() if in_sight(each.provider))


@permission(VIEW)
def calendar() -> ResponseReturnValue:
    """A month, or with `year` a year, of every legal entity in sight."""
    whole_year, first, last = _asked()
    shown = [(entity, reading.calendar(entity, first, last)) for entity in _seen()]
    before, after = first - timedelta(days=1), last + timedelta(days=1)
    return render_template(
        "submission/calendar.html",
        whole_year=whole_year,
        first=first,
        shown=[(entity, _months(days)) for entity, days in shown] if whole_year else shown,
        states=STATES,
        types=[(code, type_title(code)) for code in RECORD_TYPES],
        before=url_for("submission.calendar", **_wish(whole_year, before)),
        after=url_for("submission.calendar", **_wish(whole_year, after)),
        other=url_for("submission.calendar", **_wish(not whole_year, first)),
        export=url_for("submission.calendar_csv", **_wish(whole_year, first)),
    )


def _wish(whole_year: bool, day: date) -> dict[str, Any]:
    wish = {"year": f"{day.year}"} if whole_year else {"month": f"{day:%Y-%m}"}
    return wish | ({"entity": request.args["entity"]} if request.args.get("entity") else {})


def _months(days: tuple[Day, ...]) -> list[tuple[date, list[Day]]]:
    return [
        (date(year, month, 1), list(each))
        for (year, month), each in groupby(days, lambda day: (day.day.year, day.day.month))
    ]


@permission(VIEW)
def calendar_csv() -> ResponseReturnValue:
    """The shown days: a row for every entity, day and record type."""
    _, first, last = _asked()
    titles = (
        Text("区段码", "Section code"),
        Text("法人机构", "Legal entity"),
        Text("业务日", "Business day"),
        Text("工作日", "Working day"),
        Text("记录类型", "Record type"),
        Text("应报", "Due"),
        Text("状态", "State"),
    )
    return csv_answer("calendar", titles, list(_rows(first, last)), lambda row: row)


def _rows(first: date, last: date) -> Iterator[tuple[object, ...]]:
    for entity in _seen():
        for day in reading.calendar(entity, first, last):
            working = say(Text("是", "yes") if day.working else Text("否", "no"))
            for code, cell in day.cells.items():
                state = say(STATES[cell.state].title)
                yield entity.provider, say(entity.title), day.day.isoformat(), working, code, cell.due, state


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/calendar", "calendar", calendar)
    blueprint.add_url_rule("/calendar.csv", "calendar_csv", calendar_csv)
