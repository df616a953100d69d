"""Reading values of a content file, every fault noted with its place."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Any, Final

from app.core.text import Text

_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


@dataclass(slots=True)
class Faults:
    """What has been found wrong so far."""

    found: list[Text] = field(default_factory=list)

    def add(self, place: str, what: Text) -> None:
        self.found.append(Text(f"{place}：{what.zh}", f"{place}: {what.en}"))

    def mapping(self, place: str, given: Any) -> Mapping[str, Any]:
        """`given` where it is names with values, else nothing and a fault."""
        if isinstance(given, dict):
            return given
        self.add(place, Text("须为一组名称与内容", "must be names with what they hold"))
        return {}

    def unknown(self, place: str, given: Mapping[str, Any], known: Collection[str]) -> None:
        """Names that mean nothing here."""
        for name in given:
            if name not in known:
                where = f"{place}.{name}" if place else str(name)
                self.add(where, Text("不认识这一项", "means nothing here"))


def pair(place: str, given: Any, faults: Faults) -> Text:
    """Words in both languages."""
    if (
        isinstance(given, dict)
        and given.keys() == {"zh", "en"}
        and all(isinstance(x, str) and x.strip() for x in given.values())
    ):
        return Text.of(given)
    faults.add(place, Text("须有中文 zh 和英文 en", "needs its words as zh and en"))
    return Text("", "")


def time_of(place: str, given: Any, faults: Faults) -> time:
    """A time of the day."""
    read = read_time(given) if isinstance(given, str) else None
    if read is None:
        faults.add(place, Text("须为加引号的时刻，如 '22:00'", "must be a quoted time such as '22:00'"))
    return read or time()


def read_time(text: str) -> time | None:
    """A time of the day as `22:00`; None where it is none."""
    found = _TIME.fullmatch(text)
    return time(int(found[1]), int(found[2])) if found else None


def minutes(place: str, given: Any, faults: Faults, least: int, most: int) -> timedelta:
    """A whole number of minutes within bounds."""
    if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= most:
        faults.add(place, Text(f"须为 {least} 到 {most} 的整数", f"must be a whole number from {least} to {most}"))
        return timedelta()
    return timedelta(minutes=given)


def listed(place: str, given: Any, faults: Faults, *, may_be_empty: bool = False) -> list[Any]:
    """A list without doubles."""
    if not isinstance(given, list) or not (given or may_be_empty):
        faults.add(place, Text("须为列表", "must be a list"))
        return []
    if all(isinstance(each, str) for each in given) and len(set(given)) != len(given):
        faults.add(place, Text("有重复", "holds something twice"))
    return given
