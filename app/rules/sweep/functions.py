"""The functions of the vocabulary as SQL: conformity to a form, identity numbers with their check characters.

They answer as `app.language.values` and `app.standard.identifiers` do; cases and generated values hold them together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from app.core.workdays import known_days
from app.language import Form
from app.language.values import FIRST_YEAR, LAST_YEAR, MONTH_PATTERN, TIME_PATTERN, allowed_codes, form_pattern
from app.rules.sweep import sql
from app.rules.sweep.reading import is_real_date
from app.rules.sweep.sql import Sql
from app.standard import catalogue, identifiers

_ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _matches(value: Sql, pattern: str) -> Sql:
    return sql.call("regexp_full_match", value, sql.text(pattern))


def digits(value: Sql, count: object) -> Sql:
    """Whether a text is digits only, and how many if `count` is given."""
    return _matches(value, "[0-9]+" if count is None else f"[0-9]{{{count}}}")


def conformity(name: str, form: Form, value: Sql, quick: bool = False) -> Sql:
    """`conforms` or `is_date` for a text that is not blank; NULL for NULL. `quick` may take more for bad than is."""
    if quick and form.kind == "D":
        return _good_date(value)
    if name == "is_date":
        return sql.case((sql.is_there(value), _is_date(form, value)))
    codes = allowed_codes(form)
    if codes is not None:
        return in_codes(value, codes)
    pattern = form_pattern(form)
    if pattern:
        return _matches(value, pattern)
    return sql.compare("==" if form.fixed else "<=", sql.call("length", value), sql.number(form.length))


def in_codes(value: Sql, codes: frozenset[str]) -> Sql:
    """Whether a text is one of the codes; many plain codes are faster as one pattern."""
    if len(codes) > 24 and all(code.isascii() and code.isalnum() for code in codes):
        return _matches(value, "|".join(sorted(codes)))
    return sql.among(value, [sql.text(code) for code in sorted(codes)])


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
            real = [_matches(value, MONTH_PATTERN)]
        case "T":
            day = sql.call("left", value, sql.number(10))
            real = [is_real_date(day), _matches(sql.call("substring", value, sql.number(11)), TIME_PATTERN)]
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


# Identity numbers


def _sign(value: Sql, position: int) -> Sql:
    return sql.call("substring", value, sql.number(position), sql.number(1))


def _weighed(value: Sql, alphabet: str, weights: Sequence[int], start: int = 1) -> Sql:
    """The sum of the weighed places of each sign in the alphabet; the signs must all be of it."""

    def place(position: int) -> Sql:
        return sql.calculate("-", sql.call("strpos", sql.text(alphabet), _sign(value, position)), sql.number(1))

    total: Sql | None = None
    for index, weight in enumerate(weights):
        term = sql.calculate("*", place(start + index), sql.number(weight))
        total = term if total is None else sql.calculate("+", total, term)
    return sql.number(0) if total is None else total


def _modulo(value: Sql, divisor: int) -> Sql:
    return sql.call("mod", value, sql.number(divisor))


def _pick(signs: str, index: Sql) -> Sql:
    """The sign at an index counted from 0."""
    return sql.call("substring", sql.text(signs), sql.calculate("+", index, sql.number(1)), sql.number(1))


def _weighed_digits(value: Sql, weights: Sequence[int]) -> Sql:
    """As `_weighed` for leading digits, by arithmetic on the number they are, which is read once."""
    count = len(weights)
    number = sql.call("list_value", sql.try_cast(sql.call("left", value, sql.number(count)), "BIGINT"))

    def total(digits: Sql) -> Sql:
        terms = [
            f"{sql.wrap(digits)} // {10 ** (count - 1 - index)} % 10 * {weight}" for index, weight in enumerate(weights)
        ]
        return Sql(" + ".join(terms), single=False)

    return sql.call("list_extract", sql.over("list_transform", number, "digits_", total), sql.number(1))


def _person_id(value: Sql) -> Sql:
    born = sql.call("concat_ws", sql.text("-"), _part(value, 7, 4), _part(value, 11, 2), _part(value, 13, 2))
    year = _part(value, 7, 4)
    check = _pick(identifiers.PERSON_CHECKS, _modulo(_weighed_digits(value, identifiers.PERSON_WEIGHTS), 11))
    good = sql.every(
        [
            sql.compare(">=", year, sql.text(FIRST_YEAR)),
            sql.compare("<=", year, sql.text(LAST_YEAR)),
            sql.is_there(sql.try_cast(born, "DATE")),
            sql.compare("==", check, sql.call("upper", _sign(value, 18))),
        ]
    )
    return sql.case((_matches(value, "[0-9]{17}[0-9Xx]"), good), otherwise=sql.truth(False))


def _part(value: Sql, start: int, length: int) -> Sql:
    return sql.call("substring", value, sql.number(start), sql.number(length))


def _organisation_check(value: Sql, start: int) -> Sql:
    weighed = _weighed(value, _ALPHANUMERIC, identifiers.ORGANISATION_WEIGHTS, start)
    right = _pick("0X987654321", _modulo(weighed, 11))
    return sql.compare("==", right, _sign(value, start + 8))


def _organisation_code(value: Sql) -> Sql:
    return sql.case((_matches(value, "[0-9A-Z]{8}[0-9X]"), _organisation_check(value, 1)), otherwise=sql.truth(False))


def _credit_code(value: Sql) -> Sql:
    alphabet = identifiers.CREDIT_ALPHABET
    weighed = _modulo(_weighed(value, alphabet, identifiers.CREDIT_WEIGHTS), 31)
    check = _pick(alphabet, _modulo(sql.calculate("-", sql.number(31), weighed), 31))
    good = sql.every([sql.compare("==", check, _sign(value, 18)), _organisation_check(value, 9)])
    shape = f"[{alphabet}]{{8}}[{alphabet}]{{8}}[0-9X][{alphabet}]"
    return sql.case((_matches(value, shape), good), otherwise=sql.truth(False))


def _zhongzheng_code(value: Sql) -> Sql:
    weighed = _modulo(_weighed(value, _ALPHANUMERIC, identifiers.ZHONGZHENG_WEIGHTS), 97)
    check = sql.calculate("+", weighed, sql.number(1))
    good = sql.compare("==", sql.try_cast(_part(value, 15, 2), "INTEGER"), check)
    return sql.case((_matches(value, "[0-9A-Z]{14}[0-9]{2}"), good), otherwise=sql.truth(False))


def _passport(value: Sql) -> Sql:
    nations = frozenset(catalogue.current().codes("person")["Nation"].values)
    return sql.every([_matches(value, "[0-9A-Z]{3}[0-9A-Za-z]{1,9}"), in_codes(_part(value, 1, 3), nations)])


def _by_type(kind: Sql, value: Sql, longest: int, tests: Mapping[str, Callable[[Sql], Sql]]) -> Sql:
    short = sql.compare("<=", sql.call("length", value), sql.number(longest))
    branches = [(sql.text(code), sql.every([test(value)])) for code, test in tests.items()]
    known = sql.every([sql.is_there(kind), sql.is_there(value)])
    return sql.case((known, sql.every([short, sql.choose(kind, *branches, otherwise=sql.truth(True))])))


def _valid_person_number(kind: Sql, value: Sql) -> Sql:
    tests: Mapping[str, Callable[[Sql], Sql]] = {
        "10": _person_id,
        "2": _passport,
        "5": lambda number: _matches(number, "[HM](?:[0-9]{8}|[0-9]{10})"),
        "6": lambda number: _matches(number, r"[0-9]{8}|[0-9]{10}(?:\((?:[A-Z]|[0-9]{2})\))?"),
    }
    return _by_type(kind, value, identifiers.LONGEST_PERSON_NUMBER, tests)


def _valid_organisation_number(kind: Sql, value: Sql) -> Sql:
    tests: Mapping[str, Callable[[Sql], Sql]] = {
        "10": _zhongzheng_code,
        "20": _credit_code,
        "30": _organisation_code,
    }
    return _by_type(kind, value, identifiers.LONGEST_ORGANISATION_NUMBER, tests)


ADDED: Mapping[str, Callable[[Sql, Sql], Sql]] = {
    "valid_person_number": _valid_person_number,
    "valid_organisation_number": _valid_organisation_number,
}
"""The SQL of each function that a vocabulary adds to the language."""
