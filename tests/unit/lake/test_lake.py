"""The lake itself: all or nothing, encrypted, several processes at once, days that can be read again."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from app.core.errors import Unavailable
from app.lake.connection import Connection, EngineError, Lake, LakeConfig, scratch, unoptimised
from app.lake.tables import Table, ensure_tables, replace_rows

THINGS = Table("shop", "things", {"business_date": "DATE", "name": "VARCHAR"})


def config(folder: Path) -> LakeConfig:
    return LakeConfig(f"sqlite:{folder / 'c.sqlite'}", str(folder / "files"), folder / "spill", 2, "300MB")


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    found = Lake(config(tmp_path))
    ensure_tables(found, [THINGS])
    yield found
    found.close()


def put(lake: Lake, day: str, *names: str) -> int:
    select = " UNION ALL ".join(f"SELECT DATE '{day}' AS business_date, '{name}' AS name" for name in names)
    return lake.write(lambda connection: replace_rows(connection, THINGS, f"business_date = DATE '{day}'", select))


def names(lake: Lake) -> list[str]:
    return [name for (name,) in lake.rows(f"SELECT name FROM {THINGS.path} ORDER BY name")]


def test_replacing_twice_is_as_replacing_once(lake: Lake) -> None:
    put(lake, "2026-10-30", "old")
    assert put(lake, "2026-10-31", "a", "b") == 2
    assert put(lake, "2026-10-31", "a", "b") == 2

    assert names(lake) == ["a", "b", "old"]


def test_few_rows_are_not_kept_in_the_catalogue(lake: Lake, tmp_path: Path) -> None:
    put(lake, "2026-10-31", "aa", "in the middle", "zz")
    lake.close()
    assert "in the middle" not in catalogue_text(tmp_path)


def test_rows_that_an_earlier_release_kept_in_the_catalogue_go_into_files(tmp_path: Path) -> None:
    with duckdb.connect() as old:
        for extension in ("ducklake", "sqlite_scanner"):
            old.execute(f"LOAD {extension}")
        given = config(tmp_path)
        old.execute(f"ATTACH 'ducklake:{given.catalogue}' AS lake (DATA_PATH '{given.data_path}', ENCRYPTED)")
        old.execute("CREATE SCHEMA lake.shop; CREATE TABLE lake.shop.things (business_date DATE, name VARCHAR)")
        old.execute("INSERT INTO lake.shop.things VALUES (NULL, 'aa'), (NULL, 'in the middle'), (NULL, 'zz')")
        before = old.execute("SELECT max(snapshot_id) FROM ducklake_snapshots('lake')").fetchone()
        old.execute("DELETE FROM lake.shop.things WHERE name = 'zz'")
    assert "in the middle" in catalogue_text(tmp_path)

    found = Lake(config(tmp_path))
    try:
        assert names(found) == ["aa", "in the middle"]
        assert len(found.rows(f"FROM {THINGS.path} AT (VERSION => {before[0] if before else 0})")) == 3
    finally:
        found.close()
    assert "in the middle" not in catalogue_text(tmp_path)


def catalogue_text(folder: Path) -> str:
    """All that can be read in the files of the catalogue."""
    return "".join(file.read_bytes().decode(errors="replace") for file in folder.glob("c.sqlite*"))


def test_a_write_that_fails_leaves_nothing(lake: Lake) -> None:
    put(lake, "2026-10-31", "a")

    def work(connection: Connection) -> None:
        replace_rows(connection, THINGS, "TRUE", "SELECT DATE '2026-10-31' AS business_date, 'b' AS name")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        lake.write(work)
    with pytest.raises(EngineError):
        lake.write(lambda connection: connection.execute("SELECT * FROM nothing"))
    assert names(lake) == ["a"]


def test_another_day_can_be_read_again(lake: Lake) -> None:
    put(lake, "2026-10-31", "before")
    snapshot = lake.snapshot()
    put(lake, "2026-10-31", "after")

    assert lake.snapshot() > snapshot
    assert lake.value(f"SELECT name FROM {THINGS.path} AT (VERSION => {snapshot})") == "before"
    assert lake.records(f"SELECT name FROM {THINGS.path}") == [{"name": "after"}]


def test_files_are_encrypted(lake: Lake, tmp_path: Path) -> None:
    put(lake, "2026-10-31", *(f"somebody {number}" for number in range(500)))

    files = list((tmp_path / "files").rglob("*.parquet"))
    assert files
    assert all(b"somebody" not in path.read_bytes() for path in files)
    with duckdb.connect() as stranger, pytest.raises(duckdb.Error):
        stranger.execute(f"SELECT * FROM read_parquet('{files[0]}')")


def test_tables_are_made_once(lake: Lake) -> None:
    put(lake, "2026-10-31", "a")
    more = Table("shop", "more", {"x": "INTEGER"})

    ensure_tables(lake, [THINGS, more])
    ensure_tables(lake, [THINGS, more])

    assert names(lake) == ["a"]
    assert lake.value(f"SELECT count(*) FROM {more.path}") == 0


def test_threads_write_at_the_same_time(lake: Lake) -> None:
    failed: list[BaseException] = []

    def one(number: int) -> None:
        try:
            for turn in range(3):
                put(lake, f"2026-10-{number + 1:02}", f"{number}/{turn}")
        except BaseException as problem:
            failed.append(problem)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert not failed
    assert names(lake) == [f"{number}/2" for number in range(4)]


WRITER = """
import sys
from pathlib import Path
from app.lake.connection import Lake, LakeConfig
folder, number = Path(sys.argv[1]), int(sys.argv[2])
lake = Lake(LakeConfig(f"sqlite:{folder / 'c.sqlite'}", str(folder / "files"), folder / "spill", 2, "300MB"))
for turn in range(4):
    lake.write(lambda connection: connection.execute(
        f"DELETE FROM lake.shop.things WHERE name LIKE '{number}/%';"
        f"INSERT INTO lake.shop.things VALUES (DATE '2026-11-01', '{number}/{turn}')"))
