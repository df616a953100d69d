"""The bank's deliveries taken through mapping, derivation and pre-check in one in-memory lake, without files or centre.

What is not blocked counts as accepted, so that consecutive days can be tried.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import openpyxl
import pyarrow as pa
import pytest

from app.demo.truth import subject as subject_of
from app.lake.connection import unoptimised
from app.rules.registry import shipped_in_force
from app.simulator.bank import INSTITUTIONS, PROVIDER
from app.standard.catalogue import SUBJECTS, Subject
from app.submission.content import mappings, rules_in
from app.submission.derive import DERIVATIONS, Scope
from app.submission.facts import Surroundings, fact_relation
from app.submission.judging import of_subject
from app.submission.mapping import target_select
from app.submission.rulings import condition_sql, findings_select, suspects_select
from app.submission.tables import REPLACED, accepted_table, all_tables, record_table, record_type, standard_tables

Findings = dict[tuple[str, str], set[tuple[str, str]]]
"""Rules and codes by record type and business key (the last part of it)."""

OF_TIME = ("P000-030", "P210-077", "CTIMING-X01", "CTIMING-X02")
"""Rules that tell of late reports and of months without one: these tests leave days and months out."""


class Desk:
    """Takes one delivery after the other."""

    def __init__(self) -> None:
        self.lake = duckdb.connect()
        self.lake.execute("ATTACH ':memory:' AS lake")
        self.points: dict[str, set[str]] = defaultdict(set)
        for table in all_tables():
            self.lake.execute(f'CREATE SCHEMA IF NOT EXISTS lake."{table.layer}"')
            self.lake.execute(f"CREATE TABLE {table.path} ({table.definition})")

    def take(self, delivery: Path, day: dt.date) -> Findings:
        """Everything the pre-check finds in the records that are due on the day."""
        self._standardise(delivery, day)
        found: Findings = defaultdict(set)
        for code, derivation in DERIVATIONS.items():
            batch = f"b{day}"
            scope = Scope(batch, day, PROVIDER, 0, 1, (), condition_sql)
            self.lake.execute(f"INSERT INTO {record_table(code).path} BY NAME {derivation(scope)}")
            records = f"(SELECT * FROM {record_table(code).path} WHERE batch = '{batch}')"
            self._note_points(code, records)
            given = Surroundings(PROVIDER, day + dt.timedelta(days=1), (PROVIDER,), INSTITUTIONS)
            facts = fact_relation(
                code, records, accepted_table(code).path, lambda other: accepted_table(other).path, REPLACED.path
            )
            self.lake.execute(f"CREATE OR REPLACE TEMP TABLE facts AS {facts}")
            for relation, subject in self._facts(code):
                ruleset = rules_in(shipped_in_force(day), code, subject)
                suspects = suspects_select(ruleset, relation, given)
                findings = findings_select(ruleset, f"({suspects})", batch, day, precheck=True)
                with unoptimised(self.lake):
                    rows = self.lake.execute(f"SELECT key, rule, code FROM ({findings})").fetchall()
                for key, rule, error in rows:
                    if rule not in OF_TIME:
                        found[code, key].add((rule, error))
            self._accept(code, records, {key for kind, key in found if kind == code})
        return {(code, subject_of(key)): rules for (code, key), rules in found.items()}

    def _facts(self, code: str) -> Iterator[tuple[str, Subject | None]]:
        """The facts with the subject whose rules judge them; of contracts, which anybody may have, each subject's apart."""
        if not record_type(code).shared:
            yield "facts", None
            return
        for subject in SUBJECTS:
            yield f"(SELECT * FROM facts WHERE {of_subject(code, subject)})", subject

    def _note_points(self, code: str, records: str) -> None:
        items = {item.tag for item in record_type(code).segments[0].plain}
        if "RptDateCode" in items:
            points = self.lake.execute(f'SELECT DISTINCT "B"."RptDateCode" FROM {records}').fetchall()
            self.points[code] |= {point for (point,) in points}
        else:
            flags = items & {"CertAssFlg", "AssoSign", "FamRelaAssFlag", "OthAssFlg", "Flag"}
            for tag in flags:
                self.points[code] |= {
                    flag for (flag,) in self.lake.execute(f"SELECT DISTINCT {tag} FROM {records}").fetchall()
                }

    def _accept(self, code: str, records: str, blocked: set[str]) -> None:
        shared = [name for name in accepted_table(code).columns if name in record_table(code).columns]
        columns = ", ".join(f'"{name}"' for name in shared)
        self.lake.execute(
            f"INSERT INTO {accepted_table(code).path} ({columns}, file) SELECT {columns}, '{PROVIDER}F1' FROM {records}"
            " WHERE NOT list_contains($blocked::VARCHAR[], key)",
            {"blocked": sorted(blocked)},
        )

    def _standardise(self, delivery: Path, day: dt.date) -> None:
        for source, mapping in mappings().items():
            landing = {}
            for table in mapping.tables.values():
                with self._delivered(delivery / source, source, table.name) as relation:
                    key = " || '|' || ".join(f"coalesce(\"{name}\", '')" for name in table.key)
                    landing[table.name] = f'"{source} {table.name}"'
                    self.lake.execute(
                        f"CREATE OR REPLACE TEMP TABLE {landing[table.name]} AS SELECT *, 'load' AS _load,"
                        f" {key} AS _row, DATE '{day}' AS business_date FROM {relation}"
                    )
            for target in mapping.targets:
                select = target_select(mapping, target, landing)
                whole = f"SELECT *, '{PROVIDER}' AS _provider FROM ({select})"
                self.lake.execute(f"INSERT INTO {standard_tables()[target.entity].path} BY NAME {whole}")

    @contextmanager
    def _delivered(self, folder: Path, source: str, table: str) -> Iterator[str]:
        if source == "core_banking":
            self.lake.execute("SET sqlite_all_varchar = true")
            yield f"sqlite_scan('{folder / 'core.sqlite'}', '{table}')"
        elif source == "general_ledger":
            yield f"read_csv('{folder / f'{table}.csv'}', all_varchar = true, header = true)"
        elif source == "card_system":
            plain = folder / f"{table}.utf8"
            plain.write_text((folder / f"{table}.csv").read_text(encoding="gbk"), encoding="utf-8")
            yield f"read_csv('{plain}', all_varchar = true, header = true)"
        elif (parquet := folder / f"{table}.parquet").exists():
            yield f"(SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet('{parquet}'))"
        else:
            book = openpyxl.load_workbook(folder / "corporate.xlsx", read_only=True)
            names, *rows = book[table].iter_rows(values_only=True)
            book.close()
            texts = [[None if value is None else str(value) for value in row] for row in rows]
            columns = [[row[place] if place < len(row) else None for row in texts] for place in range(len(names))]
            self.lake.register(
                "sheet", pa.table([pa.array(column, pa.string()) for column in columns], [str(name) for name in names])
            )
            yield "sheet"


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def truth() -> Callable[[Path], Findings]:
    """Reads what the pre-check must find in a delivery; what only the centre can find is not part of it."""

    def read(delivery: Path) -> Findings:
        lines = map(json.loads, (delivery / "truth" / "defects.jsonl").read_text(encoding="utf-8").splitlines())
        return {
            (line["record_type"], line["record_key"]): {(each["rule"], each["code"]) for each in line["findings"]}
            for line in lines
            if not line["centre_only"]
        }

    return read
