"""The workflow host against the bare engine, the inbox at many open tasks, and the clock sweep, in one run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Column, Integer, MetaData, Table, UnicodeText, bindparam, insert, select, update

from app.core import config, schema
from app.core.actor import SYSTEM, acting
from app.core.config import Settings
from app.core.db import database, unit_of_work
from app.core.jobs import Worker
from app.core.registry import Registry, Step
from app.core.text import Text
from app.demo.bench_clocks import clock_sweep
from app.demo.bench_inbox import inbox_queries
from app.demo.postgres import throw_away_postgres
from app.workflow import host
from app.workflow.content import Content
from app.workflow.engine.bare import race_bare
from app.workflow.models import Process, ProcessTask
from app.workflow.stepping import register_executor
from app.workflow.versions import remember

PROCESS: Final = "bench.race"
_XML: Final = (Path(__file__).parent / "race.bpmn").read_bytes()


def bench_workflow(root: Path, instances: int, tasks: int, clocks: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """All of it on SQLite and on a durable PostgreSQL of its own.

    One instance is: start, a question, a step in the executor, a question, end; each written away before the next. The bare
    engine does the same with its own serialiser, its JSON saved as one row in the same database (`ratio` is the host's rate
    to that) or in a file that the operating system may still lose (`ratio_file`).
    """
    tell("bare engine")
    result: dict[str, Any] = {"instances": instances, "bare": {}, "host": {}, "inbox": {}, "clocks": {}}
    bare = {"file": _rate(instances, lambda: race_bare(_XML, instances, _in_file(root / "bare.json")))}
    for kind, address in _databases(root):
        with _platform(root, address):
            tell(f"{kind}: bare engine")
            bare[kind] = _rate(instances, lambda: race_bare(_XML, instances, _in_database()))
            tell(f"{kind}: host")
            rate = _race_host(instances)
            result["host"][kind] = {
                "instances_per_second": round(rate, 1),
                "ratio": round(rate / bare[kind], 2),
                "ratio_file": round(rate / bare["file"], 2),
            }
            tell(f"{kind}: inbox")
            result["inbox"][kind] = inbox_queries(tasks)
            tell(f"{kind}: clocks")
            result["clocks"][kind] = clock_sweep(clocks)
    result["bare"] = {name: {"instances_per_second": round(rate, 1)} for name, rate in bare.items()}
    return result


def _in_file(file: Path) -> Callable[[int, str], str]:
    def kept(number: int, state: str) -> str:
        del number
        file.write_text(state, encoding="utf-8")
        return file.read_text(encoding="utf-8")

    return kept


def _in_database() -> Callable[[int, str], str]:
    """One row for an instance, committed at each save."""
    table = Table("bench_bare", MetaData(), Column("number", Integer, primary_key=True), Column("state", UnicodeText))
    engine = database().engine
    table.create(engine)
    adding = insert(table).values(number=bindparam("of"), state=bindparam("kept"))
    writing = update(table).where(table.c.number == bindparam("of")).values(state=bindparam("kept"))
    reading = select(table.c.state).where(table.c.number == bindparam("of"))
    there: set[int] = set()

    def kept(number: int, state: str) -> str:
        with engine.begin() as connection:
            connection.execute(writing if number in there else adding, {"of": number, "kept": state})
        there.add(number)
        with engine.connect() as connection:
            return str(connection.execute(reading, {"of": number}).scalar_one())

    return kept


def _databases(root: Path) -> Iterator[tuple[str, str]]:
    file = root / "bench.sqlite"
    for old in root.glob("bench.sqlite*"):
        old.unlink()
    yield "sqlite", f"sqlite:///{file}"
    with throw_away_postgres(durable=True) as server:
        server.command("CREATE DATABASE bench")
        yield "postgresql", server.url("bench")


@contextmanager
def _platform(root: Path, address: str) -> Iterator[None]:
    with config.override(Settings(data_dir=root / "data", database_url=address, log_level="ERROR")), acting(SYSTEM):
        schema.migrate()
        try:
            yield
        finally:
            database().dispose()


def _rate(count: int, act: Callable[[], None]) -> float:
    started = time.perf_counter()
    act()
    return count / (time.perf_counter() - started)


@dataclass(frozen=True, slots=True)
class NoteParams:
    """What the step of the race is given."""

    number: int


def _registry() -> Registry:
    registry = Registry()
    registry.room("workflow", register_executor)
    step = Step("bench.note", Text("记", "Note"), lambda context, params: {"number": params.number}, NoteParams)
    registry.room("bench", lambda rooms: rooms.step(step))
    return registry


def _race_host(instances: int) -> float:
    """Instances a second through the host and its executor, one after the other in one thread as the bare engine."""
    content = Content(PROCESS, _DESCRIPTION, _XML)
    with unit_of_work() as session:
        session.add(Process(name=PROCESS, live=remember(content, "console").version))
    worker = Worker(_registry())

    def race() -> None:
        for number in range(instances):
            with unit_of_work():
                instance = host.start(PROCESS, f"B{number}", {"number": number})
            _answer(instance)
            if not worker.run_next():
                raise RuntimeError("the executor had nothing to do")
            _answer(instance)

    return _rate(instances, race)


def _answer(instance: str) -> None:
    with unit_of_work() as session:
        task = session.execute(_QUESTION, {"instance": instance}).scalar_one()
        host.answer(task, {"said": "yes"})


_task: Final = ProcessTask.__table__.c
_QUESTION: Final = select(_task.id).where(
    _task.instance_id == bindparam("instance"), _task.kind == "question", _task.status == "open"
)


_DESCRIPTION: Final = {
    "process": PROCESS,
    "title": {"zh": "竞速", "en": "Race"},
    "purpose": {"zh": "性能基准", "en": "Benchmark"},
    "owner": {"zh": "基准", "en": "Benchmark"},
}
