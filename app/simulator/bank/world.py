"""The synthetic bank as a whole: built once from a seed, then asked for any business date.

A world is a DuckDB file of account parameters. `build` writes it, `export` writes what the bank's three systems deliver
for one day. Both are deterministic: the same seed, sizes, first day and date give the same bytes of data.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb

from app.core.errors import Conflict, Invalid
from app.core.text import Text
from app.simulator.bank.card_delivery import card_tables, write_card_delivery
from app.simulator.bank.cards import card_build
from app.simulator.bank.core_delivery import core_tables, write_core_delivery
from app.simulator.bank.corporate import corporate_build
from app.simulator.bank.corporate_books import book_tables
from app.simulator.bank.corporate_delivery import corporate_tables, write_corporate_delivery
from app.simulator.bank.corporate_guarantees import corporate_guarantee_build
from app.simulator.bank.defects import DefectPlan, inject, write_truth
from app.simulator.bank.deliveries import living_tables
from app.simulator.bank.happenings import let_happen, nothing_happens
from app.simulator.bank.identity import identity_macros, institutions
from app.simulator.bank.ledger_delivery import ledger_tables, write_ledger_delivery, write_ledger_truth
from app.simulator.bank.people import CUSTOMER_TABLES
from app.simulator.bank.personal_guarantees import personal_guarantee_build
from app.simulator.bank.retail import retail_build
from app.simulator.bank.schedule import SCHEDULE_MACROS

MEMORY: Final = "1500MB"
"""What DuckDB may hold in memory; a larger day goes through files beside the world."""

HORIZON_DAYS: Final = 180
"""New accounts open from 20 days before the first day until this many days after it."""


@dataclass(frozen=True, slots=True)
class World:
    """A bank under `root`: `persons` and `companies` are the customers on the first day.

    `accounts` is the number of live accounts on that day, two a customer when not given. `start` is the day of the
    first delivery: whatever was closed before it has left the systems. With `happenings` loans are rebooked, customers merged,
    settlements restated and accounts declared void as time goes by. Several banks of one world differ in the seed and in the
    number of their first branch: 1, 9, 17 and so on.
    """

    root: Path
    persons: int = 5000
    companies: int = 500
    seed: int = 20261122
    accounts: int | None = None
    start: dt.date = field(default=dt.date(2026, 10, 27))
    happenings: bool = False
    first_branch: int = 1

    @property
    def institutions(self) -> tuple[str, ...]:
        """Codes of head office and branches."""
        return institutions(self.first_branch)

    @property
    def provider(self) -> str:
        """The section code under which it reports."""
        return self.institutions[0]

    def __post_init__(self) -> None:
        if self.persons < 2 or self.companies < 2 or (self.accounts is not None and self.accounts < 100):
            raise Invalid(
                "simulator.bank.size",
                Text(
                    "模拟银行至少需要2名个人客户、2家企业客户和100个账户。",
                    "A synthetic bank needs at least 2 persons, 2 companies and 100 accounts.",
                ),
            )

    @property
    def database(self) -> Path:
        return self.root / "bank.duckdb"

    def build(self) -> None:
        """Create the world, replacing one that stands at the same place."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.database.unlink(missing_ok=True)
        total = self.accounts if self.accounts is not None else 2 * (self.persons + self.companies)
        corporate = max(20, round(total * self.companies / (self.persons + self.companies)))
        retail = (total - corporate) * 6 // 10
        cards = total - corporate - retail
        with duckdb.connect(str(self.database)) as bank:
            self._prepare(bank)
            retail_stock, retail_future = _split(retail)
            card_stock, card_future = _split(cards)
            statements = (
                *retail_build(retail_stock, retail_future, self.persons),
                *card_build(card_stock, card_future, self.persons, retail_stock, self.persons + retail_future),
                *corporate_build(*_split(corporate), self.companies),
                *personal_guarantee_build(max(6, self.persons // 25), max(30, self.persons // 20), self.persons),
                *corporate_guarantee_build(max(10, corporate // 6), max(20, corporate // 6), self.companies),
                *CUSTOMER_TABLES,
            )
            for statement in statements:
                bank.execute(statement)
            bank.execute("CREATE OR REPLACE TABLE world AS SELECT $seed AS seed, $start AS start", self._origin())

    def export(self, business_date: dt.date, out: Path, defects: DefectPlan | None = None) -> None:
        """Write the deliveries of one day: `out/core_banking`, `out/card_system`, `out/corporate_loans`,
        `out/general_ledger`.

        With defects also `out/truth/defects.jsonl`, which the platform must never read. Raises Conflict when the world
        has not been built, or from another seed or first day, and Invalid for a day outside its life.
        """
        with self.standing(business_date) as (bank, spared):
            age = (business_date - self.start).days
            truths = inject(bank, defects, business_date, first=age == 0, part=age, spared=spared) if defects else []
            write_core_delivery(bank, business_date, out / "core_banking")
            write_card_delivery(bank, business_date, out / "card_system")
            write_corporate_delivery(bank, business_date, out / "corporate_loans")
            write_ledger_delivery(bank, business_date, out / "general_ledger")
            write_ledger_truth(bank, out / "truth")
        if defects:
            write_truth(truths, out / "truth")

    @contextmanager
    def standing(self, business_date: dt.date) -> Iterator[tuple[duckdb.DuckDBPyConnection, set[str]]]:
        """The bank's books as they stand on a day, as temporary tables of a connection, and the numbers that something has
        happened to. Raises as `export`."""
        if not self.database.exists():
            raise Conflict(
                "simulator.bank.not_built",
                Text("模拟银行尚未生成。", "The synthetic bank has not been built yet."),
            )
        last = self.start + dt.timedelta(days=HORIZON_DAYS)
        if not self.start <= business_date <= last:
            raise Invalid(
                "simulator.bank.date",
                Text(
                    "业务日期须在{first}至{last}之间。", "The business date must lie between {first} and {last}."
                ).format(first=self.start, last=last),
            )
        with duckdb.connect(str(self.database), read_only=True) as bank:
            self._prepare(bank)
            if bank.execute("SELECT seed, start FROM world").fetchone() != tuple(self._origin().values()):
                raise Conflict(
                    "simulator.bank.other_world",
                    Text(
                        "该目录下的模拟银行是用其他种子或起始日生成的。",
                        "The synthetic bank in this folder was built from another seed or first day.",
                    ),
                )
            day = f"DATE '{business_date.isoformat()}'"
            tables = (
                *living_tables(day),
                *core_tables(day),
                *card_tables(day),
                *corporate_tables(day),
                *book_tables(day),
            )
            for name, statement in tables:
                bank.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {statement}")
            spared = set(let_happen(bank, day)) if self.happenings else set()
            if not self.happenings:
                nothing_happens(bank)
            for name, statement in ledger_tables(day, (business_date - self.start).days):
                bank.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {statement}")
            yield bank, spared

    def _origin(self) -> dict[str, object]:
        return {"seed": self.seed, "start": self.start}

    def _prepare(self, bank: duckdb.DuckDBPyConnection) -> None:
        bank.execute(f"SET memory_limit = '{MEMORY}'")
        bank.execute("SET enable_progress_bar = false")  # it would be drawn among what a command prints
        for statement in (*identity_macros(self.seed, self.first_branch), *SCHEDULE_MACROS):
            bank.execute(statement.replace("CREATE OR REPLACE MACRO", "CREATE OR REPLACE TEMP MACRO"))
        bank.execute(f"CREATE OR REPLACE TEMP MACRO first_day() AS DATE '{self.start.isoformat()}'")


def _split(accounts: int) -> tuple[int, int]:
    """Accounts in mid-life on the first day, and those that open around and after it (a tenth of these before)."""
    future = max(200, accounts // 5)
    return max(accounts - future // 10, 1), future
