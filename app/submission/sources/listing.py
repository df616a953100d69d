"""The list of sources: where each delivers, as the installation says it in `sources_file`.

    sources:
      core_banking: {path: '/data/{date:%Y%m%d}/core.sqlite'}
      card_system:
        place: {kind: sftp, host: …, path: '/out/{date:%Y%m%d}', known_hosts: …, credential: card_sftp}

Secrets do not stand in it: a place names a credential, and an address with a password in it is refused.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from app.core.config import settings
from app.core.errors import CreditLinkError, Invalid
from app.core.text import Text
from app.submission.entities.keeping import entity_of
from app.submission.sources import credentials
from app.submission.sources.places import FolderPlace, Place
from app.submission.sources.places.place import MEGABYTE
from app.submission.tables import SUPPLEMENTED

KINDS: Final = ("folder", "sftp", "s3", "https", "database", "push")
_MOST: Final = 10_000_000
_OURS: Final = ("provider", "source")
"""What a place is told of the source beside its settings."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A source of a legal entity as its list has it; `options` are the settings of its place, with the name of its credential."""

    provider: str
    source: str
    kind: str
    options: Mapping[str, Any]

    @property
    def credential(self) -> str:
        return str(self.options.get("credential") or "")

    def place(self) -> Place:
        """The place, with its secret. Raises Invalid (`submission.sources`), NotFound where the credential has not been set."""
        options = {name: value for name, value in self.options.items() if name not in ("kind", "limit_mb")}
        if "limit_mb" in self.options:
            options["limit_bytes"] = int(self.options["limit_mb"]) * MEGABYTE
        if self.credential:
            options["credential"] = credentials.credential(self.credential)
        return _class(self.kind)(**options | self._whose())

    def address(self, business_date: date) -> str:
        """Where it delivers, for people. A place that cannot be made is told by its kind alone."""
        try:
            return dataclasses.replace(self, options=_without_secret(self.options))._bare().address(business_date)
        except (CreditLinkError, TypeError, ValueError, KeyError):
            return self.kind

    def _bare(self) -> Place:
        options = {name: value for name, value in self.options.items() if name not in ("kind", "limit_mb")}
        if self.kind in ("sftp", "s3"):
            options["credential"] = credentials.Credential("", "", "")
        return _class(self.kind)(**options | self._whose())

    def _whose(self) -> dict[str, str]:
        """What a place for pushed deliveries must know to find those of this source."""
        return {"provider": self.provider, "source": self.source} if self.kind == "push" else {}


def sources_of(provider: str) -> dict[str, Listed]:
    """All sources of a legal entity by name. Raises as `listed_sources`."""
    return listed_sources(entity_of(provider).settings(settings()).sources_file, provider)


def listed_sources(sources_file: Path, provider: str) -> dict[str, Listed]:
    """All sources of a legal entity's list by name. Raises Invalid (`submission.sources`) with everything that is wrong at once."""
    try:
        data = yaml.safe_load(sources_file.read_text(encoding="utf-8"))
        given = data["sources"].items()
    except (OSError, KeyError, TypeError, AttributeError, ValueError, yaml.YAMLError) as problem:
        raise _refused([Text(str(problem), str(problem))]) from problem
    found, wrong = {}, []
    for name, entry in given:
        listed, faults = _read(provider, str(name), entry)
        found[str(name)] = listed
        wrong += [Text(f"{name}：{fault.zh}", f"{name}: {fault.en}") for fault in faults]
    if wrong:
        raise _refused(wrong)
    return found


