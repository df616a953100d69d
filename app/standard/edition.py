"""Reads one edition of the interface from its folder of YAML files into the shapes of `model`.

The files keep the regulator's own arrangement and words. What we read into the notes stands apart in
`presence.yaml`, so that either can be replaced without touching the other. A folder that cannot be read is answered
with `Invalid`, naming the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from app.core.errors import Invalid
from app.core.text import Text
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
    Verdict,
)

Raw = dict[str, Any]


def read_yaml(path: Path) -> Raw:
    """One file of an edition; `Invalid` if it is missing, unreadable or not a mapping."""
    try:
        with path.open("rb") as source:
            data = yaml.load(source, Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        reason = fault.strerror or "" if isinstance(fault, OSError) else str(fault).splitlines()[0]
        raise unusable(path, reason) from fault
    if not isinstance(data, dict):
        raise unusable(path, "not a mapping")
    return cast(Raw, data)


def unusable(path: Path, reason: str) -> Invalid:
    """The error for an edition file that cannot be used."""
    return Invalid(
        "standard.edition",
        Text("接口标准版本文件 {file} 无法使用：{reason}", "edition file {file} cannot be used: {reason}").format(
            file=path.name, reason=reason
        ),
    )


@dataclass(frozen=True, slots=True)
class Overlay:
    """Our reading of the notes of one subject: what `presence.yaml` adds to the regulator's tables."""

    items: Mapping[str, Any]
    correction_base: Mapping[str, list[str]]
    writing_order: Mapping[str, list[str]]
    child_tables: Mapping[str, str]
    table_titles: Mapping[str, Mapping[str, str]]
    account_types: Mapping[str, Any]

    def of(self, record: str, segment: str, group: str, tag: str, segment_tag: str) -> Raw:
        """What is added to one item, ready to be laid over its own entry."""
        places: Any = self.items.get(record, {}).get(segment, {})
        if group:
            places = places.get(group, {})
        added: Raw = dict(places.get(tag, {}))
        accounts = self.account_types.get(record, {}).get(segment_tag, {}).get(tag) if not group else None
        if accounts:
            added["accounts"] = accounts
        return added


def overlay_of(presence: Raw, appearance: Raw) -> Overlay:
    account_types = {code: tags for code, tags in appearance.get("account_type_fields", {}).items() if code != "note"}
    return Overlay(
        presence.get("presence", {}),
        presence.get("correction_base", {}),
        presence.get("writing_order", {}),
        presence.get("child_tables", {}),
        presence.get("table_titles", {}),
        account_types,
    )


def item_of(raw: Raw, added: Raw) -> Item:
    entry = {**raw, **added}
    choices = tuple((str(table), str(when)) for table, when in entry.get("codes_when", ()))
    codes = tuple(entry["codes"].split("|")) if entry.get("codes") else tuple(table for table, _ in choices)
    accounts = entry.get("accounts")
    return Item(
        tag=entry["tag"],
        title=Text(entry["zh"], entry["en"]),
        type=entry["type"],
        length=entry["length"],
        fixed=entry.get("fixed", False),
        presence=entry["presence"],
        codes=codes,
        accounts=frozenset(accounts) if accounts else None,
        empty_tag=entry["presence"] == "O" or entry.get("empty_tag", False),
        present_when=entry.get("present_when"),
        filled_when=entry.get("filled_when"),
        empty_when=entry.get("empty_when"),
        codes_when=choices,
        decimals=entry.get("decimals", 0),
        note=entry.get("note", ""),
        confidence=entry.get("confidence", "high"),
    )


