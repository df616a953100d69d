"""What an address or a form names, found or refused with words."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from flask import request

from app.core.errors import Invalid
from app.core.text import Text
from app.rules.reader.overview import SetLine, line_of
from app.rules.reader.shelf import Reference, find_shown, present
from app.rules.reader.shown import ShownRuleset
from app.rules.registry.force import no_ruleset

_LONGEST: Final = 120
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,120}")
_EARLIEST: Final = date(2006, 1, 1)
"""Before this the credit register kept nothing."""


def identifier(text: str) -> str:
    """A name out of an address as it may be looked for; '' for what no name looks like, and is then not found."""
    return text if _NAME.fullmatch(text) else ""


def line(name: str) -> SetLine:
    """The line of a ruleset. Raises NotFound (`rules.ruleset`)."""
    found = line_of(identifier(name))
    if found is None:
        raise no_ruleset(name[:_LONGEST])
    return found


def reference(name: str, wanted: str | None = None) -> Reference:
    """Which content of a ruleset the address asks for: its own argument `edition`, else what stands for it now.

    Raises NotFound (`rules.ruleset`).
    """
    found = present(identifier(name))
    if found is None:
        raise no_ruleset(name[:_LONGEST])
    asked = (request.args.get("edition", "") if wanted is None else wanted).strip()
    # What can be no edition is looked for as such, and not found.
    return Reference(identifier(asked[:64]) or "-") if asked else found


def shown(name: str, wanted: str | None = None) -> ShownRuleset:
    """The content that is asked for. Raises NotFound, and RulesetInvalid for a draft that is wrong."""
    return find_shown(name, reference(name, wanted))


def day(field: str) -> date | None:
    """A day as forms write it; None where there is none. Raises Invalid (`rules.day`) for what is no day."""
    text = request.form.get(field, "").strip()
    if not text:
        return None
    try:
        found = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        found = None
    if found is None or not _EARLIEST <= found <= date(2100, 1, 1):
        raise Invalid("rules.day", Text("日期无效，请写成 2026-11-30 的样子", "not a day; write it like 2026-11-30"))
    return found


def needed_day(field: str) -> date:
    """A day that must be given. Raises Invalid (`rules.day`)."""
    found = day(field)
    if found is None:
        raise Invalid("rules.day", Text("请填写日期", "a day is needed"))
    return found


def words(field: str, most: int = 2_000) -> str:
    """What somebody has written, at most so long; without NUL, which no database keeps."""
    return request.form.get(field, "").replace("\x00", "")[:most]


def lock() -> int:
    """The lock of the draft that the page has shown. Raises Invalid (`rules.lock`)."""
    text = request.form.get("lock", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid(
            "rules.lock", Text("缺少草稿的锁号，请刷新页面", "the lock of the draft is missing; reload the page")
        )
    return int(text)
