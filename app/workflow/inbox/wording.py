"""How tasks are put into words: when they are due, how urgent they are."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.core import clock
from app.core.text import Text
from app.core.workdays import working_days_between
from app.web.parts import Tone
from app.workflow.clocks.limits import due_text, last_day
from app.workflow.inbox.listing import HIGH, LOW, PRIORITY

_HOUR = 3600


def due_words(due_at: datetime | None) -> tuple[Text, Tone]:
    """The deadline as people say it, and how urgent it looks."""
    if due_at is None:
        return Text("无期限", "No deadline"), "neutral"
    seconds = (due_at - clock.now()).total_seconds()
    if seconds < 0:
        late = _length(-seconds)
        return Text(f"已超期 {late.zh}", f"{late.en} overdue"), "danger"
    day, today, at = last_day(due_at), clock.today(), due_text(due_at)[-5:]
    if day == today:
        return (Text(f"今天 {at}", f"Today {at}"), "danger" if seconds < 2 * _HOUR else "warning")
    if day == today + timedelta(days=1):
        return Text(f"明天 {at}", f"Tomorrow {at}"), "warning"
    if (day - today).days > 90:
        return Text(day.isoformat(), day.isoformat()), "neutral"
    days = working_days_between(today, day, assume_weekdays=True)
    return (
        Text(f"剩 {days} 个工作日", f"{days} working day{'' if days == 1 else 's'} left"),
        "info" if days <= 3 else "neutral",
    )


def _length(seconds: float) -> Text:
    if seconds < _HOUR:
        minutes = max(1, int(seconds // 60))
        return Text(f"{minutes} 分钟", f"{minutes} min")
    if seconds < 24 * _HOUR:
        hours = int(seconds // _HOUR)
        return Text(f"{hours} 小时", f"{hours} h")
    days = int(seconds // (24 * _HOUR))
    return Text(f"{days} 天", f"{days} day{'' if days == 1 else 's'}")


def priority_words(priority: int) -> tuple[Text, Tone]:
    """high, normal or low."""
    if priority >= HIGH:
        return PRIORITY["high"], "danger"
    return (PRIORITY["low"], "neutral") if priority < LOW else (PRIORITY["normal"], "info")
