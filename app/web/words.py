"""The language of a request, and how dates and numbers are written in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from flask import g, has_request_context, request
from markupsafe import Markup, escape

from app.core.clock import CHINA, now
from app.core.config import settings
from app.core.text import LANGUAGES, Language, Text

LANGUAGE_COOKIE: Final = "creditlink_language"
NOTHING: Final = "–"

_WEEKDAYS: Final = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")
# strftime would follow the locale of the process, not of the reader.
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def language() -> Language:
    """The language of the present request: the reader's choice, else the house's."""
    if not has_request_context():
        return settings().language
    if "language" not in g:
        chosen = request.cookies.get(LANGUAGE_COOKIE)
        g.language = next((each for each in LANGUAGES if each == chosen), settings().language)
    chosen_language: Language = g.language
    return chosen_language


def t(zh: str, en: str) -> str:
    """Choose between the two wordings; templates use it for every sentence."""
    return zh if language() == "zh" else en


def say(text: Text | str) -> str:
    """A `Text` in the reader's language; plain text, such as a name, passes through."""
    return text.in_(language()) if isinstance(text, Text) else text


def sentence(text: Text | str) -> str:
    """`text` as a sentence on its own: with a capital at its start and a stop at its end."""
    words = say(text).strip()
    stop = "" if words.endswith(("。", ".", "！", "!", "？", "?", "…")) else t("。", ".")
    return words[:1].upper() + words[1:] + stop


@dataclass(frozen=True, slots=True)
class Mention:
    """A moment as a `<time>` element; browsers keep `ago` up to date."""

    moment: datetime

    def html(self, *, ago: bool) -> Markup:
        moment = self.moment.astimezone(UTC)
        words = age(moment) if ago else datetime_text(moment)
        mark = Markup(" data-ago") if ago else Markup("")
        return Markup('<time datetime="{}" title="{}"{}>{}</time>').format(
            moment.isoformat(timespec="seconds"), datetime_text(moment, seconds=True), mark, words
        )


def datetime_text(moment: datetime | None, seconds: bool = False) -> str:
    """A moment on the Chinese wall clock, `2026-11-22 14:05`: the same in both languages, and it sorts."""
    if moment is None:
        return NOTHING
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def date_text(day: date | None) -> str:
    """A day as `2026-11-22`."""
    return NOTHING if day is None else day.isoformat()


def long_date_text(day: date) -> str:
    """A day for a headline: `2026年11月22日 星期日`, `22 November 2026`."""
    if language() == "zh":
        return f"{day.year}年{day.month}月{day.day}日 {_WEEKDAYS[day.weekday()]}"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def age(moment: datetime) -> str:
    """How long ago, in the largest whole unit."""
    minutes = max(0, int((now() - moment).total_seconds() // 60))
    if minutes < 1:
        return t("刚刚", "just now")
    if minutes < 60:
        return t(f"{minutes} 分钟前", f"{minutes} min ago")
    if minutes < 24 * 60:
        return t(f"{minutes // 60} 小时前", f"{minutes // 60} h ago")
    return t(f"{minutes // 1440} 天前", f"{minutes // 1440} d ago")


def moment_html(moment: datetime | None, ago: bool = False) -> Markup:
    """A `<time>` element; with `ago` it reads “3 minutes ago” and tells the exact moment on hovering."""
    return escape(NOTHING) if moment is None else Mention(moment).html(ago=ago)


def number_text(value: int | float | Decimal | None, places: int | None = None) -> str:
    """A number with thousands separators; `places` fixes the decimals."""
    if value is None:
        return NOTHING
    return f"{value:,}" if places is None else f"{value:,.{places}f}"


def percent_text(share: float | Decimal | None, places: int = 1) -> str:
    """A share between 0 and 1 as per cent."""
    return NOTHING if share is None else f"{share * 100:.{places}f}%"


def duration_text(length: timedelta | float | None) -> str:
    """A length of time (seconds where it is a number) in at most two units."""
    if length is None:
        return NOTHING
    seconds = length.total_seconds() if isinstance(length, timedelta) else float(length)
    if seconds < 60:
        return t(f"{seconds:.1f} 秒", f"{seconds:.1f} s")
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return t(f"{minutes} 分 {rest} 秒", f"{minutes} min {rest} s")
    hours, minutes = divmod(minutes, 60)
    return t(f"{hours} 小时 {minutes} 分", f"{hours} h {minutes} min")


def size_text(octets: int | None) -> str:
    """A size of data in the unit that leaves at most four digits."""
    if octets is None:
        return NOTHING
    size = float(octets)
    for unit in ("B", "KB", "MB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GB"


def attributes(pairs: Mapping[str, str | bool | None]) -> Markup:
    """HTML attributes from a mapping: absent for None and False, bare for True."""
    written = [
        escape(name) if value is True else Markup('{}="{}"').format(name, value)
        for name, value in pairs.items()
        if value is not None and value is not False
    ]
    return Markup(" ").join(written)
