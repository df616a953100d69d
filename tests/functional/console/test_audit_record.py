"""The audit record: with the change or not at all, append-only in the database itself, and tampering is found."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from app.audit import Thing, looked_at, record, record_alone
from app.audit.models import AuditEntry, AuditHead
from app.audit.record import START, detail_of
from app.audit.verify import verify
from app.core.actor import Actor, acting
from app.core.db import Database, unit_of_work
from app.core.events import Event, publish
from app.core.outbox import Dispatcher
from app.core.registry import Registry
from app.factory import ROOMS


def entries() -> list[AuditEntry]:
    with unit_of_work(reading=True) as session:
        return list(session.scalars(select(AuditEntry).order_by(AuditEntry.number)))


def write(count: int) -> None:
    for number in range(count):
        with unit_of_work():
            record("submission.batch_released", Thing("batch", str(number)), detail={"note": f"第 {number} 批"})


def breaks() -> list[tuple[int, str]]:
    with unit_of_work(reading=True):
        return [(each.number, each.what.en) for each in verify().breaks]


def unguarded(database: Database, statement: str) -> None:
    """Run a statement as an intruder with all rights over the database would: guards off, change, guards on."""
    with database.engine.begin() as connection:
        if database.kind == "postgresql":
            connection.execute(text("SET session_replication_role = replica"))
            connection.execute(text(statement))
            connection.execute(text("SET session_replication_role = DEFAULT"))
            return
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
        for name, _ in rows:
            connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text(statement))
        for _, sql in rows:
            connection.exec_driver_sql(sql)


def test_an_entry_carries_who_what_and_its_place_in_the_chain(database: Database) -> None:
    write(2)
    first, second = entries()
    assert (first.number, first.previous_digest) == (1, START)
    assert (second.number, second.previous_digest) == (2, first.digest)
    assert (first.actor_kind, first.actor_id, first.actor_name) == ("person", "tester", "测试员")
    assert detail_of(first) == {"note": "第 0 批"}
    assert "批".encode() not in bytes(first.detail_sealed or b"")
    with unit_of_work(reading=True):
        verdict = verify()
    assert (verdict.whole, verdict.entries, verdict.last_digest) == (True, 2, second.digest)


def release_and_fail(batch: str) -> None:
    with unit_of_work():
        record("submission.batch_released", Thing("batch", batch))
        raise ValueError("halfway")


def test_an_entry_falls_with_its_change(database: Database) -> None:
    with pytest.raises(ValueError, match="halfway"):
        release_and_fail("1")
    with unit_of_work():
        with pytest.raises(ValueError, match="halfway"):
            release_and_fail("2")
        record("submission.batch_released", Thing("batch", "3"))
    assert [each.object_id for each in entries()] == ["3"]


def test_a_look_in_a_reading_unit_is_written_after_it(database: Database) -> None:
    with unit_of_work(reading=True):
        looked_at(Thing("record", "210:1"), item="IDNum")
        assert entries() == []
    (entry,) = entries()
    assert (entry.action, detail_of(entry)) == ("audit.personal_data_seen", {"item": "IDNum"})


def test_nothing_is_recorded_anonymously(database: Database) -> None:
    from app.core.actor import _current

    token = _current.set(None)
    try:
        with pytest.raises(RuntimeError, match="no actor"):
            record_alone("x.y", Thing("z", "1"))
    finally:
        _current.reset(token)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET action = 'x' WHERE number = 1",
        "DELETE FROM audit_entry WHERE number = 2",
        "UPDATE audit_head SET number = 1",
        "DELETE FROM audit_head",
    ],
)
def test_the_database_itself_refuses_changes(database: Database, statement: str) -> None:
    write(2)
    with pytest.raises(DatabaseError, match="append-only"), database.engine.begin() as connection:
        connection.execute(text(statement))
    assert breaks() == []


def test_postgresql_refuses_truncation(postgres_database: Database) -> None:
    write(1)
    with pytest.raises(DatabaseError, match="append-only"), postgres_database.engine.begin() as connection:
        connection.execute(text("TRUNCATE audit_entry"))


@pytest.mark.parametrize(
    "column", ["actor_id", "actor_name", "action", "object_type", "object_id", "outcome", "address", "actor_kind"]
)
def test_a_changed_entry_is_found(sqlite_database: Database, column: str) -> None:
    write(3)
    unguarded(sqlite_database, f"UPDATE audit_entry SET {column} = 'other' WHERE number = 2")
    assert breaks() == [(2, "its content does not fit its digest: it was changed")]


def test_tampering_is_found(database: Database) -> None:
    write(6)
    unguarded(database, "UPDATE audit_entry SET detail_sealed = NULL WHERE number = 2")
    unguarded(database, "DELETE FROM audit_entry WHERE number = 4")
    unguarded(database, "DELETE FROM audit_entry WHERE number = 6")
    found = breaks()
    assert [number for number, _ in found] == [2, 5, 5]
    assert "changed" in found[0][1]
    assert "missing between 3 and 5" in found[1][1]
    assert "should end at entry 6 and ends at 5" in found[2][1]


def test_an_emptied_record_is_found(database: Database) -> None:
    write(2)
    unguarded(database, "DELETE FROM audit_entry")
    assert breaks() == [(0, "the chain should end at entry 2 and ends at 0: its end was removed or replaced")]


def test_many_writers_make_one_chain(database: Database) -> None:
    def work(who: int) -> None:
        with acting(Actor(f"worker{who}", "工", "person")):
            for number in range(10):
                with unit_of_work():
                    record("x.done", Thing("thing", f"{who}:{number}"))

    threads = [threading.Thread(target=work, args=(who,)) for who in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [each.number for each in entries()] == list(range(1, 41))
    assert breaks() == []


@dataclass(frozen=True)
class BatchAccepted(Event):
    name: ClassVar[str] = "submission.batch_accepted"
    batch: int

    @property
    def aggregate(self) -> str:
        return f"batch:{self.batch}"


def test_every_event_is_heard_once(database: Database) -> None:
    registry = Registry()
    for name, register in ROOMS:
        registry.room(name, register)
    registry.room("submission", lambda known: known.event(BatchAccepted))
    with unit_of_work():
        publish(BatchAccepted(12))
    assert Dispatcher(registry).run_until_idle() == 1
    assert Dispatcher(registry).run_until_idle() == 0
    (entry,) = entries()
    assert (entry.action, entry.object_type, entry.object_id) == ("submission.batch_accepted", "batch", "12")
    assert (entry.actor_id, detail_of(entry)) == ("tester", {"batch": 12})


def test_a_head_row_is_there_from_the_start(database: Database) -> None:
    with unit_of_work(reading=True) as session:
        assert session.get_one(AuditHead, 1).number == 0


def test_the_page_filters_searches_and_shows_detail(signed_in: Callable[..., Any]) -> None:
    auditor = signed_in("admin_audit", username="he.lan")
    with unit_of_work():
        record("security.user_locked", Thing("user", "lin.hai"), "refused", {"reason": "离岗"})
    listed = auditor.get("/audit/?q=锁定用户&outcome=refused").text
    assert "lin.hai" in listed
    assert "lin.hai" not in auditor.get("/audit/?outcome=failed").text
    assert "没有符合条件的记录" in auditor.get("/audit/?from=2099-01-01").text
    assert auditor.get("/audit/?from=yesterday&page=x").status_code == 200
    number = entries()[-1].number
    assert "离岗" in auditor.get(f"/audit/{number}").text
    last = entries()[-1]
    assert (last.action, last.object_id, last.actor_id) == ("audit.detail_read", str(number), "he.lan")
    assert auditor.get("/audit/4711").status_code == 404


def test_the_export_holds_the_filtered_entries_and_is_recorded(signed_in: Callable[..., Any]) -> None:
    auditor = signed_in("admin_audit")
    with unit_of_work():
        for number in range(1_200):
            record("x.done", Thing("thing", f"=cmd({number})"))
    answer = auditor.get("/audit/export.csv?q=x.done")
    lines = answer.data.decode("utf-8-sig").splitlines()
    assert len(lines) == 1_201
    assert lines[0].startswith("序号,时间,操作人,事项,事项代码,对象")
    assert "thing:=cmd(1199)" in lines[1]
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    assert entries()[-1].action == "audit.exported"
