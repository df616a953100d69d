"""Words for people, in both languages at once, so that neither can be forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence or label in Chinese and in English; both are mandatory."""

    zh: str
    en: str

    def in_(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en

    def format(self, **values: object) -> Text:
        """Fill `{name}` places in both languages with the same values."""
        return Text(self.zh.format(**values), self.en.format(**values))

    @classmethod
    def of(cls, pair: Mapping[str, str]) -> Text:
        """Read a `{zh: …, en: …}` mapping as content files write it."""
        return cls(pair["zh"], pair["en"])
