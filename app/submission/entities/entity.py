"""A legal entity (法人机构): what it reports as, and how. Whatever it leaves open is as the settings of the installation say."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from app.core import timetable
from app.core.config import Settings
from app.core.errors import Invalid
from app.core.text import Text

PROVIDER: Final = re.compile(r"[0-9A-Za-z]{14}")
NIGHTLY: Final = "30 1 * * *"
"""When a batch begins where nothing else is said: in Chinese time, for the day before (T+1, S-11)."""
_KEY_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A legal entity as it is in force. An empty text, None or an empty list leaves the matter to the settings."""

    provider: str
    """the section code under which its files are sent; it never changes"""
    zh: str = ""
    en: str = ""
    sections: tuple[str, ...] = ()
    """further section codes of its own, that its records may name"""
    institutions: tuple[str, ...] = ()
    """institution codes of its branches, with its own"""
    sources_file: str = ""
    centre_kind: Literal["", "folder", "sftp"] = ""
    centre_host: str = ""
    centre_port: int | None = None
    centre_user: str = ""
    centre_folder: str = ""
    centre_host_key: str = ""
    """what its known_hosts file would say of the centre"""
    centre_credential: str = ""
    """the name under which the key ring holds the private key for signing in at the centre, sealed"""
    own_key: str = "lender"
    """the name of its own key pair: feedback is sealed with it"""
    centre_key: str = "centre"
    """the name of the centre's public key: its files are sealed with it"""
    cron: str = NIGHTLY
    days: Literal["every", "working"] = "every"
    """every: a batch begins each day for the day before; working: only on working days, for all days since the last one"""
    blocked_share_limit: float | None = None
    file_records: int | None = None
    active_from: date | None = None
    active_to: date | None = None
    number: int = 0
    """its edition; 0 for one that is nowhere but in the settings"""

    @property
    def title(self) -> Text:
        return Text(self.zh or self.provider, self.en or self.provider)

    def active_on(self, day: date) -> bool:
        """Whether it reports the business day."""
        return (self.active_from is None or self.active_from <= day) and (
            self.active_to is None or day <= self.active_to
        )

    def settings(self, given: Settings) -> Settings:
        """The settings of the installation as they are for this entity."""
        own: dict[str, Any] = {"provider_code": self.provider}
        for name in _OVERRIDING:
            if value := getattr(self, name):
                own[name] = value
        if self.blocked_share_limit is not None:
            own["blocked_share_limit"] = self.blocked_share_limit
        for name in ("sources_file", "centre_folder"):
            if text := getattr(self, name):
                own[name] = type(given.data_dir)(text)
        return given.changed(**own)

    def as_data(self) -> dict[str, Any]:
        """What is stored of it."""
        data = {each.name: getattr(self, each.name) for each in dataclasses.fields(self) if each.name not in _BESIDE}
        return data | {
            "sections": list(self.sections),
            "institutions": list(self.institutions),
            "active_from": self.active_from and self.active_from.isoformat(),
            "active_to": self.active_to and self.active_to.isoformat(),
        }


_OVERRIDING: Final = ("centre_kind", "centre_host", "centre_port", "centre_user", "file_records")
_BESIDE: Final = frozenset({"provider", "number"})


def stored(provider: str, number: int, data: Mapping[str, Any]) -> Entity:
    """Of what `as_data` gave; names that are no longer known are passed over."""
    known = {each.name for each in dataclasses.fields(Entity)} - _BESIDE
    values = {name: value for name, value in data.items() if name in known}
    for name in ("sections", "institutions"):
        values[name] = tuple(values.get(name) or ())
    for name in ("active_from", "active_to"):
        values[name] = date.fromisoformat(values[name]) if values.get(name) else None
    return Entity(provider=provider, number=number, **values)


class EntityFaults(Invalid):
    """What is wrong with a description of an entity, each with the name of its field."""

    def __init__(self, faults: Mapping[str, Text]) -> None:
        super().__init__(
            "submission.entity",
            Text("；".join(each.zh for each in faults.values()), "; ".join(each.en for each in faults.values())),
        )
        self.faults = dict(faults)


