"""Reads one JSON object of a schema property by property; what has the wrong type is noted with its place, never raised."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from app.core.text import Text
from app.workflow.forms.parts import Fault

LONGEST_LABEL: Final = 300
LONGEST_TEXT: Final = 5_000
_LARGEST: Final = Decimal(10) ** 15


class Properties:
    """The properties of one object of a schema, and the list to which everything wrong with it is added."""

    def __init__(self, given: Mapping[str, Any], place: str, faults: list[Fault]) -> None:
        self.given = given
        self.place = place
        self.faults = faults

    def wrong(self, rule: str, zh: str, en: str, *, warning: bool = False) -> None:
        self.faults.append(Fault(rule, self.place, Text(zh, en), warning))

    def _mistyped(self, name: str, zh: str, en: str) -> None:
        self.wrong("type", f"“{_shown(name)}”须为{zh}", f"“{_shown(name)}” must be {en}")

    def text(self, name: str, most: int = LONGEST_LABEL) -> str:
        """Text without blanks around it; empty where it is absent or wrong."""
        value = self.given.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self._mistyped(name, "文本", "a text")
            return ""
        if len(value) > most:
            self.wrong("length", f"“{name}”超过{most}个字符", f"“{name}” is longer than {most} characters")
            return ""
        if not _writable(value):
            self.wrong("type", f"“{name}”含有不能显示的字符", f"“{name}” holds characters that cannot be shown")
            return ""
        return value.strip()

    def words(self, name: str, most: int = LONGEST_LABEL) -> Text | None:
        """The text in both languages, English under `name_en`; without English the Chinese stands for both."""
        zh, en = self.text(name, most), self.text(f"{name}_en", most)
        if not zh:
            return None
        for each in (zh, en):
            if each.startswith("=") or "{{" in each:
                self.wrong(
                    "expression",
                    f"“{name}”中不支持表达式与模板",
                    f"expressions and templates are not supported in “{name}”",
                )
                return None
        if not en:
            self.wrong("english", f"“{name}_en”缺少英文", f"“{name}_en”, the English words, is missing", warning=True)
        return Text(zh, en or zh)

    def flag(self, name: str) -> bool:
        value = self.given.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        self._mistyped(name, " true 或 false", "true or false")
        return False

    def whole(self, name: str, least: int, most: int) -> int | None:
        value = self.given.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self._mistyped(name, f" {least} 至 {most} 的整数", f"a whole number from {least} to {most}")
            return None
        return value

    def number(self, name: str) -> Decimal | None:
        """An exact number; a JSON number with decimals is taken as it was written."""
        value = self.given.get(name)
        if value is None:
            return None
        read = exact(value)
        if read is None:
            self._mistyped(name, "数字（至多15位）", "a number of at most 15 digits")
        return read

    def object(self, name: str) -> Properties:
        """An object within; empty where it is absent or wrong."""
        value = self.given.get(name)
        if value is not None and not isinstance(value, Mapping):
            self._mistyped(name, "对象", "an object")
        inside = value if isinstance(value, Mapping) else {}
        return Properties(inside, f"{self.place}.{name}" if self.place else name, self.faults)

    def list(self, name: str, most: int) -> list[Any]:
        value = self.given.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self._mistyped(name, "列表", "a list")
            return []
        if len(value) > most:
            self.wrong("length", f"“{name}”超过{most}项", f"“{name}” has more than {most} entries")
            return []
        return value

    def names(self, name: str) -> dict[str, str]:
        """An object of texts by name: parameters and the variables from which they come."""
        inside = self.object(name)
        return {key: inside.text(key) for key in list(inside.given)[:20] if isinstance(key, str) and inside.text(key)}

    def only(self, *names: str) -> None:
        """Note every property that is none of `names`: a rule that nobody knows would silently not hold."""
        for name in self.given:
            if name not in names:
                self.wrong("unknown_rule", f"不支持“{_shown(name)}”", f"“{_shown(name)}” is not supported")


def exact(value: object) -> Decimal | None:
    """A number exactly as it was written; None where it is none, or has more than 15 digits before the point."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    if isinstance(value, str) and len(value) > 40:
        return None
    if isinstance(value, int) and abs(value) >= _LARGEST:
        return None
    try:
        read = Decimal(repr(value) if isinstance(value, float) else value)
    except (InvalidOperation, ValueError):
        return None
    return read if read.is_finite() and abs(read) < _LARGEST else None


def _writable(text: str) -> bool:
    return not any(0xD800 <= ord(each) <= 0xDFFF or (ord(each) < 32 and each not in "\n\r\t") for each in text)


def writable(text: str) -> bool:
    """Whether the text holds nothing but what can be shown and stored: no control characters, no half characters."""
    return _writable(text) and "\x7f" not in text


def _shown(name: object) -> str:
    return ascii(name)[1:61] if not isinstance(name, str) or not _writable(name) else name[:60]