def _read(provider: str, name: str, entry: Any) -> tuple[Listed, list[Text]]:
    if name == SUPPLEMENTED:
        return Listed(provider, name, "", {}), [Text("此名为补录保留", "the name is kept for supplements")]
    options = entry.get("place", entry) if isinstance(entry, dict) else None
    if not isinstance(options, dict):
        return Listed(provider, name, "", {}), [Text("须写明 path 或 place", "path or place must be given")]
    kind = str(options.get("kind", "folder"))
    listed = Listed(provider, name, kind, options)
    if kind not in KINDS:
        near = difflib.get_close_matches(kind, KINDS, 1)
        hint = Text(f"，是否指 {near[0]}？", f"; did you mean {near[0]}?") if near else Text("", "")
        return listed, [Text(f"没有 {kind} 这种位置{hint.zh}", f"there is no place of kind {kind}{hint.en}")]
    return listed, [*_setting_faults(kind, options), *_value_faults(kind, options)]


def _setting_faults(kind: str, options: Mapping[str, Any]) -> list[Text]:
    fields = {each.name: each for each in dataclasses.fields(_class(kind))}  # type: ignore[arg-type] # all are dataclasses
    known = {"kind", "limit_mb", *fields} - {"limit_bytes", *_OURS}
    faults = []
    for each in options.keys() - known:
        near = difflib.get_close_matches(str(each), known, 1)
        hint = Text(f"，是否指 {near[0]}？", f"; did you mean {near[0]}?") if near else Text("", "")
        faults.append(Text(f"没有名为 {each} 的设置{hint.zh}", f"there is no setting named {each}{hint.en}"))
    needed = [each.name for each in fields.values() if each.default is dataclasses.MISSING and each.name not in _OURS]
    return faults + [Text(f"缺少 {name}", f"{name} is missing") for name in needed if not options.get(name)]


def _value_faults(kind: str, options: Mapping[str, Any]) -> list[Text]:
    faults = []
    for name in ("path", "prefix", "url", "where", "host", "bucket"):
        value = options.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            faults.append(Text(f"{name} 须为文字", f"{name} must be a text"))
            continue
        try:
            value.format(date=date(2000, 1, 1))
        except (ValueError, KeyError, IndexError, AttributeError) as problem:
            faults.append(Text(f"{name} 中的日期写法不对：{problem}", f"the date in {name} cannot be read: {problem}"))
    for name in ("port", "timeout_seconds", "limit_mb"):
        value = options.get(name)
        if value is not None and (not isinstance(value, int) or not 1 <= value <= _MOST):
            faults.append(Text(f"{name} 须为正整数", f"{name} must be a whole number above 0"))
    url = str(options.get("url") or "")
    if kind == "https" and url and not url.startswith("https://"):
        faults.append(Text("url 须以 https:// 开头", "url must begin with https://"))
    endpoint = str(options.get("endpoint") or "")
    if any(_password(each) for each in (url, endpoint)):
        faults.append(
            Text(
                "地址中不得写密码，请用 credential 引用凭据",
                "the address must hold no password; name a credential instead",
            )
        )
    secrets = [name for name in ("password", "secret", "secret_key", "token") if name in options]
    return faults + [Text(f"{name} 不得写在清单中", f"{name} must not stand in the list") for name in secrets]


def _password(url: str) -> bool:
    try:
        return bool(urlsplit(url).password)
    except ValueError:
        return False


def _without_secret(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name != "credential"}


def _class(kind: str) -> type[Place]:
    """The class of a kind of place; each is loaded when it is first used, since some take long."""
    if kind == "folder":
        return FolderPlace
    if kind == "sftp":
        from app.submission.sources.places.sftp import SftpPlace

        return SftpPlace
    if kind == "s3":
        from app.submission.sources.places.s3 import S3Place

        return S3Place
    if kind == "https":
        from app.submission.sources.places.https import HttpsPlace

        return HttpsPlace
    if kind == "database":
        from app.submission.sources.places.database import DatabasePlace

        return DatabasePlace
    from app.submission.sources.places.pushed import PushedPlace

    return PushedPlace


def _refused(faults: list[Text]) -> Invalid:
    why = Text("；".join(fault.zh for fault in faults), "; ".join(fault.en for fault in faults))
    return Invalid(
        "submission.sources",
        Text(f"来源清单无法读取：{why.zh}", f"The list of sources cannot be read: {why.en}"),
    )
