"""One bad source does not stop the others, and what has been collected is not collected again; what the database decides on both kinds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from app.core import clock
from app.core.config import override, settings
from app.core.db import Database, unit_of_work
from app.core.errors import Unavailable
from app.demo.stage import Stage
from app.submission.counts import due_by_type
from app.submission.lake import forget, lake
from app.submission.models import Batch, StageRun
from app.submission.service import batch_id_of
from app.submission.stages.collect import collect
from app.submission.stages.derive import derive
from app.submission.stages.judge import judge
from app.submission.stages.standardise import standardise
from app.submission.stages.work import Work
from app.submission.tables import UNMAPPED, standard_tables

SOURCES = {"core_banking", "card_system", "corporate_loans", "general_ledger"}


@pytest.fixture
def delivered(tmp_path: Path, bank: Any, day: Any) -> Path:
    """The day's deliveries, to be spoilt at will."""
    folder = tmp_path / "deliveries" / f"{day:%Y%m%d}"
    shutil.copytree(bank.stage.deliveries(day), folder)
    return folder


@pytest.fixture
def work(sqlite_database: Database, tmp_path: Path, delivered: Path, day: Any) -> Iterator[Work]:
    with _begun(tmp_path, day) as begun:
        yield begun


@pytest.fixture
def each_work(database: Database, tmp_path: Path, delivered: Path, day: Any) -> Iterator[Work]:
    """On each kind of database in turn."""
    with _begun(tmp_path, day) as begun:
        yield begun


@contextmanager
def _begun(tmp_path: Path, day: Any) -> Iterator[Work]:
    stage = Stage(tmp_path)
    stage.write_sources()
    with override(sources_file=tmp_path / "sources.yaml", memory_limit="1GB"):
        provider = settings().provider_code
        with unit_of_work() as session:
            batch = Batch(
                id=batch_id_of(provider, day),
                provider=provider,
                business_date=day,
                created_at=clock.now(),
                begun_by="t",
            )
            session.add(batch)
            name = batch.id
        yield Work.on(name)
        forget()


def test_bad_sources_are_told_and_the_good_one_is_landed(work: Work, delivered: Path) -> None:
    (delivered / "corporate_loans" / "corporate.xlsx").write_bytes(b"PK\x03\x04 not a workbook any more")
    shutil.rmtree(delivered / "card_system")

    found = collect(work)

    assert found["landed"].keys() == {"core_banking", "general_ledger"}
    assert {source: each["code"] for source, each in found["failed"].items()} == {
        "card_system": "submission.delivery_missing",
        "corporate_loans": "submission.delivery_damaged",
    }
    assert all(each["zh"] and each["en"] for each in found["failed"].values())
    entities = standardise(work)["entities"]
    assert entities["person"] > 100
    assert "organisation" not in entities


def test_what_came_late_is_collected_without_the_rest(each_work: Work, delivered: Path, bank: Any, day: Any) -> None:
    shutil.rmtree(delivered / "card_system")
    collect(each_work)
    with unit_of_work(reading=True) as session:
        before = {run.part: run.finished_at for run in session.query(StageRun).filter_by(stage="collect")}

    shutil.copytree(bank.stage.deliveries(day) / "card_system", delivered / "card_system")
    found = collect(each_work)

    assert (found["landed"].keys(), found["failed"]) == (SOURCES, {})
    with unit_of_work(reading=True) as session:
        after = {run.part: run.finished_at for run in session.query(StageRun).filter_by(stage="collect")}
    assert after.keys() == SOURCES
    assert {name: after[name] for name in before} == before


def test_without_any_source_the_step_is_to_be_tried_again(work: Work, delivered: Path) -> None:
    shutil.rmtree(delivered)

    with pytest.raises(Unavailable) as refused:
        collect(work)
    assert refused.value.code == "submission.nothing_collected"


def test_an_unknown_source_is_told(work: Work, tmp_path: Path) -> None:
    listed = tmp_path / "sources.yaml"
    listed.write_text(listed.read_text() + "  mystery: {path: /nowhere}\n")

    assert collect(work)["failed"]["mystery"]["code"] == "submission.no_mapping"


def test_standard_rows_know_where_they_come_from(work: Work) -> None:
    collect(work)
    first = standardise(work)
    again = standardise(work)

    assert again == first
    for name, rows in first["entities"].items():
        path = standard_tables()[name].path
        assert lake().value(f"SELECT count(*) FROM {path}") == rows
        assert lake().value(f"SELECT count(*) FROM {path} WHERE _source IS NULL OR _load IS NULL OR _row IS NULL") == 0
    listed = lake().rows(f"SELECT source, target, item, value, rows FROM {UNMAPPED.path}")
    assert len(listed) == first["unmapped"]
    assert {source for source, *_ in listed} <= SOURCES


@pytest.mark.whole
def test_what_is_done_again_stands_there_once_and_another_entitys_beside_it(work: Work, day: Any) -> None:
    def run() -> list[Any]:
        return [collect(work), standardise(work), derive(work), judge(work, due_by_type(work.batch))]

    first, rows = run(), _rows_in_lake()
    with unit_of_work() as session:  # as if the process had died each time before it could mark the part as done
        session.execute(delete(StageRun))
    assert run() == first
    assert _rows_in_lake() == rows

    delivered = _rows_of(work.provider)
    with unit_of_work() as session:
        other = Batch(id="other", provider="Z9900000000002", business_date=day, created_at=clock.now(), begun_by="t")
        session.add(other)
    second = Work.on("other")
    collect(second)
    standardise(second)
    assert _rows_of(work.provider) == _rows_of(second.provider) == delivered
    standardise(second)
    assert _rows_of(second.provider) == delivered
    assert {name: number for name, number in _rows_in_lake().items() if name not in delivered} == {
        name: number for name, number in rows.items() if name not in delivered
    }


def _rows_of(provider: str) -> dict[str, int]:
    """Rows of a legal entity in landing and standard tables."""
    tables = lake().rows(
        "SELECT schema_name, table_name FROM duckdb_tables()"
        " WHERE database_name = 'lake' AND schema_name IN ('landing', 'standard')"
    )
    count = 'SELECT count(*) FROM lake."{}"."{}" WHERE _provider = ?'
    return {name: lake().value(count.format(schema, name), [provider]) for schema, name in tables}


def _rows_in_lake() -> dict[str, int]:
    tables = lake().rows("SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'lake'")
    return {name: lake().value(f'SELECT count(*) FROM lake."{schema}"."{name}"') for schema, name in tables}
