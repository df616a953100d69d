"""The functions of the language as SQL: conformity to a form, dates, working days.

They answer as `app.language.values` does; cases and generated values hold them together.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from app.core.workdays import known_days
from app.language import Form
from app.language.values import FIRST_YEAR, LAST_YEAR, MONTH_PATTERN, TIME_PATTERN, form_pattern
from app.rules.sweep import sql
from app.rules.sweep.reading import is_real_date
from app.rules.sweep.sql import Sql


def digits(value: Sql, count: object) -> Sql:
    """Whether a text is digits only, and how many if `count` is given."""
    return sql.matches(value, "[0-9]+" if count is None else f"[0-9]{{{count}}}")


def conformity(name: str, form: Form, value: Sql, quick: bool = False) -> Sql:
    """`conforms` of a form without closed lists of codes, or `is_date`, for a text that is not blank; NULL for NULL.

    `quick` may take more for bad than is.
    """
    if quick and form.kind == "D":
        return _good_date(value)
    if name == "is_date":
        return sql.case((sql.is_there(value), _is_date(form, value)))
    pattern = form_pattern(form)
    if pattern:
        return sql.matches(value, pattern)
    return sql.compare("==" if form.fixed else "<=", sql.call("length", value), sql.number(form.length))


_AFTER_LAST_YEAR = str(int(LAST_YEAR) + 1)


def _good_date(value: Sql) -> Sql:
    """Whether a text has the form of a date and is a real one of a year that dates may have.

    Both checks of a date are asked so in the first pass: who breaks either of them is found, by one question.
    """
    again = sql.cast(sql.try_cast(value, "DATE"), "TEXT")
    length = sql.call("strlen", value)
    denial = sql.some(
        [
            sql.compare("<", value, sql.text(FIRST_YEAR)),
            sql.compare(">=", value, sql.text(_AFTER_LAST_YEAR)),
            sql.compare("!=", length, sql.number(10)),
            sql.differs(again, value),
        ]
    )
    return replace(sql.no(denial), denial=denial)


def _is_date(form: Form, value: Sql) -> Sql:
    # A text that begins with a year compares as that year does.
    within = [
        sql.compare(">=", value, sql.text(FIRST_YEAR)),
        sql.compare("<", value, sql.text(_AFTER_LAST_YEAR)),
    ]
    match form.kind:
        case "M":
            real = [sql.matches(value, MONTH_PATTERN)]
        case "T":
            day = sql.call("left", value, sql.number(10))
            real = [is_real_date(day), sql.matches(sql.call("substring", value, sql.number(11)), TIME_PATTERN)]
        case _:
            real = [is_real_date(value)]
    return sql.every([*within, *real])


def working_days(first: Sql, second: Sql) -> Sql:
    """The working days after one date up to another, as `workdays` counts them: signs of worked days in a long text."""
    origin, signs = known_days()
    known = [sql.text(day.isoformat()) for day in (origin, origin + timedelta(days=len(signs) - 1))]
    bounds = [sql.cast(day, "DATE") for day in known]

    def place(day: Sql) -> Sql:
        return sql.call("date_diff", sql.text("day"), bounds[0], day)

    def counted(begin: Sql, end: Sql) -> Sql:
        start = sql.calculate("+", place(begin), sql.number(2))
        passed = sql.call("substring", sql.text(signs), start, sql.calculate("-", place(end), place(begin)))
        return sql.call("length", sql.call("replace", passed, sql.text("0"), sql.text("")))

    within = [
        sql.compare(sign, day, bound)
        for day in (first, second)
        for sign, bound in zip((">=", "<="), bounds, strict=True)
    ]
    forward = (sql.compare("<=", first, second), counted(first, second))
    counts = sql.case(forward, otherwise=sql.minus(counted(second, first)))
    return sql.case((sql.every(within), counts))


def months_between(first: Sql, second: Sql) -> Sql:
    """Whole months from one month to another; NULL where either is none."""

    def part(month: Sql, start: int, length: int) -> Sql:
        piece = sql.call("substring", month, sql.number(start), sql.number(length))
        return sql.try_cast(piece, "INTEGER")

    years = sql.calculate("-", part(second, 1, 4), part(first, 1, 4))
    months = sql.calculate("-", part(second, 6, 2), part(first, 6, 2))
    return sql.calculate("+", sql.calculate("*", years, sql.number(12)), months)
