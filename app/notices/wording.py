"""What messages say: kind, legal entity, day, counts and where to look. Never a borrower, never the key of a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from app.core.config import settings
from app.core.entities import all_entities
from app.core.text import Language, Text
from app.notices.house_rules import HouseRules
from app.notices.timing import DIGEST

TEST = "notices.test"


@dataclass(frozen=True, slots=True)
class Line:
    """So many of one kind, entity and day."""

    kind: str
    provider: str | None
    day: date | None
    count: int


@dataclass(frozen=True, slots=True)
class Words:
    """A message as it will be sent."""

    subject: str
    body: str
    link: str


def link_to(kind: str, provider: str | None, day: date | None) -> str:
    """Where the console shows these notices; empty where nobody has said what its address is."""
    if not (base := settings().public_url):
        return ""
    wish = {"kind": kind if kind != DIGEST else "", "entity": provider or "", "day": day.isoformat() if day else ""}
    asked = urlencode({name: value for name, value in wish.items() if value})
    return f"{base}/notices?{asked}" if asked else f"{base}/notices"


def entity_title(provider: str) -> Text:
    """What a legal entity is called; its section code where nobody has said."""
    found = next((each.title for each in all_entities() if each.provider == provider), None)
    return found or Text(provider, provider)


def line_text(rules: HouseRules, line: Line, language: Language) -> str:
    """`12 条预警，南方消费金融公司，2026-11-22`."""
    known = rules.kinds.get(line.kind)
    said = known.said(line.count) if known else Text(f"{line.count} 条通知", f"{line.count} notices")
    place = entity_title(line.provider).in_(language) if line.provider else ""
    parts = [said.in_(language), place, line.day.isoformat() if line.day else ""]
    return ("，" if language == "zh" else ", ").join(part for part in parts if part)


def words_of(
    rules: HouseRules, lines: Sequence[Line], language: Language, channel: str, *, urgent: bool, escalated: bool
) -> Words:
    """The message that tells of these lines; more than one is a digest."""
    digest = len(lines) != 1
    first = lines[0]
    link = link_to(DIGEST, None, None) if digest else link_to(first.kind, first.provider, first.day)
    told = [line_text(rules, line, language) for line in lines]
    head = Text("", "")
    if escalated:
        head = Text("【升级：无人确认】", "Escalated, nobody has acknowledged: ")
    elif urgent:
        head = Text("【紧急】", "Urgent: ")
    total = sum(line.count for line in lines)
    one = told[0] if not digest else Text(f"每日汇总：{total} 条通知", f"Daily digest: {total} notices").in_(language)
    subject = head.in_(language) + one
    if channel == "sms":
        return Words(subject, " ".join(part for part in (subject, link) if part), link)
    foot = Text(
        "请登录 CreditLink 控制台查看和确认。接收方式在控制台“通知”页的“接收设置”中更改。本邮件由系统自动发出。",
        "Sign in to the CreditLink console to look and acknowledge. How notices reach you is set there under"
        " Notices, Delivery settings. This mail was sent automatically.",
    )
    body = "\n".join([*(head.in_(language) + each for each in told), *([link] if link else []), "", foot.in_(language)])
    return Words(subject, body + "\n", link)


def test_words(language: Language, channel: str) -> Words:
    """A message that only shows that messages come through."""
    link = link_to("", None, None)
    text = Text(
        "CreditLink 测试通知：收到即表示渠道可用。", "CreditLink test notice: you get it, so the channel works."
    )
    said = text.in_(language)
    body = " ".join(part for part in (said, link) if part) + ("\n" if channel == "mail" else "")
    return Words(said, body, link)
