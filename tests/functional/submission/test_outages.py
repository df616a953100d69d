"""What is beneath fails while a day is being reported: the disk is full, the database is away. The day ends right by itself."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.demo.postgres import PostgresServer, throw_away_postgres
from app.submission.counts import count_batch

AWAY = float(os.environ.get("DATABASE_AWAY", "5"))
"""Seconds without a database; `make crash` says a minute."""


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Callable[[str], None]]:
    """A file system of its own at the folder while the block lasts; gives what makes it larger."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield lambda size: subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def outcome(lender: Any, batch: str) -> dict[str, Any]:
    """What the centre has, and what the lender says became of every record."""
    counts = {
        code: (each.due, each.blocked, each.sent, each.accepted, each.rejected, each.lost, each.awaiting)
        for code, each in count_batch(batch).items()
    }
    state = lender.centre("state", "--json", "--full")
    assert state["sent_twice"] == []
    return {"counts": counts, "records": state["records"]}


@pytest.fixture
def undisturbed(bank: Any, open_lender: Any, tmp_path: Path) -> dict[str, Any]:
    with open_lender(tmp_path / "undisturbed") as lender:
        batch = lender.begin()
        lender.run(batch)
        return outcome(lender, batch)


@pytest.mark.whole
def test_a_full_disk_holds_the_day_up_until_there_is_room(
    open_lender: Any, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    files = tmp_path / "disk"
    with small_disk(files, "200k") as enlarge, open_lender(tmp_path / "full", lake_data_path=str(files)) as lender:
        batch = lender.begin()
        worker = lender.start_worker()
        lender.wait(lambda: lender.error(batch) != "", f"a step that finds no room {lender.tasks(batch)}")
        assert lender.status(batch) == "running"
        enlarge("200m")
        lender.wait(lambda: lender.status(batch) != "running", f"end of {batch} {lender.error(batch)}")
        lender.stop(worker)

        assert lender.status(batch) == "done", lender.error(batch)
        assert outcome(lender, batch) == undisturbed


@pytest.mark.whole
@pytest.mark.parametrize("stage", ["Standardise", "Judge", "Send"])
def test_a_database_that_is_away_holds_the_day_up_until_it_is_back(
    open_lender: Any, undisturbed: dict[str, Any], tmp_path: Path, stage: str
) -> None:
    with throw_away_postgres(durable=True) as server:
        server.command("CREATE DATABASE lender")
        with open_lender(tmp_path / "away", database_url=server.url("lender")) as lender:
            batch = lender.begin()
            worker = lender.start_worker()
            lender.wait(lambda: stage in lender.tasks(batch), f"{stage} begun")
            away(server)
            lender.wait(lambda: lender.status(batch) != "running", f"end of {batch} {lender.error(batch)}")
            assert worker.poll() is None, "the worker has ended"
            lender.stop(worker)

            assert lender.status(batch) == "done", lender.error(batch)
            assert outcome(lender, batch) == undisturbed


def away(server: PostgresServer) -> None:
    """The database fails as if its power did, and comes back a while later."""
    server.stop(at_once=True)
    time.sleep(AWAY)
    server.start()