def segment_of(raw: Raw, record: str, letter: str, overlay: Overlay) -> Segment:
    title = Text(raw["zh"], raw["en"])
    groups: dict[str, Group] = {}
    for entry in raw.get("groups", ()):
        least, most = str(entry["occurs"]).split("..")
        groups[entry["count_tag"]] = Group(
            tag=entry["tag"],
            count_tag=entry["count_tag"],
            items=tuple(
                item_of(field, overlay.of(record, letter, entry["tag"], field["tag"], raw["tag"]))
                for field in entry["fields"]
            ),
            title=title,
            least=int(least),
            most=int(most) if most.isdigit() else None,
        )
    items: list[Item | Group] = []
    for field in raw["fields"]:
        items.append(item_of(field, overlay.of(record, letter, "", field["tag"], raw["tag"])))
        # a group follows its count wherever the standard says nothing else, and where it does, it says the same
        if field["tag"] in groups:
            items.append(groups[field["tag"]])
    return Segment(letter, raw["tag"], title, tuple(items), str(raw["occurs"]).startswith("1"), raw["when"])


def segments_of(raw: Raw, code: str, kind: str, overlay: Overlay) -> tuple[Segment, ...]:
    if "segments" not in raw:
        flat = {"tag": raw["root"], "zh": raw["zh"], "en": raw["en"], "occurs": "1..1", "when": "always"}
        return (segment_of({**flat, "fields": raw["fields"]}, code, "", overlay),)
    # the containers of a correction have no letter, so their tag serves
    found = [
        segment_of(entry, code, (entry["code"] or "") if kind != "correct_segment" else entry["tag"], overlay)
        for entry in raw["segments"]
    ]
    order = overlay.writing_order.get(code)
    return tuple(sorted(found, key=lambda segment: order.index(segment.code)) if order else found)


def appearances(raw: Raw, matrix: Raw) -> tuple[Appearance, ...]:
    """Both shapes of the appearance table: rows with conditions (210) and required/forbidden lists (organisations)."""
    found: list[Appearance] = []
    for row in raw.get("appearance", {}).get("rows", ()):
        segments = {letter: cases_of(verdict) for letter, verdict in row.get("segments", {}).items()}
        found.append(Appearance(row["RptDateCode"], row["AcctType"], "", row["allowed"], segments))
    for point, rows in matrix.get(raw["code"], {}).items():
        for kind, row in {"": rows}.items() if "required" in rows else rows.items():
            account, _, flag = kind.partition("/")
            listed: dict[str, tuple[tuple[str, Verdict], ...]] = {}
            listed.update((letter, (("", "R"),)) for letter in row.get("required", ()))
            listed.update((letter, (("", "X"),)) for letter in row.get("forbidden", ()))
            stricter = frozenset(row.get("forbidden_in_written_rule", ()))
            found.append(Appearance(point, account, flag, row.get("usable", True), listed, stricter))
    return tuple(found)


def cases_of(verdict: str | Mapping[str, str]) -> tuple[tuple[str, Verdict], ...]:
    if isinstance(verdict, str):
        return (("", cast(Verdict, verdict)),)
    # the table writes one equals sign for equality, the rule language two
    return tuple(
        ("" if when == "else" else when.replace(" = ", " == "), cast(Verdict, case)) for when, case in verdict.items()
    )


def records_of(raw: Raw, subject: Subject, overlay: Overlay, matrix: Raw) -> Iterator[RecordType]:
    """A record of the table and the operations on it."""
    code, title = raw["code"], Text(raw["zh"], raw["en"])
    segments = segments_of(raw, code, "record", overlay)
    yield RecordType(
        code=code,
        root=raw["root"],
        title=title,
        subject=subject,
        key=tuple(raw["key"]),
        segments=segments,
        flat=raw.get("flat", False),
        kind="record",
        template=raw.get("template", "10" if code == "310" else "  "),
        appearance=appearances(raw, matrix),
        confidence=raw.get("confidence", "high"),
        note=raw.get("note", ""),
    )
    for entry in raw["operations"]:
        own = segments_of(entry, entry["code"], entry["kind"], overlay)
        yield RecordType(
            code=entry["code"],
            root=entry["root"],
            title=Text(entry["zh"], entry["en"]),
            subject=subject,
            key=tuple(entry.get("key") or tuple(tag.tag for tag in own[0].plain if tag.tag != "InfRecType")),
            segments=own,
            flat="segments" not in entry,
            kind=entry["kind"],
            parent=code,
            corrections=corrections_of(entry["code"], segments, overlay) if entry["kind"] == "correct_segment" else (),
            note=entry.get("note", ""),
        )


