"""Reading written values: the one definition of blank, number, date and month that every evaluator follows."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from app.language.types import Form, Kind

BLANKS = " \u3000"
"""What counts as nothing around or instead of a value: the half-width and the full-width space."""

NUMBER_DIGITS = 15
NUMBER_SCALE = 4
NUMBER_PATTERN = rf"-?[0-9]{{1,{NUMBER_DIGITS}}}(\.[0-9]{{1,{NUMBER_SCALE}}})?"
MONTH_PATTERN = "[0-9]{4}-(0[1-9]|1[0-2])"
TIME_PATTERN = "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
FIRST_YEAR, LAST_YEAR = "1901", "2099"

_NUMBER = re.compile(NUMBER_PATTERN)
_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(MONTH_PATTERN)


def read_text(value: object) -> str | None:
    """The text without blanks around it; None if nothing remains or there is no value."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip(BLANKS) or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def read_number(value: object) -> Decimal | int | None:
    """The exact number, if written plainly: at most 15 digits, then at most 4 decimals."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        return value
    text = read_text(value)
    return Decimal(text) if text is not None and _NUMBER.fullmatch(text) else None


def read_date(value: object) -> date | None:
    """The date, if it is a real one written YYYY-MM-DD."""
    if isinstance(value, date):
        return value
    text = read_text(value)
    if text is None or not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def read_month(value: object) -> str | None:
    """The month, if it is a real one written YYYY-MM."""
    text = read_text(value)
    return text if text is not None and _MONTH.fullmatch(text) else None


def read_bool(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


READERS = {
    Kind.TEXT: read_text,
    Kind.NUMBER: read_number,
    Kind.DATE: read_date,
    Kind.MONTH: read_month,
    Kind.BOOL: read_bool,
}


def form_pattern(form: Form) -> str:
    """The regular expression (plain enough for every engine) that a trimmed value of this form matches as a whole."""
    count = f"{{{form.length}}}" if form.fixed else f"{{1,{form.length}}}"
    match form.kind:
        case "A" | "N":
            if not form.decimals:
                return f"[0-9]{count}"
            whole = form.length - form.decimals - 1
            # Amounts with decimals are those of financial statements, which may be negative.
            sign = "-?" if form.kind == "A" else ""
            return rf"{sign}[0-9]{{1,{whole}}}(\.[0-9]{{1,{form.decimals}}})?"
        case "D":
            return "[0-9]{4}-[0-9]{2}-[0-9]{2}"
        case "M":
            return "[0-9]{4}-[0-9]{2}"
        case "T":
            return "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
        case "AN":
            return f"[!-~]{count}"
        case _:
            return ""


def allowed_codes(form: Form) -> frozenset[str] | None:
    """The values the form's code tables allow together; None when no strict table binds it."""
    if not form.codes or not all(table.strict for table in form.codes):
        return None
    return frozenset[str]().union(*(table.values for table in form.codes))


def conforms(form: Form, text: str) -> bool:
    """Whether trimmed text has the data type, the length and a code of its form. ANC is bound by its length alone."""
    codes = allowed_codes(form)
    if codes is not None:
        return text in codes
    pattern = form_pattern(form)
    if pattern:
        return re.fullmatch(pattern, text) is not None
    return len(text) == form.length if form.fixed else len(text) <= form.length


def is_date(form: Form, text: str) -> bool:
    """Whether trimmed text is a real date, month or moment (by its form) from 1901 to 2099."""
    if not FIRST_YEAR <= text[:4] <= LAST_YEAR:
        return False
    match form.kind:
        case "M":
            return read_month(text) is not None
        case "T":
            return read_date(text[:10]) is not None and re.fullmatch(TIME_PATTERN, text[10:]) is not None
        case _:
            return read_date(text) is not None