"""


def test_processes_write_at_the_same_time(lake: Lake, tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen([*command, str(number)], cwd=root, stderr=subprocess.PIPE) for number in range(2)]
    for turn in range(4):
        put(lake, "2026-10-01", f"own/{turn}")
    told = [writer.communicate(timeout=120)[1].decode() for writer in writers]

    assert [writer.returncode for writer in writers] == [0, 0], told
    assert names(lake) == ["0/3", "1/3", "own/3"]


def test_a_lake_that_stays_busy_is_said_to_be_so(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)

    def busy(connection: Connection) -> None:
        raise duckdb.TransactionException("Failed to commit: database is locked")

    with pytest.raises(Unavailable) as refused:
        lake.write(busy)
    assert refused.value.code == "lake.busy"


def test_a_part_is_told_whether_it_may_have_been_written_before(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    told: list[bool] = []

    def part(connection: Connection, again: bool) -> int:
        told.append(again)
        rows = replace_rows(
            connection, THINGS, "TRUE", "SELECT DATE '2026-10-31' AS business_date, 'a' AS name", again=again
        )
        if len(told) == 1:
            raise duckdb.TransactionException("Failed to commit: the answer was lost")
        return rows

    assert lake.write_part(part, again=False) == 1
    assert lake.write_part(part, again=True) == 1
    assert told == [False, True, True]
    assert names(lake) == ["a"]


def test_a_plain_engine_for_what_is_in_no_lake() -> None:
    with scratch() as connection:
        assert connection.execute("SELECT strftime(TIMESTAMPTZ '2026-10-31 16:30:00+00', '%H')").fetchone() == ("00",)
        with unoptimised(connection):
            assert connection.execute("SELECT 1 + 1").fetchone() == (2,)


def test_a_new_table_has_statistics_and_no_rows(lake: Lake) -> None:
    known = lake.rows(
        "SELECT t.table_name, s.record_count FROM __ducklake_metadata_lake.ducklake_table t"
        " JOIN __ducklake_metadata_lake.ducklake_table_stats s USING (table_id)"
    )
    assert known == [("things", 0)]
    assert names(lake) == []


def test_tables_that_another_process_makes_meanwhile_keep_their_rows(lake: Lake, tmp_path: Path) -> None:
    put(lake, "2026-10-31", "kept")
    others = [Table("shop", f"made_{number}", {"business_date": "DATE", "name": "VARCHAR"}) for number in range(3)]
    second = Lake(config(tmp_path))
    try:
        makers = [threading.Thread(target=ensure_tables, args=(each, [THINGS, *others])) for each in (lake, second)]
        for maker in makers:
            maker.start()
        for maker in makers:
            maker.join()
    finally:
        second.close()

    assert names(lake) == ["kept"]
    assert [lake.value(f"SELECT count(*) FROM {table.path}") for table in others] == [0, 0, 0]


def test_a_reader_of_one_day_opens_only_its_files(lake: Lake) -> None:
    for day in ("2026-10-29", "2026-10-30", "2026-10-31"):
        put(lake, day, *(f"name {number}" for number in range(100)))
    (_, plan) = lake.rows(f"EXPLAIN ANALYZE SELECT name FROM {THINGS.path} WHERE business_date = DATE '2026-10-30'")[0]
    assert re.search(r"Total Files Read:\s*1\b", plan), plan


def test_the_catalogue_tells_of_nobody(lake: Lake) -> None:
    put(lake, "2026-10-30", "甲", "乙")
    lake.write(lambda connection: replace_rows(connection, THINGS, "name = '甲'", "SELECT NULL AS name"))
    file = lake.config.catalogue_file
    assert file is not None
    with closing(sqlite3.connect(file)) as catalogue:
        bounds = catalogue.execute(
            "SELECT c.column_name, s.min_value FROM ducklake_file_column_stats s JOIN ducklake_column c USING (table_id, column_id)"
            " UNION SELECT c.column_name, s.min_value FROM ducklake_table_column_stats s"
            " JOIN ducklake_column c USING (table_id, column_id) WHERE s.min_value IS NOT NULL"
        ).fetchall()
        made = catalogue.execute("SELECT name FROM sqlite_master WHERE name LIKE 'ducklake_inlined_data_%'").fetchall()
    assert {name for name, _ in bounds} == {"business_date"}
    assert made == [("ducklake_inlined_data_tables",)], "rows never lie in the catalogue"
    assert [name for name in ("甲", "乙") if name.encode() in file.read_bytes()] == []


@pytest.mark.parametrize(
    "condition",
    ["name = '乙'", "name >= '乙'", "name IN ('乙', '丁')", "name IS NULL", "name IS NOT NULL", "name LIKE '乙%'"],
)
def test_files_without_bounds_are_read(lake: Lake, condition: str) -> None:
    put(lake, "2026-10-29", "甲")
    put(lake, "2026-10-30", "乙", "丁")
    lake.write(lambda connection: connection.execute(f"INSERT INTO {THINGS.path} BY NAME SELECT NULL AS name"))
    rows = lake.rows(f"SELECT * FROM {THINGS.path}")
    with scratch() as connection:
        connection.execute("CREATE TABLE things (business_date DATE, name VARCHAR)")
        connection.executemany("INSERT INTO things VALUES (?, ?)", rows)
        told = connection.execute(f"SELECT name FROM things WHERE {condition} ORDER BY name").fetchall()
    assert lake.rows(f"SELECT name FROM {THINGS.path} WHERE {condition} ORDER BY name") == told
