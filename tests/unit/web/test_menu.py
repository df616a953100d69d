"""The letters that lead to pages."""

from __future__ import annotations

from app.core.registry import MenuEntry
from app.core.text import Text
from app.web.menu import keys_of


def entry(name: str) -> MenuEntry:
    return MenuEntry(name, Text(name, name), name, "web.console.use")


def test_each_page_gets_a_free_letter_of_its_name_or_a_digit() -> None:
    names = ["submission.day", "submission.batches", "submission.exceptions", "security.users", "x.dab", "x.u", "x.gu"]
    assert keys_of(map(entry, names)) == {
        "submission.day": "d",
        "submission.batches": "b",
        "submission.exceptions": "e",
        "security.users": "u",
        "x.dab": "a",
        "x.u": "1",
        "x.gu": "2",
    }
