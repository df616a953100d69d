"""What forms share: words for damage, names and texts as SQL writes them."""

from __future__ import annotations

from pathlib import Path

from app.core.errors import Invalid
from app.core.text import Text
from app.submission.sources.places.place import missing_file

FILLER = "\ufdd0"
"""A code point that no text may hold; stands for the further bytes of a character where positions count bytes."""


def text(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def damaged(name: str, why: object) -> Invalid:
    """The delivery cannot be read; `why` names places, never values."""
    return Invalid(
        "submission.delivery_damaged",
        Text("{name} 无法读取：{why}", "{name} cannot be read: {why}").format(name=name, why=why),
    )


def worded(name: str, zh: str, en: str) -> Invalid:
    """As `damaged`, with words of its own."""
    return Invalid("submission.delivery_damaged", Text(f"{name} 无法读取：{zh}", f"{name} cannot be read: {en}"))


def file_of(path: Path, location: str) -> Path:
    """The file of a table: `path` itself, or the one of that name in the folder. Raises Unavailable."""
    file = path / location if path.is_dir() else path
    if not file.is_file():
        raise missing_file(location)
    return file


def check_header(name: str, columns: list[str]) -> list[str]:
    """The columns of a table as delivered. Raises Invalid where there are none, one is nameless, or one stands twice."""
    if not columns or not any(columns):
        raise worded(name, "没有列名", "there are no column names")
    doubled = sorted({column for column in columns if columns.count(column) > 1})
    folded = [column.casefold() for column in columns]
    doubled = doubled or sorted({column for column in columns if folded.count(column.casefold()) > 1})
    if doubled:
        shown = ", ".join(column[:60] or '""' for column in doubled[:10])
        raise worded(name, f"列名重复：{shown}", f"column names stand twice: {shown}")
    return columns
