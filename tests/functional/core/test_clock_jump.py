"""The host's clock is set ahead and back under real workers: nothing of the timetable, no task and no lease is run twice or lost.

With SQLite the host's clock is also the database's; with PostgreSQL the database's stays right while the host's jumps.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from host_time import HostTime
from sqlalchemy import select, update

from app.core import clock
from app.core.config import settings
from app.core.db import Database, unit_of_work
from app.core.jobs import TaskRow, enqueue, recent_runs
from app.core.jobs.set_back import deliveries_made_good, tasks_made_good
from app.core.jobs.tasks import take
from app.core.lease import acquire
from app.core.outbox import InboxDelivery, OutboxEvent

WORKER = Path(__file__).with_name("jumping_process.py")
PATIENCE = 240.0
EVENING = datetime(2026, 10, 12, 23, 0, tzinfo=clock.CHINA)
DAY = timedelta(days=1)
NIGHT = datetime(2026, 10, 13, 1, 30, tzinfo=clock.CHINA)


class Tower:
    """Two workers on one host."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.host = folder, HostTime(folder)
        self.host.show(EVENING)
        environment = {
            **self.host.environment,
            "CREDITLINK_DATABASE_URL": url,
            "CREDITLINK_DATA_DIR": str(folder / "data"),
            "CREDITLINK_LOG_LEVEL": "ERROR",
            "PYTHONPATH": str(Path(__file__).parents[3]),
        }
        command = [sys.executable, str(WORKER), str(folder)]
        self.running = [subprocess.Popen(command, env=environment, cwd=folder) for _ in range(2)]

    def begun(self, name: str) -> list[str]:
        """The keys of the begins of a task, in order."""
        path = self.folder / "begun"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [line.split()[1] for line in lines if line.split()[0] == name]

    def nights(self) -> list[datetime]:
        return [datetime.fromisoformat(key.partition("@")[2]) for key in self.begun("tower.nightly")]

    def ask(self, name: str, key: str) -> None:
        """Ask for a task by the host's time."""
        with clock.frozen(self.host.now()):
            enqueue(name, {}, key)

    def rings_on(self) -> None:
        """The job that comes every second goes on coming."""
        before = len(self.begun("tower.ring"))
        until(lambda: len(self.begun("tower.ring")) >= before + 3, "the bell")


@pytest.fixture
def tower(database: Database, tmp_path: Path) -> Iterator[Tower]:
    built = Tower(tmp_path, settings().database_url)
    yield built
    (tmp_path / "watching").unlink(missing_ok=True)
    for process in built.running:
        process.terminate()
    for process in built.running:
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.whole
def test_days_ahead_and_back(tower: Tower) -> None:
    tower.rings_on()
    (tower.folder / "watching").touch()
    tower.ask("tower.watch", "watch")
    until(lambda: tower.begun("tower.watch") == ["watch"], "the watch")

    tower.host.show(EVENING + 3 * DAY)
    until(lambda: tower.nights() == [NIGHT + 2 * DAY], "one run for three missed nights")
    tower.rings_on()
    tower.ask("tower.put_off", "some")
    until(lambda: tower.begun("tower.put_off") == ["some"], "what puts something off")

    tower.host.show(EVENING)
    tower.rings_on()
    until(lambda: tower.begun("tower.later") == ["some"], "what was put off while the clock ran ahead")
    assert tower.begun("tower.watch") == ["watch"], "nobody took a living worker for silent"
    (tower.folder / "watching").unlink()

    for night in range(4):
        tower.host.show(NIGHT + night * DAY + timedelta(minutes=1))
        tower.rings_on()
    until(lambda: len(tower.nights()) == 4, "the nights by the true clock")
    assert sorted(tower.nights()) == [NIGHT + night * DAY for night in range(4)]
    for name in ("tower.ring", "tower.watch", "tower.put_off", "tower.later"):
        keys = tower.begun(name)
        assert len(keys) == len(set(keys)), name
    with unit_of_work(reading=True):
        assert {run.outcome for run in recent_runs(limit=10_000)} <= {"done", "running"}


def test_the_end_of_a_lease_written_by_a_clock_ahead_holds_nobody_up(database: Database) -> None:
    with clock.frozen(EVENING + 3 * DAY):
        assert acquire("writer", "host-a:1:boot/1:ab", 30) is not None
    with clock.frozen(EVENING):
        assert acquire("writer", "host-b:1:boot/2:cd", 30) is None, "its holder may be alive: it has time to renew it"
    with clock.frozen(EVENING + timedelta(seconds=29)):
        assert acquire("writer", "host-b:1:boot/2:cd", 30) is None
    with clock.frozen(EVENING + timedelta(seconds=31)):
        taken = acquire("writer", "host-b:1:boot/2:cd", 30)
    assert taken is not None
    assert taken.token == 2


def test_a_retry_written_by_a_clock_ahead_keeps_its_wait(database: Database) -> None:
    ahead = EVENING + 3 * DAY
    with clock.frozen(EVENING):
        number = enqueue("shop.bake", {}, "loaf")
        far = enqueue("shop.bake", {}, "far", due_at=EVENING + 30 * DAY)
    with clock.frozen(ahead):
        assert take(["shop.bake"], "me", timedelta(seconds=30)) is not None
        with unit_of_work() as session:
            session.execute(
                update(TaskRow).where(TaskRow.id == number).values(state="waiting", due_at=ahead + timedelta(minutes=2))
            )
    with clock.frozen(EVENING + timedelta(minutes=1)):
        assert tasks_made_good() == 1
        assert tasks_made_good() == 0
    with unit_of_work(reading=True) as session:
        due = dict(session.execute(select(TaskRow.id, TaskRow.due_at)).all())
    assert due == {number: EVENING + timedelta(minutes=3), far: EVENING + 30 * DAY}


def test_an_event_put_off_by_a_clock_ahead_is_delivered_in_time(database: Database) -> None:
    ahead = EVENING + 3 * DAY
    with unit_of_work() as session:
        about = {"name": "shop.baked", "aggregate": "loaf:1", "payload": {}, "occurred_at": ahead}
        row = OutboxEvent(event_id="e1", actor_id="s", actor_name="s", actor_kind="system", fanned_out=True, **about)
        session.add(row)
        session.flush()
        for subscriber, attempts, due in (("a", 0, ahead), ("b", 2, ahead), ("c", 0, EVENING)):
            given = {"outbox_id": row.id, "aggregate": row.aggregate, "state": "waiting", "due_at": due}
            session.add(InboxDelivery(subscriber=subscriber, attempts=attempts, **given))
    with clock.frozen(EVENING):
        assert deliveries_made_good() == 2
    with unit_of_work(reading=True) as session:
        due_by = dict(session.execute(select(InboxDelivery.subscriber, InboxDelivery.due_at)).all())
    assert due_by == {"a": EVENING, "b": EVENING + timedelta(seconds=4), "c": EVENING}
