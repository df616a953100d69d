"""The functions that the vocabulary adds, as SQL: identity numbers with their check characters.

They answer as `app.standard.identifiers` does; cases and generated values hold them together. The exact reading says
them in functions that every warehouse has. The quick one says the same in fewer words of DuckDB's own: a lambda is set
up anew for every portion of records, so inside one the length of what is asked costs more than the asking.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from app.language.values import FIRST_YEAR, LAST_YEAR
from app.rules.sweep import sql
from app.rules.sweep.sql import Sql
from app.standard import catalogue, identifiers

_ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _sign(value: Sql, position: int) -> Sql:
    return sql.call("substring", value, sql.number(position), sql.number(1))


def _weighed(value: Sql, alphabet: str, weights: Sequence[int], quick: bool, start: int = 1) -> Sql:
    """The sum of the weighed places of each sign in the alphabet; the signs must all be of it."""
    if quick:
        return _weighed_at_once(value, alphabet, weights, start)

    def place(position: int) -> Sql:
        return sql.calculate("-", sql.call("strpos", sql.text(alphabet), _sign(value, position)), sql.number(1))

    total: Sql | None = None
    for index, weight in enumerate(weights):
        term = sql.calculate("*", place(start + index), sql.number(weight))
        total = term if total is None else sql.calculate("+", total, term)
    return sql.number(0) if total is None else total


def _weighed_at_once(value: Sql, alphabet: str, weights: Sequence[int], start: int) -> Sql:
    """As `_weighed`; the text must have all those signs, or DuckDB refuses lists of different lengths."""
    signs = sql.call("string_split", _part(value, start, len(weights)), sql.text(""))

    def place(sign: Sql) -> Sql:
        found = sql.call("strpos", sql.text(alphabet), sign)
        return sql.cast(sql.calculate("-", found, sql.number(1)), "DOUBLE")

    places = sql.over("list_transform", signs, "sign_", place)
    factors = sql.call("list_value", *(sql.cast(sql.number(weight), "DOUBLE") for weight in weights))
    return sql.cast(sql.call("list_dot_product", places, factors), "INTEGER")


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


def _person_id(value: Sql, quick: bool) -> Sql:
    count = len(identifiers.PERSON_WEIGHTS)
    check = _pick(identifiers.PERSON_CHECKS, _modulo(_weighed_digits(value, identifiers.PERSON_WEIGHTS), 11))
    right = sql.compare("==", check, sql.call("upper", _sign(value, count + 1)))
    if quick:
        shaped = sql.matches(value, f"[0-9]{{6}}(?:{real_days('')})[0-9]{{3}}[0-9Xx]")
        return sql.case((shaped, right), otherwise=sql.truth(False))
    born = sql.call("concat_ws", sql.text("-"), _part(value, 7, 4), _part(value, 11, 2), _part(value, 13, 2))
    year = _part(value, 7, 4)
    good = sql.every(
        [
            sql.compare(">=", year, sql.text(FIRST_YEAR)),
            sql.compare("<=", year, sql.text(LAST_YEAR)),
            sql.is_there(sql.try_cast(born, "DATE")),
            right,
        ]
    )
    return sql.case((sql.matches(value, "[0-9]{17}[0-9Xx]"), good), otherwise=sql.truth(False))


def real_days(between: str) -> str:
    """The pattern of a real date from 1901 to 2099, among which just every fourth year has a 29 February."""
    year = "(?:19(?:0[1-9]|[1-9][0-9])|20[0-9][0-9])"
    fourth = "(?:19(?:0[48]|[2468][048]|[13579][26])|20(?:[02468][048]|[13579][26]))"
    long = f"(?:0[13578]|1[02]){between}(?:0[1-9]|[12][0-9]|3[01])"
    short = f"(?:0[469]|11){between}(?:0[1-9]|[12][0-9]|30)"
    february = f"02{between}(?:0[1-9]|1[0-9]|2[0-8])"
    return f"{year}{between}(?:{long}|{short}|{february})|{fourth}{between}02{between}29"


def _part(value: Sql, start: int, length: int) -> Sql:
    return sql.call("substring", value, sql.number(start), sql.number(length))


def _organisation_check(value: Sql, start: int, quick: bool) -> Sql:
    weighed = _weighed(value, _ALPHANUMERIC, identifiers.ORGANISATION_WEIGHTS, quick, start)
    right = _pick("0X987654321", _modulo(weighed, 11))
    return sql.compare("==", right, _sign(value, start + 8))


def _organisation_code(value: Sql, quick: bool) -> Sql:
    right = _organisation_check(value, 1, quick)
    return sql.case((sql.matches(value, "[0-9A-Z]{8}[0-9X]"), right), otherwise=sql.truth(False))


def _credit_code(value: Sql, quick: bool) -> Sql:
    alphabet = identifiers.CREDIT_ALPHABET
    weighed = _modulo(_weighed(value, alphabet, identifiers.CREDIT_WEIGHTS, quick), 31)
    check = _pick(alphabet, _modulo(sql.calculate("-", sql.number(31), weighed), 31))
    good = sql.every([sql.compare("==", check, _sign(value, 18)), _organisation_check(value, 9, quick)])
    shape = f"[{alphabet}]{{8}}[{alphabet}]{{8}}[0-9X][{alphabet}]"
    return sql.case((sql.matches(value, shape), good), otherwise=sql.truth(False))


def _zhongzheng_code(value: Sql, quick: bool) -> Sql:
    weighed = _modulo(_weighed(value, _ALPHANUMERIC, identifiers.ZHONGZHENG_WEIGHTS, quick), 97)
    check = sql.calculate("+", weighed, sql.number(1))
    good = sql.compare("==", sql.try_cast(_part(value, 15, 2), "INTEGER"), check)
    return sql.case((sql.matches(value, "[0-9A-Z]{14}[0-9]{2}"), good), otherwise=sql.truth(False))


def _passport(value: Sql, quick: bool) -> Sql:
    del quick
    nations = frozenset(catalogue.current().codes("person")["Nation"].values)
    return sql.every([sql.matches(value, "[0-9A-Z]{3}[0-9A-Za-z]{1,9}"), sql.in_codes(_part(value, 1, 3), nations)])


def _home_permit(value: Sql, quick: bool) -> Sql:
    del quick
    return sql.matches(value, "[HM](?:[0-9]{8}|[0-9]{10})")


def _taiwan_permit(value: Sql, quick: bool) -> Sql:
    del quick
    return sql.matches(value, r"[0-9]{8}|[0-9]{10}(?:\((?:[A-Z]|[0-9]{2})\))?")


_Test = Callable[[Sql, bool], Sql]
_PERSON: Mapping[str, _Test] = {"10": _person_id, "2": _passport, "5": _home_permit, "6": _taiwan_permit}
_ORGANISATION: Mapping[str, _Test] = {"10": _zhongzheng_code, "20": _credit_code, "30": _organisation_code}


def _by_type(kind: Sql, value: Sql, longest: int, tests: Mapping[str, _Test], quick: bool) -> Sql:
    short = sql.compare("<=", sql.call("length", value), sql.number(longest))
    branches = [(sql.text(code), sql.every([test(value, quick)])) for code, test in tests.items()]
    known = sql.every([sql.is_there(kind), sql.is_there(value)])
    return sql.case((known, sql.every([short, sql.choose(kind, *branches, otherwise=sql.truth(True))])))


def _valid_person_number(kind: Sql, value: Sql, quick: bool) -> Sql:
    return _by_type(kind, value, identifiers.LONGEST_PERSON_NUMBER, _PERSON, quick)


def _valid_organisation_number(kind: Sql, value: Sql, quick: bool) -> Sql:
    return _by_type(kind, value, identifiers.LONGEST_ORGANISATION_NUMBER, _ORGANISATION, quick)


ADDED: Mapping[str, Callable[[Sql, Sql, bool], Sql]] = {
    "valid_person_number": _valid_person_number,
    "valid_organisation_number": _valid_organisation_number,
}
"""The SQL of each function that a vocabulary adds to the language, exact or quick."""
