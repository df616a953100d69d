"""Who may report to the centre: providers with their section codes, institutions and permitted templates.

It lies as `registry.yaml` in the state folder, written with defaults on first use, and may be edited between two files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from app.core.errors import Invalid
from app.core.text import Text
from app.simulator.centre.judge.case import Institution

FILE_NAME = "registry.yaml"
DEFAULT_PROVIDER = "Z9900000000001"
_ORDINARY = ("", "10")


@dataclass(frozen=True, slots=True)
class Provider:
    """One reporting lender. `templates` maps a record type (or `default`) to the template numbers it may use ('' =
    two spaces)."""

    sections: frozenset[str]
    institutions: frozenset[str]
    versions: frozenset[str]
    templates: Mapping[str, tuple[str, ...]]

    def may_use(self, record_type: str, version: str, template: str) -> bool:
        """Whether a file header with this version and template is permitted (ABH006)."""
        return version in self.versions and template.strip() in self.templates.get(
            record_type, self.templates.get("default", _ORDINARY)
        )


@dataclass(frozen=True, slots=True)
class Registry:
    """All providers by section code, and the Zhongzheng codes that exist."""

    providers: Mapping[str, Provider]
    zhongzheng_codes: frozenset[str]

    def provider(self, section: str) -> Provider | None:
        """The provider that owns a section code, None if it is not registered (ABN004)."""
        return self.providers.get(section)

    def institution(self, provider: Provider) -> Institution:
        """What records of that provider are judged against."""
        return Institution(provider.sections, provider.institutions, self.zhongzheng_codes)


def defaults() -> dict[str, Any]:
    """The registry of a fresh centre: one lender with twenty institutions and three known Zhongzheng codes."""
    return {
        "providers": [
            {
                "sections": [DEFAULT_PROVIDER],
                "institutions": [f"Z99{number:011}" for number in range(1, 21)],
                "versions": ["2.0.0"],
                "templates": {"110": ["10"], "310": ["10"], "default": list(_ORDINARY)},
            }
        ],
        "zhongzheng_codes": ["3301000000000149", "AB10000000000049", "1A2B3C4D5E6F7G59"],
    }


def write_registry(folder: Path, lenders: Mapping[str, Sequence[str]]) -> None:
    """Write a registry of lenders: by section code the codes of their institutions; the rest is as in a fresh centre."""
    fresh = defaults()
    common = fresh["providers"][0]
    fresh["providers"] = [
        common | {"sections": [section], "institutions": list(codes)} for section, codes in lenders.items()
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE_NAME).write_text(yaml.safe_dump(fresh, sort_keys=False), encoding="utf-8")


def load_registry(folder: Path) -> Registry:
    """Read the registry of a state folder, writing the defaults if there is none; `Invalid` if it is not in shape."""
    path = folder / FILE_NAME
    if not path.exists():
        path.write_text(yaml.safe_dump(defaults(), sort_keys=False), encoding="utf-8")
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        providers = [_provider(entry) for entry in raw["providers"]]
        return Registry(
            {section: provider for provider in providers for section in provider.sections},
            frozenset(str(code) for code in raw.get("zhongzheng_codes", ())),
        )
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, UnicodeDecodeError) as fault:
        raise Invalid(
            "centre.registry",
            Text("机构登记表{path}无法读取：{fault}", "the registry {path} cannot be read: {fault}").format(
                path=path, fault=fault
            ),
        ) from fault


def _provider(entry: Mapping[str, Any]) -> Provider:
    templates = {str(record): tuple(str(t) for t in allowed) for record, allowed in entry["templates"].items()}
    return Provider(
        frozenset(map(str, entry["sections"])),
        frozenset(map(str, entry["institutions"])),
        frozenset(map(str, entry["versions"])),
        templates,
    )
