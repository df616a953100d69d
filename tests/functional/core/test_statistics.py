"""The planner's statistics are gathered every night, and what is asked afterwards is planned by them."""

from __future__ import annotations

from sqlalchemy import text

from app.core.capability import register
from app.core.db import Database, unit_of_work
from app.core.jobs import Worker, enqueue
from app.core.registry import Registry


def _plan(database: Database) -> str:
    explain = "EXPLAIN" if database.kind == "postgresql" else "EXPLAIN QUERY PLAN"
    with unit_of_work(reading=True) as session:
        rows = session.execute(text(f"{explain} SELECT * FROM sample WHERE kind = 'k' AND number = 7")).all()
    return " ".join(str(row[-1]) for row in rows)


def _estimate(database: Database) -> int:
    asked = "SELECT reltuples FROM pg_class WHERE relname = 'sample'"
    if database.kind == "sqlite":
        asked = "SELECT CAST(stat AS INTEGER) FROM sqlite_stat1 WHERE idx = 'ix_sample_number'"
    with unit_of_work(reading=True) as session:
        return int(session.execute(text(asked)).scalar_one())


def test_the_nightly_job_lets_the_planner_know_which_index_tells_rows_apart(database: Database) -> None:
    with unit_of_work() as session:
        for statement in (
            "CREATE TABLE sample (kind VARCHAR(8), number INTEGER, words VARCHAR(40))",
            "CREATE INDEX ix_sample_number ON sample (number)",
            "CREATE INDEX ix_sample_kind ON sample (kind)",
        ):
            session.execute(text(statement))
        session.execute(
            text("INSERT INTO sample VALUES ('k', :number, 'words')"), [{"number": number} for number in range(3_000)]
        )
    _plan(database)  # by a connection that is kept, and would plan on as it began
    registry = Registry()
    registry.room("core", register)
    with unit_of_work():
        enqueue("core.statistics", {}, "statistics")
    Worker(registry).run_until_idle()

    assert "ix_sample_number" in _plan(database)
    assert 1_500 < _estimate(database) < 6_000
