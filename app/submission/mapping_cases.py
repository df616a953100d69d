"""Cases of mappings: source rows in, standard rows expected; run by the very statements that map a day.

    cases:
      - name: {zh: …, en: …}
        rows: {CARD_ACCT: [{ACCT_NO: '1', …}]}
        expect: {personal_account: [{AcctCode: '1', AcctType: R2}]}
        unmapped: [{entity: personal_account, item: AcctType, value: ZZ, rows: 1}]

Columns that a row does not name are NULL. An expected row holds the items that it names, whatever the others are; an entity that
is named has no further rows. Every target of a mapping must be expected by some case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from app.core.text import Text
from app.lake.connection import Connection, EngineError, scratch
from app.submission.mapping import SourceMapping, needed_columns, parse_mapping, target_select, unmapped_select
from app.submission.tables import standard_tables

_DAY = "2026-10-31"


@dataclass(frozen=True, slots=True)
class CaseFault:
    """A case that came out otherwise, or cannot be run."""

    source: str
    file: str
    case: str
    text: Text

    def __str__(self) -> str:
        return f"{self.source}/{self.file}: {self.case}: {self.text.en}"


@dataclass(frozen=True, slots=True)
class Proof:
    """What the cases of a mapping came to."""

    source: str
    cases: int
    faults: tuple[CaseFault, ...]


def prove_mappings(folder: Path) -> tuple[Proof, ...]:
    """Run the cases of every mapping below `folder`; a mapping that cannot be read is a fault."""
    proofs = []
    for path in sorted(folder.glob("*/mapping.yaml")):
        mapping, faults = parse_mapping(path.read_bytes())
        if mapping is None:
            found = tuple(CaseFault(path.parent.name, path.name, "", fault.words) for fault in faults)
            proofs.append(Proof(path.parent.name, 0, found))
        else:
            proofs.append(prove(mapping, path.parent / "cases"))
    return tuple(proofs)


def prove(mapping: SourceMapping, folder: Path) -> Proof:
    """Run the cases of one mapping that lie in a folder."""
    count, faults, expected = 0, [], set()
    with scratch(few=True) as connection:
        for file in sorted(folder.glob("*.yaml")):
            try:
                cases = yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)["cases"]
                for case in cases:
                    count += 1
                    expected |= set(case.get("expect") or {})
                    name = str(case["name"]["zh"])
                    faults += [
                        CaseFault(mapping.source, file.name, name, text) for text in run(connection, mapping, case)
                    ]
            except (yaml.YAMLError, KeyError, TypeError, AttributeError, OSError) as problem:
                words = Text(f"用例无法读取：{problem!r}", f"the cases cannot be read: {problem!r}")
                faults.append(CaseFault(mapping.source, file.name, "", words))
    for entity in sorted({target.entity for target in mapping.targets} - expected):
        words = Text(f"{entity} 没有用例", f"no case expects {entity}")
        faults.append(CaseFault(mapping.source, "cases", "", words))
    return Proof(mapping.source, count, tuple(faults))


def run(connection: Connection, mapping: SourceMapping, case: Mapping[str, Any]) -> Iterator[Text]:
    """What of a case came out otherwise than expected."""
    unknown = (case.get("rows") or {}).keys() - mapping.tables.keys()
    for name in sorted(unknown):
        yield Text(f"没有来源表 {name}", f"there is no source table {name}")
    yield from _misnamed(case.get("expect") or {})
    try:
        landing = land_rows(connection, mapping, case.get("rows") or {})
        for entity, rows in (case.get("expect") or {}).items():
            yield from _differences(entity, rows, _made(connection, mapping, entity, landing))
        if "unmapped" in case:
            found = sorted(_unmapped(connection, mapping, landing), key=str)
            if found != sorted(case["unmapped"], key=str):
                yield Text(f"未映射代码为 {found}", f"the unmapped codes are {found}")
    except EngineError as problem:
        words = str(problem).partition("\n")[0]
        yield Text(f"无法执行：{words}", f"cannot be run: {words}")


def land_rows(
    connection: Connection, mapping: SourceMapping, rows: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, str]:
    """Put rows where the mapping reads them; the relation by table."""
    landing = {}
    for number, (name, columns) in enumerate(needed_columns(mapping).items()):
        relation = f"case_{number}"
        given = list(rows.get(name) or ())
        names = sorted(columns | {str(column) for row in given for column in row})
        definition = ", ".join(f'"{column}" VARCHAR' for column in names)
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {relation} ({definition}, _load VARCHAR, _row VARCHAR, business_date DATE)"
        )
        marks = ", ".join("?" * (len(names) + 3))
        for place, row in enumerate(given, start=1):
            values = [None if row.get(column) is None else str(row[column]) for column in names]
            connection.execute(f"INSERT INTO {relation} VALUES ({marks})", [*values, "case", str(place), _DAY])
        landing[name] = relation
    return landing


def _misnamed(expected: Mapping[str, Any]) -> Iterator[Text]:
    """What is expected of an entity or item that does not exist: as nothing it would always come out right."""
    for entity, rows in expected.items():
        table = standard_tables().get(entity)
        if table is None:
            yield Text(f"没有标准实体 {entity}", f"there is no standard entity {entity}")
            continue
        for item in sorted({item for row in rows for item in row} - table.columns.keys()):
            yield Text(f"{entity} 没有数据项 {item}", f"{entity} has no item {item}")


def _made(
    connection: Connection, mapping: SourceMapping, entity: str, landing: Mapping[str, str]
) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for target in mapping.targets:
        if target.entity == entity:
            result = connection.execute(target_select(mapping, target, landing))
            names = [column[0] for column in result.description or ()]
            made += [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return made


def _differences(entity: str, expected: Sequence[Mapping[str, Any]], made: list[dict[str, Any]]) -> Iterator[Text]:
    if len(expected) != len(made):
        yield Text(
            f"{entity} 有 {len(made)} 行，应为 {len(expected)} 行",
            f"{entity} has {len(made)} rows, not {len(expected)}",
        )
        return
    left = list(made)
    for number, wanted in enumerate(expected, start=1):
        texts = {item: None if value is None else str(value) for item, value in wanted.items()}
        match = next((row for row in left if all(row.get(item) == value for item, value in texts.items())), None)
        if match is not None:
            left.remove(match)
            continue
        near = max(left, key=lambda row: sum(row.get(item) == value for item, value in texts.items()))
        wrong = {item: near.get(item) for item, value in texts.items() if near.get(item) != value}
        yield Text(f"{entity} 第 {number} 行得到 {wrong}", f"row {number} of {entity} came out as {wrong}")


def _unmapped(connection: Connection, mapping: SourceMapping, landing: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for target in mapping.targets:
        statement = unmapped_select(mapping, target, landing)
        for item, value, rows in connection.execute(statement).fetchall() if statement else ():
            yield {"entity": target.entity, "item": item, "value": value, "rows": rows}