def read_entity(given: Mapping[str, str]) -> Entity:
    """An entity from texts as forms and files of commands give them; lists are separated by spaces, commas or lines.

    Raises EntityFaults (`submission.entity`) naming everything that is wrong at once.
    """
    faults: dict[str, Text] = {}
    text = {name: str(value).strip() for name, value in given.items()}
    provider = text.get("provider", "")
    if not PROVIDER.fullmatch(provider):
        faults["provider"] = Text("区段码须为 14 位字母或数字", "the section code has 14 letters or digits")
    if not 0 < len(text.get("zh", "")) <= 100:
        faults["zh"] = Text("请填写中文名称，至多 100 字", "a Chinese name of at most 100 characters")
    if not 0 < len(text.get("en", "")) <= 100:
        faults["en"] = Text("请填写英文名称，至多 100 字", "an English name of at most 100 characters")
    values: dict[str, Any] = {name: text.get(name, "") for name in _TEXTS}
    for name in ("sections", "institutions"):
        values[name] = _codes(text.get(name, ""))
        if wrong := [code for code in values[name] if not PROVIDER.fullmatch(code)]:
            listed = ", ".join(wrong[:5])
            faults[name] = Text(f"代码须为 14 位字母或数字：{listed}", f"codes have 14 letters or digits: {listed}")
    values["centre_port"] = _number(text, "centre_port", 1, 65535, faults)
    values["file_records"] = _number(text, "file_records", 1, 1_000_000, faults)
    values["blocked_share_limit"] = _share(text, faults)
    for name in ("active_from", "active_to"):
        values[name] = _day(text, name, faults)
    if values["active_from"] and values["active_to"] and values["active_to"] < values["active_from"]:
        faults["active_to"] = Text("截止日早于起始日", "the last day lies before the first")
    values["cron"] = text.get("cron") or NIGHTLY
    try:
        timetable.trigger(values["cron"], None)
    except ValueError:
        faults["cron"] = Text("须为五段 cron，星期写英文名", "five cron fields, with weekdays by name")
    for name, allowed in {"centre_kind": ("", "folder", "sftp"), "days": ("every", "working")}.items():
        values[name] = text.get(name, "") or allowed[0]
        if values[name] not in allowed:
            faults[name] = Text("没有这个选项", "there is no such choice")
    for name in ("own_key", "centre_key"):
        values[name] = text.get(name) or _key_of(name, provider)
        if not _KEY_NAME.fullmatch(values[name]) or values[name] == "data":
            faults[name] = Text("密钥名须为小写字母、数字、横线", "a key name has small letters, digits, hyphens")
    if faults:
        raise EntityFaults(faults)
    return Entity(provider=provider, **values)


_TEXTS: Final = (
    "zh",
    "en",
    "sources_file",
    "centre_host",
    "centre_user",
    "centre_folder",
    "centre_host_key",
    "centre_credential",
)


def _key_of(name: str, provider: str) -> str:
    return "centre" if name == "centre_key" else f"lender-{provider.lower()}"


def _codes(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(re.split(r"[\s,，、;；]+", text.strip()))) if text.strip() else ()


def _number(text: Mapping[str, str], name: str, least: int, most: int, faults: dict[str, Text]) -> int | None:
    given = text.get(name, "")
    if not given:
        return None
    if given.isdecimal() and least <= int(given) <= most:
        return int(given)
    faults[name] = Text(f"须为 {least} 至 {most} 的整数", f"a whole number from {least} to {most}")
    return None


def _share(text: Mapping[str, str], faults: dict[str, Text]) -> float | None:
    given = text.get("blocked_share_limit", "")
    try:
        share = float(given) if given else None
    except ValueError:
        share = -1.0
    if share is not None and not 0 <= share <= 1:
        faults["blocked_share_limit"] = Text("须在 0 与 1 之间", "a share between 0 and 1")
    return share


def _day(text: Mapping[str, str], name: str, faults: dict[str, Text]) -> date | None:
    given = text.get(name, "")
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        faults[name] = Text("日期须写作 2026-11-23", "a date is written 2026-11-23")
        return None


def as_texts(entity: Entity) -> dict[str, str]:
    """What `read_entity` would read this entity from."""
    texts = {name: "" if value is None else str(value) for name, value in entity.as_data().items()}
    lists: dict[str, Iterable[str]] = {"sections": entity.sections, "institutions": entity.institutions}
    return texts | {name: "\n".join(codes) for name, codes in lists.items()} | {"provider": entity.provider}
