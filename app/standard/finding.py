"""What a reader or a check has to say against what it was given: data, never an exception."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.text import Text


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault in a file, with its place.

    `line` counts from 1 (the header); 0 means the file as a whole or its name. `code` is the credit centre's error
    code, `tag` the item blamed ('0000' for the whole record or file), `position` the character in the line, counted
    from 1, where that is known, and `expected` what should have stood there, short and in the notation of the
    standard.
    """

    line: int
    code: str
    tag: str
    message: Text
    position: int | None = None
    expected: str = ""
