"""What earlier releases kept in the clear is sealed when the database is brought up to date, and opened on the way back."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from app.core.db import Database, database, unit_of_work
from app.core.schema import migrate
from app.workflow.models import ProcessInstance, ProcessTask, ProcessVersion


@pytest.fixture
def earlier(database: Database) -> Database:
    """A database as it was before, with a process that runs."""
    migrate(revision="0005")
    now = datetime(2026, 11, 1, tzinfo=UTC)
    rows = (
        "INSERT INTO workflow_process_version (version, process, xml, created_at) VALUES ('v1', 'a.b', :xml, :now)",
        "INSERT INTO workflow_instance (id, process, version, business_key, status, state, path, started_at, lock)"
        " VALUES ('i1', 'a.b', 'v1', 'K1', 'waiting', :state, '[\"Begin\"]', :now, 1)",
        "INSERT INTO workflow_task (id, instance_id, node, title, kind, status, name, role, permission, result_name, params,"
        " result, turn, opened_at) VALUES ('t1', 'i1', 'Ask', '问', 'question', 'open', 'a/b', 'reviewer', '', 'said',"
        ' \'{"batch": "张三"}\', NULL, 0, :now)',
    )
    with database.engine.begin() as connection:
        for row in rows:
            given = {"now": now, "xml": b"<x/>", "state": '{"data": "张三"}'}
            connection.execute(text(row), {key: value for key, value in given.items() if f":{key}" in row})
    return database


def test_state_and_answers_are_sealed_and_opened_again(earlier: Database) -> None:
    migrate()
    with unit_of_work(reading=True) as session:
        instance = session.get_one(ProcessInstance, "i1")
        task = session.get_one(ProcessTask, "t1")
        assert json.loads(instance.state) == {"data": "张三"}
        assert (task.params, task.result, task.process, task.business_key) == ({"batch": "张三"}, None, "a.b", "K1")
        assert (instance.started_by, session.get_one(ProcessVersion, "v1").number) == ("system", 1)
    with earlier.engine.connect() as connection:
        stored = connection.execute(text("SELECT state, params FROM workflow_instance, workflow_task")).one()
        assert all("张三".encode() not in bytes(value) for value in stored)
    migrate(revision="0005")
    with database().engine.connect() as connection:
        state, params = connection.execute(text("SELECT state, params FROM workflow_instance, workflow_task")).one()
    assert json.loads(state) == {"data": "张三"}
    assert (json.loads(params) if isinstance(params, str) else params) == {"batch": "张三"}