def corrections_of(code: str, segments: tuple[Segment, ...], overlay: Overlay) -> tuple[Segment, ...]:
    allowed = overlay.correction_base.get(code, [])
    first, *rest = segments
    part = tuple(item for item in first.plain if item.tag in allowed)
    return (Segment(first.code, first.tag, first.title, part, False, first.when), *rest)


def tables_of(raw: Raw, titles: Mapping[str, Text], overlay: Overlay) -> Iterator[CodeTable]:
    """The code tables of one file. `titles` names those to which the file itself gives no title."""
    upward: dict[str, dict[str, str]] = {}
    for name, children in raw.get("code_hierarchy", {}).items():
        for parent, below in children.items():
            if parent not in raw["codes"].get(name, {}):
                continue
            table = below if isinstance(below, str) else overlay.child_tables[name]
            values = raw["codes"][below] if isinstance(below, str) else below
            upward.setdefault(table, {}).update(dict.fromkeys(values, parent))
    for name, values in raw["codes"].items():
        title = raw.get("titles", {}).get(name)
        yield CodeTable(
            name=name,
            title=Text.of(title) if title else titles.get(name, Text(name, name)),
            values={code: Text(entry["zh"], entry["en"]) for code, entry in values.items()},
            parents=upward.get(name) or {code: entry["parent"] for code, entry in values.items() if "parent" in entry},
            note=raw.get("codes_meta", {}).get(name, {}).get("note", ""),
        )


def table_titles(records: Mapping[str, RecordType], overlay: Overlay) -> dict[str, Text]:
    """A title for every code table: our own where there is one, else that of the first item using the table."""
    titles = {name: Text.of(title) for name, title in overlay.table_titles.items()}
    for record in records.values():
        for _, _, item in record.items():
            for name in (*item.codes, *(table for table, _ in item.codes_when)):
                titles.setdefault(name, item.title)
    return titles


def misplaced(overlay: Overlay, records: Mapping[str, RecordType]) -> list[str]:
    """Places of the overlay that name no item of the records; a slip of the pen there would silently change nothing."""
    known = {
        (code, segment.code, group.tag if group else "", item.tag)
        for code, record in records.items()
        for segment, group, item in record.items()
    }
    groups = {(code, letter, group) for code, letter, group, _ in known if group}
    found: list[str] = []
    for code, segments in overlay.items.items():
        for letter, entries in segments.items():
            for tag, entry in entries.items():
                inside = (code, letter, tag) in groups
                for group, item in ((tag, inner) for inner in entry) if inside else (("", tag),):
                    if (code, letter, group, item) not in known:
                        found.append(".".join(part for part in (code, letter, group, item) if part))
    return found


def national_table(path: Path, name: str, title: Text) -> CodeTable:
    """A long national list; where it has no English label the Chinese one stands in both languages."""
    raw = read_yaml(path)
    values = {code: Text(entry["zh"], entry["en"]) for code, entry in raw.get("labelled", {}).items()}
    values.update((code, Text(label, label)) for code, label in raw["values"].items())
    return CodeTable(name, title, values, strict=False)


def errors_of(files: list[Raw]) -> dict[str, ErrorCode]:
    """All error codes; entries with the same code become meanings of one."""
    meanings: dict[str, list[Meaning]] = {}
    for raw in files:
        for entry in raw["error_codes"]:
            meaning = Meaning(
                records=tuple(entry["records"]),
                rule_no=entry.get("rule_no", ""),
                level=entry["level"],
                stage=entry["stage"],
                title=Text(entry["zh"], entry["en"]),
                tags=tuple(entry["tags"]),
                confidence=entry["confidence"],
            )
            meanings.setdefault(entry["code"], []).append(meaning)
    return {code: ErrorCode(code, tuple(found)) for code, found in meanings.items()}


def digest_of(folder: Path) -> str:
    """SHA-256 over names and contents of the edition's files: which edition a verdict was reached with."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*.yaml")):
        total.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()
