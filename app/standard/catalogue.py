"""The interface catalogue of the credit centre: what records, code tables and error codes exist in the edition in
force.

`current()` is the one door. The edition is the packaged one unless the setting CREDITLINK_STANDARD_EDITION_DIR names
a folder of the same shape; nothing outside this module knows where the facts come from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.core.config import settings
from app.core.errors import NotFound
from app.core.text import Text
from app.standard import edition
from app.standard.model import (
    Appearance,
    CodeTable,
    ErrorCode,
    Group,
    Item,
    Meaning,
    RecordType,
    Segment,
    Subject,
)

__all__ = [
    "Appearance",
    "Catalogue",
    "CodeTable",
    "ErrorCode",
    "Group",
    "Item",
    "Meaning",
    "RecordType",
    "Segment",
    "Subject",
    "Tables",
    "current",
    "load",
]

PACKAGED = Path(__file__).parent / "editions" / "2022-10"
SUBJECTS: tuple[Subject, ...] = ("person", "organisation")


class Tables(Mapping[str, CodeTable]):
    """The code tables of one subject. Long national lists are read from their file when first asked for."""

    def __init__(self, loaded: dict[str, CodeTable], files: Mapping[str, tuple[Path, Text]]) -> None:
        self._loaded = loaded
        self._files = files

    def __getitem__(self, name: str) -> CodeTable:
        if name not in self._loaded and name in self._files:
            path, title = self._files[name]
            self._loaded[name] = edition.national_table(path, name, title)
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._loaded or name in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._loaded, *self._files)))

    def __len__(self) -> int:
        return len(self._loaded.keys() | self._files.keys())


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """One edition. `records` holds all types and operations by code; records for both subjects (510 and its
    operations) stand there in the wording for persons. `layouts` and `identifiers` are the file and identifier facts
    as the edition writes them.
    """

    name: str
    version: str
    title: Text
    digest: str
    records: Mapping[str, RecordType]
    by_subject: Mapping[Subject, Mapping[str, RecordType]]
    tables: Mapping[Subject, Tables]
    errors: Mapping[str, ErrorCode]
    layouts: Mapping[str, Any]
    identifiers: Mapping[str, Any]

    def record(self, code: str, subject: Subject | None = None) -> RecordType:
        """The record type of that code, in the wording for `subject` if given; `NotFound` if the edition has none."""
        found = (self.by_subject[subject] if subject else self.records).get(code)
        if found is None:
            raise NotFound(
                "standard.record",
                Text("接口标准中没有信息记录类型 {code}", "the interface has no record type {code}").format(code=code),
            )
        return found

    def codes(self, subject: Subject) -> Tables:
        """The code tables of a subject; several names have different values for persons and organisations."""
        return self.tables[subject]

    def roots(self) -> Mapping[str, RecordType]:
        """Record types by the name of their root element."""
        return {record.root: record for record in self.records.values()}

    def line_limit(self, code: str) -> int:
        """The most characters a body line of that record type may have."""
        limits: Mapping[str, Any] = self.layouts["common"]["body"]["max_line_characters"]
        for codes, limit in limits.items():
            if code in str(codes).split(","):
                return int(limit)
        return int(limits["others"])


def load(folder: Path) -> Catalogue:
    """Read an edition from its folder; `Invalid` if a file is missing or not in shape."""
    about = edition.read_yaml(folder / "edition.yaml")
    try:
        return _assemble(folder, about)
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise edition.unusable(folder, f"{type(fault).__name__}: {fault}") from fault


def _assemble(folder: Path, about: edition.Raw) -> Catalogue:
    by_subject: dict[Subject, Mapping[str, RecordType]] = {}
    tables: dict[Subject, Tables] = {}
    for subject in SUBJECTS:
        presence = edition.read_yaml(folder / about["presence"][subject])
        where = about.get("appearance", {}).get(subject)
        appearance = edition.read_yaml(folder / where) if where else {}
        overlay = edition.overlay_of(presence, appearance)
        records: dict[str, RecordType] = {}
        for name in about["records"][subject]:
            for raw in edition.read_yaml(folder / name)["records"]:
                matrix = appearance.get("report_point_matrix", {})
                records.update((record.code, record) for record in edition.records_of(raw, subject, overlay, matrix))
        by_subject[subject] = records
        wrong = edition.misplaced(overlay, records)
        if wrong:
            raise ValueError(f"presence of unknown items: {', '.join(wrong)}")
        titles = edition.table_titles(records, overlay)
        loaded: dict[str, CodeTable] = {}
        for name in about["codes"][subject]:
            raw = edition.read_yaml(folder / name)
            loaded.update((table.name, table) for table in edition.tables_of(raw, titles, overlay))
        files = {
            name: (folder / path, titles.get(name, Text(name, name))) for name, path in about["tables"][subject].items()
        }
        tables[subject] = Tables(loaded, files)
    both = by_subject["person"].keys() & by_subject["organisation"].keys()
    for subject, records_of_subject in by_subject.items():
        by_subject[subject] = {
            code: replace(record, shared=code in both) for code, record in records_of_subject.items()
        }
    merged = {**by_subject["organisation"], **by_subject["person"]}
    return Catalogue(
        name=str(about["edition"]),
        version=str(about["version"]),
        title=Text.of(about["title"]),
        digest=edition.digest_of(folder),
        records=dict(sorted(merged.items())),
        by_subject=by_subject,
        tables=tables,
        errors=edition.errors_of([edition.read_yaml(folder / name) for name in about["errors"]]),
        layouts=edition.read_yaml(folder / about["files"]),
        identifiers=edition.read_yaml(folder / about["identifiers"]),
    )


@lru_cache(maxsize=4)
def edition_at(folder: Path) -> Catalogue:
    """The edition in that folder, read once a process."""
    return load(folder)


def current() -> Catalogue:
    """The edition in force."""
    return edition_at(settings().standard_edition_dir or PACKAGED)
